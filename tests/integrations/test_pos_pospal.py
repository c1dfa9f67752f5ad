"""Pospal's adapter: what it sends byte for byte, and what records, refusals and broken answers mean."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from integrations.pos import (
    AccessError,
    CouponStatus,
    MemberKey,
    Money,
    OrderStatus,
    PosAuthError,
    PosDuplicate,
    PosError,
    PosInvalidRequest,
    PosNotFound,
    PosOutcomeUnknown,
    PosPermissionError,
    PosPort,
    PosQuotaExhausted,
    PosRateLimited,
    PosUnavailable,
    StoreKey,
)
from integrations.pos.pospal import signing
from integrations.pos.pospal.coupons import code_of
from integrations.pos.pospal.records import money, written
from tests.integrations.fakes import START
from tests.integrations.pospal import answering, body_of, over, refusing

pytestmark = pytest.mark.anyio

BODY = b'{"appId":"shop","barcode":"123"}'
UID = 1234567890123456789
TICKET = {
    "sn": "202603011700001",
    "customerUid": UID,
    "datetime": "2026-03-01 17:00:00",
    "totalAmount": 19.9,
    "ticketType": "SELL",
    "invalid": 0,
    "items": [],
}
CUSTOMER = {
    "customerUid": UID,
    "number": "C-7",
    "name": "李四",
    "phone": "138 0000 0001",
    "categoryName": "金卡",
    "createdDate": "2026-01-01 08:00:00",
    "enable": 1,
    "weixinOpenIds": [{"openId": "mini", "openIdType": 1}, {"openId": "union", "openIdType": 1000}],
}


def by_id(value: str = str(UID)) -> MemberKey:
    return MemberKey(kind="member_id", value=value)


def issue(pos: PosPort, template_id: str = "77") -> Awaitable[Any]:
    return pos.issue_coupon(template_id=template_id, member_id=str(UID), idempotency_key="journey/step/m1")


def test_the_signatures_are_those_of_the_contract() -> None:
    assert signing.v1("secret", BODY) == "59C6243328E53DB5A6128CC572546D18"
    assert signing.v2("shop", "secret", "1700000000000", BODY) == "7E1CEA696DBD6CC9A8C210A19ED21A31"
    assert signing.v1("secret", BODY + b" ") != signing.v1("secret", BODY)
    assert signing.v2("shop", "secret", "1700000000001", BODY) != "7E1CEA696DBD6CC9A8C210A19ED21A31"


async def test_what_is_signed_is_what_is_sent_and_ids_are_numbers() -> None:
    pos, (asked) = answering(CUSTOMER)
    await pos.find_members(by_id())
    (request,) = asked
    assert request.content == f'{{"appId":"hq","customerUid":{UID}}}'.encode()
    assert str(request.url) == (
        "https://area28-win.pospal.cn/pospal-api2/openapi/v1/customerOpenApi/queryByUid"
    )
    assert request.headers["data-signature"] == signing.v1("hq-key", request.content)
    assert request.headers["time-stamp"] == str(int(START.timestamp() * 1000))
    assert (request.headers["user-agent"], request.headers["accept-encoding"]) == ("openApi", "gzip,deflate")


@pytest.mark.parametrize(
    ("path", "address"),
    [
        ("v2", "https://openapi28.pospal.cn/openinterface/promotionOpenApi/promotion/addCouponcode"),
        ("v1", "https://area28-win.pospal.cn/pospal-api2/openapi/v1/promotionOpenApi/addCouponcode"),
        ("auth", "https://area28-win.pospal.cn/pospal-api/api/auth/openapi/promotion/addCouponcode/"),
    ],
)
async def test_a_coupon_is_issued_by_the_path_that_the_chain_has(path: str, address: str) -> None:
    pos, asked = answering({"codeExpiredDate": "2026-03-31 23:59:59"}, options={"coupon_path": path})
    coupon = await issue(pos)
    code = code_of("journey/step/m1")
    assert (coupon.coupon_id, coupon.status) == (code, CouponStatus.ISSUED)
    assert coupon.valid_until == datetime(2026, 3, 31, 15, 59, 59, tzinfo=UTC)
    assert str(asked[0].url) == address
    assert body_of(asked[0]) == {
        "appId": "hq",
        "promotionCouponUid": 77,
        "code": code,
        "customerUid": UID,
    }
    if path == "v2":
        signed = signing.v2("hq", "hq-key", asked[0].headers["time-stamp"], asked[0].content)
        assert (asked[0].headers["data-signature-v3"], asked[0].headers["appid"]) == (signed, "hq")


@given(st.text(min_size=1, max_size=120))
@settings(max_examples=30)
def test_a_code_is_letters_and_digits_and_the_same_for_the_same_key(key: str) -> None:
    assert code_of(key) == code_of(key)
    assert code_of(key).isalnum()
    assert code_of(key).isascii()
    assert len(code_of(key)) == 16
    assert code_of(key) != code_of(f"{key}.")


async def test_a_coupon_is_named_as_in_the_back_office() -> None:
    rules = [
        {"promotionCouponUid": 1, "name": "FIRST5", "enable": 0},
        {"promotionCouponUid": 2, "name": "FIRST5", "enable": 1},
    ]
    pos, asked = answering(rules, {}, {})
    await issue(pos, "FIRST5")
    await issue(pos, "FIRST5")
    assert [body_of(one).get("promotionCouponUid") for one in asked] == [None, 2, 2], "asked once"
    for unclear in ([rules[1], rules[1]], []):
        with pytest.raises(PosInvalidRequest, match="FIRST5"):
            await issue(answering(unclear)[0], "FIRST5")


async def test_a_member_is_read_without_a_digit_lost() -> None:
    pos, _ = answering(CUSTOMER)
    (member,) = await pos.find_members(MemberKey(kind="card_no", value="C-7"))
    assert (member.member_id, member.unionid, member.phone) == (str(UID), "union", "+8613800000001")
    assert (member.card_no, member.level, member.active) == ("C-7", "金卡", True)
    assert member.created_at == datetime(2026, 1, 1, tzinfo=UTC)
    assert "李四" not in repr(member)


async def test_a_phone_may_be_several_members_and_closed_accounts_are_not_among_them() -> None:
    other = {"customerUid": UID + 1}
    pos, asked = answering([CUSTOMER, other, {**CUSTOMER, "enable": 0}, {**CUSTOMER, "enable": -1}])
    found = await pos.find_members(MemberKey(kind="phone", value="+8613800000001"))
    assert [one.member_id for one in found] == [str(UID), str(UID + 1)]
    assert asked[0].url.path.endswith("/customerOpenapi/queryBytel"), "in this spelling alone"
    assert body_of(asked[0])["customerTel"] == "13800000001"
    (closed,) = await answering({**CUSTOMER, "enable": -1})[0].find_members(by_id())
    assert not closed.active, "who asks by id learns that it is closed"


async def test_what_cannot_be_looked_up_is_said_before_anything_is_sent() -> None:
    pos, asked = answering(CUSTOMER)
    for key in (MemberKey(kind="unionid", value="o1"), by_id("m1"), by_id("１２")):
        with pytest.raises(PosInvalidRequest):
            await pos.find_members(key)
    with pytest.raises(PosInvalidRequest, match="POS_STORE_KEYS"):
        await pos.get_order("S009/1")
    with pytest.raises(PosInvalidRequest, match="store/sn"):
        await pos.get_order("202603011700001")
    assert asked == []


@pytest.mark.parametrize("uid", [1.5, 1234567890123456789.0, "12a", True, None, ""])
async def test_an_id_that_was_rounded_on_its_way_is_refused(uid: object) -> None:
    with pytest.raises(PosUnavailable, match="customerUid"):
        await answering({**CUSTOMER, "customerUid": uid})[0].find_members(by_id())


async def test_a_sale() -> None:
    items = [
        {
            "name": "西瓜",
            "productUid": 5,
            "productBarcode": "690",
            "quantity": 6.35,
            "totalAmount": 19.9,
        },
        {"name": "无码商品", "quantity": 1, "totalAmount": 0.005},
    ]
    pos, asked = answering({**TICKET, "items": items})
    order = await pos.get_order("S001/202603011700001")
    assert (order.order_id, order.store_id, order.member_id) == (
        "S001/202603011700001",
        "S001",
        str(UID),
    )
    assert (order.status, order.paid) == (OrderStatus.PAID, Money(amount_minor=1990, currency="CNY"))
    assert order.paid_at == datetime(2026, 3, 1, 9, tzinfo=UTC), "17:00 in China"
    melon, bag = order.lines
    assert (melon.product_id, melon.quantity) == ("690", Decimal("6.35"))
    assert (bag.product_id, bag.paid.amount_minor) == (None, 1)
    assert {body_of(one)["appId"] for one in asked} == {"app-1"}, "the store's own keys"


async def test_goods_that_came_back_in_exchange_were_not_bought() -> None:
    items = [
        {"name": "西瓜", "quantity": 1, "totalAmount": 10},
        {"name": "哈密瓜", "quantity": -1, "totalAmount": -30},
    ]
    order = await answering({**TICKET, "totalAmount": -20, "items": items})[0].get_order("S001/1")
    assert (order.paid.amount_minor, [one.name for one in order.lines]) == (0, ["西瓜"])


async def test_a_store_that_does_not_know_the_member_has_no_orders_of_hers() -> None:
    pos = refusing("指定会员不存在")
    page = await pos.list_orders(since=START, until=START, member_id=str(UID), store_id="S001")
    assert (page.items, page.next_cursor) == ((), None)


async def test_nobody_is_no_member() -> None:
    for nobody in (0, None):
        order = await answering({**TICKET, "customerUid": nobody})[0].get_order("S001/1")
        assert order.member_id is None


@pytest.mark.parametrize("amount", [-9.9, 9.9])
async def test_a_return_gives_back_what_it_says_whatever_its_sign(amount: float) -> None:
    back = {**TICKET, "sn": "R1", "ticketType": "SELL_RETURN", "totalAmount": amount}
    pos, asked = answering(back, [TICKET])
    order = await pos.get_order("S001/R1")
    assert (order.order_id, order.refund_of) == ("S001/R1", "S001/202603011700001")
    assert order.refunded == Money(amount_minor=990, currency="CNY")
    assert (order.status, order.paid.amount_minor) == (OrderStatus.REFUNDED, 0)
    assert body_of(asked[1])["refunTcketSn"] == "R1", "in their spelling"


async def test_a_return_of_nothing_that_was_sold_here_undoes_nothing() -> None:
    back = {**TICKET, "ticketType": "SELL_RETURN"}
    order = await answering(back, None)[0].get_order("S001/R1")
    assert (order.status, order.refund_of, order.paid.amount_minor) == (OrderStatus.CANCELLED, None, 0)


async def test_what_was_taken_back_is_cancelled() -> None:
    order = await answering({**TICKET, "invalid": 1})[0].get_order("S001/1")
    assert order.status is OrderStatus.CANCELLED
    back = {**TICKET, "ticketType": "SELL_RETURN", "invalid": 1}
    undone = await answering(back, TICKET)[0].get_order("S001/1")
    assert undone.refunded == Money(amount_minor=0, currency="CNY"), "the money stayed after all"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("ticketType", "GIFT"),
        ("totalAmount", "much"),
        ("totalAmount", "1E+400"),
        ("datetime", "0000-00-00 00:00:00"),
        ("datetime", "0001-01-01 00:00:00"),
        ("datetime", ""),
    ],
)
async def test_a_ticket_that_is_not_understood_is_said_to_be_so(field: str, value: object) -> None:
    with pytest.raises(PosUnavailable, match=field):
        await answering({**TICKET, field: value})[0].get_order("S001/1")


@given(st.decimals(min_value=-(10**6), max_value=10**6, places=2))
@settings(max_examples=50)
def test_yuan_become_fen_exactly(yuan: Decimal) -> None:
    assert money(yuan, "CNY").amount_minor == int(yuan * 100)


@pytest.mark.parametrize(("currency", "minor"), [("CNY", 1250), ("JPY", 13), ("KWD", 12_500)])
def test_each_currency_has_its_own_coins(currency: str, minor: int) -> None:
    assert money(Decimal("12.5"), currency).amount_minor == minor


def test_time_is_written_in_whole_seconds_of_the_stores_place() -> None:
    zone = START.tzinfo
    assert zone is not None
    assert written(START, zone) == "2026-03-01 09:00:00"
    assert written(START + timedelta(microseconds=1), zone) == "2026-03-01 09:00:01"


async def test_a_window_of_the_port_in_pospals_words() -> None:
    """Theirs leaves out its first second and has its last; ours is the other way round."""
    pos, asked = answering({"result": [], "pageSize": 100})
    await pos.list_orders(since=START, until=START + timedelta(hours=1), store_id="S001")
    told = body_of(asked[0])
    assert (told["startTime"], told["endTime"]) == ("2026-03-01 16:59:59", "2026-03-01 17:59:59")


async def test_pages_are_echoed_verbatim_until_one_is_not_full() -> None:
    back = {"parameterType": "X", "parameterValue": "9007199254740993", "more": [1, None]}
    full = {"result": [CUSTOMER] * 2, "pageSize": 2, "postBackParameter": back}
    pos, asked = answering(full, {**full, "result": [CUSTOMER]})
    first = await pos.list_members()
    last = await pos.list_members(cursor=first.next_cursor)
    assert (len(first.items), len(last.items), last.next_cursor) == (2, 1, None)
    assert "postBackParameter" not in body_of(asked[0])
    assert body_of(asked[1])["postBackParameter"] == back


async def test_a_page_that_comes_again_and_again_ends_the_walk() -> None:
    pos, asked = answering({"result": [CUSTOMER], "pageSize": 1, "postBackParameter": {"at": 1}})
    first = await pos.list_members()
    with pytest.raises(PosUnavailable, match="this one again"):
        await pos.list_members(cursor=first.next_cursor)
    assert len(asked) == 2


@pytest.mark.parametrize(
    "cursor", ["", "no json", "{}", '{"store": "S009", "start": "2026-03-01T00:00:00Z"}']
)
async def test_a_cursor_of_another_query_is_refused(cursor: str) -> None:
    with pytest.raises(PosInvalidRequest, match="cursor"):
        await answering([])[0].list_orders(since=START - timedelta(days=1), until=START, cursor=cursor)


REFUSALS: list[tuple[str, type[PosError]]] = [
    ("签名错误", PosAuthError),
    ("appId不存在", PosAuthError),
    ("没有权限调用该接口", PosPermissionError),
    ("今日接口访问次数已用完", PosQuotaExhausted),
    ("操作过于频繁", PosRateLimited),
    ("请勿重复提交", PosDuplicate),
    ("单据不存在", PosNotFound),
    ("会员张三13800000001已冻结", PosInvalidRequest),
]


@pytest.mark.parametrize(("message", "kind"), REFUSALS)
async def test_refusals_are_told_by_their_words(message: str, kind: type[PosError]) -> None:
    with pytest.raises(PosError) as caught:
        await refusing(message).get_order("S001/1")
    assert type(caught.value) is kind
    assert caught.value.provider_code == "77"
    assert "张三" not in str(caught.value)


async def test_the_days_calls_begin_anew_at_midnight_in_china() -> None:
    with pytest.raises(PosQuotaExhausted) as caught:
        await refusing("访问次数超限").get_order("S001/1")
    assert caught.value.retry_after_s == 7 * 3600, "it is 17:00 there"


@pytest.mark.parametrize("message", ["系统异常", "请求超时", "请稍后再试"])
async def test_a_breakdown_is_no_refusal(message: str) -> None:
    pos = refusing(message)
    with pytest.raises(PosUnavailable):
        await pos.get_order("S001/1")
    with pytest.raises(PosOutcomeUnknown):
        await issue(pos)


@pytest.mark.parametrize(
    ("status", "reading", "writing"),
    [
        (401, PosAuthError, PosAuthError),
        (403, PosPermissionError, PosPermissionError),
        (404, PosInvalidRequest, PosInvalidRequest),
        (429, PosRateLimited, PosRateLimited),
        (500, PosUnavailable, PosOutcomeUnknown),
        (302, PosUnavailable, PosOutcomeUnknown),
    ],
)
async def test_http_errors(status: int, reading: type[PosError], writing: type[PosError]) -> None:
    pos = refusing(status=status)
    with pytest.raises(reading):
        await pos.get_order("S001/1")
    with pytest.raises(writing):
        await issue(pos)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b'{"status": "maybe"}', b"[" * 50_000])
async def test_what_is_not_pospals_envelope_leaves_open_what_happened(body: bytes) -> None:
    pos = over(lambda _: httpx.Response(200, content=body))
    with pytest.raises(PosUnavailable):
        await pos.get_order("S001/1")
    with pytest.raises(PosOutcomeUnknown):
        await issue(pos)


@pytest.mark.parametrize(
    ("failure", "kind"),
    [(httpx.ReadTimeout("slow"), PosOutcomeUnknown), (httpx.ConnectError("down"), PosUnavailable)],
)
async def test_a_lost_answer_to_a_coupon(failure: Exception, kind: type[PosError]) -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        raise failure

    with pytest.raises(kind):
        await issue(over(handle))


async def test_a_code_that_is_known_is_a_duplicate_to_look_for() -> None:
    with pytest.raises(PosDuplicate):
        await issue(refusing("优惠券号重复"))


async def test_a_coupon_ends_and_its_fields_have_the_names_that_were_set() -> None:
    record = {"code": "J1", "promotionCouponUid": 77, "bis": "2026-02-28 00:00:00"}
    page = {"result": [record], "pageSize": 100}
    pos, _ = answering(page, options={"coupon_fields": {"valid_until": "bis"}})
    coupon = await pos.get_coupon("J1", member_id=str(UID))
    assert (coupon.status, coupon.template_id) == (CouponStatus.EXPIRED, "77")
    with pytest.raises(PosNotFound):
        await pos.get_coupon("J2", member_id=str(UID))


class Counted:
    def __init__(self) -> None:
        self.spent: list[tuple[str, int, str]] = []

    async def spend(self, account: str, most: int, *, per: str) -> None:
        self.spent.append((account, most, per))
        if len(self.spent) > 2:
            raise PosQuotaExhausted("used up")


async def test_calls_are_counted_by_app_id() -> None:
    meter, asked = Counted(), []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json={"status": "success", "data": None})

    pos = over(handle, meter, options={"calls_per_day": 300})
    await pos.list_members()
    await pos.list_stock("S001", ["690"])
    assert meter.spent == [("pospal/hq", 300, "day"), ("pospal/app-1", 300, "day")]
    with pytest.raises(PosQuotaExhausted):
        await pos.find_members(by_id())
    assert len(asked) == 2, "what is not paid for is not sent"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"base_url": ""}, "POS_BASE_URL"),
        ({"store_keys": {}}, "POS_STORE_KEYS"),
        ({"app_id": ""}, "POS_APP_ID"),
        ({"api_key": SecretStr("")}, "POS_API_KEY"),
        ({"options": {"head_office": "S009"}}, "head_office S009"),
        ({"options": {"time_zone": "Mars/Base"}}, "time_zone"),
        ({"options": {"coupon_path": "v3"}}, "coupon_path"),
        ({"options": {"unheard_of": 1}}, "unheard_of"),
    ],
)
def test_what_is_missing_is_named(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(AccessError, match=says):
        over(lambda _: httpx.Response(200), **changes)


async def test_a_store_may_be_the_head_office() -> None:
    keys = {"S001": StoreKey("app-1", SecretStr("key-1"))}
    options = {"head_office": "S001"}
    pos, asked = answering(CUSTOMER, app_id="", store_keys=keys, options=options)
    await pos.find_members(by_id())
    assert body_of(asked[0])["appId"] == "app-1"
