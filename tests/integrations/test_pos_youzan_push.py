"""Youzan's pushes: who may have sent them, what they are about, and that one thing has one key."""

from __future__ import annotations

import hashlib
import json
from typing import Any
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.pos import EventKind, PosEvent, Push, WebhookRejected
from tests.integrations.fakes import START
from tests.integrations.youzan import Youzan

CLIENT_ID, SECRET = "testclientid000001", "test-client-secret"
POINTS = b'{"type":"POINTS","id":"1"}'
POINTS_SIGN = "7806ebb9ecd3dee4c892eaeaa2df8386"  # contract §6.7
ENVELOPE = {"client_id": CLIENT_ID, "kdt_id": 56232, "msg_id": "6dc15f0b", "version": 1621946649}
COUPON = {"id": "10887216", "status": "CARD_CONSUME", "event_time": "2026-10-05 11:56:08", "order_no": "E7"}


def sign(content: bytes) -> str:
    return hashlib.md5(CLIENT_ID.encode() + content + SECRET.encode()).hexdigest()


def signed(body: bytes, **headers: str) -> Push:
    return push(body, **{"Event-Sign": sign(body), **headers})


def push(body: bytes, **headers: str) -> Push:
    return Push(url="https://ours/pos/youzan/events", headers=headers, body=body)


def opened(push: Push, **options: Any) -> PosEvent:
    [event] = Youzan(options).till.open_push(push, START)
    return event


def told(type_: str, msg: object = None, **fields: Any) -> PosEvent:
    encoded = msg if isinstance(msg, dict) else quote_plus(json.dumps(msg or {}))
    return opened(signed(json.dumps(ENVELOPE | {"type": type_, "msg": encoded} | fields).encode()))


def test_the_official_vector() -> None:
    assert opened(push(POINTS, **{"Event-Sign": POINTS_SIGN})).kind is EventKind.IGNORED
    assert opened(push(POINTS, **{"event-sign": POINTS_SIGN.upper()})).provider_type == "POINTS"


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (POINTS.replace(b"1", b"2"), {"Event-Sign": POINTS_SIGN}),
        (POINTS + b" ", {"Event-Sign": POINTS_SIGN}),
        (POINTS, {"Event-Sign": POINTS_SIGN[:-1] + "7"}),
        (POINTS, {"Event-Sign": "ä"}),
        (POINTS, {}),
        (POINTS, {"Event-Sign": ""}),
        (POINTS, {"Event-Sign": POINTS_SIGN, "Event-Type": "trade_TradePaid"}),
        (POINTS, {"Event-Sign": POINTS_SIGN, "Client-Id": "another"}),
    ],
)
def test_one_changed_byte_or_header_is_refused(body: bytes, headers: dict[str, str]) -> None:
    with pytest.raises(WebhookRejected):
        opened(push(body, **headers))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b'{"id":"1"}',
        b'{"type":"POINTS","msg":"%7B"}',
        b'{"type":"POINTS","msg":"[1]"}',
        b"\xff",
    ],
)
def test_a_body_that_makes_no_sense_is_refused_also_when_signed(body: bytes) -> None:
    with pytest.raises(WebhookRejected):
        opened(signed(body))


def legacy(msg: str, signature: str, **headers: str) -> Push:
    body = ENVELOPE | {"type": "trade_TradePaid", "id": "E1", "msg": msg, "sign": signature}
    return push(json.dumps(body).encode(), **headers)


MSG = quote_plus('{"tid": "E1", "note": "a b"}')


@pytest.mark.parametrize("form", [MSG, '{"tid": "E1", "note": "a b"}'])
def test_the_old_sign_covers_msg_encoded_or_decoded(form: str) -> None:
    event = opened(legacy(MSG, sign(form.encode())), legacy_sign=True)
    assert (event.kind, event.order_id) == (EventKind.ORDER_PAID, "E1")


def test_the_old_sign_counts_only_where_it_is_allowed_and_never_beside_the_header() -> None:
    good = sign(MSG.encode())
    with pytest.raises(WebhookRejected, match="legacy_sign"):
        opened(legacy(MSG, good))
    with pytest.raises(WebhookRejected, match="does not match"):
        opened(legacy(MSG, good, **{"Event-Sign": "0" * 32}), legacy_sign=True)
    with pytest.raises(WebhookRejected, match="does not match"):
        opened(legacy(MSG, good, **{"Event-Sign": ""}), legacy_sign=True)
    with pytest.raises(WebhookRejected, match="does not match"):
        opened(legacy(MSG + "+", good), legacy_sign=True)
    with pytest.raises(WebhookRejected, match="does not match"):
        opened(push(json.dumps(ENVELOPE | {"type": "X", "msg": {}, "sign": good}).encode()), legacy_sign=True)
    with pytest.raises(WebhookRejected, match="does not match"):
        opened(legacy("\ud800", "\ud800"), legacy_sign=True)


def test_a_form_says_the_same_as_json() -> None:
    body = urlencode(ENVELOPE | {"type": "trade_TradePaid", "id": "E1", "msg": MSG, "test": "false"}).encode()
    event = opened(signed(body, **{"Content-Type": "application/x-www-form-urlencoded"}))
    assert (event.kind, event.order_id, event.dedupe_key) == (EventKind.ORDER_PAID, "E1", "6dc15f0b")


@pytest.mark.parametrize(
    ("type_", "kind"),
    [
        ("trade_TradePaid", EventKind.ORDER_PAID),
        ("trade_TradeBuyerPay", EventKind.ORDER_CHANGED),
        ("trade_TradeCreate", EventKind.ORDER_CHANGED),
        ("trade_TradeClose", EventKind.ORDER_CHANGED),
        ("trade_refund_RefundSuccess", EventKind.ORDER_REFUNDED),
        ("trade_refund_RefundSellerAgree", EventKind.ORDER_REFUNDED),
        ("trade_refund_SysRefund", EventKind.ORDER_REFUNDED),
        ("youzan_trade_RefundSuccess", EventKind.ORDER_REFUNDED),
        ("youzan_trade_RefundCreated", EventKind.ORDER_CHANGED),
    ],
)
def test_pushes_about_orders(type_: str, kind: EventKind) -> None:
    """`msg` comes as text and as an object; a refund's outer id is its own, the order is in msg."""
    for msg in ({"tid": "E1", "refund_id": "R1"}, quote('{"tid":"E1"}')):
        body = json.dumps(ENVELOPE | {"type": type_, "id": "R1", "msg": msg}).encode()
        event = opened(signed(body))
        assert (event.kind, event.order_id, event.refetch_after_s) == (kind, "E1", 30)
    assert opened(signed(body), read_delay_seconds=5).refetch_after_s == 5


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("CARD_CONSUME", EventKind.COUPON_REDEEMED),
        ("CODE_CONSUME", EventKind.COUPON_REDEEMED),
        ("CARD_TAKE", EventKind.COUPON_CHANGED),
        ("CARD_BACK", EventKind.COUPON_CHANGED),
        ("CODE_REVERT", EventKind.COUPON_CHANGED),
        ("CARD_CREATED", EventKind.IGNORED),
        ("CARD_GROUP_INVALID", EventKind.IGNORED),
    ],
)
def test_pushes_about_coupons(status: str, kind: EventKind) -> None:
    event = told("COUPON_CUSTOMER_PROMOTION", COUPON | {"status": status}, id="10887216", yz_open_id="open1")
    assert (event.kind, event.member_id) == (kind, "open1")
    assert event.coupon_id == (None if kind is EventKind.IGNORED else "10887216")


def test_pushes_about_members_and_goods() -> None:
    ours = hashlib.md5(CLIENT_ID.encode()).hexdigest()
    changed = told("SCRM_CUSTOMER_EVENT", {"mobile": "13800138000"}, yz_open_id="open1")
    assert (changed.kind, changed.member_id) == (EventKind.MEMBER_CHANGED, "open1")
    assert "138" not in repr(changed)
    assert told("SCRM_CUSTOMER_EVENT").kind is EventKind.IGNORED
    points = {"yz_open_id": "open1", "unique_id": "u1"}
    assert told("POINTS", points).kind is EventKind.MEMBER_CHANGED
    assert told("POINTS", points | {"client_hash": ours}).kind is EventKind.IGNORED
    stock = told("youzan_item_SkuStockChanged", {"item_id": 9007199254740993})
    assert (stock.kind, stock.product_id) == (EventKind.STOCK_CHANGED, "9007199254740993")


def test_tests_and_unknown_types_are_ignored_not_refused() -> None:
    assert told("trade_TradePaid", {"tid": "E1"}, test=True).kind is EventKind.IGNORED
    assert told("SOMETHING_NEW", {"tid": "E1"}).kind is EventKind.IGNORED
    assert told("trade_TradePaid").kind is EventKind.IGNORED, "of no order"
    assert opened(signed(b'{"type":"X","msg":"[1]","msg_id":7}')).dedupe_key == "7"
    assert told("ITEM_STATE", {"item_id": 1, "status": 3}).kind is EventKind.STOCK_CHANGED


def test_without_a_msg_id_what_happened_makes_the_key() -> None:
    """A coupon's id is the same when it is taken, used and given back."""
    bare = {"msg_id": None}
    paid = told("trade_TradePaid", {"tid": "E1"}, id="E1", status="TRADE_PAID", **bare)
    assert paid.dedupe_key == "trade_TradePaid:56232:E1:TRADE_PAID:1621946649"
    used = told("COUPON_CUSTOMER_PROMOTION", COUPON, id="10887216", **bare)
    back = told("COUPON_CUSTOMER_PROMOTION", COUPON | {"status": "CARD_BACK"}, id="10887216", **bare)
    assert used.dedupe_key == (
        "56232:COUPON_CUSTOMER_PROMOTION:10887216:CARD_CONSUME:1621946649:E7:2026-10-05 11:56:08"
    )
    assert used.dedupe_key != back.dedupe_key
    assert told("POINTS", {"unique_id": "u1", "yz_open_id": "open1"}, **bare).dedupe_key == "u1"


@settings(max_examples=60)
@given(
    st.dictionaries(
        st.sampled_from(["type", "msg", "id", "msg_id", "test", "status", "kdt_id"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
            lambda inner: (
                st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2)
            ),
            max_leaves=4,
        ),
    )
)
def test_any_signed_body_is_an_event_or_is_refused(fields: dict[str, Any]) -> None:
    try:
        event = opened(signed(json.dumps(fields).encode()))
    except WebhookRejected:
        return
    assert event.dedupe_key


def test_youzan_reads_success_in_the_acknowledgement() -> None:
    ack = Youzan().till.ack(push(POINTS))
    assert (ack.status, json.loads(ack.body)) == (200, {"code": 0, "msg": "success"})
    assert ack.content_type == "application/json"
