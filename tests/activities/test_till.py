"""The till: a push is a hint and the query is the truth; a coupon is credited once."""

import asyncio
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError

from domain.events import Event, EventKind
from domain.messages import Purchase, RecordPurchase
from domain.playbook import CouponStep
from domain.step_messages import GiveCoupon, GivenCoupon
from storage.tables import Coupon, Customer, Order
from tests.activities.shop import START, Shop

pytestmark = pytest.mark.anyio

COUPON = CouponStep(template="WINBACK10", name="10 元回归券")


async def record(shop: Shop, kind: EventKind, *, attempt: int = 1, **ids: Any) -> Purchase:
    event = Event(id="push-1", kind=kind, at=START, **ids)
    what = RecordPurchase(external_userid="wm1", event=event)
    return await shop.run(shop.activities.till.record_purchase, what, attempt=attempt)


async def order_on_record(shop: Shop, order_id: str) -> Order | None:
    async with shop.database.transaction() as session:
        return await session.get(Order, ("generic", order_id))


# ---- purchases


async def test_an_order_is_believed_when_the_till_confirms_it(shop: Shop) -> None:
    order_id = await shop.buys(await shop.member(await shop.newcomer()), days_ago=2)
    purchase = await record(shop, EventKind.ORDER_PAID, order_id=order_id)
    row = await order_on_record(shop, order_id)
    assert purchase.event is not None
    assert row is not None
    assert purchase.event.at == row.paid_at < START, "when it was paid, not when it was pushed"
    assert (row.store_id, row.paid_minor, row.status) == ("S002", 2800, "paid")


async def test_what_she_bought_and_with_how_many_coupons_is_written_down(shop: Shop) -> None:
    def line(category: str, fen: int) -> dict[str, Any]:
        paid = {"amount_minor": fen}
        return {"product_id": f"{category}-{fen}", "name": "一杯", "category": category, "paid": paid}

    order_id = await shop.buys(
        await shop.member(await shop.newcomer()),
        lines=[line("拿铁", 1800), line("烘焙", 900), line("拿铁", 1500), line("", 100)],
        other_coupon_ids=["paper-1", "paper-2"],
    )
    await record(shop, EventKind.ORDER_PAID, order_id=order_id)
    row = await order_on_record(shop, order_id)
    assert row is not None
    assert row.categories == {"拿铁": 3300, "烘焙": 900}, "a line without a category says nothing"
    assert row.products == {"拿铁-1800": 1800, "烘焙-900": 900, "拿铁-1500": 1500, "-100": 100}
    assert row.coupons == 2


async def test_an_order_that_the_till_does_not_know_is_asked_for_again_and_then_not_confirmed(
    shop: Shop,
) -> None:
    for attempt in (1, 2):
        with pytest.raises(ApplicationError) as waits:
            await record(shop, EventKind.ORDER_PAID, order_id="nobody's", attempt=attempt)
        assert waits.value.type == "NotYet"
    assert await record(shop, EventKind.ORDER_PAID, order_id="nobody's", attempt=3) == Purchase()


async def test_a_cancelled_order_is_no_purchase(shop: Shop) -> None:
    order_id = await shop.buys(await shop.member(await shop.newcomer()))
    shop.world.till.orders[order_id].status = "cancelled"
    assert await record(shop, EventKind.ORDER_PAID, order_id=order_id) == Purchase()


async def test_a_whole_refund_is_told_and_written_down(shop: Shop) -> None:
    order_id = await shop.buys(await shop.member(await shop.newcomer()))
    await record(shop, EventKind.ORDER_PAID, order_id=order_id)
    shop.clock.forward(days=1)
    await shop.street.do("till/refund", order_id=order_id)
    refund = await record(shop, EventKind.ORDER_REFUNDED, order_id=order_id)
    assert refund.event is not None
    row = await order_on_record(shop, order_id)
    assert row is not None
    assert (row.status, row.refunded_minor) == ("refunded", 2800)


async def test_a_part_refund_leaves_the_purchase_a_purchase(shop: Shop) -> None:
    order_id = await shop.buys(await shop.member(await shop.newcomer()))
    await shop.street.do("till/refund", order_id=order_id, amount_minor=100)
    assert await record(shop, EventKind.ORDER_REFUNDED, order_id=order_id) == Purchase()
    assert (await record(shop, EventKind.ORDER_PAID, order_id=order_id)).event is not None


async def test_a_refund_that_the_till_does_not_confirm_is_none(shop: Shop) -> None:
    order_id = await shop.buys(await shop.member(await shop.newcomer()))
    assert await record(shop, EventKind.ORDER_REFUNDED, order_id=order_id) == Purchase()


async def test_recording_twice_is_one_order(shop: Shop) -> None:
    order_id = await shop.buys(await shop.member(await shop.newcomer()))
    first = await record(shop, EventKind.ORDER_PAID, order_id=order_id)
    assert await record(shop, EventKind.ORDER_PAID, order_id=order_id) == first


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_till_that_is_down_is_asked_again(shop: Shop, status: int) -> None:
    await shop.fault("pos/orders/{order_id}", "errcode", errcode=status)
    with pytest.raises(ApplicationError) as again:
        await record(shop, EventKind.ORDER_PAID, order_id="O1")
    assert not again.value.non_retryable


async def test_a_redeemed_coupon_is_believed_when_the_till_confirms_it(shop: Shop) -> None:
    she, member = await known_member(shop)
    await give(shop, she)
    coupon_id = await coupon_of(shop)
    assert await record(shop, EventKind.COUPON_REDEEMED, coupon_id=coupon_id) == Purchase()
    await shop.buys(member, coupon_id=coupon_id)
    redeemed = await record(shop, EventKind.COUPON_REDEEMED, coupon_id=coupon_id)
    assert redeemed.event is not None
    async with shop.database.transaction() as session:
        row = await session.get_one(Coupon, "key-1")
    assert (row.status, row.redeemed_at) == ("redeemed", redeemed.event.at)


# ---- coupons


async def known_member(shop: Shop) -> tuple[str, str]:
    """A customer whose member account we know."""
    she = await shop.friend()
    member_id = await shop.member(she)
    async with shop.database.transaction() as session:
        (await session.get_one(Customer, she)).member_id = member_id
    return she, member_id


async def give(shop: Shop, customer: str, key: str = "key-1", template: str = "WINBACK10") -> GivenCoupon:
    coupon = COUPON.model_copy(update={"template": template})
    what = GiveCoupon(key=key, external_userid=customer, coupon=coupon)
    return await shop.run(shop.activities.till.issue_coupon, what)


async def coupon_of(shop: Shop) -> str:
    [coupon] = shop.world.till.coupons.values()
    return coupon.coupon_id


async def test_a_coupon_is_credited_to_her_account(shop: Shop) -> None:
    she, member_id = await known_member(shop)
    assert (await give(shop, she)).issued
    [coupon] = shop.world.till.coupons.values()
    assert (coupon.member_id, coupon.template_id) == (member_id, "WINBACK10")


async def test_giving_it_again_credits_nothing_and_asks_nobody(shop: Shop) -> None:
    she, _ = await known_member(shop)
    assert await give(shop, she) == await give(shop, she)
    assert shop.calls("POST pos/coupons") == 1


async def test_another_key_is_another_coupon(shop: Shop) -> None:
    she, _ = await known_member(shop)
    await give(shop, she, "key-1")
    await give(shop, she, "key-2")
    assert len(shop.world.till.coupons) == 2


@pytest.mark.parametrize("kind", ["timeout_after", "timeout_before"])
async def test_after_a_lost_answer_the_till_is_asked_before_it_is_credited_again(
    shop: Shop, kind: str
) -> None:
    she, _ = await known_member(shop)
    await shop.fault("POST pos/coupons", kind)
    with pytest.raises(ApplicationError) as unknown:
        await give(shop, she)
    assert (unknown.value.type, unknown.value.non_retryable) == ("PosOutcomeUnknown", False)
    assert (await give(shop, she)).issued
    assert shop.calls("GET pos/coupons") == 1
    assert shop.calls("POST pos/coupons") == (1 if kind == "timeout_after" else 2)
    assert len(shop.world.till.coupons) == 1


async def test_at_once_from_two_workers_it_is_one_coupon(shop: Shop) -> None:
    she, _ = await known_member(shop)
    given = await asyncio.gather(*(give(shop, she) for _ in range(4)))
    assert all(coupon.issued for coupon in given)
    assert len(shop.world.till.coupons) == 1


async def test_who_is_no_member_gets_none_and_the_reason_is_kept(shop: Shop) -> None:
    she = await shop.friend()
    given = await give(shop, she)
    assert (given.issued, given.reason) == (False, "not_member: the till does not know her")
    assert await give(shop, she) == given
    assert shop.calls("POST pos/coupons") == 0


async def test_an_account_that_is_gone_is_a_refusal(shop: Shop) -> None:
    she, member_id = await known_member(shop)
    del shop.world.till.members[member_id]
    given = await give(shop, she)
    assert not given.issued
    assert member_id not in shop.world.till.coupons


async def test_a_template_that_the_till_refuses_is_a_refusal(shop: Shop) -> None:
    she, _ = await known_member(shop)
    await shop.fault("POST pos/coupons", "errcode", errcode=400)
    assert not (await give(shop, she)).issued
    assert not (await give(shop, she)).issued, "and it stays one"
    assert shop.calls("POST pos/coupons") == 1


async def test_what_a_greeting_promises_is_credited_once_per_member(shop: Shop) -> None:
    """Who has no account is refused, and may have it as soon as she has one."""
    she = await shop.newcomer()
    what = GiveCoupon(key=f"welcome/{she}/T5", external_userid=she, coupon=COUPON, once_per_member=True)
    assert (await shop.run(shop.activities.till.issue_coupon, what)).reason.startswith("not_member")
    member = await shop.member(she, external_userid=she)
    assert await shop.run(shop.activities.till.issue_coupon, what) == GivenCoupon(issued=True)
    again = await shop.run(shop.activities.till.issue_coupon, what)
    assert (again.issued, again.reason[:18]) == (True, "once per member: o")
    async with shop.database.transaction() as session:
        row = await session.get_one(Coupon, f"welcome/{member}/{COUPON.template}")
    assert row.status == "issued"
