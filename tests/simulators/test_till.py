"""The till: its API, its pushes, and what people buy."""

import hashlib
import hmac
import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.simulators.conftest import START
from tests.simulators.sim import Receiver, Sim

pytestmark = pytest.mark.anyio

KEY = {"Authorization": "Bearer till-key"}


async def ask(sim: Sim, path: str, **query: str) -> Any:
    answer = await sim.http.get(f"/pos/{path}", params=query, headers=KEY)
    assert answer.is_success, answer.text
    return answer.json()


async def issue(sim: Sim, member_id: str, key: str, template_id: str = "t5") -> httpx.Response:
    body = {"template_id": template_id, "member_id": member_id, "idempotency_key": key}
    return await sim.http.post("/pos/coupons", json=body, headers=KEY)


@pytest.fixture
async def member(sim: Sim) -> str:
    await sim.control("till/stores", store_id="s1", name="一店", lat=31.2, lng=121.4)
    created = await sim.control("till/members", unionid="o1", phone="13800000001", name="李四")
    return str(created["member_id"])


async def test_without_the_key_nothing_is_told(sim: Sim) -> None:
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "till-key"}):
        answer = await sim.http.get("/pos/stores", headers=headers)
        assert answer.status_code == 401
        assert set(answer.json()["error"]) == {"code", "message"}


async def test_stores(sim: Sim, member: str) -> None:
    store = {"store_id": "s1", "name": "一店", "lat": 31.2, "lng": 121.4, "crs": "gcj02"}
    assert await ask(sim, "stores") == {"stores": [store]}


async def test_several_members_may_have_one_phone(sim: Sim, member: str) -> None:
    await sim.control("till/members", phone="13800000001", external_userid="wm1")
    assert len((await ask(sim, "members", phone="13800000001"))["members"]) == 2
    (found,) = (await ask(sim, "members", unionid="o1"))["members"]
    assert found == {
        "member_id": member,
        "unionid": "o1",
        "external_userid": None,
        "phone": "13800000001",
        "card_no": None,
        "name": "李四",
        "created_at": "2026-03-02T04:00:00Z",
    }
    assert (await ask(sim, "members", external_userid="wm2"))["members"] == []
    assert (await sim.http.get("/pos/members", headers=KEY)).status_code == 400
    assert await sim.refused("till/members", member_id=member) == 409


async def test_an_order(sim: Sim, member: str) -> None:
    line = {"product_id": "p1", "name": "奶粉", "category": "baby", "quantity": "1.5"}
    bought = await sim.control(
        "till/orders",
        member_id=member,
        store_id="s1",
        amount_minor=19900,
        lines=[{**line, "paid": {"amount_minor": 19900}}],
    )
    money = {"amount_minor": 19900, "currency": "CNY"}
    assert bought == await ask(sim, f"orders/{bought['order_id']}")
    assert bought == {
        "order_id": bought["order_id"],
        "store_id": "s1",
        "member_id": member,
        "status": "paid",
        "paid_at": "2026-03-02T04:00:00Z",
        "updated_at": "2026-03-02T04:00:00Z",
        "paid": money,
        "refunded": {"amount_minor": 0, "currency": "CNY"},
        "coupon_ids": [],
        "lines": [{**line, "paid": money, "gift": False}],
    }


async def test_an_order_with_coupons_that_the_till_did_not_issue(sim: Sim, member: str) -> None:
    paper = {"store_id": "s1", "amount_minor": 100, "other_coupon_ids": ["paper-1", "platform-7"]}
    bought = await sim.control("till/orders", member_id=member, **paper)
    assert (await ask(sim, f"orders/{bought['order_id']}"))["coupon_ids"] == ["paper-1", "platform-7"]


async def test_products_are_what_was_sold_or_delivered_in_pages(sim: Sim, member: str) -> None:
    await sim.control("till/stock", store_id="s1", product_id="p1", name="西瓜", quantity="2")
    line = {
        "product_id": "p2",
        "name": "苹果",
        "category": "fruit",
        "paid": {"amount_minor": 0},
        "gift": True,
    }
    await sim.control("till/orders", store_id="s1", amount_minor=0, lines=[line])
    first = await ask(sim, "products", limit="1")
    assert first["products"] == [{"product_id": "p1", "name": "西瓜", "category": ""}]
    last = await ask(sim, "products", limit="1", cursor=first["next_cursor"])
    assert last["products"] == [{"product_id": "p2", "name": "苹果", "category": "fruit"}]
    assert last["next_cursor"] is None
    (order,) = (await ask(sim, "orders"))["orders"]
    assert order["lines"][0]["gift"] is True


async def test_orders_by_member_and_by_change_in_pages(sim: Sim, member: str) -> None:
    made = []
    for days in range(3):
        paid_at = (START - timedelta(days=days)).isoformat()
        body = {"member_id": member, "store_id": "s1", "amount_minor": 100, "paid_at": paid_at}
        made.append((await sim.control("till/orders", **body))["order_id"])
    await sim.control("till/orders", store_id="s1", amount_minor=100)

    async def listed(**query: str) -> tuple[list[str], str | None]:
        answer = await ask(sim, "orders", **query)
        return [order["order_id"] for order in answer["orders"]], answer["next_cursor"]

    first, cursor = await listed(member_id=member, limit="2")
    second, end = await listed(member_id=member, limit="2", cursor=str(cursor))
    assert (first + second, end) == (made, None)
    yesterday = (START - timedelta(days=1)).isoformat()
    assert await listed(member_id=member, since=yesterday, until=START.isoformat()) == ([made[1]], None)
    assert len((await listed())[0]) == 4
    await sim.control("till/stores", store_id="s2", name="二店")
    elsewhere = await sim.control("till/orders", store_id="s2", amount_minor=100)
    assert await listed(store_id="s2") == ([elsewhere["order_id"]], None)
    foreign = await sim.http.get("/pos/orders", params={"cursor": str(cursor)}, headers=KEY)
    assert foreign.status_code == 400
    naive = await sim.http.get("/pos/orders", params={"since": "2026-03-02T04:00:00"}, headers=KEY)
    assert naive.status_code == 400


async def test_refunds_move_the_order_into_view_again(sim: Sim, member: str) -> None:
    order = await sim.control("till/orders", member_id=member, store_id="s1", amount_minor=100)
    await sim.advance(60)
    part = await sim.control("till/refund", order_id=order["order_id"], amount_minor=40)
    assert (part["status"], part["refunded"]["amount_minor"]) == ("part_refunded", 40)
    since = (START + timedelta(seconds=60)).isoformat()
    assert len((await ask(sim, "orders", since=since))["orders"]) == 1
    assert await sim.refused("till/refund", order_id=order["order_id"], amount_minor=61) == 409
    rest = await sim.control("till/refund", order_id=order["order_id"])
    assert (rest["status"], rest["refunded"]["amount_minor"]) == ("refunded", 100)
    assert await sim.refused("till/refund", order_id=order["order_id"]) == 409


async def test_every_refund_is_kept_for_tills_that_write_tickets(sim: Sim, member: str) -> None:
    order = await sim.control("till/orders", member_id=member, store_id="s1", amount_minor=100)
    for amount in (30, 70):
        await sim.control("till/refund", order_id=order["order_id"], amount_minor=amount)
    refunds = (await sim.look("till"))["refunds"]
    assert [one["amount"]["amount_minor"] for one in refunds] == [30, 70]
    assert {one["order_id"] for one in refunds} == {order["order_id"]}
    assert len({one["refund_id"] for one in refunds}) == 2


async def test_a_template_is_of_the_back_office(sim: Sim) -> None:
    made = await sim.control("till/templates", template_id="FIRST5", name="首单券", left=3)
    assert (await sim.look("till"))["templates"] == [made]


async def test_one_key_buys_one_coupon(sim: Sim, member: str) -> None:
    first = await issue(sim, member, "journey/1")
    again = await issue(sim, member, "journey/1")
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert (await issue(sim, member, "journey/1", template_id="t9")).status_code == 409
    assert (await issue(sim, member, "journey/2")).json()["coupon_id"] != first.json()["coupon_id"]
    assert (await issue(sim, "nobody", "journey/3")).status_code == 404
    assert (await issue(sim, member, "")).status_code == 400
    by_key = await ask(sim, "coupons", member_id=member, idempotency_key="journey/1")
    assert by_key == {"coupons": [first.json()]}
    assert len((await ask(sim, "coupons", member_id=member))["coupons"]) == 2
    assert (await ask(sim, "coupons", idempotency_key="none"))["coupons"] == []
    assert (await ask(sim, "coupons", member_id="none", idempotency_key="journey/1"))["coupons"] == []


async def test_a_redeemed_coupon_knows_where(sim: Sim, member: str) -> None:
    coupon = (await issue(sim, member, "journey/1")).json()
    assert coupon["status"] == "issued"
    body = {"store_id": "s1", "amount_minor": 100, "coupon_id": coupon["coupon_id"]}
    assert await sim.refused("till/orders", **body) == 409, "somebody else's coupon"
    order = await sim.control("till/orders", member_id=member, **body)
    assert order["coupon_ids"] == [coupon["coupon_id"]]
    assert await ask(sim, f"coupons/{coupon['coupon_id']}") == coupon | {
        "status": "redeemed",
        "redeemed_at": "2026-03-02T04:00:00Z",
        "redeemed_order_id": order["order_id"],
        "redeemed_store_id": "s1",
    }
    assert await sim.refused("till/orders", member_id=member, **body) == 409, "used already"
    names = [delivery["name"] for delivery in await sim.look("callbacks", sender="till", settled="true")]
    assert names == ["order.paid", "coupon.redeemed"]


async def stock_of(sim: Sim, *product_ids: str) -> list[tuple[str, str, str | None]]:
    answer = await sim.http.get(
        "/pos/stock", params={"store_id": "s1", "product_id": list(product_ids)}, headers=KEY
    )
    assert answer.is_success, answer.text
    return [(lot["product_id"], lot["quantity"], lot["expires_on"]) for lot in answer.json()["stock"]]


async def test_an_order_lowers_the_stock_of_what_goes_off_first(sim: Sim, member: str) -> None:
    melon = {"store_id": "s1", "product_id": "p1", "name": "西瓜"}
    await sim.control("till/stock", **melon, quantity="5", expires_on="2026-03-06")
    await sim.control("till/stock", **melon, quantity="9", expires_on="2026-03-04")
    await sim.control("till/stock", **melon | {"product_id": "p2", "name": "果切"}, quantity="6.35")
    assert await stock_of(sim, "p1", "p2", "unknown") == [
        ("p1", "9", "2026-03-04"),
        ("p1", "5", "2026-03-06"),
        ("p2", "6.35", None),
    ]

    async def sell(product_id: str, quantity: str) -> None:
        line = {"product_id": product_id, "name": "-", "quantity": quantity, "paid": {"amount_minor": 100}}
        await sim.control("till/orders", store_id="s1", amount_minor=100, lines=[line])

    await sell("p1", "11")
    await sell("p2", "0.35")
    assert await stock_of(sim, "p1", "p2") == [("p1", "3", "2026-03-06"), ("p2", "6.00", None)]
    await sell("p1", "4")
    assert await stock_of(sim, "p1") == [], "one more was there than the till knew"
    await sim.control("till/stock", **melon, quantity="2", expires_on="2026-03-06")
    assert await stock_of(sim, "p1") == [("p1", "2", "2026-03-06")], "counted anew"


async def test_nobody_asks_for_the_stock_of_nothing(sim: Sim, member: str) -> None:
    for query in ({"store_id": "s1"}, {"product_id": "p1"}):
        assert (await sim.http.get("/pos/stock", params=query, headers=KEY)).status_code == 400
    nowhere = {"store_id": "nowhere", "product_id": "p1"}
    assert (await sim.http.get("/pos/stock", params=nowhere, headers=KEY)).status_code == 404
    assert await sim.refused("till/stock", **nowhere, name="西瓜", quantity="1") == 404
    assert await sim.refused("till/stock", store_id="s1", product_id="p1", name="西瓜", quantity="-1") == 422


@pytest.mark.parametrize("path", ["orders/none", "coupons/none"])
async def test_unknown_things_are_a_404(sim: Sim, path: str) -> None:
    answer = await sim.http.get(f"/pos/{path}", headers=KEY)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


async def test_a_push_is_signed_and_thin(sim: Sim, member: str, receiver: Receiver) -> None:
    order = await sim.control("till/orders", member_id=member, store_id="s1", amount_minor=100)
    await sim.world.drain()
    (request,) = receiver.requests
    assert str(request.url) == "http://gateway/pos/generic/events"
    timestamp = request.headers["X-Till-Timestamp"]
    assert timestamp == str(sim.world.clock.unix())
    signed = timestamp.encode() + b"." + request.content
    expected = hmac.new(b"push-secret", signed, hashlib.sha256).hexdigest()
    assert request.headers["X-Till-Signature"] == expected
    event = json.loads(request.content)
    assert event.pop("event_id")
    assert event == {
        "type": "order.paid",
        "occurred_at": "2026-03-02T04:00:00Z",
        "order_id": order["order_id"],
        "member_id": member,
        "store_id": "s1",
    }


async def test_a_sale_may_stay_silent(sim: Sim, member: str, receiver: Receiver) -> None:
    await sim.control("till/orders", store_id="s1", amount_minor=100, push=False)
    await sim.world.drain()
    assert receiver.requests == []
    books = await sim.look("till")
    assert (len(books["orders"]), len(books["members"]), len(books["stores"])) == (1, 1, 1)
    assert await sim.refused("till/orders", store_id="nowhere", amount_minor=100) == 404
