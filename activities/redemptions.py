"""The one door by which redeemed and expired coupons come in, whether a push or a walk brought them."""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from activities.coupons import told
from activities.orders import Applied, post, subject_of
from domain.addresses import customer_id
from domain.events import Event, EventKind
from integrations import pos
from storage import coupons

_ENDS = {
    pos.CouponStatus.REDEEMED: EventKind.COUPON_REDEEMED,
    pos.CouponStatus.EXPIRED: EventKind.COUPON_EXPIRED,
}


async def apply_coupon(session: AsyncSession, coupon: pos.Coupon, now: datetime) -> Applied:
    """One of ours is her customer's, whoever uses it; another is of whoever is the member.

    The word for one of nobody whom we could tell is `nobody`.
    """
    if await coupons.by_id(session, coupon.coupon_id):
        news = await coupons.learn(session, told(coupon), now)
        if news is None:
            return Applied("unchanged")
        external_userid, event = news
        await post(session, customer_id(external_userid), event, now)
        return Applied("changed", customer_id(external_userid))
    kind = _ENDS.get(coupon.status)
    if kind is None or coupon.member_id is None:
        return Applied("nobody")
    subject = await subject_of(session, coupon.member_id)
    at = coupon.redeemed_at if kind is EventKind.COUPON_REDEEMED else coupon.valid_until
    name = f"coupon/{coupon.coupon_id}/{coupon.status}"  # as ours are called
    event = Event(id=name, kind=kind, at=at or now, coupon_id=coupon.coupon_id)
    new = await post(session, subject, event, now)
    return Applied("new" if new else "unchanged", subject)
