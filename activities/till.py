"""The till: a push is a hint, the query is the truth; a coupon is claimed before it is issued."""

from temporalio import activity

from activities.failures import not_yet, translated
from activities.identify import Identifier, order_row
from domain.events import Event, EventKind
from domain.messages import Purchase, RecordPurchase
from domain.step_messages import GiveCoupon, GivenCoupon
from integrations import pos
from settings import Clock
from storage import exposures, lives, purchases
from storage.database import Database
from storage.tables import Coupon

PAID = (pos.OrderStatus.PAID, pos.OrderStatus.PART_REFUNDED)


class Till:
    """Orders into the index, coupons onto member accounts."""

    def __init__(self, database: Database, till: pos.PosPort, identifier: Identifier, clock: Clock) -> None:
        self._database, self._till, self._identifier, self._clock = database, till, identifier, clock

    @activity.defn
    async def record_purchase(self, what: RecordPurchase) -> Purchase:
        """Read the order or coupon again and write it down. None when the till does not confirm the hint."""
        with translated():
            try:
                if what.event.kind is EventKind.COUPON_REDEEMED:
                    return Purchase(event=await self._redeemed(what))
                return Purchase(event=await self._ordered(what))
            except pos.PosNotFound:
                # A push may arrive before the order can be read: a few tries, then it is not confirmed.
                if activity.info().attempt < 3:
                    raise not_yet(f"the till does not know {what.event.order_id} yet") from None
                return Purchase()

    async def _ordered(self, what: RecordPurchase) -> Event | None:
        order = await self._till.get_order(what.event.order_id or "")
        if order.paid_at is None:
            return None
        async with self._database.transaction() as session:
            await purchases.save_order(session, order_row(self._till.provider, order))
        refunded = what.event.kind is EventKind.ORDER_REFUNDED
        if order.status in PAID and not refunded:
            return what.event.model_copy(update={"at": order.paid_at})
        return what.event if refunded and order.status not in PAID else None

    async def _redeemed(self, what: RecordPurchase) -> Event | None:
        coupon = await self._till.get_coupon(what.event.coupon_id or "")
        if coupon.status is not pos.CouponStatus.REDEEMED:
            return None
        at = coupon.redeemed_at or what.event.at
        async with self._database.transaction() as session:
            if row := await purchases.coupon_by_id(session, coupon.coupon_id):
                row.status, row.redeemed_at = "redeemed", at
                session.add(row)
        return what.event.model_copy(update={"at": at})

    @activity.defn
    async def issue_coupon(self, what: GiveCoupon) -> GivenCoupon:
        """Credit one coupon to her account. Called again after an unknown outcome it asks the till first."""
        now = self._clock()
        async with self._database.transaction() as session:
            why = await exposures.why_held_out(
                session, what.external_userid, what.holdout, playbook=what.playbook, now=now
            )
        if why:
            return GivenCoupon(issued=False, reason=why, held_out=True)
        if what.once_per_member:
            what = await self._for_her_account(what)
        async with self._database.transaction() as session:
            customer = await lives.ensure_customer(session, what.external_userid, now)
            fresh = Coupon(
                key=what.key,
                external_userid=what.external_userid,
                member_id=customer.member_id,
                template=what.coupon.template,
                status="claimed",
                claimed_at=now,
            )
            row, mine = await purchases.claim_coupon(session, fresh)
        if row.status != "claimed":
            given = row.status in ("issued", "redeemed")
            once = f"once per member: on {row.issued_at:%F %T}Z" if given and what.once_per_member else ""
            return GivenCoupon(issued=given, reason=once or row.reason)
        with translated():
            # A till that was slow when she came may know her by now.
            member_id = row.member_id or await self._identifier.member(what.external_userid)
            if member_id is None:
                return await self._refuse(what.key, "not_member: the till does not know her")
            try:
                issued = await self._issue(row, member_id, look_first=not mine)
            except (pos.PosInvalidRequest, pos.PosNotFound) as error:
                return await self._refuse(what.key, str(error)[:200])
        return await self._issued(what.key, issued)

    async def _for_her_account(self, what: GiveCoupon) -> GiveCoupon:
        """Under the key of her account, which outlives any friendship. Who has none yet keeps her own."""
        with translated():
            member_id = await self._identifier.member(what.external_userid)
        if member_id is None:
            return what
        return what.model_copy(update={"key": f"welcome/{member_id}/{what.coupon.template}"})

    async def _issue(self, row: Coupon, member_id: str, *, look_first: bool) -> pos.Coupon:
        if look_first:  # an earlier attempt claimed it and its answer was lost
            found = await self._till.find_coupon(
                template_id=row.template,
                member_id=member_id,
                idempotency_key=row.key,
                since=row.claimed_at,
            )
            if found:
                return found
        return await self._till.issue_coupon(
            template_id=row.template, member_id=member_id, idempotency_key=row.key
        )

    async def _issued(self, key: str, coupon: pos.Coupon) -> GivenCoupon:
        async with self._database.transaction() as session:
            row = await session.get_one(Coupon, key, with_for_update=True)
            row.status, row.coupon_id, row.issued_at = "issued", coupon.coupon_id, self._clock()
            session.add(row)
        return GivenCoupon(issued=True)

    async def _refuse(self, key: str, reason: str) -> GivenCoupon:
        async with self._database.transaction() as session:
            row = await session.get_one(Coupon, key, with_for_update=True)
            row.status, row.reason = "refused", reason
            session.add(row)
        return GivenCoupon(issued=False, reason=reason)
