"""The generic till's push: JSON, with X-Till-Timestamp (Unix seconds) and X-Till-Signature.

The signature is the hex HMAC-SHA256 of "<timestamp>." and the raw body, so that neither can be changed alone.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta

from pydantic import AwareDatetime, BaseModel, Field, ValidationError

from integrations.pos.errors import WebhookRejected
from integrations.pos.till_http import parse_object
from integrations.pos.values import EventKind, PosEvent, Push
from integrations.validation import places

REPLAY_WINDOW = timedelta(seconds=300)
MAX_BODY_BYTES = 1024 * 1024

_SUBJECT = {
    EventKind.ORDER_PAID: "order_id",
    EventKind.ORDER_REFUNDED: "order_id",
    EventKind.COUPON_REDEEMED: "coupon_id",
    EventKind.MEMBER_CHANGED: "member_id",
}


class _Push(BaseModel):
    event_id: str = Field(min_length=1)
    type: str
    occurred_at: AwareDatetime | None = None
    order_id: str | None = None
    coupon_id: str | None = None
    member_id: str | None = None
    store_id: str | None = None


def sign_push(secret: str, timestamp: str, body: bytes) -> str:
    return hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()


def open_push(provider: str, secret: str, push: Push, now: datetime) -> PosEvent:
    """Raises WebhookRejected. Header names are matched in any case."""
    if len(push.body) > MAX_BODY_BYTES:
        raise WebhookRejected(f"larger than {MAX_BODY_BYTES} bytes")
    _verify(secret, {name.lower(): value for name, value in push.headers.items()}, push.body, now)
    try:
        told = _Push.model_validate(parse_object(push.body))
    except ValidationError as error:
        raise WebhookRejected(f"missing or wrong: {places(error)}") from None
    return _event(provider, told)


def _verify(secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> None:
    timestamp = headers.get("x-till-timestamp", "")
    signature = headers.get("x-till-signature", "")
    if not hmac.compare_digest(sign_push(secret, timestamp, body).encode(), signature.encode()):
        raise WebhookRejected("the signature does not match")
    try:
        sent_at = datetime.fromtimestamp(int(timestamp), now.tzinfo)
    except (ValueError, OverflowError, OSError):
        raise WebhookRejected("the timestamp is not a time") from None
    if abs(now - sent_at) > REPLAY_WINDOW:
        raise WebhookRejected(f"more than {REPLAY_WINDOW.total_seconds():.0f} s away from now")


def _event(provider: str, push: _Push) -> PosEvent:
    kind = next((known for known in _SUBJECT if known == push.type), EventKind.IGNORED)
    subject = _SUBJECT.get(kind)
    if subject and not getattr(push, subject):
        raise WebhookRejected(f"{push.type} without {subject}")
    facts = push.model_dump(exclude={"event_id", "type"})
    return PosEvent(kind=kind, provider=provider, dedupe_key=push.event_id, **facts)
