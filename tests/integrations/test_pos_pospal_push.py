"""Pospal's push: whose key is named inside, so it is read, verified, and only then believed."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from integrations.pos import EventKind, PosEvent, Push, WebhookRejected
from integrations.pos.pospal import signing
from tests.integrations.fakes import START
from tests.integrations.pospal import PUSH_URL, over

KEYS = {"hq": "hq-key", "app-1": "key-1", "app-2": "key-2"}
UID = 1234567890123456789


def envelope(cmd: str, body: object, app_id: str = "app-1", **more: Any) -> bytes:
    born = str(int(START.timestamp() * 1000))
    text = body if isinstance(body, str) else json.dumps(body)
    told = {"cmd": cmd, "appId": app_id, "body": text, "timestamp": born, "bornTimeStamp": born}
    return json.dumps(told | more).encode()


def opened(
    raw: bytes, *, key: str = "key-1", header: str = "data-signature", now: datetime = START, **options: Any
) -> PosEvent:
    push = Push(url=PUSH_URL, headers={header: signing.v1(key, raw)}, body=raw)
    [event] = over(lambda _: httpx.Response(500), options=options).open_push(push, now)
    return event


def test_a_sale_or_a_return_is_an_order_to_be_read() -> None:
    event = opened(envelope("ticket.new", {"sn": "R1"}))
    assert (event.kind, event.order_id, event.store_id) == (EventKind.ORDER_CHANGED, "S001/R1", "S001")
    assert (event.member_id, event.occurred_at) == (None, START), "who bought, the ticket says"
    assert opened(envelope("ticket.new", {"sn": 20260301})).order_id == "S001/20260301"


@pytest.mark.parametrize(
    ("cmd", "body", "kind", "ids"),
    [
        ("ticket.reverse", {"sn": "1"}, EventKind.ORDER_REFUNDED, {"order_id": "S001/1"}),
        ("couponCode.use", {"code": "J1"}, EventKind.COUPON_REDEEMED, {"coupon_id": "J1"}),
        (
            "couponCode.use",
            {"code": "J1", "customerUid": UID},
            EventKind.COUPON_REDEEMED,
            {"coupon_id": "J1", "member_id": str(UID)},
        ),
        ("customer.new", {"customerUid": UID}, EventKind.MEMBER_CHANGED, {"member_id": str(UID)}),
        ("customer.recharge", {"customerUid": UID}, EventKind.MEMBER_CHANGED, {"member_id": str(UID)}),
        ("product.edit", {"uid": 5}, EventKind.STOCK_CHANGED, {}),
        ("stockFlow.confirmStockFlowIn", "not json", EventKind.STOCK_CHANGED, {}),
        ("ticket.cloned", {"sn": "1"}, EventKind.IGNORED, {"order_id": "S001/1"}),
    ],
)
def test_kinds_by_cmd(cmd: str, body: object, kind: EventKind, ids: dict[str, str]) -> None:
    event = opened(envelope(cmd, body))
    told = event.model_dump(include={"order_id", "coupon_id", "member_id"}, exclude_none=True)
    assert (event.kind, told, event.provider_type) == (kind, ids, cmd)


def test_a_ticket_of_an_app_id_that_is_no_store_has_no_name() -> None:
    event = opened(envelope("ticket.new", {"sn": "1"}, "hq"), key="hq-key")
    assert (event.kind, event.order_id) == (EventKind.IGNORED, None)
    assert opened(envelope("customer.new", {"customerUid": 7}, "hq"), key="hq-key").member_id == "7"


def test_a_copy_is_known_as_one_and_nothing_else_is() -> None:
    def key_of(*, sent: str = "1", **changes: Any) -> str:
        told = {"cmd": "customer.recharge", "body": {"customerUid": 7}, "app_id": "app-1"} | changes
        raw = envelope(**told, timestamp=sent)
        return opened(raw, key=KEYS[told["app_id"]]).dedupe_key

    assert key_of(sent="1") == key_of(sent="2"), "sent again"
    others = {
        key_of(),
        key_of(cmd="customer.new"),
        key_of(body={"customerUid": 8}),
        key_of(app_id="app-2"),
        key_of(bornTimeStamp="5"),
    }
    assert len(others) == 5, "another store may use the same number, and she may recharge twice"


@pytest.mark.parametrize("key", ["key-2", "hq-key", "wrong"])
def test_another_key_does_not_open_it(key: str) -> None:
    with pytest.raises(WebhookRejected, match="signature"):
        opened(envelope("ticket.new", {"sn": "1"}), key=key)


def test_header_names_are_read_in_any_case_and_one_changed_byte_is_seen() -> None:
    raw = envelope("ticket.new", {"sn": "1"})
    assert opened(raw, header="Data-Signature").order_id == "S001/1"
    pos = over(lambda _: httpx.Response(500))
    headers = {"data-signature": signing.v1("key-1", raw)}
    for changed, said in ((raw.replace(b"app-1", b"app-2"), headers), (raw + b" ", headers), (raw, {})):
        with pytest.raises(WebhookRejected, match="signature"):
            pos.open_push(Push(url=PUSH_URL, headers=said, body=changed), START)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"[" * 100_000,
        b'{"cmd": "ticket.new"}',
        b'{"cmd": "ticket.new", "appId": "app-1", "body": {"sn": "1"}}',
        envelope("ticket.new", {"sn": "1"}, "app-9"),
        envelope("ticket.new", {"uid": 5}),
        envelope("ticket.new", "broken {"),
        envelope("couponCode.use", {"customerUid": 5}),
        b" " * (1024 * 1024 + 1),
    ],
)
def test_what_is_not_understandable_or_of_nobody_is_rejected(raw: bytes) -> None:
    with pytest.raises(WebhookRejected):
        opened(raw)


def test_old_pushes_are_replays_only_if_it_was_set() -> None:
    raw, tomorrow = envelope("ticket.new", {"sn": "1"}), START + timedelta(hours=25)
    assert opened(raw, now=tomorrow).order_id == "S001/1"
    assert opened(raw, push_max_age_hours=24).order_id == "S001/1"
    with pytest.raises(WebhookRejected, match="away from now"):
        opened(raw, now=tomorrow, push_max_age_hours=24)
    with pytest.raises(WebhookRejected, match="away from now"):
        opened(envelope("ticket.new", {"sn": "1"}, timestamp="soon"), push_max_age_hours=24)


def test_pospal_reads_this_answer() -> None:
    ack = over(lambda _: httpx.Response(500)).ack(Push(url=PUSH_URL, headers={}, body=b""))
    assert (ack.status, ack.body) == (200, "SUCCESS")
