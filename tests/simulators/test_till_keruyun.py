"""The simulated Keruyun keeps Keruyun's rules."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import pytest

from simulators.config import SimulatorConfig
from simulators.tills.keruyun.signing import sign
from tests.simulators.conftest import CONFIG, START
from tests.simulators.sim import Receiver, Sim

pytestmark = pytest.mark.anyio

BRAND, SHOP = {"brandId": "32296"}, {"shopIdenty": "810"}
STORES = "/open/standard/shop/MerchantOrgReadService.queryBrandStores"
LIST = "/open/standard/order/queryList"
DETAIL = "/open/standard/order/queryDetail"
CRM = "/open/standard/crm"
SEND = f"{CRM}/OpenVoucherInstanceOperateFacade/send"


@pytest.fixture
def config() -> SimulatorConfig:
    keruyun = {
        "pos_provider": "keruyun",
        "pos_app_id": "301001",
        "pos_account": "32296",
        "pos_push_url": "http://gateway/pos/keruyun/events",
    }
    return CONFIG.model_copy(update=keruyun, deep=True)


def query(who: Mapping[str, str], key: str, body: bytes | None, **changes: str) -> dict[str, str]:
    params = {
        "appKey": "301001",
        **who,
        "timestamp": str(int(START.timestamp())),
        "version": "2.0",
        **changes,
    }
    return params | {"sign": sign(params, key, body)}


async def token(sim: Sim, who: Mapping[str, str]) -> str:
    params = query(who, "till-key", None)
    answer = (await sim.http.get("/keruyun/open/v1/token/get", params=params)).json()
    return str(answer["result"]["token"])


async def call(sim: Sim, path: str, who: Mapping[str, str], body: Any = None, **changes: str) -> Any:
    content = json.dumps(body or {}).encode()
    params = query(who, await token(sim, who), content, **changes)
    headers = {"Content-Type": "application/json"}
    answer = await sim.http.post(f"/keruyun{path}", params=params, content=content, headers=headers)
    assert answer.status_code == 200
    return answer.json()


@pytest.fixture
async def member(sim: Sim) -> str:
    await sim.control("till/stores", store_id="810", name="一店")
    await sim.control("till/stores", store_id="811", name="二店")
    return str((await sim.control("till/members", phone="13800138000"))["member_id"])


def test_the_official_example() -> None:
    params = {"appKey": "301001", "shopIdenty": "247900001", "timestamp": "1425635264", "version": "1.0"}
    signed = sign(params, "66e53b22f1496d183e71b4ab90f4acf7", None)
    assert signed == "acb4355599742492518363653dd060b818ef7813284e823dcf5a61d722f27771"


async def test_the_gate(sim: Sim, member: str) -> None:
    assert (await call(sim, STORES, BRAND))["code"] == 0
    late = str(int(START.timestamp()) - 301)
    assert (await call(sim, STORES, BRAND, timestamp=late))["code"] == 1001
    assert (await call(sim, STORES, BRAND, timestamp=f"{int(START.timestamp())}000"))["code"] == 0
    assert (await call(sim, STORES, BRAND, appKey="9"))["code"] == 1001
    assert (await call(sim, STORES, BRAND, version="1.0"))["code"] == 1000
    assert (await call(sim, STORES, SHOP))["code"] == 1002  # only the brand may
    assert (await call(sim, DETAIL, BRAND, {"orderId": "1"}))["code"] == 1002  # only the shop may
    for who in ({}, BRAND | SHOP):
        params = query(who, "x", b"{}")
        answer = await sim.http.post(f"/keruyun{STORES}", params=params, content=b"{}")
        assert answer.json()["code"] == 1000


async def test_the_body_is_signed(sim: Sim, member: str) -> None:
    params = query(SHOP, await token(sim, SHOP), b'{"orderId":"1"}')
    answer = await sim.http.post(f"/keruyun{DETAIL}", params=params, content=b'{"orderId":"2"}')
    assert answer.json()["code"] == 1001


async def test_the_secret_signs_no_call_but_that_for_the_token(sim: Sim, member: str) -> None:
    params = query(BRAND, "till-key", b"{}")
    answer = await sim.http.post(f"/keruyun{STORES}", params=params, content=b"{}")
    assert answer.json()["code"] == 1001
    assert await token(sim, BRAND) != await token(sim, SHOP)


async def test_orders_of_a_shop_and_tickets(sim: Sim, member: str) -> None:
    line = {"product_id": "77", "name": "牛肉面", "category": "面", "paid": {"amount_minor": 4500}}
    body = {"store_id": "810", "member_id": member, "amount_minor": 4500, "lines": [line]}
    bought = await sim.control("till/orders", **body)
    await sim.control("till/refund", order_id=bought["order_id"], amount_minor=1500)
    times = {"startDate": "2026-03-02 12:00:00", "endDate": "2026-03-02 12:00:00"}
    asked = {"dateType": "4", **times, "pageBean": {"pageNum": 1, "pageSize": 1}}
    data = (await call(sim, LIST, SHOP, asked))["result"]["data"]
    assert (data["totalPage"], data["list"][0]["orderId"]) == ("2", bought["order_id"])
    assert (data["list"][0]["orderReceivedAmt"], data["list"][0]["orderStatus"]) == ("4500", "SETTLED")
    asked["pageBean"] = {"pageNum": 2, "pageSize": 1}
    (ticket,) = (await call(sim, LIST, SHOP, asked))["result"]["data"]["list"]
    read = (await call(sim, DETAIL, SHOP, {"orderId": ticket["orderId"]}))["result"]["data"]
    base = read["orderBaseVO"]
    assert (base["orderStatus"], base["orderReceivedAmt"]) == ("REFUND", "-1500")
    assert (base["relatedOrderId"], base["settleTime"]) == (bought["order_id"], "2026-03-02 12:00:00")
    asked["startDate"] = "2026-01-01 00:00:00"
    assert (await call(sim, LIST, SHOP, asked))["code"] == 1000  # more than 31 days
    elsewhere = {"shopIdenty": "811"}
    assert (await call(sim, DETAIL, elsewhere, {"orderId": bought["order_id"]}))["code"] == 2003


async def test_members_and_coupons(sim: Sim, member: str) -> None:
    by_phone = f"{CRM}/CustomerOpenFacade/queryByMobile"
    found = (await call(sim, by_phone, BRAND, {"mobile": "13800138000"}))["result"]
    assert (found["success"], found["data"]["customerId"]) == (True, member)
    nobody = (await call(sim, by_phone, BRAND, {"mobile": "13900139000"}))["result"]
    assert (nobody["success"], nobody["data"]) == (False, None)
    wanted = {"activityId": "", "outPreInstanceId": "k1", "customerId": member, "templateId": "7"}
    codes = {(await call(sim, SEND, BRAND, wanted))["result"]["data"]["resourceCode"] for _ in range(2)}
    assert len(codes) == 1
    other = (await call(sim, SEND, BRAND, wanted | {"templateId": "8"}))["result"]
    assert other["success"] is False
    page = {"customerId": member, "pageNo": "1", "pageSize": "10", "statusList": ["NORMAL"]}
    hers = (await call(sim, f"{CRM}/OpenVoucherInstanceQueryFacade/page", BRAND, page))["result"]
    assert ({one["resourceCode"] for one in hers["result"]}, hers["totalSize"]) == (codes, 1)
    assert (await call(sim, SEND, BRAND, wanted | {"outPreInstanceId": "x" * 65}))["code"] == 1000


async def test_pushes(sim: Sim, member: str, receiver: Receiver) -> None:
    bought = await sim.control("till/orders", store_id="810", amount_minor=100)
    await sim.control("till/refund", order_id=bought["order_id"])
    await sim.world.drain()
    told = {body["operation"]: body for one in receiver.requests if (body := json.loads(one.content))}
    assert (told[93]["tradeId"], told[93]["customerId"]) == (bought["order_id"], 0)
    assert (told[20]["relatedTradeId"], told[20]["tradePayStatus"]) == (bought["order_id"], 5)
    for one in receiver.requests:
        params = dict(one.url.params)
        text = "".join(name + params[name] for name in ("appKey", "brandId", "timestamp", "version"))
        signed = text.encode() + b"body" + one.content + b"push-secret"
        assert params["sign"] == hashlib.sha256(signed).hexdigest()


async def test_fault_buttons(sim: Sim, member: str) -> None:
    api = f"POST keruyun{STORES}"
    await sim.control("faults", api=api, kind="errcode", errcode=3000)
    assert (await call(sim, STORES, BRAND))["code"] == 3000
    await sim.control("faults", api=api, kind="errcode", errcode=429)
    content = b"{}"
    params = query(BRAND, await token(sim, BRAND), content)
    answer = await sim.http.post(f"/keruyun{STORES}", params=params, content=content)
    assert answer.status_code == 429
