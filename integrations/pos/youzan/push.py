"""Youzan's pushes (contract §6.7): verified by Event-Sign over the raw body, else, if allowed, by `sign`.

The legacy `sign` covers `msg` alone; whether encoded or decoded, its documents and SDKs do not agree. What is
outside of msg is then anybody's word: it decides when something is read again, never what is true.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, unquote_plus

from pydantic import BaseModel, SecretStr, ValidationError, field_validator

from integrations.pos.errors import WebhookRejected
from integrations.pos.till_http import parse_object
from integrations.pos.values import EventKind, PosEvent, Push
from integrations.pos.youzan.choices import Options
from integrations.pos.youzan.wire import Id
from integrations.validation import places

MAX_BODY_BYTES = 1024 * 1024

_ORDERS = {
    "trade_TradePaid": EventKind.ORDER_PAID,
    "trade_refund_RefundSuccess": EventKind.ORDER_REFUNDED,
    "trade_refund_RefundSellerAgree": EventKind.ORDER_REFUNDED,
    "trade_refund_SysRefund": EventKind.ORDER_REFUNDED,
    "youzan_trade_RefundSuccess": EventKind.ORDER_REFUNDED,
}
_ORDER_PREFIXES = ("trade_Trade", "trade_refund_", "youzan_trade_Refund")
_COUPON_STATUS = {
    "CARD_CONSUME": EventKind.COUPON_REDEEMED,
    "CODE_CONSUME": EventKind.COUPON_REDEEMED,
    "CARD_TAKE": EventKind.COUPON_CHANGED,
    "CODE_TAKE": EventKind.COUPON_CHANGED,
    "CARD_BACK": EventKind.COUPON_CHANGED,
    "CODE_BACK": EventKind.COUPON_CHANGED,
    "CARD_REVERT": EventKind.COUPON_CHANGED,
    "CODE_REVERT": EventKind.COUPON_CHANGED,
}
_OTHERS = frozenset({"COUPON_CUSTOMER_PROMOTION", "SCRM_CUSTOMER_EVENT", "POINTS"})
_GOODS = frozenset({"ITEM_INFO", "ITEM_STATE", "ITEM_SKU_INFO", "youzan_item_SkuStockChanged"})


class _Msg(BaseModel):
    """What we read of a message of any type; what a type does not say is None."""

    tid: Id | None = None
    id: Id | None = None  # of a coupon
    status: Id | None = None
    order_no: Id | None = None
    event_time: Id | None = None
    yz_open_id: str | None = None
    unique_id: Id | None = None
    client_hash: str | None = None
    item_id: Id | None = None


class _Envelope(BaseModel):
    """`msg` comes as an object or as URL-encoded JSON text; spaces in it may be written as +."""

    type: str
    client_id: str | None = None
    kdt_id: Id | None = None
    id: Id | None = None
    status: Id | None = None
    version: Id | None = None
    msg_id: Id | None = None
    yz_open_id: str | None = None
    test: bool = False
    msg: _Msg = _Msg()

    @field_validator("msg", mode="before")
    @classmethod
    def decoded(cls, value: object) -> object:
        if not isinstance(value, str):
            return value or {}
        fields = parse_object(unquote_plus(value).encode()) if value else {}
        if fields is None:
            raise ValueError("not a JSON object")
        return fields


class Receiver:
    def __init__(self, client_id: str, client_secret: SecretStr, options: Options) -> None:
        self._client_id, self._secret = client_id, client_secret
        self._legacy = options.legacy_sign
        self._read_delay = options.read_delay_seconds

    def open(self, push: Push) -> PosEvent:
        """Raises WebhookRejected."""
        if len(push.body) > MAX_BODY_BYTES:
            raise WebhookRejected(f"larger than {MAX_BODY_BYTES} bytes")
        headers = {name.lower(): value for name, value in push.headers.items()}
        fields = _fields(headers, push.body)
        self._verify(headers, push.body, fields)
        if not _is_known(fields.get("type")):
            fields["msg"] = {}  # whatever is in it, refusing it would make them send it again and again
        try:
            told = _Envelope.model_validate(fields)
        except ValidationError as error:
            raise WebhookRejected(f"missing or wrong: {places(error)}") from None
        return self._event(told)

    def _verify(self, headers: Mapping[str, str], body: bytes, fields: Mapping[str, Any]) -> None:
        """The header, if there is one, decides alone."""
        if "event-sign" in headers:
            if not _same(self._signed(body), headers["event-sign"]):
                raise WebhookRejected("the signature does not match")
            for header, field in (("client-id", "client_id"), ("event-type", "type")):
                if header in headers and headers[header] != str(fields.get(field)):
                    raise WebhookRejected(f"{header} is not the body's {field}")
        elif not self._legacy:
            raise WebhookRejected("no Event-Sign; set legacy_sign in POS_OPTIONS to accept the old sign")
        elif not self._signed_msg(fields):
            raise WebhookRejected("the signature does not match")

    def _signed_msg(self, fields: Mapping[str, Any]) -> bool:
        msg, sign = fields.get("msg"), fields.get("sign")
        if not isinstance(msg, str) or not isinstance(sign, str):
            return False
        forms = {msg, unquote(msg), unquote_plus(msg)}
        return any(_same(self._signed(form.encode(errors="replace")), sign) for form in forms)

    def _signed(self, content: bytes) -> str:
        secret = self._secret.get_secret_value().encode()
        return hashlib.md5(self._client_id.encode() + content + secret, usedforsecurity=False).hexdigest()

    def _event(self, told: _Envelope) -> PosEvent:
        kind = EventKind.IGNORED if told.test else self._kind(told)
        order_id = told.msg.tid or told.id if kind in _ORDER_KINDS else None
        coupon_id = told.msg.id or told.id if kind in _COUPON_KINDS else None
        return PosEvent(
            kind=kind,
            provider="youzan",
            dedupe_key=_dedupe_key(told),
            order_id=order_id,
            coupon_id=coupon_id,
            member_id=told.msg.yz_open_id or told.yz_open_id,
            product_id=told.msg.item_id if kind is EventKind.STOCK_CHANGED else None,
            refetch_after_s=self._read_delay,
            provider_type=told.type,
        )

    def _kind(self, told: _Envelope) -> EventKind:
        member = told.msg.yz_open_id or told.yz_open_id
        if told.type == "COUPON_CUSTOMER_PROMOTION":  # the merchant's own doings come by it as well
            return _COUPON_STATUS.get(told.msg.status or told.status or "", EventKind.IGNORED)
        if told.type == "SCRM_CUSTOMER_EVENT":
            return EventKind.MEMBER_CHANGED if member else EventKind.IGNORED
        if told.type == "POINTS":
            ours = hashlib.md5(self._client_id.encode(), usedforsecurity=False).hexdigest()
            is_news = member and told.msg.client_hash != ours
            return EventKind.MEMBER_CHANGED if is_news else EventKind.IGNORED
        if told.type in _GOODS:
            return EventKind.STOCK_CHANGED
        if told.type.startswith(_ORDER_PREFIXES) and (told.msg.tid or told.id):
            return _ORDERS.get(told.type, EventKind.ORDER_CHANGED)
        return EventKind.IGNORED


_ORDER_KINDS = (EventKind.ORDER_PAID, EventKind.ORDER_REFUNDED, EventKind.ORDER_CHANGED)
_COUPON_KINDS = (EventKind.COUPON_REDEEMED, EventKind.COUPON_CHANGED)


def _is_known(type_: object) -> bool:
    return isinstance(type_, str) and (type_ in _GOODS | _OTHERS or type_.startswith(_ORDER_PREFIXES))


def _fields(headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    """JSON; a form, which they send too, has the same fields."""
    if headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return dict(parse_qsl(body.decode(errors="replace")))
    fields = parse_object(body)
    if fields is None:
        raise WebhookRejected("not a JSON object")
    return fields


def _dedupe_key(told: _Envelope) -> str:
    """Without a msg_id what happened to what, in which version (contract §4); points have their own id."""
    msg = told.msg
    if told.msg_id:
        return told.msg_id
    if told.type == "POINTS" and msg.unique_id:
        return msg.unique_id
    if told.type == "COUPON_CUSTOMER_PROMOTION":
        facts = (told.kdt_id, told.type, msg.id or told.id, msg.status or told.status, told.version)
        return _joined(*facts, msg.order_no, msg.event_time)
    return _joined(told.type, told.kdt_id, told.id or msg.tid, told.status or msg.status, told.version)


def _joined(*facts: str | None) -> str:
    return ":".join(fact or "" for fact in facts)


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.lower().encode(errors="replace"))
