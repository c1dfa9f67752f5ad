"""The generic till's signed push: thin events, the receiver fetches the rest."""

import hashlib
import hmac
import json

import httpx

from simulators import ids
from simulators.clock import SimulatorClock
from simulators.config import SimulatorConfig
from simulators.state.till import Till
from simulators.tills import Told


def pushed(config: SimulatorConfig, clock: SimulatorClock, till: Till, told: Told) -> list[str]:
    order = told.order
    if order is None:
        return []
    event = {
        "event_id": ids.till_id("event"),
        "type": told.what,
        "occurred_at": order.updated_at.isoformat().replace("+00:00", "Z"),
        "order_id": order.order_id,
        "coupon_id": told.coupon and told.coupon.coupon_id,
        "member_id": order.member_id,
        "store_id": order.store_id,
    }
    return [json.dumps({name: value for name, value in event.items() if value is not None})]


def sealed(config: SimulatorConfig, clock: SimulatorClock, url: str, body: str) -> httpx.Request:
    timestamp = str(clock.unix())
    signed = f"{timestamp}.{body}".encode()
    signature = hmac.new(config.pos_push_secret.encode(), signed, hashlib.sha256).hexdigest()
    headers = {
        "Content-Type": "application/json",
        "X-Till-Timestamp": timestamp,
        "X-Till-Signature": signature,
    }
    return httpx.Request("POST", url, content=body, headers=headers)
