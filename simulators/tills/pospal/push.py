"""Pospal's push: JSON whose `body` is text that holds JSON, signed with the key of the store's appId."""

import json
from typing import Any

import httpx

from simulators.clock import SimulatorClock
from simulators.config import SimulatorConfig
from simulators.state.till import Till
from simulators.tills import Told
from simulators.tills.pospal.keys import shop_of, shops, sign
from simulators.tills.pospal.wire import uid


def pushed(config: SimulatorConfig, clock: SimulatorClock, till: Till, told: Told) -> list[str]:
    """Of a store without keys there is none: Pospal does not know it."""
    shop = shop_of(config, told.order.store_id) if told.order else shops(config)[config.pos_app_id]
    said = _said(told)
    if shop is None or said is None:
        return []
    cmd, body = said
    now = str(int(clock().timestamp() * 1000))
    envelope = {
        "cmd": cmd,
        "appId": shop.app_id,
        "body": _compact(body),
        "timestamp": now,
        "bornTimeStamp": now,
        "version": "1.0",
    }
    return [_compact(envelope)]


def sealed(config: SimulatorConfig, clock: SimulatorClock, url: str, body: str) -> httpx.Request:
    app_key = shops(config)[json.loads(body)["appId"]].app_key
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "data-signature": sign(app_key, body.encode()),
    }
    return httpx.Request("POST", url, content=body.encode(), headers=headers)


def _said(told: Told) -> tuple[str, dict[str, Any]] | None:
    """Thin: who bought, and what, only the ticket says."""
    if told.what == "member.changed" and told.member_id:
        return "customer.new", {"customerUid": uid(told.member_id)}
    if told.order is None:
        return None
    if told.what == "coupon.redeemed" and told.coupon:
        used = {"code": told.coupon.coupon_id, "customerUid": uid(told.coupon.member_id)}
        return "couponCode.use", used
    if told.what == "order.cancelled":
        return "ticket.reverse", {"sn": told.order.order_id}
    return "ticket.new", {"sn": told.refund_id or told.order.order_id}


def _compact(fields: dict[str, Any]) -> str:
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
