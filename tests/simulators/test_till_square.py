"""The simulated Square: its gate, its rules and its pushes, as a client without our adapter meets them."""

import base64
import hashlib
import hmac
import json
from typing import Any

import httpx
import pytest

from simulators.config import SimulatorConfig
from tests.simulators.conftest import START
from tests.simulators.sim import Receiver, Sim

pytestmark = pytest.mark.anyio

PUSH_URL = "http://gateway/pos/square/events"
HEADERS = {"Authorization": "Bearer till-key", "Square-Version": "2026-09-16"}
NOON = START.isoformat()


@pytest.fixture
def config(config: SimulatorConfig) -> SimulatorConfig:
    return config.model_copy(update={"pos_provider": "square", "pos_push_url": PUSH_URL})


@pytest.fixture
async def chain(sim: Sim) -> Sim:
    await sim.control("till/stores", store_id="s1", name="一店", lat=31.2, lng=121.4)
    await sim.control("till/members", member_id="m1", unionid="o1", phone="13800000001", name="李四")
    await sim.control("till/templates", template_id="FIRST5", name="首杯立减 5 元")
    return sim


async def call(sim: Sim, path: str, body: Any = None) -> httpx.Response:
    method = "GET" if body is None else "POST"
    return await sim.http.request(method, f"/square/v2/{path}", json=body, headers=HEADERS)


async def ask(sim: Sim, path: str, body: Any = None) -> Any:
    answer = await call(sim, path, body)
    assert answer.is_success, answer.text
    return answer.json()


async def refused(sim: Sim, path: str, body: Any = None) -> tuple[int, str]:
    answer = await call(sim, path, body)
    (error,) = answer.json()["errors"]
    assert set(error) == {"category", "code", "detail"}
    return answer.status_code, error["code"]


async def buy(sim: Sim, **more: object) -> Any:
    body = {"store_id": "s1", "member_id": "m1", "amount_minor": 1800, **more}
    return await sim.control("till/orders", **body)


def reward(key: str, member_id: str = "m1", tier: str = "FIRST5") -> dict[str, Any]:
    wanted = {"loyalty_account_id": f"la_{member_id}", "reward_tier_id": tier}
    return {"idempotency_key": key, "reward": wanted}


async def grant(sim: Sim, key: str, points: int = 10) -> None:
    body = {"idempotency_key": key, "adjust_points": {"points": points}}
    await ask(sim, "loyalty/accounts/la_m1/adjust", body)


async def test_the_gate(chain: Sim) -> None:
    for headers, status in (
        ({}, 401),
        ({"Authorization": "till-key"}, 401),
        (HEADERS | {"Square-Version": "latest"}, 400),
        ({"Authorization": "Bearer till-key"}, 200),
    ):
        answer = await chain.http.get("/square/v2/locations", headers=headers)
        assert answer.status_code == status


async def test_the_fault_buttons_speak_square(chain: Sim) -> None:
    for status, code in ((403, "INSUFFICIENT_SCOPES"), (429, "RATE_LIMITED")):
        await chain.control("faults", api="square/v2/locations", kind="errcode", errcode=status)
        assert await refused(chain, "locations") == (status, code)


async def test_customers_are_searched_exactly(chain: Sim) -> None:
    def by(**wanted: str) -> Any:
        exact = {name: {"exact": value} for name, value in wanted.items()}
        return ask(chain, "customers/search", {"query": {"filter": exact}})

    (found,) = (await by(phone_number="+8613800000001"))["customers"]
    assert found == {
        "id": "m1",
        "created_at": "2026-03-02T04:00:00.000Z",
        "updated_at": "2026-03-02T04:00:00.000Z",
        "given_name": "李四",
        "phone_number": "+8613800000001",
        "reference_id": "o1",
        "version": 0,
    }
    assert await by(phone_number="13800000001") == {}
    assert (await by(reference_id="o1"))["customers"] == [found]
    assert await refused(chain, "customers/search", {"query": {"filter": {"unionid": {"exact": "o1"}}}}) == (
        400,
        "BAD_REQUEST",
    )
    assert await refused(chain, "customers/nobody") == (404, "NOT_FOUND")


async def test_the_rules_of_a_search_for_orders(chain: Sim) -> None:
    times = {"date_time_filter": {"updated_at": {"start_at": NOON}}}
    updated = {"sort_field": "UPDATED_AT", "sort_order": "ASC"}
    wrongs: list[dict[str, Any]] = [
        {"location_ids": []},
        {"location_ids": ["s1"] * 11},
        {"location_ids": ["s1"], "limit": 1001},
        {"location_ids": ["s1"], "query": {"filter": times}},  # sorted by another field
        {"location_ids": ["s1"], "query": {"filter": {"customer_filter": {"customer_ids": ["m"] * 11}}}},
    ]
    for wrong in wrongs:
        assert await refused(chain, "orders/search", wrong) == (400, "BAD_REQUEST")
    await buy(chain)
    naive = {"date_time_filter": {"updated_at": {"start_at": "2026-03-02T04:00:00"}}}
    asked = {"location_ids": ["s1"], "query": {"filter": naive, "sort": updated}}
    assert await refused(chain, "orders/search", asked) == (400, "INVALID_TIME")
    assert await refused(chain, "orders/search", {"location_ids": ["s9"]}) == (404, "NOT_FOUND")


async def test_orders_come_in_pages_of_one_query(chain: Sim) -> None:
    made = [(await buy(chain))["order_id"] for _ in range(3)]
    query = {"location_ids": ["s1"], "limit": 2}
    first = await ask(chain, "orders/search", query)
    second = await ask(chain, "orders/search", {**query, "cursor": first["cursor"]})
    assert sorted(one["id"] for one in first["orders"] + second["orders"]) == sorted(made)
    assert "cursor" not in second
    foreign = {**query, "cursor": first["cursor"], "query": {"sort": {"sort_field": "CLOSED_AT"}}}
    assert await refused(chain, "orders/search", foreign) == (400, "INVALID_CURSOR")


async def test_a_refund_is_an_order_of_its_own_and_leaves_the_sale_as_it_was(chain: Sim) -> None:
    order_id = (await buy(chain))["order_id"]
    sale = await ask(chain, f"orders/{order_id}")
    await chain.advance(60)
    await chain.control("till/refund", order_id=order_id, amount_minor=800)
    assert await ask(chain, f"orders/{order_id}") == sale
    both = (await ask(chain, "orders/search", {"location_ids": ["s1"]}))["orders"]
    back = next(one for one in both if one["id"] != order_id)
    assert back["returns"][0]["source_order_id"] == order_id
    assert back["return_amounts"]["total_money"] == {"amount": 800, "currency": "CNY"}
    assert back["net_amounts"]["total_money"]["amount"] == -800
    payment = (await ask(chain, f"payments/{back['refunds'][0]['tender_id']}"))["payment"]
    assert (payment["order_id"], payment["refunded_money"]["amount"]) == (order_id, 800)
    assert await refused(chain, "payments/none") == (404, "NOT_FOUND")


async def test_a_line_leads_to_its_category(chain: Sim) -> None:
    line = {"product_id": "p1", "name": "西瓜", "category": "水果", "quantity": "2"}
    order = await buy(chain, lines=[{**line, "paid": {"amount_minor": 1800}}])
    (sold,) = (await ask(chain, f"orders/{order['order_id']}"))["order"]["line_items"]
    assert (sold["catalog_object_id"], sold["quantity"]) == ("p1", "2")
    assert sold["base_price_money"]["amount"] == 900
    asked = {"object_ids": ["p1", "unknown"], "include_related_objects": True}
    told = await ask(chain, "catalog/batch-retrieve", asked)
    assert [one["id"] for one in told["objects"]] == ["p1"]
    (item,) = told["related_objects"]
    category = item["item_data"]["reporting_category"]["id"]
    named = await ask(chain, "catalog/batch-retrieve", {"object_ids": [category]})
    assert named["objects"][0]["category_data"] == {"name": "水果"}


async def test_counts_are_decimal_strings(chain: Sim) -> None:
    for day, quantity in (("2026-03-03", "2.5"), ("2026-03-04", "1")):
        lot = {"store_id": "s1", "product_id": "p1", "name": "西瓜", "quantity": quantity}
        await chain.control("till/stock", **lot, expires_on=day)
    asked = {"catalog_object_ids": ["p1", "p2"], "location_ids": ["s1"], "states": ["IN_STOCK"]}
    (count,) = (await ask(chain, "inventory/counts/batch-retrieve", asked))["counts"]
    assert (count["catalog_object_id"], count["quantity"]) == ("p1", "3.5")


async def test_a_reward_costs_points_and_one_key_gives_one(chain: Sim) -> None:
    assert await refused(chain, "loyalty/rewards", reward("k1")) == (400, "BAD_REQUEST")
    await grant(chain, "g1")
    await grant(chain, "g1")
    (account,) = (await ask(chain, "loyalty/accounts/search", {"query": {"customer_ids": ["m1"]}}))[
        "loyalty_accounts"
    ]
    assert (account["id"], account["balance"]) == ("la_m1", 10)
    issued = (await ask(chain, "loyalty/rewards", reward("k1")))["reward"]
    assert (issued["status"], issued["points"]) == ("ISSUED", 10)
    assert (await ask(chain, "loyalty/rewards", reward("k1")))["reward"] == issued
    assert (await ask(chain, "loyalty/accounts/la_m1"))["loyalty_account"]["balance"] == 0
    assert await refused(chain, "loyalty/rewards", reward("k2")) == (400, "BAD_REQUEST")
    found = await ask(chain, "loyalty/rewards/search", {"query": {"loyalty_account_id": "la_m1"}})
    assert found["rewards"] == [issued]


async def test_a_key_is_for_one_thing(chain: Sim) -> None:
    await grant(chain, "g1", 20)
    await ask(chain, "loyalty/rewards", reward("k1"))
    await chain.control("till/templates", template_id="SECOND", name="第二杯")
    again = reward("k1", tier="SECOND")
    assert await refused(chain, "loyalty/rewards", again) == (400, "IDEMPOTENCY_KEY_REUSED")
    other = {"idempotency_key": "g1", "adjust_points": {"points": 7}}
    path = "loyalty/accounts/la_m1/adjust"
    assert await refused(chain, path, other) == (400, "IDEMPOTENCY_KEY_REUSED")
    assert await refused(chain, "loyalty/rewards", reward("k3", tier="none")) == (404, "NOT_FOUND")
    assert await refused(chain, "loyalty/rewards", reward("k3", member_id="none")) == (404, "NOT_FOUND")


async def test_redemptions_are_loyalty_events(chain: Sim) -> None:
    await grant(chain, "g1")
    coupon_id = (await ask(chain, "loyalty/rewards", reward("k1")))["reward"]["id"]
    order = await buy(chain, coupon_id=coupon_id)
    told = (await ask(chain, f"loyalty/rewards/{coupon_id}"))["reward"]
    assert (told["status"], told["order_id"]) == ("REDEEMED", order["order_id"])

    async def events(**wanted: Any) -> list[Any]:
        answer = await ask(chain, "loyalty/events/search", {"query": {"filter": wanted}})
        found: list[Any] = answer.get("events", [])
        return found

    (event,) = await events(type_filter={"types": ["REDEEM_REWARD"]})
    assert event["redeem_reward"]["reward_id"] == coupon_id
    assert await events(type_filter={"types": ["CREATE_REWARD"]}) == []
    assert await events(date_time_filter={"created_at": {"end_at": NOON}}) == []


async def test_pushes_are_signed_over_the_address_and_the_body(chain: Sim, receiver: Receiver) -> None:
    order = await buy(chain)
    await chain.control("till/refund", order_id=order["order_id"])
    await chain.world.drain()
    pushes = {}
    for request in receiver.requests:
        signed = PUSH_URL.encode() + request.content
        digest = hmac.new(b"push-secret", signed, hashlib.sha256).digest()
        assert request.headers["x-square-hmacsha256-signature"] == base64.b64encode(digest).decode()
        event = json.loads(request.content)
        pushes[event["type"]] = event
    assert set(pushes) == {"customer.updated", "payment.updated", "refund.updated"}
    paid = pushes["payment.updated"]["data"]["object"]["payment"]
    assert (paid["status"], paid["order_id"]) == ("COMPLETED", order["order_id"])
    refund = pushes["refund.updated"]["data"]["object"]["refund"]
    assert refund["payment_id"] == paid["id"]
    returned = (await ask(chain, f"orders/{refund['order_id']}"))["order"]
    assert returned["returns"][0]["source_order_id"] == order["order_id"]
