"""Youzan's pushes: Event-Sign over the body, and the old `sign` over msg in it. Contract §6.7."""

import hashlib
import json
from typing import Any
from urllib.parse import quote_plus

import httpx

from simulators import ids
from simulators.clock import SimulatorClock
from simulators.config import SimulatorConfig
from simulators.state.till import Coupon, Order, Till
from simulators.tills import Told
from simulators.tills.youzan.wire import local, number, yuan

Fields = dict[str, Any]


def pushed(config: SimulatorConfig, clock: SimulatorClock, till: Till, told: Told) -> list[str]:
    match told.what:
        case "order.paid" if told.order:
            event = _paid(config, told.order)
        case "order.refunded" if told.order:
            event = _refunded(till, told.order, told.refund_id or "")
        case "coupon.redeemed" if told.coupon:
            event = _consumed(config, clock, told.coupon)
        case "member.changed" if told.member_id:
            event = _changed(config, told.member_id)
        case _:
            return []
    outer = {
        "client_id": config.pos_app_id,
        "kdt_id": number(config.pos_account),
        "root_kdt_id": number(config.pos_account),
        "msg_id": ids.till_id("msg"),
        "version": clock.unix(),
        "sendCount": 0,
        "test": False,
        "mode": 1,
    }
    return [json.dumps(outer | event, ensure_ascii=False)]


def sealed(config: SimulatorConfig, clock: SimulatorClock, url: str, body: str) -> httpx.Request:
    headers = {
        "Content-Type": "application/json;charset=UTF-8",
        "Client-Id": config.pos_app_id,
        "Event-Type": str(json.loads(body)["type"]),
        "Event-Sign": _sign(config, body),
    }
    return httpx.Request("POST", url, content=body.encode(), headers=headers)


def _paid(config: SimulatorConfig, order: Order) -> Fields:
    msg = {"tid": order.order_id, "payment": yuan(order.paid.amount_minor), "pay_time": local(order.paid_at)}
    return {"type": "trade_TradePaid", "id": order.order_id, "status": "TRADE_PAID", **_encoded(config, msg)}


def _refunded(till: Till, order: Order, refund_id: str) -> Fields:
    """The one kind whose msg is an object: nothing of it is signed but by the header."""
    given_back = till.refunds[refund_id].amount.amount_minor
    msg = {
        "tid": order.order_id,
        "refund_id": refund_id,
        "refunded_fee": yuan(given_back),
        "refund_type": "REFUND_ONLY",
    }
    return {"type": "youzan_trade_RefundSuccess", "id": refund_id, "status": "SUCCESS", "msg": msg}


def _consumed(config: SimulatorConfig, clock: SimulatorClock, coupon: Coupon) -> Fields:
    """Whose coupon it was is told outside of msg."""
    msg = {
        "id": str(number(coupon.coupon_id)),
        "type": "COUPON_CUSTOMER_PROMOTION",
        "status": "CARD_CONSUME",
        "event_time": local(clock()),
        "verify_code": f"ZAN{number(coupon.coupon_id)}",
        "order_no": coupon.redeemed_order_id,
    }
    return {
        "type": "COUPON_CUSTOMER_PROMOTION",
        "id": msg["id"],
        "status": "CARD_CONSUME",
        "yz_open_id": coupon.member_id,
        **_encoded(config, msg),
    }


def _changed(config: SimulatorConfig, member_id: str) -> Fields:
    msg = {"is_member": 1, "src": 400}
    return {
        "type": "SCRM_CUSTOMER_EVENT",
        "id": member_id,
        "status": "CUSTOMER_UPDATED",
        "yz_open_id": member_id,
        **_encoded(config, msg),
    }


def _encoded(config: SimulatorConfig, msg: Fields) -> Fields:
    text = quote_plus(json.dumps(msg))
    return {"msg": text, "sign": _sign(config, text)}


def _sign(config: SimulatorConfig, content: str) -> str:
    """Told by Youzan to be MD5, plainly concatenated."""
    signed = f"{config.pos_app_id}{content}{config.pos_api_key}"
    return hashlib.md5(signed.encode(), usedforsecurity=False).hexdigest()
