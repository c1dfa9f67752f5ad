"""The till's adapter against the simulated till."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import httpx
import pytest

from integrations.pos import (
    Coupon,
    CouponStatus,
    EventKind,
    MemberKey,
    OrderStatus,
    PosInvalidRequest,
    PosNotFound,
    PosOutcomeUnknown,
    Push,
    StockLot,
)
from tests.integrations.corp import Corp

pytestmark = pytest.mark.anyio


async def test_the_till_finds_members_stores_and_orders(corp: Corp) -> None:
    await corp.control("till/stores", store_id="s1", name="One", lat=31.2, lng=121.5, crs="gcj02")
    for member_id in ("m1", "m2"):
        await corp.control("till/members", member_id=member_id, phone="+8613800000001", unionid=member_id)
    found = await corp.till.find_members(MemberKey(kind="phone", value="+8613800000001"))
    assert [member.member_id for member in found] == ["m1", "m2"]
    assert await corp.till.find_members(MemberKey(kind="unionid", value="nobody")) == []
    assert [store.store_id for store in await corp.till.list_stores()] == ["s1"]
    line = {
        "product_id": "p1",
        "name": "苹果",
        "category": "fruit",
        "quantity": "1.5",
        "paid": {"amount_minor": 900, "currency": "CNY"},
    }
    bought = [
        await corp.control("till/orders", store_id="s1", member_id="m1", amount_minor=900, lines=[line])
        for _ in range(101)
    ]
    await corp.control("till/refund", order_id=bought[0]["order_id"], amount_minor=100)
    now = corp.world.clock()
    since, until = now - timedelta(days=1), now + timedelta(seconds=1)
    first = await corp.till.list_orders(member_id="m1", since=since, until=until)
    second = await corp.till.list_orders(member_id="m1", since=since, until=until, cursor=first.next_cursor)
    assert (len(first.items), len(second.items), second.next_cursor) == (100, 1, None)
    order = await corp.till.get_order(bought[0]["order_id"])
    assert order.status is OrderStatus.PART_REFUNDED
    assert str(order.lines[0].quantity) == "1.5"
    with pytest.raises(PosNotFound):
        await corp.till.get_order("no-such-order")


async def test_the_till_tells_what_is_left_of_each_lot(corp: Corp) -> None:
    await corp.control("till/stores", store_id="s1", name="One")
    melon = {"store_id": "s1", "product_id": "p 1&2", "name": "西瓜"}
    await corp.control("till/stock", **melon, quantity="20", expires_on="2026-03-04")
    await corp.control("till/stock", **melon | {"product_id": "p2"}, quantity="2.5")
    found = await corp.till.list_stock("s1", ["p 1&2", "p2", "p3"])
    assert found == [
        StockLot(**melon, quantity=Decimal(20), expires_on=date(2026, 3, 4)),
        StockLot(**melon | {"product_id": "p2"}, quantity=Decimal("2.5")),
    ]
    with pytest.raises(PosNotFound):
        await corp.till.list_stock("s2", ["p2"])


async def test_a_coupon_is_credited_once_also_when_the_answer_is_lost(corp: Corp) -> None:
    await corp.control("till/stores", store_id="s1", name="One", lat=31.2, lng=121.5, crs="gcj02")
    await corp.control("till/members", member_id="m1")
    key = {"template_id": "t1", "member_id": "m1", "idempotency_key": "journey/coupon/m1"}
    since = corp.world.clock()

    async def look() -> Coupon | None:
        return await corp.till.find_coupon(
            template_id="t1", member_id="m1", idempotency_key="journey/coupon/m1", since=since
        )

    assert await look() is None
    await corp.control("faults", api="POST pos/coupons", kind="timeout_after")
    with pytest.raises(PosOutcomeUnknown):
        await corp.till.issue_coupon(**key)
    found = await look()
    assert found is not None
    assert await corp.till.issue_coupon(**key) == found
    assert await corp.till.get_coupon(found.coupon_id) == found
    with pytest.raises(PosInvalidRequest):
        await corp.till.issue_coupon(**key | {"template_id": "t2"})
    await corp.control(
        "till/orders", store_id="s1", member_id="m1", amount_minor=900, coupon_id=found.coupon_id
    )
    redeemed = await corp.till.get_coupon(found.coupon_id)
    assert (redeemed.status, redeemed.redeemed_store_id) == (CouponStatus.REDEEMED, "s1")
    await corp.world.drain()
    assert [pushed(corp, request) for request in corp.delivered] == [
        (EventKind.ORDER_PAID, redeemed.redeemed_order_id),
        (EventKind.COUPON_REDEEMED, redeemed.redeemed_order_id),
    ]


def pushed(corp: Corp, request: httpx.Request) -> tuple[EventKind, str | None]:
    push = Push(url=str(request.url), headers=dict(request.headers), body=request.content)
    [event] = corp.till.open_push(push, corp.world.clock())
    return event.kind, event.order_id
