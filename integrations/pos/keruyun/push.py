"""Keruyun's pushes: JSON, with the common parameters and their signature in the query. Contract §7.

An order tells an `operation` and the trade; a redeemed coupon tells its own id. Nothing else is listened to.
"""

from __future__ import annotations

import hmac
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pydantic import SecretStr, ValidationError

from integrations.pos.errors import WebhookRejected
from integrations.pos.keruyun.orders import full_id
from integrations.pos.keruyun.signing import signature
from integrations.pos.keruyun.values import Id, MaybeId, Milliseconds, Wire
from integrations.pos.till_http import parse_object
from integrations.pos.values import Ack, EventKind, PosEvent, Push
from integrations.validation import places

PROVIDER = "keruyun"
REPLAY_WINDOW = timedelta(seconds=300)
MILLISECONDS_FROM = 10_000_000_000  # a timestamp above is in milliseconds: samples show both

OPERATIONS = {
    14: EventKind.ORDER_CHANGED,  # refused
    15: EventKind.ORDER_CHANGED,  # cancelled
    16: EventKind.ORDER_CHANGED,  # voided
    19: EventKind.ORDER_REFUNDED,  # goods came back: the trade is a ticket of its own
    20: EventKind.ORDER_REFUNDED,  # money went back: likewise
    21: EventKind.ORDER_CHANGED,  # opened again after it was paid
    26: EventKind.ORDER_CHANGED,  # finished
    91: EventKind.ORDER_CHANGED,  # merged with others
    92: EventKind.ORDER_CHANGED,  # on credit
    93: EventKind.ORDER_PAID,
}


class _Trade(Wire):
    operation: int
    shop_id: Id
    brand_id: MaybeId = None
    trade_id: Id
    customer_id: MaybeId = None


class _Redeemed(Wire):
    id: MaybeId = None
    coupon_id: Id
    brand_id: MaybeId = None
    shop_id: MaybeId = None
    check_time: Milliseconds = None


@dataclass(frozen=True)
class PushDoor:
    """`key` signs the pushes: the app's secret, unless POS_WEBHOOK_SECRET says otherwise."""

    app_key: str
    brand: str
    key: SecretStr

    def open(self, push: Push, now: datetime) -> list[PosEvent]:
        """Raises WebhookRejected."""
        pushed_at = self._verified(push, now)
        fields = parse_object(push.body)
        if fields is None:
            raise WebhookRejected("the body is not a JSON object")
        try:
            event, brand = _event(fields, pushed_at, push.body)
        except ValidationError as error:
            raise WebhookRejected(f"missing or wrong: {places(error)}") from None
        if brand not in (None, self.brand):
            raise WebhookRejected("it is of another brand")
        return [event]

    def _verified(self, push: Push, now: datetime) -> datetime:
        """When it was signed. The brand and the shop are two ways to sign: one of them, never both."""
        query = push.query
        sign = signature(query, self.key.get_secret_value(), push.body)
        if not hmac.compare_digest(sign.encode(), query.get("sign", "").encode()):
            raise WebhookRejected("the signature does not match")
        if query.get("appKey") != self.app_key or ("brandId" in query) == ("shopIdenty" in query):
            raise WebhookRejected("it is not for this app, or names neither brand nor shop")
        if query.get("brandId", self.brand) != self.brand:
            raise WebhookRejected("it is of another brand")
        try:
            seconds = int(query["timestamp"])
            signed_at = datetime.fromtimestamp(
                seconds / 1000 if seconds > MILLISECONDS_FROM else seconds, UTC
            )
        except (KeyError, ValueError, OverflowError, OSError):
            raise WebhookRejected("the timestamp is not a time") from None
        if abs(now - signed_at) > REPLAY_WINDOW:
            raise WebhookRejected(f"more than {REPLAY_WINDOW.total_seconds():.0f} s away from now")
        return signed_at


def _event(fields: Mapping[str, object], pushed_at: datetime, body: bytes) -> tuple[PosEvent, str | None]:
    """And the brand that it names."""
    if "operation" in fields:
        trade = _Trade.model_validate(fields)
        kind = OPERATIONS.get(trade.operation, EventKind.IGNORED)
        return PosEvent(
            kind=kind,
            provider=PROVIDER,
            dedupe_key=f"{trade.trade_id}:{trade.operation}",
            occurred_at=pushed_at,
            order_id=full_id(trade.shop_id, trade.trade_id),
            member_id=trade.customer_id,
            store_id=trade.shop_id,
            provider_type=str(trade.operation),
        ), trade.brand_id
    if "couponId" in fields:
        used = _Redeemed.model_validate(fields)
        return PosEvent(
            kind=EventKind.COUPON_REDEEMED,
            provider=PROVIDER,
            dedupe_key=used.id or f"{used.coupon_id}:{fields.get('checkTime')}",
            occurred_at=used.check_time or pushed_at,
            coupon_id=used.coupon_id,
            store_id=used.shop_id,
            provider_type="coupon.check",
        ), used.brand_id
    unknown = uuid.uuid5(uuid.NAMESPACE_OID, body.decode(errors="replace"))
    return PosEvent(
        kind=EventKind.IGNORED, provider=PROVIDER, dedupe_key=str(unknown), occurred_at=pushed_at
    ), None


def acknowledgement() -> Ack:
    body = {"code": 0, "message": "成功[OK]", "messageUuid": str(uuid.uuid4())}
    return Ack(body=json.dumps(body, ensure_ascii=False), content_type="application/json")
