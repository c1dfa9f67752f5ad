"""The simulated Youzan keeps Youzan's rules."""

import hashlib
import json
from datetime import timedelta
from typing import Any
from urllib.parse import unquote_plus

import pytest

from simulators.config import SimulatorConfig
from simulators.tills.youzan.push import sealed
from tests.simulators.conftest import CONFIG, START
from tests.simulators.sim import Receiver, Sim

pytestmark = pytest.mark.anyio

GRANT = {
    "client_id": "client",
    "client_secret": "till-key",
    "authorize_type": "silent",
    "grant_id": "56232",
    "refresh": False,
}
SOLD, TRADE = "youzan.trades.sold.get/4.0.4", "youzan.trade.get/4.0.2"
USERS = "youzan.users.info.query/1.0.1"
STORES, SPUS = "youzan.retail.open.warehouse.query/3.0.0", "youzan.retail.open.spu.query/3.0.0"
STOCK = "youzan.retail.open.query.warehousestock/1.0.0"
SEND = "youzan.ump.voucheractivity.send/3.0.1"
VOUCHER, VOUCHERS = "youzan.ump.voucher.query.detail/1.0.1", "youzan.ump.voucher.query/3.0.0"
TODAY = {"start_update": "2026-03-02 00:00:00", "end_update": "2026-03-02 23:59:59"}
LINE = {
    "product_id": "P1",
    "name": "奶粉",
    "category": "母婴",
    "quantity": "1.5",
    "paid": {"amount_minor": 982},
}


@pytest.fixture
def config() -> SimulatorConfig:
    youzan = {
        "pos_provider": "youzan",
        "pos_app_id": "client",
        "pos_account": "56232",
        "pos_push_url": "http://gateway/pos/youzan/events",
        "youzan_calls_per_second": 1000,
    }
    return CONFIG.model_copy(update=youzan, deep=True)


async def granted(sim: Sim, **changes: object) -> dict[str, Any]:
    answer = await sim.http.post("/youzan/auth/token", json=GRANT | changes)
    assert answer.status_code == 200
    told: dict[str, Any] = answer.json()
    return told


async def ask(sim: Sim, api: str, **body: object) -> dict[str, Any]:
    token = (await granted(sim))["data"]["access_token"]
    return await asked_with(sim, token, api, **body)


async def asked_with(sim: Sim, token: str, api: str, **body: object) -> dict[str, Any]:
    answer = await sim.http.post(f"/youzan/api/{api}", params={"access_token": token}, json=body)
    assert answer.status_code == 200, "everything is"
    told: dict[str, Any] = answer.json()
    return told


async def data(sim: Sim, api: str, **body: object) -> Any:
    told = await ask(sim, api, **body)
    assert told["success"], told
    return told["data"]


def code(told: dict[str, Any]) -> int:
    error = told.get("gw_err_resp")
    return int(error["err_code"] if error else told["code"])


@pytest.fixture
async def member(sim: Sim) -> str:
    await sim.control("till/stores", store_id="S001", name="一店", lat=31.2, lng=121.4)
    created = await sim.control("till/members", unionid="u1", phone="+8613800000001", name="李四")
    return str(created["member_id"])


async def buy(sim: Sim, **more: Any) -> str:
    body = {"store_id": "S001", "amount_minor": 982, "lines": [LINE]} | more
    return str((await sim.control("till/orders", **body))["order_id"])


async def test_a_token_ends_at_an_absolute_moment(sim: Sim, member: str) -> None:
    token = (await granted(sim))["data"]
    assert token["expires"] == int((START + timedelta(days=7)).timestamp() * 1000)
    assert token["authority_id"] == "56232"
    assert (await asked_with(sim, token["access_token"], STORES, type=2))["success"]
    await sim.advance(7 * 86400)
    assert code(await asked_with(sim, token["access_token"], STORES, type=2)) == 4203


async def test_who_gets_no_token(sim: Sim) -> None:
    for changes, refused in (
        ({"client_secret": "wrong"}, 1000),
        ({"client_id": "wrong"}, 1000),
        ({"refresh": "false"}, 1000),
        ({"grant_id": "1"}, 1004),
    ):
        told = await granted(sim, **changes)
        assert (told["success"], told["code"]) == (False, refused)
    form = await sim.http.post("/youzan/auth/token", data={"client_id": "client"})
    assert form.json()["code"] == 1000


async def test_a_token_counts_in_the_query_only(sim: Sim, member: str) -> None:
    token = (await granted(sim))["data"]["access_token"]
    ends = token.partition(".")[0]
    for wrong in ("", "x", ends, f"{ends}.0", f"{int(ends) + 1}.{token.partition('.')[2]}"):
        assert code(await asked_with(sim, wrong, STORES, type=2)) == 4201
    headers = {"Authorization": f"Bearer {token}"}
    answer = await sim.http.post(f"/youzan/api/{STORES}", json={"type": 2}, headers=headers)
    assert code(answer.json()) == 4201


async def test_packs_quota_and_wrong_types(sim: Sim, member: str) -> None:
    await sim.control("settings", youzan_missing_packs=["youzan.ump."])
    assert code(await ask(sim, SEND, activity_id=1, yz_open_id=member)) == 4204
    assert code(await ask(sim, SOLD, start_update="2026-03-02", end_update="2026-03-03")) == 5001
    assert code(await ask(sim, SOLD, **TODAY, page_no=101)) == 5001
    assert code(await ask(sim, SOLD, start_update="2026-03-02 00:00:00")) == 5001
    await sim.advance(1)
    await sim.control("settings", youzan_calls_per_second=20)
    codes = [code(await ask(sim, STORES, type=2)) for _ in range(21)]
    assert codes == [200] * 20 + [4101]
    await sim.advance(1)
    assert code(await ask(sim, STORES, type=2)) == 200


async def test_faults_speak_with_the_gateways_or_the_business_voice(sim: Sim, member: str) -> None:
    for fault, envelope in ((4203, "gw_err_resp"), (106000001, "success")):
        await sim.control("faults", api=f"POST youzan/api/{TRADE}", kind="errcode", errcode=fault)
        told = await ask(sim, TRADE, tid="E1")
        assert envelope in told
        assert code(told) == fault


async def test_users_may_come_twice(sim: Sim, member: str) -> None:
    for how in ({"mobile": "13800000001"}, {"weixin_union_id": "u1"}, {"yz_open_id": member}):
        rows = (await data(sim, USERS, **how, result_type_list=[0, 1, 2, 9]))["user_list"]
        assert [row["primitive_info"]["yz_open_id"] for row in rows] == [member, member]
    assert (await data(sim, USERS, mobile="13800000002", result_type_list=[0]))["user_list"] == []
    assert code(await ask(sim, USERS, result_type_list=[0])) == 141500101


async def test_an_order_mixes_yuan_and_fen_and_hides_the_phone(sim: Sim, member: str) -> None:
    tid = await buy(sim, member_id=member)
    [row] = (await data(sim, SOLD, **TODAY))["full_order_info_list"]
    order = row["full_order_info"]
    assert order == (await data(sim, TRADE, tid=tid))["full_order_info"]
    assert order["order_info"]["pay_time"] == "2026-03-02 12:00:00"
    assert order["order_info"]["success_time"] == "1970-01-01 08:00:00"
    assert order["order_info"]["shop_display_no"] == "S001"
    assert (order["pay_info"]["payment"], order["pay_info"]["deduction_pay"]) == ("9.82", 0)
    assert order["buyer_info"]["buyer_phone"].endswith("$1$")
    assert (order["orders"][0]["num"], order["orders"][0]["payment"]) == (1.5, "9.82")
    told = await ask(sim, TRADE, tid="E404")
    assert (told["success"], told["code"], told["message"]) == (False, 5000, "trade not found")
    assert told["data"]["full_order_info_list"] == [], "an empty list, as if all were well"


async def test_a_span_has_two_ends_and_three_months(sim: Sim, member: str) -> None:
    await buy(sim)
    moment = {"start_update": "2026-03-02 12:00:00", "end_update": "2026-03-02 12:00:00"}
    assert (await data(sim, SOLD, **moment))["total_results"] == 1
    long = {"start_update": "2025-11-01 00:00:00", "end_update": "2026-03-02 12:00:00"}
    assert code(await ask(sim, SOLD, **long)) == 5000
    backwards = {"start_update": TODAY["end_update"], "end_update": TODAY["start_update"]}
    assert code(await ask(sim, SOLD, **backwards)) == 5000


async def test_reading_lags_behind(sim: Sim, member: str) -> None:
    await sim.control("settings", youzan_read_delay_seconds=30)
    tid = await buy(sim)
    assert (await data(sim, SOLD, **TODAY))["total_results"] == 0
    await sim.advance(30)
    await sim.control("till/refund", order_id=tid, amount_minor=82)
    fresh = await data(sim, TRADE, tid=tid)
    assert (fresh["full_order_info"]["order_info"]["refund_state"], fresh["refund_order"]) == (1, [])
    await sim.advance(30)
    settled = await data(sim, TRADE, tid=tid)
    assert settled["full_order_info"]["order_info"]["refund_state"] == 2
    assert [one["refund_fee"] for one in settled["refund_order"]] == ["0.82"]


async def test_stores_goods_and_stock(sim: Sim, member: str) -> None:
    await sim.control("till/stores", store_id="S002", name="二店")
    one, two = (await data(sim, STORES, type=2))["warehouses"]
    assert (one["warehouse_code"], two["lng"], two["lat"]) == ("S001", "", "")
    assert one["lng"] > "121.4", "Baidu's shift"
    assert (await data(sim, STORES, type=1))["warehouses"] == []
    [by_id] = (await data(sim, STORES, type=2, warehouse_ids=[two["warehouse_id"]]))["warehouses"]
    assert by_id == two
    await buy(sim)
    [spu] = (await data(sim, SPUS, page_no=1, page_size=20))["spus"]
    assert (spu["spu_code"], spu["category_name"]) == ("P1", "母婴")
    after = {"page_no": 1, "is_search_after": True, "last_spu_id": spu["spu_id"]}
    assert (await data(sim, SPUS, **after))["spus"] == []
    assert code(await ask(sim, SPUS, page_no=200, page_size=20)) == 5000
    for day in ("2026-03-04", "2026-03-05"):
        lot = {"store_id": "S001", "product_id": "P1", "name": "奶粉", "quantity": "2.5"}
        await sim.control("till/stock", **lot, expires_on=day)
    rows = await data(sim, STOCK, sku_codes=["P1", "P9"], warehouse_code="S001")
    assert [(row["sku_code"], row["stock_num"]) for row in rows] == [("P1", "5.0"), ("P9", "0")]
    assert code(await ask(sim, STOCK, sku_codes=["P1"], warehouse_code="S404")) == 5000


async def test_every_send_issues_one_more_coupon(sim: Sim, member: str) -> None:
    sent = [await data(sim, SEND, activity_id=18, yz_open_id=member) for _ in range(2)]
    assert len({one["coupon_id"] for one in sent}) == 2
    assert code(await ask(sim, SEND, activity_id="18", yz_open_id=member)) == 5001
    assert code(await ask(sim, SEND, activity_id=18, yz_open_id="nobody")) == 144100000
    coupon_id = sent[0]["coupon_id"]
    tid = await buy(sim, member_id=member, coupon_id=str(coupon_id))
    used = await data(sim, VOUCHER, coupon_id=coupon_id, coupon_type=0)
    assert (used["status"], used["verified_in_order_nos"]) == (2, [tid])
    told = await data(sim, TRADE, tid=tid)
    assert told["order_promotion"]["order"][0]["coupon_id"] == coupon_id
    assert told["full_order_info"]["pay_info"]["total_fee"] == "14.82"
    rows = await ask(sim, VOUCHERS, yz_open_id=member, activity_type_group=1, page_size=1)
    assert (rows["total"], len(rows["data"]), "status" in rows["data"][0]) == (2, 1, False)
    left = await ask(sim, VOUCHERS, yz_open_id=member, activity_type_group=1, status=1)
    assert [row["voucher_identity"]["coupon_id"] for row in left["data"]] == [sent[1]["coupon_id"]]
    assert code(await ask(sim, VOUCHER, coupon_id=1, coupon_type=0)) == 160700503


async def test_pushes_are_signed_in_the_header_and_in_the_body(
    sim: Sim, member: str, receiver: Receiver
) -> None:
    tid = await buy(sim, member_id=member)
    await sim.control("till/refund", order_id=tid)
    await sim.world.drain()
    changed, paid, refunded = [json.loads(request.content) for request in receiver.requests]
    request = receiver.requests[1]
    expected = hashlib.md5(b"client" + request.content + b"till-key").hexdigest()
    assert request.headers["Event-Sign"] == expected
    assert (request.headers["Client-Id"], request.headers["Event-Type"]) == ("client", "trade_TradePaid")
    assert paid["sign"] == hashlib.md5(f"client{paid['msg']}till-key".encode()).hexdigest()
    assert json.loads(unquote_plus(paid["msg"]))["tid"] == tid
    assert (changed["type"], changed["yz_open_id"]) == ("SCRM_CUSTOMER_EVENT", member)
    assert refunded["msg"]["tid"] == tid, "the one that is an object"
    assert "sign" not in refunded
    assert len({one["msg_id"] for one in (changed, paid, refunded)}) == 3


def test_the_official_vector_of_event_sign(sim: Sim) -> None:
    keys = {"pos_app_id": "testclientid000001", "pos_api_key": "test-client-secret"}
    config = CONFIG.model_copy(update=keys)
    request = sealed(config, sim.world.clock, "http://ours", '{"type":"POINTS","id":"1"}')
    assert request.headers["Event-Sign"] == "7806ebb9ecd3dee4c892eaeaa2df8386"
