"""Square's shapes as the port's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from integrations.pos.phones import e164
from integrations.pos.square.shapes import (
    Amount,
    Customer,
    LineItem,
    Location,
    Return,
    Reward,
    SquareOrder,
)
from integrations.pos.values import (
    Coupon,
    CouponStatus,
    GeoPoint,
    Member,
    Money,
    Order,
    OrderLine,
    OrderStatus,
    Store,
)

_COUPONS = {
    "ISSUED": CouponStatus.ISSUED,
    "REDEEMED": CouponStatus.REDEEMED,
    "DELETED": CouponStatus.VOID,  # its points went back
}


@dataclass(frozen=True, slots=True)
class Ware:
    """What the catalogue says of a variation."""

    name: str
    category: str | None


def store(location: Location) -> Store:
    place, address = location.coordinates, location.address
    geo = None
    if place is not None and place.latitude is not None and place.longitude is not None:
        geo = GeoPoint(lat=place.latitude, lng=place.longitude, crs="wgs84")
    parts = () if address is None else address.model_dump().values()
    return Store(
        store_id=location.id,
        name=location.name or location.id,
        address=", ".join(part for part in parts if part) or None,
        geo=geo,
        active=location.status == "ACTIVE",
    )


def member(customer: Customer, phone_region: str) -> Member:
    """`reference_id` is where the chain keeps the unionid."""
    return Member(
        member_id=customer.id,
        unionid=customer.reference_id or None,
        phone=e164(customer.phone_number, phone_region),
        name=" ".join(part for part in (customer.given_name, customer.family_name) if part) or None,
        created_at=customer.created_at,
    )


def orders(order: SquareOrder, wares: Mapping[str, Ware]) -> list[Order]:
    """The sale in it, and a ticket for each return: the first has Square's id, the next that and /1, /2…

    A return whose money is not back yet is left out, and one that names no sale: it has nothing to undo.
    """
    found = [_sale(order, wares)] if order.line_items or not order.returns else []
    if _is_back(order):
        found += [_ticket(order, back) for back in order.returns if back.source_order_id]
    return [
        one.model_copy(update={"order_id": f"{order.id}/{number}"}) if number else one
        for number, one in enumerate(found)
    ]


def coupon(reward: Reward, template_id: str, member_id: str | None) -> Coupon:
    status = _COUPONS[reward.status]
    return Coupon(
        coupon_id=reward.id,
        template_id=template_id,
        member_id=member_id,
        status=status,
        issued_at=reward.created_at,
        redeemed_at=reward.redeemed_at,
        redeemed_order_id=reward.order_id if status is CouponStatus.REDEEMED else None,
    )


def _sale(order: SquareOrder, wares: Mapping[str, Ware]) -> Order:
    paid = order.total_money
    status = _status(order)
    # Nowadays a refund is an order of its own; on a sale it is found where Square has converted an old one.
    refunded = 0 if order.returns else _approved(order)
    if status is OrderStatus.PAID and refunded:
        status = OrderStatus.REFUNDED if refunded >= paid.amount else OrderStatus.PART_REFUNDED
    tendered = [one.created_at for one in order.tenders if one.created_at]
    closed_at = None if status is OrderStatus.CANCELLED else order.closed_at or order.updated_at
    paid_at = max(tendered, default=closed_at)
    return Order(
        order_id=order.id,
        store_id=order.location_id,
        member_id=_buyer(order),
        status=status,
        paid_at=None if status is OrderStatus.OPEN else paid_at,
        updated_at=order.updated_at,
        paid=_money(paid),
        refunded=Money(amount_minor=refunded, currency=paid.currency) if refunded else None,
        coupon_ids=tuple(reward.id for reward in order.rewards),
        lines=tuple(_line(one, wares) for one in order.line_items),
    )


def _status(order: SquareOrder) -> OrderStatus:
    """An order to be fetched later stays OPEN after it was paid, and then nothing is due.

    DRAFT, and any state that we do not know, is not a purchase yet.
    """
    due = order.net_amount_due_money
    if order.state == "COMPLETED":
        return OrderStatus.PAID
    if order.state == "CANCELED":
        return OrderStatus.CANCELLED
    if order.state == "OPEN" and order.tenders and due is not None and due.amount == 0:
        return OrderStatus.PAID
    return OrderStatus.OPEN


def _ticket(order: SquareOrder, back: Return) -> Order:
    told = None if back.return_amounts is None else back.return_amounts.total_money
    currency = order.total_money.currency
    return Order(
        order_id=order.id,
        store_id=order.location_id,
        member_id=_buyer(order),
        status=OrderStatus.REFUNDED,
        updated_at=order.updated_at,
        paid=Money(amount_minor=0, currency=currency),
        refunded=Money(
            amount_minor=_approved(order) if told is None else abs(told.amount), currency=currency
        ),
        refund_of=back.source_order_id,
    )


def _is_back(order: SquareOrder) -> bool:
    """Money that was promised may yet stay. Goods that were swapped for others have no refund at all."""
    return not order.refunds or any(one.status == "APPROVED" for one in order.refunds)


def _approved(order: SquareOrder) -> int:
    return sum(one.amount_money.amount for one in order.refunds if one.status == "APPROVED")


def _buyer(order: SquareOrder) -> str | None:
    """At the counter often only the payment knows who she is."""
    return order.customer_id or next((one.customer_id for one in order.tenders if one.customer_id), None)


def _line(item: LineItem, wares: Mapping[str, Ware]) -> OrderLine:
    ware = wares.get(item.catalog_object_id or "")
    price = item.base_price_money
    return OrderLine(
        name=item.name or item.variation_name or "",
        product_id=item.catalog_object_id,
        category=ware.category if ware else None,
        quantity=item.quantity,
        paid=_money(item.total_money),
        gift=item.total_money.amount == 0 and price is not None and price.amount > 0,
    )


def _money(amount: Amount) -> Money:
    return Money(amount_minor=amount.amount, currency=amount.currency)
