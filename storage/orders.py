"""Orders and the tickets that refund them: the same rows in whatever order, however often they are told."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Text
from sqlalchemy.dialects.postgresql import array, insert
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from storage import buying, members
from storage.tables import Order, OrderRefund

PAID, PART_REFUNDED, REFUNDED, CANCELLED = "paid", "part_refunded", "refunded", "cancelled"
_RANK = (PAID, PART_REFUNDED, REFUNDED, CANCELLED)  # an order only ever moves to the right
UNDONE = (REFUNDED, CANCELLED)
_TOLD = (
    *("store_id", "member_id", "bought_by", "status", "paid_at", "updated_at"),
    *("paid_minor", "told_minor", "currency", "coupons", "categories", "products"),
)


@dataclass(frozen=True)
class Change:
    """An order before and after; `after` is None while a refund ticket waits for its order."""

    before: Order | None
    after: Order | None
    refunds: Sequence[OrderRefund] = ()

    @property
    def word(self) -> str:
        """`new`, `changed` or `unchanged`."""
        if self.before is None:
            return "new" if self.after else "unchanged"
        return "unchanged" if self.before == self.after else "changed"


async def apply(session: AsyncSession, told: Order, now: datetime) -> Change:
    """Write down an order as the till told it; an older reading never replaces a newer one."""
    await _lock(session, told.provider, told.order_id)
    told = await _of_the_account(session, told)  # before the row is read: a merge moves it
    return await _settle(session, told.provider, told.order_id, told, now)


async def apply_refund(session: AsyncSession, ticket: OrderRefund, now: datetime) -> Change:
    """Write down a refund ticket, which may come before the order that it is of."""
    await _lock(session, ticket.provider, ticket.order_id)
    statement = insert(OrderRefund).values(ticket.model_dump())
    said = {name: statement.excluded[name] for name in ("minor", "at")}
    newer = col(OrderRefund.at) <= statement.excluded.at
    await session.exec(
        statement.on_conflict_do_update(index_elements=["provider", "refund_id"], set_=said, where=newer)
    )
    return await _settle(session, ticket.provider, ticket.order_id, None, now)


async def take_turns(session: AsyncSession, provider: str, order_ids: Collection[str]) -> None:
    """Nobody else works on these orders until the transaction ends. For whoever applies several in one:
    locked one by one between the rows of their members, two of them could wait for each other."""
    keys = func.unnest(array(sorted({_key(provider, one) for one in order_ids}), type_=Text))
    await session.exec(select(func.pg_advisory_xact_lock(func.hashtextextended(keys, 0))))


async def _lock(session: AsyncSession, provider: str, order_id: str) -> None:
    """One at a time, also while there is no row yet: an order and its ticket may come at one moment."""
    key = func.hashtextextended(_key(provider, order_id), 0)
    await session.exec(select(func.pg_advisory_xact_lock(key)))


def _key(provider: str, order_id: str) -> str:
    return f"order/{provider}/{order_id}"


async def _settle(
    session: AsyncSession, provider: str, order_id: str, told: Order | None, now: datetime
) -> Change:
    """What the readings and the tickets come to together."""
    row = await session.get(Order, (provider, order_id), populate_existing=True, with_for_update=True)
    refunds = await _refunds(session, provider, order_id)
    before = _copy(row)
    if told is not None:
        row = _newest(row, told)
    if row is None:
        return Change(None, None, refunds)
    row.refunded_minor = min(max(row.told_minor, sum(one.minor for one in refunds)), row.paid_minor)
    row.status = max(row.status, _by_amounts(row), key=_RANK.index)
    change = Change(before, _copy(row), refunds)
    if change.word != "unchanged":
        session.add(row)
        await session.flush()
        await buying.count(session, provider, before, change.after, now)
    return change


async def _of_the_account(session: AsyncSession, told: Order) -> Order:
    """The order as one of the account that goes on for the one that paid."""
    if told.member_id is None:
        return told
    account = await members.account_of(session, told.provider, told.member_id)
    paid_by = told.member_id if account != told.member_id else None
    return Order(**told.model_dump() | {"member_id": account, "bought_by": paid_by})


def _newest(row: Order | None, told: Order) -> Order:
    """The row with the newest of both readings in it."""
    if row is None:
        return Order(**told.model_dump())
    if _age(told) >= _age(row):
        for name in _TOLD:
            setattr(row, name, getattr(told, name))
    return row


def _age(order: Order) -> tuple[datetime, int, bool]:
    """Tills tell whole seconds: of two readings of one second, the one in which more has happened."""
    return order.updated_at, order.told_minor, order.status == CANCELLED


def _by_amounts(row: Order) -> str:
    if not row.refunded_minor:
        return PAID
    return REFUNDED if row.refunded_minor >= row.paid_minor else PART_REFUNDED


async def _refunds(session: AsyncSession, provider: str, order_id: str) -> Sequence[OrderRefund]:
    query = select(OrderRefund).where(OrderRefund.provider == provider, OrderRefund.order_id == order_id)
    return (await session.exec(query.order_by(col(OrderRefund.refund_id)))).all()


def _copy(row: Order | None) -> Order | None:
    return Order(**row.model_dump()) if row else None
