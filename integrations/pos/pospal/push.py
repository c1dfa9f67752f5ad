"""Pospal's push: an envelope whose `body` is text that holds JSON, signed like our calls. Contract §5.7.

The key that it is signed with is that of the appId in the envelope: parse, verify, and only then trust.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from pydantic import Field, ValidationError

from integrations.pos.access import StoreKey
from integrations.pos.errors import WebhookRejected
from integrations.pos.pospal import signing
from integrations.pos.pospal.records import text_of
from integrations.pos.till_http import parse_object
from integrations.pos.values import EventKind, PosEvent, Push, Shape
from integrations.validation import places

MAX_BODY_BYTES = 1024 * 1024
_SALE = "ticket.new"  # or a return: reading the ticket says

_KINDS = {
    _SALE: EventKind.ORDER_CHANGED,
    "ticket.reverse": EventKind.ORDER_REFUNDED,  # 反结账
    "couponCode.use": EventKind.COUPON_REDEEMED,
    "customer.new": EventKind.MEMBER_CHANGED,
    "customer.recharge": EventKind.MEMBER_CHANGED,
    "product.edit": EventKind.STOCK_CHANGED,
    "stockTaking.new": EventKind.STOCK_CHANGED,
    "stockFlow.createStockFlowIn": EventKind.STOCK_CHANGED,
    "stockFlow.editStockFlowIn": EventKind.STOCK_CHANGED,
    "stockFlow.confirmStockFlowIn": EventKind.STOCK_CHANGED,
    "stockFlow.refuseStockFlowIn": EventKind.STOCK_CHANGED,
}
# Which field of the body an event cannot do without.
_SUBJECT = {
    EventKind.ORDER_CHANGED: "sn",
    EventKind.ORDER_REFUNDED: "sn",
    EventKind.COUPON_REDEEMED: "code",
    EventKind.MEMBER_CHANGED: "customerUid",
}


class _Envelope(Shape):
    """Times are epoch milliseconds in text: of sending, and of what happened."""

    cmd: str
    appId: str
    body: str = Field(repr=False)
    timestamp: str = ""
    bornTimeStamp: str = ""


def open_push(
    push: Push,
    now: datetime,
    *,
    keys: Mapping[str, StoreKey],
    stores: Mapping[str, str],
    max_age: timedelta | None,
) -> PosEvent:
    """`keys` and `stores` are by appId; the head office's may be of no store. Raises WebhookRejected."""
    if len(push.body) > MAX_BODY_BYTES:
        raise WebhookRejected(f"larger than {MAX_BODY_BYTES} bytes")
    try:
        envelope = _Envelope.model_validate(parse_object(push.body))
    except ValidationError as error:
        raise WebhookRejected(f"missing or wrong: {places(error)}") from None
    _verify(push, keys.get(envelope.appId))
    sent_at = _moment(envelope.timestamp)
    if max_age is not None and (sent_at is None or abs(now - sent_at) > max_age):
        raise WebhookRejected(f"more than {max_age.total_seconds():.0f} s away from now")
    return _event(envelope, stores.get(envelope.appId))


def _verify(push: Push, key: StoreKey | None) -> None:
    headers = {name.lower(): value for name, value in push.headers.items()}
    if key is None:
        raise WebhookRejected("it is of an appId that POS_STORE_KEYS and POS_APP_ID do not have")
    expected = signing.v1(key.app_key.get_secret_value(), push.body)
    if not hmac.compare_digest(expected.encode(), headers.get("data-signature", "").encode()):
        raise WebhookRejected("the signature does not match")


def _event(envelope: _Envelope, store: str | None) -> PosEvent:
    kind = _KINDS.get(envelope.cmd, EventKind.IGNORED)
    told = parse_object(envelope.body.encode()) or {}
    subject = _SUBJECT.get(kind, "")
    if subject and text_of(told, subject) is None:
        raise WebhookRejected(f"{envelope.cmd} without {subject}")
    sn, member = text_of(told, "sn"), text_of(told, "customerUid")
    if store is None and subject == "sn":
        kind = EventKind.IGNORED  # an order is named by its store, and this appId is none
    # There is no id of an event. Two stores may have one sn, and a member may change twice.
    parts = (envelope.appId, envelope.cmd, envelope.body, envelope.bornTimeStamp)
    return PosEvent(
        kind=kind,
        provider="pospal",
        dedupe_key=hashlib.sha256("\n".join(parts).encode()).hexdigest(),
        occurred_at=_moment(envelope.bornTimeStamp or envelope.timestamp),
        order_id=f"{store}/{sn}" if store and sn else None,
        coupon_id=text_of(told, "code") if kind is EventKind.COUPON_REDEEMED else None,
        member_id=member if member != "0" else None,
        store_id=store,
        provider_type=envelope.cmd,
    )


def _moment(milliseconds: str) -> datetime | None:
    try:
        return datetime.fromtimestamp(int(milliseconds) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None
