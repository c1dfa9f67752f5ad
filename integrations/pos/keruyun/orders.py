"""Orders as Keruyun tells them. Contract §7; the names of statuses and kinds are those of its interfaces."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from integrations.pos.access import parsed
from integrations.pos.errors import PosNotFound
from integrations.pos.keruyun.values import Fen, Id, LocalTime, MaybeId, Rows, Wire, yuan
from integrations.pos.values import Order, OrderLine, OrderStatus

STATUSES = {
    "WAIT_PAY": OrderStatus.OPEN,
    "WAIT_PROCESSED": OrderStatus.OPEN,
    "ORDER_RECEIVED": OrderStatus.OPEN,
    "WAIT_SETTLED": OrderStatus.OPEN,
    "PAID": OrderStatus.PAID,
    "SETTLED": OrderStatus.PAID,
    "SUCCESS": OrderStatus.PAID,
    "REFUND": OrderStatus.REFUNDED,
    "CLOSED": OrderStatus.CANCELLED,
    "INVALID": OrderStatus.CANCELLED,
    "CANCELLED": OrderStatus.CANCELLED,
    "REJECTED": OrderStatus.CANCELLED,
    "ANTI_SETTLED": OrderStatus.CANCELLED,  # opened again after it was paid, and billed anew
}
# Money that is put on a member's card, or pays a debt: what it buys is an order of its own.
NO_SALES = frozenset({"MEMBER_STORE", "MEMBER_MANUAL_STORE", "REPAYMENT_ORDER"})


def full_id(shop_id: str, trade_id: str) -> str:
    """An order can only be read in the name of its shop, so the port's id names both."""
    return f"{shop_id}/{trade_id}"


def split_id(order_id: str) -> tuple[str, str]:
    """The shop and the trade. Raises PosNotFound."""
    shop_id, _, trade_id = order_id.partition("/")
    if not shop_id or not trade_id:
        raise PosNotFound("an order's id is <shop>/<trade> here")
    return shop_id, trade_id


def _status(value: object) -> OrderStatus:
    if not isinstance(value, str) or value not in STATUSES:
        raise ValueError("an unknown status")
    return STATUSES[value]


class _Base(Wire):
    shop_id: Id
    order_id: Id
    related_order_id: MaybeId = None
    member_id: MaybeId = None
    order_type: str | None = None
    order_status: Annotated[OrderStatus, BeforeValidator(_status)]
    order_received_amt: Fen
    open_time: LocalTime = None
    settle_time: LocalTime = None


class _Item(Wire):
    """`item_id` is the dish's id; older tills write only the code."""

    item_name: str
    item_id: MaybeId = None
    item_code: MaybeId = None
    big_type_name: str | None = None
    mid_type_name: str | None = None
    quantity: Decimal
    item_received_amt: Fen
    gift_flag: bool | None = None
    sale_status_type_code: str | None = None

    @property
    def is_bought(self) -> bool:
        """Neither sent back to the kitchen nor taken back on this bill."""
        return self.sale_status_type_code != "DISCARD" and self.quantity > 0 and self.item_received_amt >= 0

    def to_port(self) -> OrderLine:
        return OrderLine(
            name=self.item_name,
            product_id=self.item_id or self.item_code,
            category=self.mid_type_name or self.big_type_name or None,
            quantity=self.quantity,
            paid=yuan(self.item_received_amt),
            gift=bool(self.gift_flag),
        )


class _Detail(Wire):
    base: _Base = Field(alias="orderBaseVO")
    items: Rows[_Item] = Field((), alias="orderItemVoList")


def to_order(data: Mapping[str, Any]) -> Order:
    """A refund is a ticket of its own that names the order. Raises PosNotFound for what is no sale."""
    detail = parsed(_Detail, data)
    base = detail.base
    if base.order_type in NO_SALES:
        raise PosNotFound(f"{base.order_type} is no sale")
    fen = base.order_received_amt
    refunds = base.order_status is OrderStatus.REFUNDED or (fen < 0 and base.related_order_id is not None)
    # Who was given more than she paid, on a bill that names no other, has paid nothing.
    amount = yuan(abs(fen) if refunds else max(fen, 0))
    ticket_of = base.related_order_id if refunds else None
    return Order(
        order_id=full_id(base.shop_id, base.order_id),
        store_id=base.shop_id,
        member_id=base.member_id,
        status=OrderStatus.REFUNDED if refunds else base.order_status,
        paid_at=_paid_at(base),
        updated_at=base.settle_time or base.open_time,
        paid=yuan(0) if ticket_of else amount,
        refunded=amount if refunds else None,
        refund_of=ticket_of and full_id(base.shop_id, ticket_of),
        lines=tuple(item.to_port() for item in detail.items if item.is_bought),
    )


def _paid_at(base: _Base) -> datetime | None:
    """A reopened bill keeps its time and is not paid; a cancelled one that has no time never was."""
    match base.order_status:
        case OrderStatus.OPEN:
            return None
        case OrderStatus.CANCELLED:
            return base.settle_time
        case _:
            return base.settle_time or base.open_time


class _Row(Wire):
    order_id: Id
    order_type: str | None = None


class _List(Wire):
    rows: Rows[_Row] = Field((), alias="list")
    total_page: int = 0


def sales_of(data: Mapping[str, Any]) -> tuple[list[str], int]:
    """The trades of one page of the list, and how many pages there are."""
    found = parsed(_List, data)
    return [row.order_id for row in found.rows if row.order_type not in NO_SALES], found.total_page
