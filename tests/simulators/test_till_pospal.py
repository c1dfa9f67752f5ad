"""The simulated Pospal: signatures, envelope, pages, and rules that its pages tell."""

import hashlib
import json
from typing import Any

import httpx
import pytest

from simulators.config import SimulatorConfig
from simulators.tills.pospal import keys
from tests.simulators.sim import Receiver, Sim

pytestmark = pytest.mark.anyio

HEAD, S1, S2 = ("hq", "hq-key"), ("app-1", "key-1"), ("app-2", "key-2")
V1 = "/pospal/pospal-api2/openapi/v1"
V2 = "/pospal/openinterface/promotionOpenApi/promotion/addCouponcode"
MONDAY: dict[str, Any] = {"startTime": "2026-03-02 00:00:00", "endTime": "2026-03-02 23:59:59"}
NOW = "1772424000000"


@pytest.fixture
def config(config: SimulatorConfig) -> SimulatorConfig:
    played = {
        "pos_provider": "pospal",
        "pos_app_id": HEAD[0],
        "pos_api_key": HEAD[1],
        "pos_store_keys": "s1=app-1:key-1, s2=app-2:key-2",
        "pos_push_url": "http://gateway/pos/pospal/events",
    }
    return config.model_copy(update=played)


@pytest.fixture
async def member(sim: Sim) -> str:
    for store in ("s1", "s2"):
        await sim.control("till/stores", store_id=store, name=f"店 {store}")
    made = await sim.control("till/members", unionid="o1", phone="+8613800000001", card_no="C-7", name="李四")
    return str(made["member_id"])


def signed(body: bytes, app_key: str) -> str:
    return hashlib.md5(app_key.encode() + body).hexdigest().upper()


async def post(
    sim: Sim, path: str, fields: dict[str, Any], by: tuple[str, str] = HEAD, **headers: str
) -> httpx.Response:
    body = json.dumps({"appId": by[0], **fields}).encode()
    usual = {"Content-Type": "application/json", "time-stamp": NOW, "data-signature": signed(body, by[1])}
    return await sim.http.post(path, content=body, headers=usual | headers)


async def ask(sim: Sim, method: str, by: tuple[str, str] = HEAD, **fields: Any) -> Any:
    answer = (await post(sim, f"{V1}/{method}", fields, by)).json()
    assert answer["status"] == "success", answer
    return answer["data"]


async def refused(sim: Sim, method: str, by: tuple[str, str] = HEAD, **fields: Any) -> str:
    answer = await post(sim, f"{V1}/{method}", fields, by)
    assert answer.status_code == 200, "a business error"
    told = answer.json()
    assert (told["status"], told["data"]) == ("error", None)
    return str(told["messages"][0])


def test_the_signatures_are_those_of_the_contract() -> None:
    body = b'{"appId":"shop","barcode":"123"}'
    assert keys.sign("secret", body) == "59C6243328E53DB5A6128CC572546D18"
    v3 = keys.sign_v3("shop", "secret", "1700000000000", body)
    assert v3 == "7E1CEA696DBD6CC9A8C210A19ED21A31"


async def test_who_signs_otherwise_is_refused(sim: Sim, member: str) -> None:
    path = f"{V1}/customerOpenApi/queryCustomerPages"
    for by, headers, says in (
        (("hq", "wrong"), {}, "签名错误"),
        (("nobody", "x"), {}, "appId不存在"),
        (HEAD, {"time-stamp": "1772424000"}, "参数错误"),
        (HEAD, {"data-signature": signed(b"{}", HEAD[1])}, "签名错误"),
    ):
        answer = (await post(sim, path, {}, by, **headers)).json()
        assert answer["messages"] == [says]
    broken = await sim.http.post(path, content=b'{"appId":', headers={"time-stamp": NOW})
    assert broken.json()["messages"] == ["参数错误"]


async def test_a_member_has_a_long_number_that_is_found_as_a_number_only(sim: Sim, member: str) -> None:
    assert len(member) == 19
    found = await ask(sim, "customerOpenApi/queryByUid", customerUid=int(member))
    assert (found["customerUid"], found["phone"], found["number"]) == (int(member), "13800000001", "C-7")
    assert {"openId": "o1", "openIdType": 1000} in found["weixinOpenIds"]
    assert await refused(sim, "customerOpenApi/queryByUid", customerUid=member) == "指定会员不存在"
    assert await refused(sim, "customerOpenApi/queryByNumber", customerNum="C-8") == "指定会员不存在"
    assert await ask(sim, "customerOpenApi/queryByNumber", customerNum="C-7") == found
    assert await ask(sim, "customerOpenapi/queryBytel", customerTel="13800000001") == [found]
    assert await ask(sim, "customerOpenapi/queryBytel", customerTel="13800000002") == []


async def test_pages_are_asked_for_with_what_the_last_one_gave_back(sim: Sim, member: str) -> None:
    for _ in range(100):
        await sim.control("till/members")
    first = await ask(sim, "customerOpenApi/queryCustomerPages")
    back = first["postBackParameter"]
    second = await ask(sim, "customerOpenApi/queryCustomerPages", postBackParameter=back)
    assert [len(one["result"]) for one in (first, second)] == [100, 1]
    assert second["postBackParameter"], "also the last page says where the next would begin"
    foreign = await refused(sim, "customerOpenApi/queryCustomerPages", S1, postBackParameter=back)
    other = {**back, "parameterValue": "1-1"}
    assert foreign == await refused(sim, "customerOpenApi/queryCustomerPages", postBackParameter=other)


async def test_a_return_is_a_ticket_below_zero(sim: Sim, member: str) -> None:
    line = {
        "product_id": "690",
        "name": "西瓜",
        "category": "瓜",
        "quantity": "6.35",
        "paid": {"amount_minor": 1990},
    }
    order = await sim.control("till/orders", store_id="s1", member_id=member, amount_minor=1990, lines=[line])
    await sim.control("till/refund", order_id=order["order_id"], amount_minor=990)
    page = await ask(sim, "ticketOpenApi/queryTicketPages", S1, **MONDAY)
    sale, back = page["result"]
    assert (sale["ticketType"], sale["totalAmount"], sale["invalid"]) == ("SELL", 19.9, 0)
    assert (sale["customerUid"], sale["datetime"]) == (int(member), "2026-03-02 12:00:00")
    assert (sale["items"][0]["productBarcode"], sale["items"][0]["quantity"]) == ("690", 6.35)
    assert (back["ticketType"], back["totalAmount"]) == ("SELL_RETURN", -9.9)
    assert await ask(sim, "ticketOpenApi/querySellTicketByRefunTicketSn", S1, refunTcketSn=back["sn"]) == sale
    assert await ask(sim, "ticketOpenApi/queryTicketBySn", S1, sn=sale["sn"]) == sale
    assert await refused(sim, "ticketOpenApi/queryTicketBySn", S2, sn=sale["sn"]) == "单据不存在"
    assert "权限" in await refused(sim, "ticketOpenApi/queryTicketBySn", HEAD, sn=sale["sn"])


async def test_a_window_leaves_out_its_first_second_and_has_its_last(sim: Sim, member: str) -> None:
    await sim.control("till/orders", store_id="s1", amount_minor=100)

    async def seen(start: str, end: str) -> int:
        window = {"startTime": f"2026-03-02 {start}", "endTime": f"2026-03-02 {end}"}
        return len((await ask(sim, "ticketOpenApi/queryTicketPages", S1, **window))["result"])

    assert await seen("11:59:59", "12:00:00") == 1
    assert await seen("12:00:00", "12:00:01") == 0
    long: dict[str, Any] = {"startTime": "2026-01-01 00:00:00", "endTime": "2026-03-02 23:59:59"}
    assert await refused(sim, "ticketOpenApi/queryTicketPages", S1, **long) == "查询时间跨度过大"
    unlimited = await ask(sim, "ticketOpenApi/queryTicketPages", S1, **long, noLimitTimeRange=1)
    assert len(unlimited["result"]) == 1


async def test_a_code_is_taken_once_whichever_path_it_came_by(sim: Sim, member: str) -> None:
    await sim.control("till/templates", template_id="FIRST5", name="首单券", left=3)
    (rule,) = await ask(sim, "promotionOpenApi/queryCouponPromotions")
    assert (rule["name"], rule["avaliableQuantity"]) == ("FIRST5", 3)
    fields = {"promotionCouponUid": rule["promotionCouponUid"], "customerUid": int(member)}
    body = json.dumps({"appId": "hq", **fields, "code": "J3"}).encode()
    v3 = hashlib.md5(b"hq" + b"hq-key" + NOW.encode() + body).hexdigest().upper()
    new = [
        await post(sim, f"{V1}/promotionOpenApi/addCouponcode", {**fields, "code": "J1"}),
        await post(
            sim, "/pospal/pospal-api/api/auth/openapi/promotion/addCouponcode/", {**fields, "code": "J2"}
        ),
        await post(sim, V2, {**fields, "code": "J3"}, HEAD, **{"appId": "hq", "data-signature-v3": v3}),
    ]
    assert [one.json()["status"] for one in new] == ["success"] * 3
    only_v1 = await post(sim, V2, {**fields, "code": "J4"}, appId="hq")
    assert only_v1.json()["messages"] == ["签名错误"]
    add = "promotionOpenApi/addCouponcode"
    assert "重复" in await refused(sim, add, **fields, code="J1")
    assert "参数" in await refused(sim, add, **fields, code="J-5")
    assert "规则不存在" in await refused(sim, add, **fields | {"promotionCouponUid": 1}, code="J6")
    page = await ask(sim, "promotionOpenApi/queryCustomerCouponCodePage", customerUid=int(member))
    assert [one["code"] for one in page["result"]] == ["J3", "J2", "J1"], "the newest first"
    await sim.control("till/orders", store_id="s2", member_id=member, amount_minor=100, coupon_id="J2")
    used: dict[str, Any] = {"startTime": "2026-03-02 12:00:00", "excludeEndTime": "2026-03-02 12:00:01"}
    (one,) = (await ask(sim, "promotionOpenApi/queryUsedPromotionCode", **used))["result"]
    assert (one["code"], one["usedAppId"], one["usedDate"]) == ("J2", "app-2", "2026-03-02 12:00:00")
    week: dict[str, Any] = {"startTime": "2026-03-01 00:00:00", "excludeEndTime": "2026-03-08 00:00:00"}
    assert "跨度" in await refused(sim, "promotionOpenApi/queryUsedPromotionCode", **week)


async def test_products_are_a_stores_own_but_for_the_barcode(sim: Sim, member: str) -> None:
    await sim.control("till/stock", store_id="s1", product_id="690", name="西瓜", quantity="6.35")
    mine, theirs = [
        await ask(sim, "productOpenApi/queryProductByBarcode", by, barcode="690") for by in (S1, S2)
    ]
    assert (mine["stock"], theirs["stock"]) == (6.35, 0)
    assert mine["uid"] != theirs["uid"]
    assert await refused(sim, "productOpenApi/queryProductByBarcode", S1, barcode="691") == "商品不存在"
    stores = await ask(sim, "userOpenApi/queryAllUser")
    assert [(one["appId"], one["company"]) for one in stores] == [("app-1", "店 s1"), ("app-2", "店 s2")]
    assert len(await ask(sim, "userOpenApi/queryAllUser", S1)) == 1


async def test_the_calls_of_a_day_are_counted_by_app_id(sim: Sim, member: str) -> None:
    sim.world.config.pospal_calls_per_day = 1
    await ask(sim, "customerOpenApi/queryCustomerPages")
    assert "访问次数" in await refused(sim, "customerOpenApi/queryCustomerPages")
    await ask(sim, "customerOpenApi/queryCustomerPages", S1)
    await sim.advance(12 * 3600)
    await ask(sim, "customerOpenApi/queryCustomerPages")


async def test_faults_are_pressed_by_the_name_of_the_call(sim: Sim, member: str) -> None:
    await sim.control("faults", api="pospal/queryCustomerPages", kind="errcode", errcode=1001)
    assert await refused(sim, "customerOpenApi/queryCustomerPages") == "签名错误"
    await sim.control("faults", api="pospal/*", kind="errcode", errcode=503)
    answer = await post(sim, f"{V1}/customerOpenApi/queryCustomerPages", {})
    assert answer.status_code == 503


async def test_pushes_are_thin_and_signed_by_the_store(sim: Sim, member: str, receiver: Receiver) -> None:
    await sim.control("till/templates", template_id="FIRST5", name="首单券")
    sim.world.till.issue("FIRST5", member, "J1", coupon_id="J1")
    order = await sim.control(
        "till/orders", store_id="s2", member_id=member, amount_minor=100, coupon_id="J1"
    )
    await sim.control("till/refund", order_id=order["order_id"])
    await sim.world.drain()
    told = [json.loads(request.content) for request in receiver.requests]
    assert [(one["cmd"], one["appId"]) for one in told] == [
        ("customer.new", "hq"),
        ("ticket.new", "app-2"),
        ("couponCode.use", "app-2"),
        ("ticket.new", "app-2"),
    ]
    bodies = [json.loads(one["body"]) for one in told]
    assert bodies[1] == {"sn": order["order_id"]}
    assert bodies[2] == {"code": "J1", "customerUid": int(member)}
    (back,) = sim.world.till.refunds
    assert bodies[3] == {"sn": back}
    sale = receiver.requests[1]
    assert sale.headers["data-signature"] == signed(sale.content, "key-2")
    assert told[1]["timestamp"] == NOW
