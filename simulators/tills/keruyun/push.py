"""Keruyun's pushes: an order's operation, a redeemed coupon; the signature stands in the query."""

import json
import uuid
from typing import Any

import httpx

from simulators.clock import SimulatorClock
from simulators.config import SimulatorConfig
from simulators.state.till import Coupon, Order, Till
from simulators.tills import Told
from simulators.tills.keruyun.signing import VERSION, sign

PAID, REFUNDED = 93, 20


def pushed(config: SimulatorConfig, clock: SimulatorClock, till: Till, told: Told) -> list[str]:
    """Members change in silence."""
    if told.order is None:
        return []
    if told.what == "coupon.redeemed" and told.coupon is not None:
        body = _redeemed(config, told.order, told.coupon)
    elif told.what == "order.refunded":
        refund = {"tradeId": told.refund_id, "relatedTradeId": told.order.order_id, "tradePayStatus": 5}
        body = _order(config, told.order, REFUNDED) | refund
    else:
        body = _order(config, told.order, PAID)
    return [json.dumps(body, ensure_ascii=False, separators=(",", ":"))]


def sealed(config: SimulatorConfig, clock: SimulatorClock, url: str, body: str) -> httpx.Request:
    query = {
        "appKey": config.pos_app_id,
        "brandId": config.pos_account,
        "version": VERSION,
        "timestamp": str(clock.unix()),
    }
    key = config.pos_push_secret or config.pos_api_key  # the app's secret, unless another is agreed on
    query["sign"] = sign(query, key, body.encode())
    headers = {"Content-Type": "application/json"}
    return httpx.Request("POST", url, params=query, content=body.encode(), headers=headers)


def _order(config: SimulatorConfig, order: Order, operation: int) -> dict[str, Any]:
    return {
        "operation": operation,
        "shopId": order.store_id,
        "brandId": config.pos_account,
        "tradeId": order.order_id,
        "customerId": _number(order.member_id or "0"),
        "tradePayStatus": 3,
        "tradePayForm": 1,
    }


def _number(id_: str) -> int | str:
    """Pushes write ids as numbers; one that somebody chose at the control API may be none."""
    return int(id_) if id_.isdecimal() else id_


def _redeemed(config: SimulatorConfig, order: Order, coupon: Coupon) -> dict[str, Any]:
    at = coupon.redeemed_at or order.paid_at
    return {
        "id": uuid.uuid4().hex,
        "couponRuleId": coupon.template_id,
        "couponId": coupon.coupon_id,
        "brandId": config.pos_account,
        "shopId": order.store_id,
        "checkSource": 1,
        "checkTime": int(at.timestamp() * 1000),
        "orderUUId": order.order_id,
        "payAmount": str(order.paid.amount_minor),
    }
