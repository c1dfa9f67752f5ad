"""The till's push: verified first, then read."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from integrations.pos import EventKind, GenericPos, PosEvent, Push, WebhookRejected, sign_push

SECRET = "push-secret"
NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
PAID = {
    "event_id": "e1",
    "type": "order.paid",
    "occurred_at": "2026-03-01T08:59:58Z",
    "order_id": "o1",
    "member_id": "m1",
    "store_id": "s1",
}


def opened(
    body: bytes, *, now: datetime = NOW, timestamp: str | None = None, secret: str = SECRET
) -> PosEvent:
    sent_at = timestamp if timestamp is not None else str(int(NOW.timestamp()))
    headers = {"X-Till-Timestamp": sent_at, "X-Till-Signature": sign_push(secret, sent_at, body)}
    return by(headers, body, now)


def by(headers: dict[str, str], body: bytes, now: datetime = NOW) -> PosEvent:
    [event] = pos().open_push(Push(url="https://us.example/pos", headers=headers, body=body), now)
    return event


def pos() -> GenericPos:
    return GenericPos(http=httpx.AsyncClient(), base_url="https://till", api_key="k", webhook_secret=SECRET)


def encoded(**changes: object) -> bytes:
    return json.dumps({**PAID, **changes}).encode()


def test_a_paid_order() -> None:
    assert opened(encoded()) == PosEvent(
        kind=EventKind.ORDER_PAID,
        provider="generic",
        dedupe_key="e1",
        occurred_at=datetime(2026, 3, 1, 8, 59, 58, tzinfo=UTC),
        order_id="o1",
        member_id="m1",
        store_id="s1",
    )


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("order.refunded", EventKind.ORDER_REFUNDED),
        ("coupon.redeemed", EventKind.COUPON_REDEEMED),
        ("member.changed", EventKind.MEMBER_CHANGED),
        ("shift.closed", EventKind.IGNORED),
        ("ignored", EventKind.IGNORED),
    ],
)
def test_kinds_by_type_and_unknown_types_are_ignored(name: str, kind: EventKind) -> None:
    assert opened(encoded(type=name, coupon_id="c1")).kind is kind


def test_header_names_are_read_in_any_case() -> None:
    stamp, body = str(int(NOW.timestamp())), encoded()
    headers = {"x-till-timestamp": stamp, "X-TILL-SIGNATURE": sign_push(SECRET, stamp, body)}
    assert by(headers, body).dedupe_key == "e1"


def test_the_example_of_the_docs() -> None:
    body = b'{"event_id":"e1","type":"order.paid","order_id":"O1"}'
    signed = "74302b533434e21ab6991ef8ea47ddbf366877f5bb596148e953cf91451aca3c"
    assert sign_push("push-secret", "1772355600", body) == signed


@pytest.mark.parametrize(("seconds", "fresh"), [(300, True), (301, False), (-300, True), (-301, False)])
def test_the_replay_window_is_300_seconds(seconds: int, fresh: bool) -> None:
    now = NOW + timedelta(seconds=seconds)
    if fresh:
        assert opened(encoded(), now=now).dedupe_key == "e1"
    else:
        with pytest.raises(WebhookRejected, match="away from now"):
            opened(encoded(), now=now)


def test_a_wrong_secret_is_rejected() -> None:
    with pytest.raises(WebhookRejected, match="signature"):
        opened(encoded(), secret="other")


def test_a_changed_body_or_timestamp_is_rejected() -> None:
    stamp = str(int(NOW.timestamp()))
    headers = {"X-Till-Timestamp": stamp, "X-Till-Signature": sign_push(SECRET, stamp, encoded())}
    with pytest.raises(WebhookRejected, match="signature"):
        by(headers, encoded(order_id="o2"))
    with pytest.raises(WebhookRejected, match="signature"):
        by({**headers, "X-Till-Timestamp": "1"}, encoded())


def test_missing_headers_are_rejected() -> None:
    with pytest.raises(WebhookRejected):
        by({}, encoded())


@pytest.mark.parametrize("timestamp", ["", "soon", "9" * 30])
def test_a_signed_timestamp_that_is_no_time_is_rejected(timestamp: str) -> None:
    with pytest.raises(WebhookRejected, match="not a time"):
        opened(encoded(), timestamp=timestamp)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"[]",
        b"[" * 100_000,
        encoded()[:-5],
        encoded(event_id=None),
        encoded(event_id=""),
        encoded(order_id=None),
        encoded(type="member.changed", member_id=None),
        encoded(type="coupon.redeemed"),
        encoded(occurred_at="2026-03-01T08:59:58"),
        b" " * (1024 * 1024 + 1),
    ],
)
def test_what_is_signed_but_not_understandable_is_rejected(body: bytes) -> None:
    with pytest.raises(WebhookRejected):
        opened(body)
