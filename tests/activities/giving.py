"""Members to whom tests give coupons."""

from domain.playbook import CouponStep
from domain.step_messages import GiveCoupon, GivenCoupon
from storage.tables import Coupon, Customer
from tests.activities.shop import Shop

COUPON = CouponStep(template="WINBACK10", name="10 元回归券")


async def known_member(shop: Shop, state: str = "S002-cashier") -> tuple[str, str]:
    """A customer whose member account we know."""
    she = await shop.friend(state=state)
    member_id = await shop.member(she)
    async with shop.database.transaction() as session:
        (await session.get_one(Customer, she)).member_id = member_id
    return she, member_id


async def give(shop: Shop, customer: str, key: str = "key-1", template: str = "WINBACK10") -> GivenCoupon:
    coupon = COUPON.model_copy(update={"template": template})
    what = GiveCoupon(key=key, external_userid=customer, coupon=coupon)
    return await shop.run(shop.activities.coupons.issue_coupon, what)


async def coupon_of(shop: Shop) -> str:
    """The till's id of the only one that there is."""
    [coupon] = shop.world.till.coupons.values()
    return coupon.coupon_id


async def row_of(shop: Shop, key: str = "key-1") -> Coupon:
    async with shop.database.transaction() as session:
        return await session.get_one(Coupon, key)
