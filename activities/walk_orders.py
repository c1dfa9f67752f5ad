"""Walks over time: orders and redeemed coupons, through the same doors as those that a push told of."""

import logging
from collections.abc import Sequence
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from activities.orders import apply_order
from activities.redemptions import apply_coupon
from activities.walk_parts import Part
from domain.walk_messages import WalkKind
from domain.walking import GAP_WORTH_A_WARNING, gap_share, next_step
from integrations import pos
from storage import hints, orders
from storage.tables import TillWalk
from storage.till_walks import Kept

PUSHED = {pos.EventKind.ORDER_PAID, pos.EventKind.ORDER_REFUNDED, pos.EventKind.ORDER_CHANGED}

log = logging.getLogger(__name__)


def step_of(walk: TillWalk) -> tuple[datetime, datetime]:
    """The time that the walk reads just now."""
    assert walk.since is not None
    assert walk.reached is not None
    return next_step(walk.since, walk.reached), walk.reached


class Orders(Part):
    """The night's, which show what no push told; and those of years, most of them too old to be news."""

    kinds = (WalkKind.ORDERS, WalkKind.BACKFILL)

    def __init__(self, till: pos.PosPort) -> None:
        self._till = till

    async def read(self, walk: TillWalk) -> pos.Page[pos.Order]:
        since, until = step_of(walk)
        return await self._till.list_orders(since=since, until=until, cursor=walk.cursor)

    async def keep(
        self, session: AsyncSession, walk: TillWalk, items: Sequence[pos.Order], now: datetime
    ) -> Kept:
        kept, news = Kept(seen=len(items)), []
        await orders.take_turns(session, walk.provider, [one.refund_of or one.order_id for one in items])
        for one in sorted(items, key=lambda one: one.member_id or ""):
            applied = await apply_order(session, walk.provider, one, now)
            kept.new += applied.word == "new"
            kept.changed += applied.word == "changed"
            if applied.word != "unchanged":
                news.append(one.order_id)
            if applied.subject:
                kept.subjects.add(applied.subject)
        waiting = await hints.waiting_orders(session, walk.provider, news)
        kept.untold = len([order_id for order_id in news if order_id not in waiting])
        return kept

    def done(self, walk: TillWalk) -> None:
        """A till that pushes its orders and whose pushes do not arrive is somebody's to mend."""
        gap = gap_share(walk.untold, walk.seen)
        if walk.kind != WalkKind.ORDERS or not PUSHED & self._till.capabilities.events:
            return
        level = logging.WARNING if gap > GAP_WORTH_A_WARNING else logging.INFO
        words = "%s: %d of %d orders were told by no push (`journeys till status`)"
        log.log(level, words, walk.id, walk.untold, walk.seen)


class Redemptions(Part):
    """Coupons that were redeemed, ours and the till's own, of which no push told us."""

    kinds = (WalkKind.REDEMPTIONS,)

    def __init__(self, till: pos.PosPort) -> None:
        self._till = till

    async def read(self, walk: TillWalk) -> pos.Page[pos.Coupon]:
        since, until = step_of(walk)
        return await self._till.list_redemptions(since=since, until=until, cursor=walk.cursor)

    async def keep(
        self, session: AsyncSession, walk: TillWalk, items: Sequence[pos.Coupon], now: datetime
    ) -> Kept:
        kept = Kept(seen=len(items))
        for one in sorted(items, key=lambda one: one.coupon_id):
            applied = await apply_coupon(session, one, now)
            kept.new += applied.word == "new"
            kept.changed += applied.word == "changed"
            if applied.subject:
                kept.subjects.add(applied.subject)
        kept.untold = kept.new + kept.changed
        return kept
