"""The till's signed webhook: thin events, the receiver fetches the rest."""

import hashlib
import hmac
import json

import httpx

from simulators import ids
from simulators.clock import SimulatorClock
from simulators.config import SimulatorConfig
from simulators.outbox import Delivery, Outbox
from simulators.state.till import Order


class TillPush:
    def __init__(self, config: SimulatorConfig, clock: SimulatorClock, outbox: Outbox) -> None:
        self._config = config
        self._clock = clock
        self.outbox = outbox

    def order(self, type_: str, order: Order, coupon_id: str | None = None) -> None:
        event = {
            "event_id": ids.till_id("event"),
            "type": type_,
            "occurred_at": order.updated_at.isoformat().replace("+00:00", "Z"),
            "order_id": order.order_id,
            "coupon_id": coupon_id,
            "member_id": order.member_id,
            "store_id": order.store_id,
        }
        body = json.dumps({name: value for name, value in event.items() if value is not None})
        delivery = self.outbox.record(type_, body)
        if self._config.pos_push_url is None:
            delivery.outcome = "no_url"
        else:
            self.outbox.send(delivery, self._request(self._config.pos_push_url, body))

    def again(self, delivery: Delivery) -> None:
        """A delivery that was under way when the process ended."""
        if self._config.pos_push_url is not None:
            self.outbox.send(delivery, self._request(self._config.pos_push_url, delivery.content))

    def _request(self, url: str, body: str) -> httpx.Request:
        timestamp = str(self._clock.unix())
        signed = f"{timestamp}.{body}".encode()
        signature = hmac.new(self._config.pos_push_secret.encode(), signed, hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": "application/json",
            "X-Till-Timestamp": timestamp,
            "X-Till-Signature": signature,
        }
        return httpx.Request("POST", url, content=body, headers=headers)
