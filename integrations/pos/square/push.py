"""Square's webhook: x-square-hmacsha256-signature over the registered address and the raw body.

Square tries a push again for up to 24 hours, with the same event_id and created_at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar

from pydantic import AwareDatetime, BaseModel, ValidationError
from square.utils.webhooks_helper import verify_signature

from integrations.pos.errors import WebhookRejected
from integrations.pos.till_http import parse_object
from integrations.pos.values import EventKind, PosEvent, Push
from integrations.validation import places

REPLAY_WINDOW = timedelta(days=3)  # longer than Square itself repeats; within it the event_id tells repeats
SIGNATURE = "x-square-hmacsha256-signature"

Shape = TypeVar("Shape", bound=BaseModel)
Hints = list[tuple[EventKind, dict[str, str | None]]]


class _Data(BaseModel):
    object: dict[str, Any] | None = None


class _Push(BaseModel):
    event_id: str
    type: str
    created_at: AwareDatetime
    data: _Data = _Data()


class _Payment(BaseModel):
    status: str
    order_id: str | None = None
    customer_id: str | None = None
    location_id: str | None = None


class _Refund(BaseModel):
    """`order_id` is that of the return, which names the sale."""

    status: str
    order_id: str | None = None
    location_id: str | None = None


class _Order(BaseModel):
    order_id: str
    location_id: str | None = None


class _RewardRef(BaseModel):
    reward_id: str | None = None
    order_id: str | None = None


class _Loyalty(BaseModel):
    type: str
    location_id: str | None = None
    create_reward: _RewardRef | None = None
    redeem_reward: _RewardRef | None = None
    delete_reward: _RewardRef | None = None


class _Customer(BaseModel):
    id: str


class _Count(BaseModel):
    catalog_object_id: str
    location_id: str


class _Counts(BaseModel):
    inventory_counts: list[_Count]


def open_push(provider: str, key: str, address: str, push: Push, now: datetime) -> list[PosEvent]:
    """`address` is the one that is registered. Raises WebhookRejected. A push without news is IGNORED."""
    _verify(key, address, push)
    try:
        told = _Push.model_validate(parse_object(push.body))
        if abs(now - told.created_at) > REPLAY_WINDOW:
            raise WebhookRejected(f"more than {REPLAY_WINDOW.days} days away from now")
        hints = _HINTS[told.type](told.data.object or {}) if told.type in _HINTS else []
    except ValidationError as error:
        raise WebhookRejected(f"missing or wrong: {places(error)}") from None
    return [
        PosEvent(
            kind=kind,
            provider=provider,
            dedupe_key=f"{told.event_id}/{number}" if number else told.event_id,
            occurred_at=told.created_at,
            provider_type=told.type,
            **named,
        )
        for number, (kind, named) in enumerate(hints or [(EventKind.IGNORED, {})])
    ]


def _verify(key: str, address: str, push: Push) -> None:
    headers = {name.lower(): value for name, value in push.headers.items()}
    try:
        authentic = verify_signature(
            request_body=push.body.decode(),
            signature_header=headers.get(SIGNATURE, ""),
            signature_key=key,
            notification_url=address,
        )
    except ValueError:  # the body is not UTF-8
        authentic = False
    if not authentic:
        raise WebhookRejected("the signature does not match")


def _at(shape: type[Shape], told: Mapping[str, Any], name: str) -> Shape:
    return shape.model_validate(told.get(name))


def _payment(told: Mapping[str, Any]) -> Hints:
    """Not every payment is final: APPROVED may still be canceled."""
    payment = _at(_Payment, told, "payment")
    if payment.status != "COMPLETED" or payment.order_id is None:
        return []
    return [
        (
            EventKind.ORDER_PAID,
            {
                "order_id": payment.order_id,
                "member_id": payment.customer_id,
                "store_id": payment.location_id,
            },
        )
    ]


def _refund(told: Mapping[str, Any]) -> Hints:
    refund = _at(_Refund, told, "refund")
    if refund.status != "COMPLETED" or refund.order_id is None:
        return []
    return [(EventKind.ORDER_REFUNDED, {"order_id": refund.order_id, "store_id": refund.location_id})]


def _order(name: str) -> Callable[[Mapping[str, Any]], Hints]:
    def read(told: Mapping[str, Any]) -> Hints:
        order = _at(_Order, told, name)
        return [(EventKind.ORDER_CHANGED, {"order_id": order.order_id, "store_id": order.location_id})]

    return read


def _loyalty(told: Mapping[str, Any]) -> Hints:
    event = _at(_Loyalty, told, "loyalty_event")
    match event.type:
        case "REDEEM_REWARD":
            kind, reward = EventKind.COUPON_REDEEMED, event.redeem_reward
        case "CREATE_REWARD":
            kind, reward = EventKind.COUPON_CHANGED, event.create_reward
        case "DELETE_REWARD":
            kind, reward = EventKind.COUPON_CHANGED, event.delete_reward
        case _:
            return []  # points
    if reward is None or reward.reward_id is None:
        return []
    named = {"coupon_id": reward.reward_id, "order_id": reward.order_id, "store_id": event.location_id}
    return [(kind, named)]


def _customer(told: Mapping[str, Any]) -> Hints:
    return [(EventKind.MEMBER_CHANGED, {"member_id": _at(_Customer, told, "customer").id})]


def _stock(told: Mapping[str, Any]) -> Hints:
    return [
        (EventKind.STOCK_CHANGED, {"store_id": one.location_id, "product_id": one.catalog_object_id})
        for one in _Counts.model_validate(told).inventory_counts
    ]


_HINTS: dict[str, Callable[[Mapping[str, Any]], Hints]] = {
    "payment.created": _payment,
    "payment.updated": _payment,
    "refund.created": _refund,
    "refund.updated": _refund,
    "order.created": _order("order_created"),
    "order.updated": _order("order_updated"),
    "loyalty.event.created": _loyalty,
    "customer.created": _customer,
    "customer.updated": _customer,
    "inventory.count.updated": _stock,
}
