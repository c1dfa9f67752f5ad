"""What became of coupons of which nobody told us."""

from datetime import timedelta

import pytest
from temporalio.exceptions import ApplicationError

from activities.coupon_upkeep import LEFT_LYING, CouponUpkeep
from domain.events import EventKind
from storage import coupons
from storage.tables import Coupon
from tests.activities.giving import coupon_of, give, known_member, row_of
from tests.activities.shop import Shop

pytestmark = pytest.mark.anyio


async def look(shop: Shop) -> int:
    return await CouponUpkeep(shop.database, shop.till, shop.courier, shop.clock).look()


async def given(shop: Shop) -> tuple[str, str]:
    """Her member id, and the till's id of the coupon that she got."""
    she, member_id = await known_member(shop)
    await give(shop, she)
    return member_id, await coupon_of(shop)


async def test_one_of_which_no_end_is_known_is_read_once_a_week(shop: Shop) -> None:
    _, coupon_id = await given(shop)
    for day in range(1, 30):
        shop.clock.forward(days=1)
        assert await look(shop) == 0
        assert await look(shop) == 0
        assert shop.calls("GET pos/coupons/{coupon_id}") == day // 7
    assert (await row_of(shop)).coupon_id == coupon_id


async def test_one_with_an_end_is_read_then_and_every_day_until_it_is_over(shop: Shop) -> None:
    await given(shop)
    async with shop.database.transaction() as session:
        row = await session.get_one(Coupon, "key-1")
        row.valid_until = row.look_at = shop.clock() + timedelta(days=20)
    shop.clock.forward(days=19)
    assert await look(shop) == 0
    assert shop.calls("GET pos/coupons/{coupon_id}") == 0
    for _ in range(3):
        shop.clock.forward(days=1.1)
        await look(shop)
        await look(shop)
    assert shop.calls("GET pos/coupons/{coupon_id}") == 3


@pytest.mark.parametrize("status", ["expired", "void"])
async def test_her_life_hears_of_the_end_once(shop: Shop, status: str) -> None:
    _, coupon_id = await given(shop)
    shop.world.till.coupons[coupon_id].status = status  # type: ignore[assignment]
    shop.clock.forward(days=8)
    assert (await look(shop), await look(shop)) == (1, 0)
    [event] = shop.courier.events(EventKind.COUPON_EXPIRED)
    assert (event.id, event.reason) == (f"coupon/{coupon_id}/expired", status)
    assert (await row_of(shop)).status == status


async def test_one_that_the_till_has_forgotten_was_taken_back(shop: Shop) -> None:
    _, coupon_id = await given(shop)
    del shop.world.till.coupons[coupon_id]
    shop.clock.forward(days=8)
    assert await look(shop) == 1
    assert (await row_of(shop)).status == "void"


async def test_a_redemption_that_no_push_told_is_found(shop: Shop) -> None:
    member_id, coupon_id = await given(shop)
    shop.clock.forward(days=7)
    await shop.buys(member_id, coupon_id=coupon_id)
    assert await look(shop) == 1
    [event] = shop.courier.events(EventKind.COUPON_REDEEMED)
    assert event.id == f"coupon/{coupon_id}/redeemed"
    assert (await row_of(shop)).redeemed_store_id == "S002"


async def test_a_till_that_is_down_is_asked_again_at_the_next_sweep(shop: Shop) -> None:
    await given(shop)
    shop.clock.forward(days=8)
    await shop.fault("GET pos/coupons/{coupon_id}", "http_500")
    assert await look(shop) == 0
    await look(shop)
    assert shop.calls("GET pos/coupons/{coupon_id}") == 2


async def test_an_issue_that_nobody_goes_on_with_is_settled(shop: Shop) -> None:
    """Her journey was ended in the middle: what was asked for is unclear, the rest was never issued."""
    now = shop.clock()
    async with shop.database.transaction() as session:
        for key, asked_at in (("asked", now), ("never", None)):
            session.add(
                Coupon(
                    key=key,
                    external_userid="wm1",
                    template="T",
                    status="claimed",
                    claimed_at=now,
                    asked_at=asked_at,
                )
            )
    await look(shop)
    assert (await row_of(shop, "asked")).status == coupons.CLAIMED
    shop.clock.forward(seconds=LEFT_LYING.total_seconds() + 1)
    await look(shop)
    assert (await row_of(shop, "asked")).status == coupons.UNCLEAR
    assert (await row_of(shop, "never")).status == coupons.REFUSED


async def test_one_that_waits_for_the_till_and_is_still_wanted_is_not_left_lying(shop: Shop) -> None:
    she, _ = await known_member(shop)
    for _ in range(3):
        await shop.fault("POST pos/coupons", "errcode", errcode=429)
        with pytest.raises(ApplicationError):
            await give(shop, she)
        await look(shop)
        shop.clock.forward(days=1)
    assert (await give(shop, she)).issued
