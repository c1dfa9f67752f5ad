"""What Youzan says of an order: `full_order_info`, and beside it what was given back of its money."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field

from integrations.pos.errors import PosUnavailable
from integrations.pos.values import Money, Order, OrderLine, OrderStatus
from integrations.pos.youzan.choices import StoreId
from integrations.pos.youzan.wire import Id, LocalTime, Yuan, one_of

# Only text: version 4.0.0 wrote numbers (60 = shipped), which we do not ask for.
_STATUS = {
    "WAIT_BUYER_PAY": OrderStatus.OPEN,
    "TRADE_PAID": OrderStatus.PAID,
    "WAIT_CONFIRM": OrderStatus.PAID,
    "WAIT_SELLER_SEND_GOODS": OrderStatus.PAID,
    "WAIT_BUYER_CONFIRM_GOODS": OrderStatus.PAID,
    "TRADE_SUCCESS": OrderStatus.PAID,
    "TRADE_CLOSED": OrderStatus.CANCELLED,
}
_REFUNDED = {2: OrderStatus.PART_REFUNDED, 12: OrderStatus.REFUNDED}
_REFUNDING = (1, 11)  # for a moment: reading again says 0, 2 or 12
# refund_state of refund_order[] [?]: the numbers of the old interface, or the words of refund.get.
_GIVEN_BACK = ("60", "SUCCESS")


class _OrderInfo(BaseModel):
    tid: str = Field(min_length=1)
    status: Annotated[OrderStatus, BeforeValidator(lambda told: one_of(_STATUS, told))]
    refund_state: Literal[0, 1, 2, 11, 12] = 0
    pay_time: LocalTime = None
    update_time: LocalTime = None
    node_kdt_id: Id
    shop_display_no: str | None = None


class _Buyer(BaseModel):
    yz_open_id: str | None = None


class _Pay(BaseModel):
    """`total_fee` is before every discount, `post_fee` the postage, `payment` what she paid."""

    total_fee: Yuan
    post_fee: Yuan = 0
    payment: Yuan


class _Line(BaseModel):
    """`item_no` is the goods' own code (商品编码), the same in every store; `item_id` is the store's."""

    title: str
    item_no: str | None = None
    root_item_id: Id | None = None
    item_id: Id | None = None
    num: Decimal
    payment: Yuan
    is_present: bool | None = None

    def to_port(self) -> OrderLine:
        return OrderLine(
            name=self.title,
            product_id=self.item_no or self.root_item_id or self.item_id,
            quantity=self.num,
            paid=_money(self.payment),
            gift=bool(self.is_present),
        )


class _Promotion(BaseModel):
    coupon_id: Id | None = None


class _Promotions(BaseModel):
    order: list[_Promotion] | None = None
    item: list[_Promotion] | None = None


class _Refund(BaseModel):
    refund_state: Id
    refund_fee: Yuan


class FullOrder(BaseModel):
    order_info: _OrderInfo
    buyer_info: _Buyer | None = None
    pay_info: _Pay
    orders: list[_Line] | None = None

    @property
    def is_whole(self) -> bool:
        """Neither a refund nor a coupon can be in it: a list leaves out how much, and which."""
        pay = self.pay_info
        return self.order_info.refund_state == 0 and pay.total_fee + pay.post_fee == pay.payment

    @property
    def is_being_refunded(self) -> bool:
        """What it says now is neither before nor after."""
        return self.order_info.refund_state in _REFUNDING

    def to_port(self, store_id: StoreId) -> Order:
        info = self.order_info
        store = info.shop_display_no if store_id == "code" else info.node_kdt_id
        return Order(
            order_id=info.tid,
            store_id=store or info.node_kdt_id,
            member_id=(self.buyer_info.yz_open_id if self.buyer_info else None) or None,
            status=_REFUNDED.get(info.refund_state, info.status),
            paid_at=info.pay_time,
            updated_at=info.update_time,
            paid=_money(self.pay_info.payment),
            lines=tuple(line.to_port() for line in self.orders or ()),
        )


class OrderDetail(BaseModel):
    """youzan.trade.get/4.0.2: it alone says how much of the money went back, and which coupons were used."""

    full_order_info: FullOrder
    order_promotion: _Promotions | None = None
    refund_order: list[_Refund] | None = None

    def to_port(self, store_id: StoreId) -> Order:
        """What went back counts at once, also while more of it is under way.

        Raises PosUnavailable when some went back and it is not said how much.
        """
        order = self.full_order_info.to_port(store_id)
        back = sum(one.refund_fee for one in self.refund_order or () if one.refund_state in _GIVEN_BACK)
        status = order.status
        if status is OrderStatus.REFUNDED:
            back = back or order.paid.amount_minor
        elif back:
            status = OrderStatus.PART_REFUNDED
        elif status is OrderStatus.PART_REFUNDED:
            raise PosUnavailable("the order is refunded in part, but no refund of it has succeeded")
        refunded = _money(back) if back else None
        more = {"status": status, "refunded": refunded, "coupon_ids": self._coupons()}
        return order.model_copy(update=more)

    def _coupons(self) -> tuple[str, ...]:
        told = self.order_promotion or _Promotions()
        used = [one.coupon_id for one in (*(told.order or ()), *(told.item or ()))]
        return tuple(dict.fromkeys(one for one in used if one and one != "0"))


class OneOrder(BaseModel):
    data: OrderDetail


class _Listed(BaseModel):
    full_order_info: FullOrder


class _Orders(BaseModel):
    total_results: int
    full_order_info_list: list[_Listed] | None = None


class OrderPage(BaseModel):
    """youzan.trades.sold.get/4.0.4"""

    data: _Orders


def _money(fen: int) -> Money:
    return Money(amount_minor=fen, currency="CNY")
