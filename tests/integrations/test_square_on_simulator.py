"""Square's adapter, through Square's SDK, against the simulated Square."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from integrations.pos import (
    Coupon,
    CouponStatus,
    EventKind,
    GeoPoint,
    MemberKey,
    Order,
    OrderStatus,
    PosAmbiguous,
    PosAuthError,
    PosDuplicate,
    PosInvalidRequest,
    PosNotFound,
    PosOutcomeUnknown,
    PosPermissionError,
    PosRateLimited,
    PosUnavailable,
    Product,
    StockLot,
)
from tests.integrations.square import SquareTill, running_square

pytestmark = pytest.mark.anyio

PHONE = "+8613800000001"
LATTE = {"product_id": "p1", "name": "拿铁", "category": "咖啡", "quantity": "1"}
KEY = {"template_id": "FIRST5", "member_id": "m1", "idempotency_key": "journey/coupon/m1"}


@pytest.fixture
async def square() -> AsyncIterator[SquareTill]:
    async with running_square() as square:
        await square.control("till/stores", store_id="s1", name="一店", lat=31.2, lng=121.5)
        await square.control("till/members", member_id="m1", phone=PHONE, unionid="o1", name="李四")
        await square.control("till/templates", template_id="FIRST5", name="首杯立减 5 元")
        await square.pushed()
        yield square


async def buy(square: SquareTill, amount: int = 1800, **more: object) -> dict[str, Any]:
    line = LATTE | {"paid": {"amount_minor": amount}}
    body = {"store_id": "s1", "member_id": "m1", "amount_minor": amount, "lines": [line], **more}
    bought: dict[str, Any] = await square.control("till/orders", **body)
    return bought


async def listed(
    square: SquareTill, member_id: str | None = None, store_id: str | None = None
) -> list[Order]:
    """All pages of the last day."""
    since, until = span(square)
    found: list[Order] = []
    cursor: str | None = None
    while True:
        page = await square.pos.list_orders(
            since=since, until=until, member_id=member_id, store_id=store_id, cursor=cursor
        )
        found += page.items
        cursor = page.next_cursor
        if cursor is None:
            return found


def span(square: SquareTill) -> tuple[datetime, datetime]:
    now = square.world.clock()
    return now - timedelta(days=1), now + timedelta(seconds=1)


async def look(square: SquareTill, **changes: Any) -> Coupon | None:
    since = square.world.clock() - timedelta(seconds=5)
    return await square.pos.find_coupon(**{**KEY, "since": since, **changes})


async def test_a_member_is_found_by_phone_unionid_and_id(square: SquareTill) -> None:
    for kind, value in (("phone", PHONE), ("unionid", "o1"), ("member_id", "m1")):
        (found,) = await square.pos.find_members(MemberKey(kind=kind, value=value))
        assert (found.member_id, found.phone, found.unionid, found.name) == ("m1", PHONE, "o1", "李四")
    assert await square.pos.find_members(MemberKey(kind="phone", value="+8613800000009")) == []
    assert await square.pos.find_members(MemberKey(kind="member_id", value="nobody")) == []
    with pytest.raises(PosInvalidRequest):
        await square.pos.find_members(MemberKey(kind="external_userid", value="wm1"))
    await square.control("till/members", member_id="m2", phone=PHONE)
    assert len(await square.pos.find_members(MemberKey(kind="phone", value=PHONE))) == 2
    assert [one.member_id for one in (await square.pos.list_members()).items] == ["m1", "m2"]


async def test_stores_may_have_no_coordinates(square: SquareTill) -> None:
    await square.control("till/stores", store_id="s2", name="二店")
    first, second = await square.pos.list_stores()
    assert (first.store_id, first.geo) == ("s1", GeoPoint(lat=31.2, lng=121.5, crs="wgs84"))
    assert (second.store_id, second.geo, second.active) == ("s2", None, True)


async def test_orders_of_a_member_have_categories_and_refunds_are_tickets(square: SquareTill) -> None:
    bought = await buy(square)
    await buy(square, member_id=None)
    (order,) = await listed(square, member_id="m1")
    assert (order.order_id, order.status, order.paid.amount_minor) == (
        bought["order_id"],
        OrderStatus.PAID,
        1800,
    )
    assert [(one.product_id, one.category, one.quantity) for one in order.lines] == [
        ("p1", "咖啡", Decimal(1))
    ]
    await square.control("till/refund", order_id=bought["order_id"], amount_minor=800)
    _, ticket = await listed(square, member_id="m1", store_id="s1")
    assert ticket.refund_of == bought["order_id"]
    assert ticket.refunded is not None
    assert (ticket.status, ticket.paid.amount_minor, ticket.refunded.amount_minor) == (
        OrderStatus.REFUNDED,
        0,
        800,
    )
    assert await square.pos.get_order(ticket.order_id) == ticket
    assert await square.pos.get_order(bought["order_id"]) == order
    with pytest.raises(PosNotFound):
        await square.pos.get_order("no-such-order")


async def test_orders_are_read_of_any_number_of_stores_in_pages(square: SquareTill) -> None:
    """Square takes ten stores at a time."""
    for number in range(2, 13):
        await square.control("till/stores", store_id=f"s{number}", name=f"{number} 店")
    for number in (1, 2, 12):
        await buy(square, store_id=f"s{number}", push=False)
    for _ in range(101):
        await buy(square, store_id="s3", push=False)
    found = await listed(square)
    assert len({one.order_id for one in found}) == len(found) == 104
    assert {one.store_id for one in found} == {"s1", "s2", "s3", "s12"}


async def test_products_and_stock(square: SquareTill) -> None:
    await buy(square)
    await square.control("till/stock", store_id="s1", product_id="p2", name="西瓜", quantity="2.5")
    await square.control("till/stock", store_id="s1", product_id="p3", name="苹果", quantity="0")
    assert (await square.pos.list_products()).items == (
        Product(product_id="p2", name="西瓜"),
        Product(product_id="p3", name="苹果"),
        Product(product_id="p1", name="拿铁", category="咖啡"),
    )
    assert await square.pos.list_stock("s1", ["p1", "p2", "p3"]) == [
        StockLot(store_id="s1", product_id="p2", name="西瓜", quantity=Decimal("2.5"))
    ]
    with pytest.raises(PosNotFound):
        await square.pos.list_stock("s9", ["p2"])


async def test_a_coupon_is_issued_once_also_when_the_answer_is_lost(square: SquareTill) -> None:
    assert [one.template_id for one in await square.pos.list_templates()] == ["FIRST5"]
    assert await look(square) is None
    await square.control("faults", api="square/v2/loyalty/rewards", kind="timeout_after")
    with pytest.raises(PosOutcomeUnknown):
        await square.pos.issue_coupon(**KEY)
    found = await look(square)
    assert found is not None
    assert await look(square, known=frozenset({found.coupon_id})) is None
    assert await square.pos.issue_coupon(**KEY) == found
    assert len(square.world.till.coupons) == len(square.world.till.points) == 1
    assert await square.pos.get_coupon(found.coupon_id) == found
    second = await square.pos.issue_coupon(**KEY | {"idempotency_key": "another key"})
    assert second.coupon_id != found.coupon_id
    with pytest.raises(PosAmbiguous):
        await look(square)


async def test_a_coupon_that_cannot_be_issued(square: SquareTill) -> None:
    with pytest.raises(PosInvalidRequest):
        await square.pos.issue_coupon(**KEY | {"template_id": "no such tier"})
    with pytest.raises(PosInvalidRequest):
        await square.pos.issue_coupon(**KEY | {"member_id": "nobody"})
    await square.control("till/members", member_id="m2")
    await square.pos.issue_coupon(**KEY)
    with pytest.raises(PosDuplicate) as refused:
        await square.pos.issue_coupon(**KEY | {"member_id": "m2"})
    assert refused.value.provider_code == "IDEMPOTENCY_KEY_REUSED"
    assert len(square.world.till.coupons) == 1


async def test_playbooks_may_have_a_name_of_their_own_for_a_tier(square: SquareTill) -> None:
    pos = square.adapter(tiers={"FIRST_CUP": "FIRST5"})
    key = KEY | {"template_id": "FIRST_CUP"}
    issued = await pos.issue_coupon(**key)
    assert issued.template_id == "FIRST_CUP"
    assert (await pos.list_templates())[0].template_id == "FIRST_CUP"
    found = await pos.find_coupon(**key, since=span(square)[0], known=frozenset())
    assert found == issued
    assert [one.template_id for one in square.world.till.coupons.values()] == ["FIRST5"]


async def test_without_grants_she_pays_with_points_of_her_own(square: SquareTill) -> None:
    pos = square.adapter(grant_points=False)
    with pytest.raises(PosInvalidRequest):
        await pos.issue_coupon(**KEY)
    square.world.till.points["earned"] = ("m1", 10)
    await pos.issue_coupon(**KEY)
    assert len(square.world.till.points) == 1


async def test_points_that_were_granted_in_vain_are_not_granted_again(square: SquareTill) -> None:
    for api in ("square/v2/loyalty/accounts/{account_id}/adjust", "square/v2/loyalty/rewards"):
        await square.control("faults", api=api, kind="errcode", errcode=503)
    with pytest.raises(PosUnavailable):
        await square.pos.issue_coupon(**KEY)
    with pytest.raises(PosOutcomeUnknown):
        await square.pos.issue_coupon(**KEY)
    assert await look(square) is None
    await square.pos.issue_coupon(**KEY)
    assert len(square.world.till.points) == 1


async def test_the_pushes_of_a_purchase_with_a_coupon_and_of_its_refund(square: SquareTill) -> None:
    coupon = await square.pos.issue_coupon(**KEY)
    bought = await buy(square, coupon_id=coupon.coupon_id)
    await square.control("till/refund", order_id=bought["order_id"])
    await square.control("till/members", member_id="m3")
    paid, redeemed, refunded, enrolled = await square.pushed()
    order_id = bought["order_id"]
    assert paid == (EventKind.ORDER_PAID, {"order_id": order_id, "member_id": "m1"})
    assert redeemed == (EventKind.COUPON_REDEEMED, {"order_id": order_id, "coupon_id": coupon.coupon_id})
    assert enrolled == (EventKind.MEMBER_CHANGED, {"member_id": "m3"})
    assert refunded[0] is EventKind.ORDER_REFUNDED
    assert (await square.pos.get_order(refunded[1]["order_id"])).refund_of == order_id
    assert (await square.pos.get_order(order_id)).coupon_ids == (coupon.coupon_id,)
    read = await square.pos.get_coupon(coupon.coupon_id)
    assert (read.status, read.redeemed_order_id, read.member_id) == (CouponStatus.REDEEMED, order_id, "m1")
    since, until = span(square)
    (told,) = (await square.pos.list_redemptions(since=since, until=until)).items
    assert (told.coupon_id, told.redeemed_store_id) == (coupon.coupon_id, "s1")


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, PosInvalidRequest),
        (401, PosAuthError),
        (403, PosPermissionError),
        (404, PosNotFound),
        (409, PosUnavailable),
        (429, PosRateLimited),
        (500, PosUnavailable),
        (503, PosUnavailable),
    ],
)
async def test_refusals(square: SquareTill, status: int, error: type[Exception]) -> None:
    """Once each: the SDK's own retries are off."""
    await square.control("faults", api="square/v2/locations", kind="errcode", errcode=status)
    with pytest.raises(error) as refused:
        await square.pos.list_stores()
    assert type(refused.value) is error
    assert square.world.traffic.counts["GET square/v2/locations"] == 1
    assert [one.store_id for one in await square.pos.list_stores()] == ["s1"]


async def test_an_answer_of_no_sense(square: SquareTill) -> None:
    await square.control("faults", api="square/*", kind="garbage", times=2)
    with pytest.raises(PosUnavailable):
        await square.pos.list_stores()
    with pytest.raises(PosUnavailable):
        await square.pos.issue_coupon(**KEY)
