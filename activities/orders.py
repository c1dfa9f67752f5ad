"""The one door by which orders come in: pushes, walks and look-ups. News of an order is stored with it.

The ids of news are made of what is true, so whoever reads an order tells all of it, and each is told once.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from activities.courier import Courier, Parcel
from activities.guarded import guarded
from domain.addresses import customer_id
from domain.events import Event, EventKind
from domain.walking import is_news
from integrations import pos
from storage import inbound, member_links, orders, products
from storage.orders import Change
from storage.tables import Order, OrderRefund

SOURCE = "pos"


@dataclass(frozen=True)
class Applied:
    """`word`: new, changed or unchanged. `subject`: who may have news, to `deliver` when committed.

    `status`: of the order on record, which tickets may have refunded.
    """

    word: str
    subject: str | None = None
    status: str | None = None


async def apply_order(
    session: AsyncSession, provider: str, order: pos.Order, now: datetime, *, tell: bool = True
) -> Applied:
    """Write down an order or a refund ticket, whatever came before. `tell`: its news reach her life.

    An order that nobody has paid yet is not one. Each order is locked until the transaction ends: whoever
    applies several in one begins with `storage.orders.take_turns`.
    """
    if order.refund_of is not None:
        change = await orders.apply_refund(session, refund_row(provider, order, now), now)
        told = None
    elif order.paid_at is None or order.status is pos.OrderStatus.OPEN:
        return Applied("unchanged")
    else:
        told = order_row(provider, await _categorised(session, provider, order))
        change = await orders.apply(session, told, now)
    after, old = change.after, not is_news(order.updated_at or order.paid_at or now, now)
    if after is None:  # a ticket waits for its order
        return Applied(change.word)
    if not tell or old or after.member_id is None:  # of what is old nothing is news
        return Applied(change.word, status=after.status)
    subject = await subject_of(session, after.member_id)
    await _tell(session, subject, change, told, now)
    return Applied(change.word, subject, after.status)


async def subject_of(session: AsyncSession, member_id: str) -> str:
    """Whom news of a member concern; who is not known yet waits for the sweep."""
    found = await member_links.customer_of(session, member_id)
    return customer_id(found) if found else f"{inbound.MEMBER}{member_id}"


async def post(session: AsyncSession, subject: str | None, event: Event, now: datetime) -> bool:
    """Store news once for ever; without a subject it is kept and told to nobody. Whether it is new.

    What happened long ago is none, whoever finds it: the orders of years start no journeys.
    """
    if not is_news(event.at, now):
        return False
    body = Parcel(event=event).model_dump(mode="json")
    return await inbound.store(session, digest=event.id, source=SOURCE, subject=subject, body=body, now=now)


async def deliver(courier: Courier, *subjects: str | None) -> None:
    """News that are committed. What cannot be delivered now is the sweep's."""
    for subject in dict.fromkeys(subjects):
        if subject and not subject.startswith(inbound.MEMBER):
            with guarded(subject):
                await courier.deliver(subject)


async def _tell(
    session: AsyncSession, subject: str, change: Change, told: Order | None, now: datetime
) -> None:
    """What was undone before anybody heard of it is no news: it is kept, and nobody is told."""
    order = change.after
    assert order is not None
    undone = order.status in orders.UNDONE
    paid = _event(order, "paid", EventKind.ORDER_PAID, order.paid_at)
    unheard = await post(session, None if undone else subject, paid, now) and undone
    for event in _taken_back(order, change, told):
        await post(session, None if unheard else subject, event, now)


def _taken_back(order: Order, change: Change, told: Order | None) -> Iterator[Event]:
    """Every part that was given back, by who says so: the order itself, or its tickets. Then the whole."""
    latest = max([order.updated_at, *(ticket.at for ticket in change.refunds)])
    if told is not None and told.told_minor:
        yield _event(order, f"refunded/{told.told_minor}", EventKind.ORDER_REFUNDED, told.updated_at)
    for ticket in change.refunds:
        yield _event(order, f"refunded/by/{ticket.refund_id}", EventKind.ORDER_REFUNDED, ticket.at)
    if order.status in orders.UNDONE:
        undone = _event(order, "undone", EventKind.ORDER_UNDONE, latest)
        yield undone.model_copy(update={"reason": order.status})


def _event(order: Order, what: str, kind: EventKind, at: datetime) -> Event:
    name = f"order/{order.provider}/{order.order_id}/{what}"
    return Event(id=name, kind=kind, at=at, order_id=order.order_id)


async def _categorised(session: AsyncSession, provider: str, order: pos.Order) -> pos.Order:
    """Where the till's lines name products only, their categories are those of the last walk."""
    bare = {line.product_id for line in order.lines if line.product_id and not line.category}
    if not bare:
        return order
    known = await products.categories(session, provider, bare)
    lines = (
        line if line.category else line.model_copy(update={"category": known.get(line.product_id or "")})
        for line in order.lines
    )
    return order.model_copy(update={"lines": tuple(lines)})


def order_row(provider: str, order: pos.Order) -> Order:
    """An order of the port as a row. Only paid orders have one."""
    assert order.paid_at is not None
    refunded = order.refunded.amount_minor if order.refunded else 0
    whole = order.status is pos.OrderStatus.REFUNDED  # some tills say that much and no amount
    return Order(
        provider=provider,
        order_id=order.order_id,
        member_id=order.member_id,
        store_id=order.store_id,
        status=order.status.value,
        paid_at=order.paid_at,
        paid_minor=order.paid.amount_minor,
        told_minor=max(refunded, order.paid.amount_minor) if whole else refunded,
        currency=order.paid.currency,
        coupons=len(order.coupon_ids),
        categories=_paid_by(order, lambda line: line.category),
        products=_paid_by(order, lambda line: line.product_id),
        updated_at=order.updated_at or order.paid_at,
    )


def refund_row(provider: str, ticket: pos.Order, now: datetime) -> OrderRefund:
    """A ticket that only gives money back. Some tills write it with a minus sign."""
    assert ticket.refund_of is not None
    return OrderRefund(
        provider=provider,
        refund_id=ticket.order_id,
        order_id=ticket.refund_of,
        minor=abs((ticket.refunded or ticket.paid).amount_minor),
        at=ticket.updated_at or ticket.paid_at or now,
    )


def _paid_by(order: pos.Order, what: Callable[[pos.OrderLine], str | None]) -> dict[str, int]:
    """What was paid, in minor units, by something of the lines; gifts say nothing of her taste."""
    paid: dict[str, int] = {}
    for line in order.lines:
        name = what(line)
        if name and not line.gift and line.paid.currency == order.paid.currency:
            paid[name] = paid.get(name, 0) + line.paid.amount_minor
    return paid
