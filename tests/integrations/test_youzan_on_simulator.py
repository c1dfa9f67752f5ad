"""Our adapter and the simulated Youzan, each written from the contract, understand one another."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from domain import geo
from integrations.pos import (
    Access,
    Coupon,
    CouponStatus,
    EventKind,
    Means,
    MemberKey,
    Money,
    OrderStatus,
    PosAuthError,
    PosEvent,
    PosInvalidRequest,
    PosNotFound,
    PosOutcomeUnknown,
    PosPermissionError,
    PosPort,
    PosRateLimited,
    PosUnavailable,
    Push,
    connect,
)
from simulators.app import create_app
from simulators.world import World
from tests.integrations.corp import CONFIG
from tests.integrations.fakes import START, Clock

pytestmark = pytest.mark.anyio

YOUZAN = CONFIG.model_copy(
    update={
        "pos_provider": "youzan",
        "pos_app_id": "testclientid000001",
        "pos_account": "153242272",
        "pos_push_url": "http://gateway/pos/youzan/events",
        "youzan_calls_per_second": 1000,  # the clock stands still: all calls are in one second
    }
)
SEND = "POST youzan/api/youzan.ump.voucheractivity.send/3.0.1"
ORDER = "POST youzan/api/youzan.trade.get/4.0.2"
PHONE = MemberKey(kind="phone", value="+8613800138000")
LINE = {
    "product_id": "P001",
    "name": "苹果",
    "category": "水果",
    "quantity": "1.5",
    "paid": {"amount_minor": 900},
}


class Chain:
    """Two stores, a member, and our adapter."""

    def __init__(self, world: World, http: httpx.AsyncClient, delivered: list[httpx.Request]) -> None:
        self.world = world
        self.delivered = delivered
        self.http = http
        self.till = self.connected({})

    def connected(self, options: dict[str, Any], **changes: Any) -> PosPort:
        access: dict[str, Any] = {
            "base_url": "http://simulators/youzan",
            "api_key": SecretStr("till-key"),
            "app_id": "testclientid000001",
            "account": "153242272",
            "options": {"calls_per_second": 1000} | options,
        }
        return connect("youzan", Access(**access | changes), Means(self.http, self.world.clock))

    async def control(self, path: str, **body: Any) -> Any:
        response = await self.http.post(f"http://simulators/_control/{path}", json=body)
        assert response.is_success, response.text
        return response.json()

    async def open(self) -> None:
        await self.control("till/stores", store_id="S001", name="一店", lat=31.2, lng=121.5)
        await self.control("till/stores", store_id="S002", name="二店")
        await self.control("till/members", member_id="m1", phone="+8613800138000", unionid="u1", name="李四")
        await self.events()

    async def buy(self, **more: Any) -> str:
        order = {"store_id": "S001", "member_id": "m1", "amount_minor": 900, "lines": [LINE]}
        return str((await self.control("till/orders", **order | more))["order_id"])

    async def events(self) -> list[PosEvent]:
        await self.world.drain()
        arrived, self.delivered[:] = list(self.delivered), []
        return [event for request in arrived for event in self.till.open_push(_push(request), START)]

    def granted(self) -> int:
        return self.world.traffic.counts["POST youzan/auth/token"]


def _push(request: httpx.Request) -> Push:
    return Push(url=str(request.url), headers=dict(request.headers), body=request.content)


@pytest.fixture(scope="module")
def app() -> FastAPI:
    return create_app(YOUZAN)


@pytest.fixture
async def chain(anyio_backend: str, app: FastAPI) -> AsyncIterator[Chain]:
    delivered: list[httpx.Request] = []

    def door(request: httpx.Request) -> httpx.Response:
        delivered.append(request)
        return httpx.Response(200)

    world = app.state.world = World(YOUZAN, Clock(), httpx.MockTransport(door))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as http:
        chain = Chain(world, http, delivered)
        await chain.open()
        yield chain
        await world.close()


async def test_members_are_found(chain: Chain) -> None:
    for key in (PHONE, MemberKey(kind="unionid", value="u1"), MemberKey(kind="member_id", value="m1")):
        [member] = await chain.till.find_members(key)
        assert (member.member_id, member.phone, member.unionid) == ("m1", "+8613800138000", "u1")
    assert await chain.till.find_members(MemberKey(kind="unionid", value="nobody")) == []
    await chain.control("till/members", member_id="m2", phone="13800138000", external_userid="wm2")
    assert [one.member_id for one in await chain.till.find_members(PHONE)] == ["m1", "m2"]
    granted = chain.connected({"external_userid": True})
    [member] = await granted.find_members(MemberKey(kind="external_userid", value="wm2"))
    assert member.member_id == "m2"


async def test_an_order_its_parts_and_what_goes_back(chain: Chain) -> None:
    order_id = await chain.buy()
    order = await chain.till.get_order(order_id)
    assert (order.store_id, order.member_id, order.status) == ("S001", "m1", OrderStatus.PAID)
    assert (order.paid, order.paid_at) == (Money(amount_minor=900, currency="CNY"), START)
    [line] = order.lines
    assert (line.product_id, line.quantity, line.paid.amount_minor) == ("P001", Decimal("1.5"), 900)
    await chain.control("till/refund", order_id=order_id, amount_minor=250)
    part = await chain.till.get_order(order_id)
    assert (part.status, part.refunded) == (
        OrderStatus.PART_REFUNDED,
        Money(amount_minor=250, currency="CNY"),
    )
    await chain.control("till/refund", order_id=order_id)
    whole = await chain.till.get_order(order_id)
    assert (whole.status, whole.refunded) == (OrderStatus.REFUNDED, whole.paid)
    span: Any = {"since": START, "until": START + timedelta(seconds=1)}
    assert (await chain.till.list_orders(**span)).items == (whole,)
    with pytest.raises(PosNotFound):
        await chain.till.get_order("E404")


async def test_orders_come_in_pages_once_each(chain: Chain) -> None:
    price, till = chain.world.till.order(await chain.buy(push=False)).paid, chain.world.till
    for _ in range(100):
        till.ring_up("S001", "m1", price, None, [])
    bought = set(till.orders)
    till.ring_up("S002", None, price, None, [])
    span: Any = {"since": START - timedelta(days=200), "until": START + timedelta(seconds=1)}
    first = await chain.till.list_orders(**span, member_id="m1")
    second = await chain.till.list_orders(**span, member_id="m1", cursor=first.next_cursor)
    assert (len(first.items), len(second.items)) == (1, 100)
    assert {order.order_id for order in (*first.items, *second.items)} == bought
    [theirs] = (await chain.till.list_orders(**span, store_id="S002")).items
    assert theirs.member_id is None


async def test_what_changed_a_moment_ago_cannot_be_read_yet(chain: Chain) -> None:
    await chain.control("settings", youzan_read_delay_seconds=30)
    order_id = await chain.buy()
    [event] = await chain.events()
    assert (event.kind, event.order_id, event.refetch_after_s) == (EventKind.ORDER_PAID, order_id, 30)
    with pytest.raises(PosNotFound):
        await chain.till.get_order(order_id)
    await chain.control("clock", advance_seconds=event.refetch_after_s)
    assert (await chain.till.get_order(order_id)).status is OrderStatus.PAID
    await chain.control("till/refund", order_id=order_id)
    with pytest.raises(PosUnavailable, match="under way"):
        await chain.till.get_order(order_id)
    await chain.control("clock", advance_seconds=30)
    assert (await chain.till.get_order(order_id)).status is OrderStatus.REFUNDED


async def test_stores_goods_and_stock(chain: Chain) -> None:
    one, two = await chain.till.list_stores()
    assert (one.store_id, two.store_id, two.geo) == ("S001", "S002", None)
    assert one.geo is not None
    assert one.geo.crs == "bd09"
    theirs = geo.to_wgs84(one.geo.lat, one.geo.lng, geo.Coordinates.BD09)
    ours = geo.to_wgs84(31.2, 121.5, geo.Coordinates.GCJ02)
    assert geo.great_circle_metres(*theirs, *ours) < 1
    await chain.buy()
    for product_id, quantity in (("P001", "6.35"), ("P002", "0")):
        lot = {"store_id": "S001", "product_id": product_id, "name": "苹果", "quantity": quantity}
        await chain.control("till/stock", **lot, expires_on=str(date(2026, 3, 4)))
    goods = await chain.till.list_products()
    assert {(one.product_id, one.category) for one in goods.items} == {("P001", "水果"), ("P002", None)}
    for till, store_id in ((chain.till, "S001"), (chain.connected({"store_id": "number"}), None)):
        here = store_id or (await till.list_stores())[0].store_id
        [left] = await till.list_stock(here, ["P001", "P002", "P404"])
        assert (left.store_id, left.product_id, left.quantity) == (here, "P001", Decimal("6.35"))


async def test_a_coupon_is_issued_once_also_when_the_answer_is_lost(chain: Chain) -> None:
    till = chain.connected({"activities": {"FIRST5": 18}})

    async def issue() -> Coupon:
        return await till.issue_coupon(template_id="FIRST5", member_id="m1", idempotency_key="journey/m1")

    async def look(*known: str) -> Coupon | None:
        return await till.find_coupon(
            template_id="FIRST5",
            member_id="m1",
            idempotency_key="journey/m1",
            since=START,
            known=frozenset(known),
        )

    assert await look() is None
    earlier = await issue()
    await chain.control("faults", api=SEND, kind="timeout_after")
    with pytest.raises(PosOutcomeUnknown):
        await issue()
    lost = await look(earlier.coupon_id)
    assert lost is not None
    assert (lost.template_id, lost.status, lost.issued_at) == ("FIRST5", CouponStatus.ISSUED, START)
    assert len(chain.world.till.coupons) == 2
    order_id = await chain.buy(coupon_id=lost.coupon_id)
    used = await till.get_coupon(lost.coupon_id)
    assert (used.status, used.redeemed_order_id, used.redeemed_at) == (CouponStatus.REDEEMED, order_id, START)
    assert (await till.get_order(order_id)).coupon_ids == (lost.coupon_id,)
    [by_list] = (await till.list_orders(since=START, until=START + timedelta(seconds=1))).items
    assert by_list.coupon_ids == (lost.coupon_id,)
    _paid, redeemed = await chain.events()
    assert (redeemed.kind, redeemed.coupon_id, redeemed.member_id) == (
        EventKind.COUPON_REDEEMED,
        lost.coupon_id,
        "m1",
    )


async def test_a_coupon_of_no_activity_or_nobody_is_refused(chain: Chain) -> None:
    with pytest.raises(PosNotFound):
        await chain.till.issue_coupon(template_id="18", member_id="m404", idempotency_key="journey/1")
    await chain.control("till/templates", template_id="18", name="5 元券")
    with pytest.raises(PosInvalidRequest, match="160700601"):
        await chain.till.issue_coupon(template_id="19", member_id="m1", idempotency_key="journey/1")
    assert chain.world.till.coupons == {}


async def test_what_happens_is_pushed_and_signed(chain: Chain) -> None:
    order_id = await chain.buy()
    await chain.control("till/refund", order_id=order_id, amount_minor=100)
    await chain.control("till/members", member_id="m3", unionid="u3")
    told = await chain.events()
    assert [(event.kind, event.order_id, event.member_id) for event in told] == [
        (EventKind.ORDER_PAID, order_id, None),
        (EventKind.ORDER_REFUNDED, order_id, None),
        (EventKind.MEMBER_CHANGED, None, "m3"),
    ]
    assert len({event.dedupe_key for event in told}) == 3


async def test_a_token_that_ended_or_was_refused_is_fetched_again(chain: Chain) -> None:
    await chain.till.list_stores()
    await chain.control("faults", api=ORDER, kind="errcode", errcode=4203)
    order_id = await chain.buy()
    await chain.till.get_order(order_id)
    assert chain.granted() == 2
    await chain.control("clock", advance_seconds=7 * 86400)
    await chain.till.get_order(order_id)
    assert chain.granted() == 3
    with pytest.raises(PosAuthError):
        await chain.connected({}, api_key=SecretStr("wrong")).list_stores()
    with pytest.raises(PosAuthError):
        await chain.connected({}, account="1").list_stores()


async def test_quota_and_packs(chain: Chain) -> None:
    await chain.control("settings", youzan_missing_packs=["youzan.ump."])
    with pytest.raises(PosPermissionError, match="能力包"):
        await chain.till.issue_coupon(template_id="18", member_id="m1", idempotency_key="journey/1")
    await chain.control("settings", youzan_calls_per_second=2)
    await chain.till.list_stores()
    with pytest.raises(PosRateLimited) as caught:
        await chain.till.list_stores()
    assert caught.value.retry_after_s == 3
    await chain.control("clock", advance_seconds=1)
    await chain.till.list_stores()
