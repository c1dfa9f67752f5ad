"""Square's webhook: the official signatures and their negatives, then what each type says."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from integrations.pos import EventKind, PosEvent, Push, WebhookRejected
from integrations.pos.square.push import open_push

# The official vector of Square's SDKs.
KEY = "signature-key"
ADDRESS = "https://webhook.site/webhooks"
BODY = b'{"data":{"type":"webhooks","id":">id<"}}'
SIGNATURE = "Cxt7+aTi4rKgcA0bC4g9EHdVtLSDWdqccmL5MvihU4U="
NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
AT = "2026-03-01T08:59:58.455006797Z"


def opened(
    body: bytes,
    signature: str,
    *,
    address: str = ADDRESS,
    key: str = KEY,
    header: str = "X-Square-HmacSha256-Signature",
    now: datetime = NOW,
) -> list[PosEvent]:
    push = Push(url="http://behind-a-proxy/pos", headers={header: signature}, body=body)
    return open_push("square", key, address, push, now)


def signed(body: bytes) -> str:
    digest = hmac.new(KEY.encode(), ADDRESS.encode() + body, hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def told(kind: str, now: datetime = NOW, **content: Any) -> list[PosEvent]:
    event = {"merchant_id": "M1", "type": kind, "event_id": "e1", "created_at": AT, "data": content}
    body = json.dumps(event).encode()
    return opened(body, signed(body), now=now)


def one(kind: str, **content: Any) -> PosEvent:
    (event,) = told(kind, object=content)
    return event


def test_the_official_signature_is_right() -> None:
    """Its body is no event, which is seen only after the signature."""
    assert signed(BODY) == SIGNATURE
    with pytest.raises(WebhookRejected, match="missing or wrong"):
        opened(BODY, SIGNATURE)


@pytest.mark.parametrize(
    "forged",
    [
        {"body": BODY.replace(b"id<", b"id>")},
        {"body": b""},
        {"body": b"\xff" + BODY},
        {"signature": "MCmhFRxGX82xMwg5FsaoQA=="},
        {"signature": ""},
        {"signature": "é"},
        {"key": "another-key"},
        {"address": ADDRESS + "/"},
        {"address": ADDRESS.replace("https", "http")},
        {"header": "X-Square-Signature"},
    ],
)
def test_whatever_is_forged_is_rejected(forged: dict[str, Any]) -> None:
    with pytest.raises(WebhookRejected, match="signature"):
        opened(**{"body": BODY, "signature": SIGNATURE, **forged})


@pytest.mark.parametrize(("days", "fresh"), [(2, True), (4, False), (-4, False)])
def test_what_is_older_than_squares_own_repeats_is_rejected(days: int, fresh: bool) -> None:
    now = NOW + timedelta(days=days)
    if fresh:
        assert told("labor.shift.created", now)[0].kind is EventKind.IGNORED
    else:
        with pytest.raises(WebhookRejected, match="days away"):
            told("labor.shift.created", now)


@pytest.mark.parametrize("data", [{}, {"object": None}, {"deleted": True}])
def test_a_type_that_we_do_not_know_is_ignored_whatever_it_says(data: dict[str, Any]) -> None:
    assert told("catalog.version.updated", **data)[0].kind is EventKind.IGNORED


@pytest.mark.parametrize("body", [b"[]", b"{", b"7", b'{"type": "x"}', b"[" * 10_000])
def test_a_body_that_is_no_event(body: bytes) -> None:
    with pytest.raises(WebhookRejected):
        opened(body, signed(body))


def test_a_completed_payment_is_a_paid_order() -> None:
    payment = {"status": "COMPLETED", "order_id": "O1", "customer_id": "C1", "location_id": "L1"}
    assert one("payment.updated", payment=payment) == PosEvent(
        kind=EventKind.ORDER_PAID,
        provider="square",
        dedupe_key="e1",
        occurred_at=datetime(2026, 3, 1, 8, 59, 58, 455006, tzinfo=UTC),
        order_id="O1",
        member_id="C1",
        store_id="L1",
        provider_type="payment.updated",
    )
    assert one("payment.created", payment=payment | {"status": "APPROVED"}).kind is EventKind.IGNORED
    assert one("payment.updated", payment=payment | {"order_id": None}).kind is EventKind.IGNORED


def test_a_completed_refund_names_the_return() -> None:
    refund = {"status": "COMPLETED", "order_id": "R1", "payment_id": "P1"}
    event = one("refund.updated", refund=refund)
    assert (event.kind, event.order_id) == (EventKind.ORDER_REFUNDED, "R1")
    assert one("refund.created", refund=refund | {"status": "PENDING"}).kind is EventKind.IGNORED


@pytest.mark.parametrize("name", ["order_created", "order_updated"])
def test_an_order_that_changed_is_thin(name: str) -> None:
    event = one(name.replace("_", "."), **{name: {"order_id": "O1", "state": "OPEN", "version": 2}})
    assert (event.kind, event.order_id, event.member_id) == (EventKind.ORDER_CHANGED, "O1", None)


@pytest.mark.parametrize(
    ("kind", "name", "read_as"),
    [
        ("REDEEM_REWARD", "redeem_reward", EventKind.COUPON_REDEEMED),
        ("CREATE_REWARD", "create_reward", EventKind.COUPON_CHANGED),
        ("DELETE_REWARD", "delete_reward", EventKind.COUPON_CHANGED),
        ("ACCUMULATE_POINTS", "accumulate_points", EventKind.IGNORED),
    ],
)
def test_loyalty_events(kind: str, name: str, read_as: EventKind) -> None:
    event = one("loyalty.event.created", loyalty_event={"type": kind, name: {"reward_id": "R1"}})
    assert event.kind is read_as
    assert event.coupon_id == (None if read_as is EventKind.IGNORED else "R1")
    assert one("loyalty.event.created", loyalty_event={"type": kind, name: {}}).kind is EventKind.IGNORED


def test_a_customer_that_changed() -> None:
    event = one("customer.updated", customer={"id": "C1", "phone_number": "+8613800000001"})
    assert (event.kind, event.member_id) == (EventKind.MEMBER_CHANGED, "C1")


def test_each_count_of_stock_is_an_event_of_its_own() -> None:
    counts = [{"catalog_object_id": f"V{n}", "location_id": "L1", "quantity": "2.5"} for n in range(2)]
    found = told("inventory.count.updated", object={"inventory_counts": counts})
    assert [(event.kind, event.dedupe_key, event.product_id) for event in found] == [
        (EventKind.STOCK_CHANGED, "e1", "V0"),
        (EventKind.STOCK_CHANGED, "e1/1", "V1"),
    ]


def test_a_known_type_without_its_object_is_rejected_without_repeating_it() -> None:
    with pytest.raises(WebhookRejected, match="missing or wrong: status") as rejected:
        one("payment.updated", payment={"buyer_email_address": "li@example.com"})
    assert "li@example.com" not in str(rejected.value)
