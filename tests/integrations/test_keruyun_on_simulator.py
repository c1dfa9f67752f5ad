"""Our adapter and the simulated Keruyun, each written from the contract, understand one another."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from integrations.pos import (
    Access,
    CouponStatus,
    EventKind,
    Means,
    MemberKey,
    Money,
    Order,
    OrderStatus,
    PosAuthError,
    PosEvent,
    PosNotFound,
    PosOutcomeUnknown,
    PosPermissionError,
    PosUnavailable,
    Push,
    connect,
)
from simulators.app import create_app
from simulators.world import World
from tests.integrations.corp import CONFIG
from tests.integrations.fakes import START, Clock

pytestmark = pytest.mark.anyio

KERUYUN = CONFIG.model_copy(
    update={
        "pos_provider": "keruyun",
        "pos_app_id": "301001",
        "pos_account": "32296",
        "pos_push_url": "http://gateway/pos/keruyun/events",
    }
)
SEND = "POST keruyun/open/standard/crm/OpenVoucherInstanceOperateFacade/send"
DETAIL = "POST keruyun/open/standard/order/queryDetail"
PHONE = MemberKey(kind="phone", value="+8613800138000")
LINE = {
    "product_id": "77",
    "name": "牛肉面",
    "category": "面",
    "quantity": "1.5",
    "paid": {"amount_minor": 4500},
}


class Chain:
    """Two shops, a member, and our adapter."""

    def __init__(self, world: World, http: httpx.AsyncClient, delivered: list[httpx.Request]) -> None:
        self.world, self._http, self._delivered = world, http, delivered
        self.till = self.connected()

    def connected(self, **changes: Any) -> Any:
        access = Access(
            base_url="http://simulators/keruyun",
            api_key=SecretStr("till-key"),
            webhook_secret=SecretStr("push-secret"),
            app_id="301001",
            account="32296",
        )
        return connect("keruyun", Access(**{**vars(access), **changes}), Means(self._http, self.world.clock))

    async def control(self, path: str, **body: object) -> Any:
        response = await self._http.post(f"http://simulators/_control/{path}", json=body)
        assert response.is_success, response.text
        return response.json()

    async def enrol(self) -> str:
        return str((await self.control("till/members", phone="+8613800138000", name="李四"))["member_id"])

    async def buy(self, **more: Any) -> str:
        body = {"store_id": "810", "amount_minor": 4500, "lines": [LINE]} | more
        return str((await self.control("till/orders", **body))["order_id"])

    async def orders(self, days: int = 1, **narrow: Any) -> list[Order]:
        """All pages of the last days."""
        now = self.world.clock()
        when = {"since": now - timedelta(days=days), "until": now + timedelta(seconds=1)} | narrow
        page = await self.till.list_orders(**when)
        found = list(page.items)
        while page.next_cursor:
            page = await self.till.list_orders(**when, cursor=page.next_cursor)
            found += page.items
        return found

    async def events(self) -> list[PosEvent]:
        await self.world.drain()
        arrived, self._delivered[:] = list(self._delivered), []
        pushes = [
            Push(url=str(one.url), headers=dict(one.headers), query=dict(one.url.params), body=one.content)
            for one in arrived
        ]
        return [event for push in pushes for event in self.till.open_push(push, self.world.clock())]


@pytest.fixture(scope="module")
def app() -> FastAPI:
    return create_app(KERUYUN)


@pytest.fixture
async def chain(anyio_backend: str, app: FastAPI) -> AsyncIterator[Chain]:
    delivered: list[httpx.Request] = []

    def door(request: httpx.Request) -> httpx.Response:
        delivered.append(request)
        return httpx.Response(200)

    world = app.state.world = World(KERUYUN, Clock(), httpx.MockTransport(door))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as http:
        here = Chain(world, http, delivered)
        await here.control("till/stores", store_id="810", name="一店", lat=31.2, lng=121.4)
        await here.control("till/stores", store_id="811", name="二店")
        yield here
        await world.close()


async def test_shops_members_dishes_and_stock(chain: Chain) -> None:
    member = await chain.enrol()
    one, two = await chain.till.list_stores()
    assert (one.store_id, one.geo.lat, one.geo.crs, two.geo) == ("810", 31.2, "gcj02", None)
    (by_phone,) = await chain.till.find_members(PHONE)
    (by_id,) = await chain.till.find_members(MemberKey(kind="member_id", value=member))
    assert (by_phone, by_phone.member_id, by_phone.phone) == (by_id, member, PHONE.value)
    assert await chain.till.find_members(MemberKey(kind="phone", value="+8613800138001")) == []
    await chain.control("till/stock", store_id="811", product_id="77", name="牛肉面", quantity="6.35")
    (lot,) = await chain.till.list_stock("811", ["77", "78"])
    assert lot.quantity == Decimal("6.35")
    await chain.buy()
    (dish,) = (await chain.till.list_products()).items
    assert (dish.product_id, dish.category) == ("77", "面")


async def test_orders_of_all_shops_and_their_refund_tickets(chain: Chain) -> None:
    member = await chain.enrol()
    first = await chain.buy(member_id=member)
    second = await chain.buy(store_id="811")
    old = await chain.buy(paid_at=(START - timedelta(days=40)).isoformat())
    await chain.control("till/refund", order_id=first, amount_minor=1500)
    paid, back, elsewhere = await chain.orders()
    assert (paid.order_id, paid.member_id, paid.status) == (f"810/{first}", member, OrderStatus.PAID)
    assert (paid.lines[0].quantity, paid.lines[0].category) == (Decimal("1.5"), "面")
    assert (back.refund_of, back.refunded, back.lines) == (
        paid.order_id,
        Money(amount_minor=1500, currency="CNY"),
        (),
    )
    assert (elsewhere.order_id, elsewhere.member_id) == (f"811/{second}", None)
    assert await chain.till.get_order(back.order_id) == back
    assert (await chain.orders(days=62, store_id="810"))[0].order_id == f"810/{old}"
    with pytest.raises(PosNotFound):
        await chain.till.get_order(f"811/{first}")


async def test_many_orders_come_in_pages(chain: Chain) -> None:
    made = [f"810/{await chain.buy()}" for _ in range(45)]
    assert [one.order_id for one in await chain.orders()] == made


async def test_a_coupon_from_its_template_to_the_till(chain: Chain) -> None:
    member = await chain.enrol()
    await chain.control("till/templates", template_id="7", name="五元券", left=3)
    (template,) = await chain.till.list_templates()
    assert (template.template_id, template.name, template.left) == ("7", "五元券", 3)
    how = {"template_id": "7", "member_id": member, "idempotency_key": "旅程/步骤/1"}
    coupon = await chain.till.issue_coupon(**how)
    assert await chain.till.issue_coupon(**how) == coupon
    assert (await chain.till.find_coupon(**how, since=START)).coupon_id == coupon.coupon_id
    await chain.buy(member_id=member, coupon_id=coupon.coupon_id)
    used = await chain.till.get_coupon(coupon.coupon_id, member_id=member)
    assert (used.status, used.template_id) == (CouponStatus.REDEEMED, "7")


async def test_a_coupon_that_was_issued_without_an_answer(chain: Chain) -> None:
    member = await chain.enrol()
    how = {"template_id": "7", "member_id": member, "idempotency_key": "k/1"}
    for kind, issued in (("timeout_before", 0), ("timeout_after", 1), ("garbage", 1), ("http_500", 1)):
        await chain.control("faults", api=SEND, kind=kind)
        with pytest.raises(PosOutcomeUnknown):
            await chain.till.issue_coupon(**how)
        assert len(chain.world.till.coupons) == issued
    coupon = await chain.till.issue_coupon(**how)
    assert [coupon.coupon_id] == list(chain.world.till.coupons)


async def test_what_the_till_pushes(chain: Chain) -> None:
    member = await chain.enrol()
    coupon = await chain.till.issue_coupon(template_id="7", member_id=member, idempotency_key="k/1")
    bought = await chain.buy(member_id=member, coupon_id=coupon.coupon_id)
    await chain.control("till/refund", order_id=bought)
    told = {event.kind: event for event in await chain.events()}
    assert told[EventKind.ORDER_PAID].order_id == f"810/{bought}"
    assert told[EventKind.ORDER_PAID].member_id == member
    assert told[EventKind.COUPON_REDEEMED].coupon_id == coupon.coupon_id
    ticket = await chain.till.get_order(told[EventKind.ORDER_REFUNDED].order_id)
    assert (ticket.refund_of, ticket.refunded.amount_minor) == (f"810/{bought}", 4500)


async def test_nobody_in_particular_bought(chain: Chain) -> None:
    await chain.buy()
    (event,) = await chain.events()
    assert (event.kind, event.member_id, event.store_id) == (EventKind.ORDER_PAID, None, "810")


async def test_a_token_that_has_ended_is_fetched_again(chain: Chain) -> None:
    bought = await chain.buy()
    await chain.till.get_order(f"810/{bought}")
    await chain.control("clock", advance_seconds=86_400)
    assert (await chain.till.get_order(f"810/{bought}")).store_id == "810"


async def test_refusals(chain: Chain) -> None:
    bought = f"810/{await chain.buy()}"
    with pytest.raises(PosAuthError):
        await chain.connected(api_key=SecretStr("wrong")).list_stores()
    with pytest.raises(PosPermissionError):
        await chain.connected(account="9").list_stores()
    with pytest.raises(PosNotFound):
        await chain.till.get_coupon("9", member_id="9")
    for press, kind in (
        ({"kind": "errcode", "errcode": 1001, "times": 2}, PosAuthError),
        ({"kind": "errcode", "errcode": 1002}, PosPermissionError),
        ({"kind": "errcode", "errcode": 2003}, PosNotFound),
        ({"kind": "errcode", "errcode": 3000}, PosUnavailable),
        ({"kind": "garbage"}, PosUnavailable),
    ):
        await chain.control("faults", api=DETAIL, **press)
        with pytest.raises(kind):
            await chain.till.get_order(bought)
    assert (await chain.till.get_order(bought)).order_id == bought
