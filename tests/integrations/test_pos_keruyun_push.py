"""Keruyun's pushes: whom to believe, what each tells, what is answered."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from integrations.pos import Access, Ack, EventKind, Means, PosEvent, PosPort, Push, WebhookRejected, connect
from integrations.pos.keruyun.signing import signature
from tests.integrations.fakes import START
from tests.integrations.keruyun import ACCESS, SECRET, Keruyun

NOW = int(START.timestamp())
TRADE = {
    "operation": 93,
    "shopId": 810094162,
    "brandId": 32296,
    "tradeId": 9007199254740993001,
    "customerId": 9007199254740993002,
    "tradePayStatus": 3,
}
REDEEMED = {
    "id": 31,
    "couponId": "900",
    "brandId": "32296",
    "shopId": "810094162",
    "checkTime": 1772355540000,
    "orderUUId": "x",
}


@pytest.fixture
def till() -> PosPort:
    return Keruyun().till


def pushed(body: Any, key: str = SECRET, **changes: str | None) -> Push:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    query = {"appKey": "301001", "brandId": "32296", "timestamp": str(NOW), "version": "2.0"}
    query = {name: value for name, value in (query | changes).items() if value is not None}
    query["sign"] = signature(query, key, raw)
    return Push(url="https://us/pos/keruyun/events", headers={}, query=query, body=raw)


def opened(till: PosPort, push: Push) -> PosEvent:
    (event,) = till.open_push(push, START)
    return event


def test_an_order_was_paid(till: PosPort) -> None:
    event = opened(till, pushed(TRADE))
    assert (event.kind, event.dedupe_key) == (EventKind.ORDER_PAID, "9007199254740993001:93")
    assert (event.order_id, event.store_id) == ("810094162/9007199254740993001", "810094162")
    assert (event.member_id, event.occurred_at) == ("9007199254740993002", START)


@pytest.mark.parametrize("nobody", [None, 0, "0", ""])
def test_nobody_in_particular_bought(till: PosPort, nobody: object) -> None:
    assert opened(till, pushed(TRADE | {"customerId": nobody})).member_id is None


@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        (19, EventKind.ORDER_REFUNDED),
        (20, EventKind.ORDER_REFUNDED),
        (15, EventKind.ORDER_CHANGED),
        (16, EventKind.ORDER_CHANGED),
        (21, EventKind.ORDER_CHANGED),
        (1, EventKind.IGNORED),
        (13, EventKind.IGNORED),
        (4711, EventKind.IGNORED),
    ],
)
def test_operations(till: PosPort, operation: int, kind: EventKind) -> None:
    event = opened(till, pushed(TRADE | {"operation": operation, "relatedTradeId": "8"}))
    assert (event.kind, event.provider_type) == (kind, str(operation))
    assert event.order_id == "810094162/9007199254740993001"  # of a refund: the ticket, which names the order


def test_a_coupon_was_redeemed(till: PosPort) -> None:
    event = opened(till, pushed(REDEEMED))
    assert (event.kind, event.dedupe_key, event.coupon_id) == (EventKind.COUPON_REDEEMED, "31", "900")
    assert event.occurred_at == datetime(2026, 3, 1, 8, 59, tzinfo=UTC)
    assert opened(till, pushed(REDEEMED | {"id": None})).dedupe_key == "900:1772355540000"


def test_something_else_is_ignored_once(till: PosPort) -> None:
    one, again, other = (opened(till, pushed({"menu": menu})) for menu in (1, 1, 2))
    assert {one.kind, other.kind} == {EventKind.IGNORED}
    assert (one.dedupe_key == again.dedupe_key, one.dedupe_key == other.dedupe_key) == (True, False)


def test_a_shop_may_sign_and_milliseconds_are_time_too(till: PosPort) -> None:
    assert opened(till, pushed(TRADE, brandId=None, shopIdenty="810094162")).order_id
    assert opened(till, pushed(TRADE, timestamp=f"{NOW}123")).order_id
    for edge in (NOW - 300, NOW + 300):
        assert opened(till, pushed(TRADE, timestamp=str(edge))).order_id


@pytest.mark.parametrize(
    "push",
    [
        pytest.param(pushed(TRADE, key="other"), id="foreign key"),
        pytest.param(pushed(TRADE, appKey="9"), id="another app"),
        pytest.param(pushed(TRADE, appKey=None), id="no app"),
        pytest.param(pushed(TRADE, brandId="9"), id="another brand"),
        pytest.param(pushed(TRADE | {"brandId": 9}), id="another brand in the body"),
        pytest.param(pushed(TRADE, shopIdenty="810094162"), id="brand and shop"),
        pytest.param(pushed(TRADE, brandId=None), id="neither brand nor shop"),
        pytest.param(pushed(TRADE, timestamp=str(NOW - 301)), id="old"),
        pytest.param(pushed(TRADE, timestamp=str(NOW + 301)), id="of the future"),
        pytest.param(pushed(TRADE, timestamp="soon"), id="no time"),
        pytest.param(pushed(TRADE, timestamp="9" * 40), id="beyond time"),
        pytest.param(pushed(TRADE, timestamp=None), id="no timestamp"),
        pytest.param(pushed(b"{"), id="broken JSON"),
        pytest.param(pushed([TRADE]), id="no object"),
        pytest.param(pushed({"operation": 93}), id="no trade"),
        pytest.param(pushed(TRADE | {"tradeId": 1.5}), id="an id that was a float"),
        pytest.param(pushed(TRADE | {"operation": "x"}), id="no operation"),
        pytest.param(pushed(REDEEMED | {"checkTime": 1.5}), id="no check time"),
    ],
)
def test_what_is_not_believed(till: PosPort, push: Push) -> None:
    with pytest.raises(WebhookRejected):
        till.open_push(push, START)


def test_one_changed_byte_is_not_believed(till: PosPort) -> None:
    push = pushed(TRADE)
    changes: list[dict[str, Any]] = [
        {"body": push.body.replace(b"93", b"20")},
        {"body": push.body + b" "},
        {"query": {**push.query, "timestamp": str(NOW + 1)}},
        {"query": {**push.query, "brandId": "32297"}},
        {"query": {name: value for name, value in push.query.items() if name != "sign"}},
        {"query": {}},
    ]
    for change in changes:
        with pytest.raises(WebhookRejected, match="signature"):
            till.open_push(push.model_copy(update=change), START)


def test_pushes_may_have_a_key_of_their_own() -> None:
    access = Access(**{**vars(ACCESS), "webhook_secret": type(ACCESS.api_key)("push key")})
    api = Keruyun()
    till = connect("keruyun", access, Means(api.http, api.clock))
    assert opened(till, pushed(TRADE, key="push key")).order_id
    with pytest.raises(WebhookRejected):
        till.open_push(pushed(TRADE), START)


def test_the_acknowledgement(till: PosPort) -> None:
    ack: Ack = till.ack(pushed(TRADE))
    answer = json.loads(ack.body)
    assert (ack.status, ack.content_type) == (200, "application/json")
    assert (answer["code"], answer["message"], bool(answer["messageUuid"])) == (0, "成功[OK]", True)
