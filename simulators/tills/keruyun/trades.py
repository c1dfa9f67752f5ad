"""Orders as Keruyun's till has them: money that goes back is a ticket of its own, with a negative amount."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from simulators.clock import CHINA
from simulators.state.till import Line, Order, Refund, Till

STATUSES = {"paid": "SETTLED", "part_refunded": "SETTLED", "refunded": "SETTLED", "cancelled": "INVALID"}


@dataclass(frozen=True)
class Trade:
    """A bill, or the ticket that refunds one."""

    order: Order
    refund: Refund | None = None

    @property
    def id(self) -> str:
        return self.refund.refund_id if self.refund else self.order.order_id

    @property
    def settled_at(self) -> datetime:
        return self.refund.at if self.refund else self.order.paid_at

    @property
    def fen(self) -> str:
        return f"-{self.refund.amount.amount_minor}" if self.refund else str(self.order.paid.amount_minor)

    @property
    def status(self) -> str:
        return "REFUND" if self.refund else STATUSES[self.order.status]

    def listed(self) -> dict[str, Any]:
        return {
            "orderId": self.id,
            "shopId": self.order.store_id,
            "orderStatus": self.status,
            "orderType": "FOR_HERE",
            "orderAmt": self.fen,
            "promoAmt": "0",
            "orderReceivedAmt": self.fen,
            "openTime": local(self.order.paid_at),
            "finishTime": local(self.settled_at),
        }

    def detailed(self, till: Till) -> dict[str, Any]:
        member = till.members.get(self.order.member_id or "")
        base = self.listed() | {
            "settleTime": local(self.settled_at),
            "memberId": self.order.member_id,
            "memberPhone": member and member.phone,
            "relatedOrderId": self.order.order_id if self.refund else None,
        }
        items = [] if self.refund else [_item(line) for line in self.order.lines]
        return {"orderBaseVO": base, "orderItemVoList": items or None, "openPaymentDetailVoList": []}


def trades(till: Till, shop: str) -> Iterator[Trade]:
    """Of a shop, by the time at which money changed hands."""
    found = [Trade(order) for order in till.orders.values() if order.store_id == shop]
    found += [
        Trade(till.orders[refund.order_id], refund)
        for refund in till.refunds.values()
        if till.orders[refund.order_id].store_id == shop
    ]
    yield from sorted(found, key=lambda one: one.settled_at)


def local(at: datetime) -> str:
    """Naive, in China's time."""
    return at.astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S")


def _item(line: Line) -> dict[str, Any]:
    return {
        "itemId": line.product_id,
        "itemCode": line.product_id,
        "itemName": line.name,
        "bigTypeName": line.category or None,
        "midTypeName": None,
        "quantity": line.quantity,
        "salePrice": str(line.paid.amount_minor),
        "itemReceivedAmt": str(line.paid.amount_minor),
        "giftFlag": line.gift,
        "weighFlag": "." in line.quantity,
        "saleStatusTypeCode": "NORMAL",
    }
