"""What becomes of coupons when nobody tells: they expire, are made void, or their issue was left lying."""

from datetime import timedelta

from activities.coupons import UNCLEAR_AFTER, told
from activities.courier import Courier
from activities.guarded import guarded
from activities.orders import deliver, post
from activities.till_down import TillDown
from domain.addresses import customer_id
from integrations import pos
from settings import Clock
from storage import coupons
from storage.database import Database
from storage.tables import Coupon

LEFT_LYING = UNCLEAR_AFTER + timedelta(days=1)  # an issue that is under way is tried far more often


class CouponUpkeep:
    """A piece of the sweep; a coupon is read once a day at the most (`storage.coupons.LOOK_AGAIN`)."""

    def __init__(self, database: Database, till: pos.PosPort, courier: Courier, clock: Clock) -> None:
        self._database, self._till, self._courier, self._clock = database, till, courier, clock

    async def look(self) -> int:
        """Returns how many came to an end. A till that is down is asked again at the next sweep."""
        await self._settle_left_lying()
        async with self._database.transaction() as session:
            due = await coupons.to_look_at(session, self._clock())
        ended, down = 0, TillDown()
        for row in due:
            with guarded(f"coupon {row.coupon_id}") as trouble:
                ended += await self._read(row)
            if down.after(trouble):
                break
        return ended

    async def _read(self, row: Coupon) -> bool:
        assert row.coupon_id
        now = self._clock()
        try:
            read = told(await self._till.get_coupon(row.coupon_id, member_id=row.member_id))
        except pos.PosNotFound:
            read = coupons.Told(row.coupon_id, coupons.VOID)  # taken back at the till, and forgotten there
        async with self._database.transaction() as session:
            news = await coupons.learn(session, read, now)
            if news is None:
                return False
            external_userid, event = news
            await post(session, customer_id(external_userid), event, now)
        await deliver(self._courier, customer_id(external_userid))
        return True

    async def _settle_left_lying(self) -> None:
        """Her journey ended in the middle: what the till was asked for is unclear, the rest is not wanted."""
        now = self._clock()
        async with self._database.transaction() as session:
            for row in await coupons.left_lying(session, now - LEFT_LYING):
                if row.asked_at:
                    why = "her journey ended before the till had answered"
                    await coupons.make_unclear(session, row.key, why, now)
                else:
                    await coupons.refuse(session, row.key, "her journey ended before it was issued", now)
