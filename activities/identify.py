"""Who is she at the till? Local index first, then WeCom and the till, all within a few seconds."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from domain.visits import RECENT, Visit, most_visited_store
from integrations import pos, wecom
from settings import Clock
from storage import lives, purchases
from storage.database import Database
from storage.tables import Customer, Order

LOOKUP_SECONDS = 4.0  # of the 20 that WeCom allows (design §2)

log = logging.getLogger(__name__)


@dataclass
class Identity:
    """What was found out in time. The nickname is personal: it goes into the greeting and nowhere else."""

    nickname: str | None = None
    unionid: str | None = None
    member_id: str | None = None
    favourite_store: str | None = None


class Identifier:
    """external_userid → unionid → member → orders → the store she visits most (M11)."""

    def __init__(
        self,
        database: Database,
        client: wecom.WeComClient,
        till: pos.PosPort,
        clock: Clock,
        *,
        seconds: float = LOOKUP_SECONDS,
    ) -> None:
        """`seconds`: how long a whole look-up may take. A preview on a busy machine has more patience."""
        self._database, self._client, self._till, self._clock = database, client, till, clock
        self._seconds = seconds

    async def identify(self, external_userid: str) -> Identity:
        """Never raises for a slow or failing system: what is missing stays None."""
        identity = Identity()
        try:
            async with asyncio.timeout(self._seconds):
                await self._look_up(external_userid, identity)
        except (TimeoutError, pos.PosError) as error:
            # A slow till must not cost the greeting.
            log.info("lookup of %s ended early: %s", external_userid, type(error).__name__)
        return identity

    async def member(self, external_userid: str) -> str | None:
        """Her member id, asked for again if it is not known. Raises PosError when the till is away."""
        customer = await self._customer(external_userid)
        if customer.member_id is None:
            found = await self._member_of(external_userid, customer.unionid)
            await self._remember(external_userid, Identity(member_id=found))
            return found
        return customer.member_id

    async def _look_up(self, external_userid: str, identity: Identity) -> None:
        customer = await self._customer(external_userid)
        identity.unionid, identity.member_id = customer.unionid, customer.member_id
        await self._ask_wecom(external_userid, identity)
        if identity.member_id is None:
            identity.member_id = await self._member_of(external_userid, identity.unionid)
        await self._remember(external_userid, identity)
        if identity.member_id:
            visits = await self._visits(identity.member_id)
            identity.favourite_store = most_visited_store(visits)

    async def _ask_wecom(self, external_userid: str, identity: Identity) -> None:
        """Her name and unionid. A half-added friend has no detail yet (84061), but may be known here."""
        try:
            detail = await self._client.get_external_contact(
                external_userid, timeout_seconds=self._seconds / 2
            )
        except wecom.WeComError as error:
            log.info("WeCom says nothing of %s: %s", external_userid, type(error).__name__)
            return
        identity.nickname = detail.external_contact.name or None
        identity.unionid = detail.external_contact.unionid or identity.unionid

    async def _customer(self, external_userid: str) -> Customer:
        async with self._database.transaction() as session:
            return await lives.ensure_customer(session, external_userid, self._clock())

    async def _member_of(self, external_userid: str, unionid: str | None) -> str | None:
        """Exactly one member, or nobody: two accounts for one person are never guessed between."""
        keys = [pos.MemberKey(kind="unionid", value=unionid)] if unionid else []
        keys.append(pos.MemberKey(kind="external_userid", value=external_userid))
        for key in keys:
            found = await self._till.find_members(key, timeout_seconds=self._seconds)
            if len(found) == 1:
                return found[0].member_id
            if found:
                log.warning("%s matches %d till members: not linked", external_userid, len(found))
                return None
        return None

    async def _remember(self, external_userid: str, identity: Identity) -> None:
        async with self._database.transaction() as session:
            customer = await lives.ensure_customer(session, external_userid, self._clock())
            customer.unionid = identity.unionid or customer.unionid
            customer.member_id = identity.member_id or customer.member_id
            session.add(customer)

    async def _visits(self, member_id: str) -> list[Visit]:
        """From our own order index; the till is asked when we know nothing of her yet."""
        since = self._clock() - RECENT
        async with self._database.transaction() as session:
            orders = await purchases.orders_of(session, member_id, since)
        if not orders:
            orders = await self._orders_at_till(member_id)
        return [Visit(o.store_id, o.paid_at) for o in orders if o.status != pos.OrderStatus.CANCELLED]

    async def _orders_at_till(self, member_id: str) -> list[Order]:
        """One page is enough to see where she goes; the nightly synchronisation brings the rest."""
        now = self._clock()
        page = await self._till.list_orders(
            member_id=member_id, since=now - RECENT, until=now, timeout_seconds=self._seconds
        )
        rows = [order_row(self._till.provider, o) for o in page.items if o.paid_at]
        async with self._database.transaction() as session:
            for row in rows:
                await purchases.save_order(session, row)
        return rows


def order_row(provider: str, order: pos.Order) -> Order:
    """An order of the port as a row. Only paid orders have one."""
    assert order.paid_at is not None
    return Order(
        provider=provider,
        order_id=order.order_id,
        member_id=order.member_id,
        store_id=order.store_id,
        status=order.status.value,
        paid_at=order.paid_at,
        paid_minor=order.paid.amount_minor,
        refunded_minor=order.refunded.amount_minor if order.refunded else 0,
        currency=order.paid.currency,
        coupons=len(order.coupon_ids),
        categories=_paid_by(order, lambda line: line.category),
        products=_paid_by(order, lambda line: line.product_id),
        updated_at=order.updated_at or order.paid_at,
    )


def _paid_by(order: pos.Order, what: Callable[[pos.OrderLine], str | None]) -> dict[str, int]:
    """What was paid, in minor units, by something of the lines; those without it say nothing of her taste."""
    paid: dict[str, int] = {}
    for line in order.lines:
        name = what(line)
        if name and line.paid.currency == order.paid.currency:
            paid[name] = paid.get(name, 0) + line.paid.amount_minor
    return paid
