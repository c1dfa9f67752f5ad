"""A push of the till is a hint, and the query is the truth: what is read for it, and what lives are told."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import col, select

from domain.events import Event, EventKind
from domain.messages import SweepStart
from integrations.pos import Coupon
from integrations.pos import EventKind as Told
from storage.tables import InboundEvent, MemberKey, Order, TillHint
from tests.activities.giving import coupon_of, give, known_member, row_of
from tests.activities.shop import START, Shop

pytestmark = pytest.mark.anyio


async def order_on_record(shop: Shop, order_id: str) -> Order:
    async with shop.database.transaction() as session:
        return await session.get_one(Order, ("generic", order_id))


def told(shop: Shop) -> list[Event]:
    """What lives were told, in order."""
    return [parcel.event for _, parcel in shop.courier.sent if parcel.event]


async def test_an_order_is_told_as_the_till_confirms_it(shop: Shop) -> None:
    she, member = await known_member(shop)
    order_id = await shop.buys(member, days_ago=2)
    assert await shop.pushed(Told.ORDER_PAID, order_id=order_id, member_id=member) == "applied"
    row = await order_on_record(shop, order_id)
    [event] = told(shop)
    assert shop.courier.sent[0][0] == f"customer/{she}"
    assert (event.id, event.kind) == (f"order/generic/{order_id}/paid", EventKind.ORDER_PAID)
    assert event.at == row.paid_at < START, "when it was paid, not when it was pushed"
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
    await shop.pushed(Told.ORDER_PAID, order_id=order_id)
    row = await order_on_record(shop, order_id)
    assert row.categories == {"拿铁": 3300, "烘焙": 900}, "a line without a category says nothing"
    assert row.products == {"拿铁-1800": 1800, "烘焙-900": 900, "拿铁-1500": 1500, "-100": 100}
    assert row.coupons == 2


async def test_what_is_pushed_again_is_told_once(shop: Shop) -> None:
    _, member = await known_member(shop)
    order_id = await shop.buys(member)
    await shop.pushed(Told.ORDER_PAID, order_id=order_id)
    assert await shop.pushed(Told.ORDER_CHANGED, order_id=order_id) == "unchanged"
    assert len(told(shop)) == 1


async def test_many_hints_of_one_order_are_one_look(shop: Shop) -> None:
    _, member = await known_member(shop)
    order_id = await shop.buys(member)
    for kind in (Told.ORDER_PAID, Told.ORDER_CHANGED, Told.ORDER_CHANGED):
        await shop.pushed(kind, order_id=order_id, refetch_after_s=1)
    shop.clock.forward(seconds=2)
    assert (await shop.feed()).settled == 3
    assert shop.calls("GET pos/orders/{order_id}") == 1


async def test_an_order_that_cannot_be_read_yet_is_read_later(shop: Shop) -> None:
    outcome = await shop.pushed(Told.ORDER_PAID, order_id="o-late")
    assert outcome.startswith("waits: ")
    first = await shop.hint("push-1")
    assert (first.settled_at, first.due_at > shop.clock()) == (None, True)
    _, member = await known_member(shop)
    order = shop.world.till.orders[await shop.buys(member)]
    shop.world.till.orders["o-late"] = order.model_copy(update={"order_id": "o-late"})
    assert (await shop.feed()).settled == 0, "not before it is due"
    shop.clock.forward(seconds=10)
    assert (await shop.feed()).settled == 1
    assert [event.order_id for event in told(shop)] == ["o-late"]


async def test_an_order_that_the_till_never_knows_is_given_up_with_its_reason(shop: Shop) -> None:
    await shop.pushed(Told.ORDER_PAID, order_id="nobody's")
    waits = []
    while (seen := await shop.feed()).next_at:
        waits.append(seen.next_at - shop.clock.now)
        shop.clock.now = seen.next_at
    assert max(waits) > 100 * min(waits), "asked ever more rarely"
    assert (await shop.hint("push-1")).outcome.startswith("not_found: ")
    assert told(shop) == []


async def test_before_its_delay_nothing_is_read(shop: Shop) -> None:
    """Youzan: an order can be read 30 seconds after its push."""
    assert await shop.pushed(Told.ORDER_PAID, order_id="o1", refetch_after_s=30) == ""
    assert shop.calls("GET pos/orders/{order_id}") == 0
    assert (await shop.feed()).next_at == (await shop.hint("push-1")).received_at + timedelta(seconds=30)


@pytest.mark.parametrize("status", [429, 500, 503, 401])
async def test_a_till_that_does_not_answer_keeps_the_hint(
    shop: Shop, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    _, member = await known_member(shop)
    order_id = await shop.buys(member)
    await shop.fault("pos/orders/{order_id}", "errcode", errcode=status)
    assert (await shop.pushed(Told.ORDER_PAID, order_id=order_id)).startswith("waits: ")
    assert ("the till refuses us" in caplog.text) == (status == 401), "somebody has to act"
    shop.clock.forward(hours=1)
    assert (await shop.feed()).settled == 1
    assert len(told(shop)) == 1


async def test_a_status_that_nobody_understands_is_kept_and_given_up_after_days(shop: Shop) -> None:
    _, member = await known_member(shop)
    order_id = await shop.buys(member)
    shop.world.till.orders[order_id] = shop.world.till.orders[order_id].model_copy(
        update={"status": "on_hold"}
    )
    assert await shop.pushed(Told.ORDER_PAID, order_id=order_id) == "waits: unexpected answer at status"
    shop.clock.forward(days=4)
    await shop.feed()
    assert (await shop.hint("push-1")).outcome == "unread: unexpected answer at status"
    assert told(shop) == []


async def test_an_order_of_nobody_is_written_down_and_told_to_nobody(shop: Shop) -> None:
    order = await shop.street.do("till/orders", store_id="S002", amount_minor=500)
    outcome = await shop.pushed(Told.ORDER_PAID, order_id=order["order_id"])
    assert outcome == "applied: nobody's, it names no member"
    assert (await order_on_record(shop, order["order_id"])).paid_minor == 500
    assert told(shop) == []


async def test_an_order_of_an_unknown_member_waits_until_she_is_known(shop: Shop) -> None:
    she = await shop.friend()
    member = await shop.member(she, external_userid=she)
    order_id = await shop.buys(member)
    outcome = await shop.pushed(Told.ORDER_PAID, order_id=order_id)
    assert outcome == "applied: nobody knows the member yet"
    assert told(shop) == []
    shop.clock.forward(minutes=1)
    await shop.activities.upkeep.sweep(SweepStart())
    assert [event.order_id for event in told(shop)] == [order_id]


async def test_a_part_refund_is_told_and_leaves_the_purchase_a_purchase(shop: Shop) -> None:
    _, member = await known_member(shop)
    order_id = await shop.buys(member)
    await shop.pushed(Told.ORDER_PAID, order_id=order_id)
    await shop.street.do("till/refund", order_id=order_id, amount_minor=100)
    await shop.pushed(Told.ORDER_REFUNDED, order_id=order_id)
    assert [event.kind for event in told(shop)] == [EventKind.ORDER_PAID, EventKind.ORDER_REFUNDED]
    row = await order_on_record(shop, order_id)
    assert (row.status, row.refunded_minor) == ("part_refunded", 100)


async def test_a_whole_refund_undoes_the_order(shop: Shop) -> None:
    _, member = await known_member(shop)
    order_id = await shop.buys(member)
    await shop.pushed(Told.ORDER_PAID, order_id=order_id)
    await shop.street.do("till/refund", order_id=order_id)
    await shop.pushed(Told.ORDER_REFUNDED, order_id=order_id)
    _, refunded, undone = told(shop)
    assert (refunded.kind, undone.kind) == (EventKind.ORDER_REFUNDED, EventKind.ORDER_UNDONE)
    assert (undone.id, undone.reason) == (f"order/generic/{order_id}/undone", "refunded")
    assert (await order_on_record(shop, order_id)).status == "refunded"


async def test_a_refund_that_cannot_be_read_yet_is_read_later(shop: Shop) -> None:
    order_id = await shop.buys(await shop.member(await shop.newcomer()))
    outcome = await shop.pushed(Told.ORDER_REFUNDED, order_id=order_id)
    assert outcome == f"waits: order {order_id} has no refund yet"


async def test_what_was_undone_before_anybody_heard_of_it_is_no_news(shop: Shop) -> None:
    _, member = await known_member(shop)
    order_id = await shop.buys(member)
    shop.world.till.orders[order_id].status = "cancelled"
    assert await shop.pushed(Told.ORDER_PAID, order_id=order_id) == "applied"
    assert (await order_on_record(shop, order_id)).status == "cancelled"
    assert told(shop) == []
    async with shop.database.transaction() as session:
        kept = (await session.exec(select(InboundEvent.digest).order_by(col(InboundEvent.id)))).all()
    assert kept == [f"order/generic/{order_id}/{what}" for what in ("paid", "undone")]


async def test_a_redeemed_coupon_of_ours_is_believed_when_the_till_confirms_it(shop: Shop) -> None:
    she, member = await known_member(shop)
    await give(shop, she)
    coupon_id = await coupon_of(shop)
    outcome = await shop.pushed(Told.COUPON_REDEEMED, coupon_id=coupon_id)
    assert outcome == f"waits: coupon {coupon_id} is not redeemed yet"
    await shop.buys(member, coupon_id=coupon_id)
    shop.clock.forward(minutes=1)
    await shop.feed()
    [event] = told(shop)
    row = await row_of(shop)
    assert (event.kind, event.coupon_id) == (EventKind.COUPON_REDEEMED, coupon_id)
    assert (row.status, row.redeemed_at) == ("redeemed", event.at)


async def test_a_coupon_of_ours_is_read_by_its_holder_where_the_push_names_none(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keruyun reads a coupon only together with its member, and pushes only the coupon."""
    she, member = await known_member(shop)
    await give(shop, she)
    asked: list[str | None] = []
    read = shop.till.get_coupon

    async def get_coupon(coupon_id: str, *, member_id: str | None = None) -> Coupon:
        asked.append(member_id)
        return await read(coupon_id)

    monkeypatch.setattr(shop.till, "get_coupon", get_coupon)
    await shop.pushed(Told.COUPON_REDEEMED, coupon_id=await coupon_of(shop))
    assert asked == [member]


async def test_a_coupon_that_the_till_gave_itself_is_told_to_its_member(shop: Shop) -> None:
    _, member = await known_member(shop)
    coupon, _ = shop.world.till.issue("OWN", member, "the till's own")
    coupon.status = "expired"
    assert await shop.pushed(Told.COUPON_CHANGED, coupon_id=coupon.coupon_id) == "applied"
    assert await shop.pushed(Told.COUPON_CHANGED, coupon_id=coupon.coupon_id) == "unchanged"
    assert [(event.kind, event.coupon_id) for event in told(shop)] == [
        (EventKind.COUPON_EXPIRED, coupon.coupon_id)
    ]


async def test_a_changed_member_is_kept_in_the_index(shop: Shop) -> None:
    member = await shop.member(await shop.newcomer(), phone="+8613800138000")
    assert await shop.pushed(Told.MEMBER_CHANGED, member_id=member) == "applied"
    async with shop.database.transaction() as session:
        kinds = (await session.exec(select(MemberKey.kind).where(MemberKey.member_id == member))).all()
    assert set(kinds) == {"phone", "unionid"}


async def test_what_changed_in_stock_is_not_read_here(shop: Shop) -> None:
    outcome = await shop.pushed(Told.STOCK_CHANGED, product_id="p1", store_id="S002")
    assert outcome == "ignored: nothing is to be read again"


async def test_the_sweep_wakes_a_feed_that_was_not_told_and_forgets_old_bodies(shop: Shop) -> None:
    await shop.pushed(Told.ORDER_PAID, order_id="o1", refetch_after_s=5)
    async with shop.database.transaction() as session:
        hint = await session.get_one(TillHint, ("generic", "push-1"))
        hint.body = b"sealed"
    await shop.activities.upkeep.sweep(SweepStart())
    assert shop.courier.feeds == []
    shop.clock.forward(days=30)
    await shop.activities.upkeep.sweep(SweepStart())
    assert shop.courier.feeds == ["generic"]
    assert (await shop.hint("push-1")).body is None
