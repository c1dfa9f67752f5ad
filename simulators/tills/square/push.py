"""Square's webhooks, signed over the address and the body."""

import base64
import hashlib
import hmac
import json

import httpx

from simulators import ids
from simulators.clock import SimulatorClock
from simulators.config import SimulatorConfig
from simulators.state.till import Till
from simulators.tills import Told
from simulators.tills.square import books
from simulators.tills.square.books import Json


def pushed(config: SimulatorConfig, clock: SimulatorClock, till: Till, told: Told) -> list[str]:
    found = _news(till, told)
    if found is None:
        return []
    kind, object_id, name, content = found
    event = {
        "merchant_id": config.pos_account or "MERCHANT",
        "type": kind,
        "event_id": ids.till_id("event"),
        "created_at": clock().isoformat(timespec="microseconds").replace("+00:00", "797Z"),  # nanoseconds
        "data": {"type": name, "id": object_id, "object": {name: content}},
    }
    return [json.dumps(event, ensure_ascii=False)]


def sealed(config: SimulatorConfig, clock: SimulatorClock, url: str, body: str) -> httpx.Request:
    digest = hmac.new(config.pos_push_secret.encode(), f"{url}{body}".encode(), hashlib.sha256).digest()
    headers = {
        "Content-Type": "application/json",
        "x-square-hmacsha256-signature": base64.b64encode(digest).decode(),
    }
    return httpx.Request("POST", url, content=body, headers=headers)


def _news(till: Till, told: Told) -> tuple[str, str, str, Json] | None:
    """Type, id, the name of the object, and the object."""
    order, coupon = told.order, told.coupon
    match told.what:
        case "order.paid" if order:
            return "payment.updated", books.payment_id(order), "payment", books.payment(order)
        case "order.refunded" if order and told.refund_id:
            back = till.refunds[told.refund_id]
            refund: Json = {
                "id": f"rf_{back.refund_id}",
                "status": "COMPLETED",
                "order_id": back.refund_id,
                "payment_id": books.payment_id(order),
                "location_id": order.store_id,
                "amount_money": books.money(back.amount),
            }
            return "refund.updated", str(refund["id"]), "refund", refund
        case "coupon.redeemed" if coupon and coupon.redeemed_at:
            event = books.redemption(coupon, coupon.redeemed_at)
            return "loyalty.event.created", str(event["id"]), "loyalty_event", event
        case "member.changed" if told.member_id:
            member = till.member(told.member_id)
            return "customer.updated", member.member_id, "customer", books.customer(member)
    return None
