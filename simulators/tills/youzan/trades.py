"""Orders. Contract §6.4."""

from datetime import timedelta

from pydantic import BaseModel, Field

from simulators.state.till import Line, Order
from simulators.tills.youzan.route import Answer, Failure, served, youzan_router
from simulators.tills.youzan.wire import NEVER, instant, local, number, yuan
from simulators.world import World, WorldDep

router = youzan_router()
LONGEST_SPAN = timedelta(days=92)  # three months, whichever they are
COUPON_FEN = 500  # what every coupon takes off the price
REFUND_STATE = {"part_refunded": 2, "refunded": 12}
REFUND_DONE = 60


class WhichTrades(BaseModel):
    start_update: str
    end_update: str
    yz_open_id: str | None = None
    page_no: int = Field(default=1, ge=1, le=100)
    page_size: int = Field(default=20, ge=1, le=100)


class WhichTrade(BaseModel):
    tid: str


@router.post("/youzan.trades.sold.get/4.0.4")
async def sold(world: WorldDep, body: WhichTrades) -> Answer:
    """What was changed last comes first; both ends belong to the span."""
    since, until = instant(body.start_update), instant(body.end_update)
    if since > until:
        raise Failure(5000, "开始时间不能大于结束时间")
    if until - since > LONGEST_SPAN:
        raise Failure(5000, "时间跨度不能大于3个月")
    orders = world.till.orders_of[body.yz_open_id] if body.yz_open_id else world.till.orders.values()
    found = [
        one
        for one in orders
        if since <= one.updated_at.replace(microsecond=0) <= until and is_readable(world, one)
    ]
    found.sort(key=lambda one: one.updated_at, reverse=True)
    start = (body.page_no - 1) * body.page_size
    rows = [{"full_order_info": full_order(world, one)} for one in found[start : start + body.page_size]]
    return served({"total_results": len(found), "full_order_info_list": rows})


@router.post("/youzan.trade.get/4.0.2")
async def trade(world: WorldDep, body: WhichTrade) -> Answer:
    order = world.till.orders.get(body.tid)
    if order is None or not is_readable(world, order):
        raise Failure(5000, "trade not found")
    refunds = [
        {"refund_id": one.refund_id, "refund_state": REFUND_DONE, "refund_fee": yuan(one.amount.amount_minor)}
        for one in world.till.refunds.values()
        if one.order_id == order.order_id and not is_fresh(world, order)
    ]
    used = [{"promotion_type": "promocard", "coupon_id": number(one)} for one in order.coupon_ids]
    return served(
        {
            "full_order_info": full_order(world, order),
            "order_promotion": {"order": used, "item": [], "order_discount_fee": yuan(_discount(order))},
            "refund_order": refunds,
            "delivery_order": [],
        }
    )


def is_fresh(world: World, order: Order) -> bool:
    """It was changed a moment ago, and reading has not caught up."""
    delay = timedelta(seconds=world.config.youzan_read_delay_seconds)
    return world.clock() - order.updated_at < delay


def is_readable(world: World, order: Order) -> bool:
    return order.status in REFUND_STATE or not is_fresh(world, order)


def full_order(world: World, order: Order) -> Answer:
    fen = order.paid.amount_minor
    return {
        "order_info": {
            "tid": order.order_id,
            "status": "TRADE_CLOSED" if order.status in ("cancelled", "refunded") else "TRADE_SUCCESS",
            "refund_state": _refund_state(world, order),
            "created": local(order.paid_at),
            "pay_time": local(order.paid_at),
            "update_time": local(order.updated_at),
            "success_time": NEVER,
            "node_kdt_id": number(order.store_id),
            "root_kdt_id": number(world.config.pos_account),
            "shop_display_no": order.store_id,
            "is_retail_order": True,
        },
        "buyer_info": {"yz_open_id": order.member_id or "", "buyer_phone": "$c2VjcmV0$1$"},
        "pay_info": {
            "total_fee": yuan(fen + _discount(order)),
            "post_fee": "0.00",
            "payment": yuan(fen),
            "deduction_pay": 0,
        },
        "orders": [_line(one) for one in order.lines],
        "source_info": {"is_offline_order": True},
    }


def _refund_state(world: World, order: Order) -> int:
    """1 and 11 for a moment: the refund is under way."""
    state = REFUND_STATE.get(order.status, 0)
    return state - 1 if state and is_fresh(world, order) else state


def _discount(order: Order) -> int:
    return COUPON_FEN * len(order.coupon_ids)


def _line(line: Line) -> Answer:
    return {
        "oid": str(number(line.product_id)),
        "title": line.name,
        "item_no": line.product_id,
        "item_id": number(line.product_id) + 1,  # the channel's, of no use to anybody else
        "root_item_id": number(line.product_id),
        "num": float(line.quantity) if "." in line.quantity else int(line.quantity),
        "payment": yuan(line.paid.amount_minor),
        "is_present": False,
    }
