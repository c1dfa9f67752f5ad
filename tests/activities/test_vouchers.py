"""A voucher is promised at a store that has one (M62)."""

import pytest

from domain.events import EventKind
from domain.step_messages import GiveCoupon, GivenCoupon, PlanTouch
from storage import voucher_stocks
from storage.facts import facts_of
from storage.tables import Batch, Store
from tests.activities.giving import COUPON, coupon_of, give, known_member, row_of
from tests.activities.shop import Shop

pytestmark = pytest.mark.anyio

TEMPLATE = "WINBACK10"


async def stock_up(shop: Shop, **totals: int) -> None:
    async with shop.database.transaction() as session:
        for store, total in totals.items():
            await voucher_stocks.set_total(session, TEMPLATE, store, total, shop.clock())
            (await session.get_one(Store, store)).city = "北京"


async def counts(shop: Shop) -> dict[str, tuple[int, int]]:
    async with shop.database.transaction() as session:
        return {row.store_id: (row.held, row.used) for row, _ in await voucher_stocks.stocks(session)}


async def test_m62_a_voucher_is_reserved_at_her_store(shop: Shop) -> None:
    await stock_up(shop, S001=1, S002=1)
    she, _ = await known_member(shop)
    assert (await give(shop, she)).issued
    assert (await row_of(shop)).store_id == "S002"
    assert await counts(shop) == {"S001": (0, 0), "S002": (1, 0)}


async def test_m62_else_at_another_of_her_city(shop: Shop) -> None:
    await stock_up(shop, S001=1, S002=0)
    she, _ = await known_member(shop)
    assert (await give(shop, she)).issued
    assert (await row_of(shop)).store_id == "S001"


async def test_m62_where_none_is_left_it_is_refused_with_a_dated_reason(shop: Shop) -> None:
    await stock_up(shop, S001=0, S002=0)
    she, _ = await known_member(shop)
    given = await give(shop, she)
    assert given == GivenCoupon(
        issued=False, reason="no_stock: WINBACK10 had none left on 2026-03-02; asked: S002, S001"
    )
    assert shop.calls("POST pos/coupons") == 0
    assert await give(shop, she) == given, "and it stays refused"


async def test_m62_a_template_without_stocks_is_not_counted(shop: Shop) -> None:
    she, _ = await known_member(shop)
    assert (await give(shop, she)).issued
    assert (await row_of(shop)).store_id is None


async def test_m62_what_the_till_refuses_is_given_back(shop: Shop) -> None:
    await stock_up(shop, S002=1)
    she, _ = await known_member(shop)
    await shop.fault("POST pos/coupons", "errcode", errcode=400)
    assert not (await give(shop, she)).issued
    assert await counts(shop) == {"S002": (0, 0)}


async def test_m62_what_expires_is_given_back_and_her_life_hears_of_it(shop: Shop) -> None:
    await stock_up(shop, S002=1)
    she, _ = await known_member(shop)
    await give(shop, she)
    coupon_id = await coupon_of(shop)
    shop.world.till.coupons[coupon_id].status = "expired"
    shop.clock.forward(days=8)
    assert await shop.activities.upkeep._coupons.look() == 1
    assert await counts(shop) == {"S002": (0, 0)}
    [event] = shop.courier.events(EventKind.COUPON_EXPIRED)
    assert (event.id, event.coupon_id) == (f"coupon/{coupon_id}/expired", coupon_id)


async def test_m62_her_message_names_the_store_of_her_voucher(shop: Shop) -> None:
    await stock_up(shop, S001=1, S002=0)
    she, _ = await known_member(shop)
    text = "券已到账，到{{ coupon.store }}找{{ employee.name }}领取"
    for number, told in ((1, "中关村店"), (2, "任意门店")):
        if number == 1:
            await give(shop, she, f"{she}/1/nurture.0/1")
        touch = PlanTouch(
            key=f"{she}/{number}/nurture.1/1", external_userid=she, userid="li", text=text, enrolment=number
        )
        await shop.run(shop.activities.touches.plan_touch, touch)
        planned = await shop.touch(touch.key)
        async with shop.database.transaction() as session:
            batch = await session.get_one(Batch, planned.batch_id)
        assert batch.content["text"] == f"券已到账，到{told}找{{{{ employee.name }}}}领取"


@pytest.mark.parametrize(("left", "word"), [(1, "sent"), (0, "refused")])
async def test_m62_a_journey_can_ask_what_became_of_its_coupon(shop: Shop, left: int, word: str) -> None:
    await stock_up(shop, S002=left)
    she, _ = await known_member(shop)
    for enrolment in (1, 2):
        what = GiveCoupon(
            key=f"{she}/{enrolment}/nurture.0/1", external_userid=she, coupon=COUPON, step="gift"
        )
        await shop.run(shop.activities.coupons.issue_coupon, what)
        async with shop.database.transaction() as session:
            known = await facts_of(session, [she], shop.clock(), enrolments={she: ("coffee", enrolment)})
        assert known[she].outcomes == {"gift": word if enrolment == 1 else "refused"}
