"""The simulated till's books in Square's words. What was refunded is an order of its own, as at Square."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from simulators.state.till import Coupon, Line, Member, Money, Order, Product, Refund, Store, Till

Json = dict[str, Any]
REWARD_STATUS = {"issued": "ISSUED", "redeemed": "REDEEMED", "expired": "DELETED", "void": "DELETED"}
DAY_ONE = datetime(2024, 1, 1, tzinfo=UTC)


def rfc3339(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def money(amount: Money, *, times: int = 1) -> Json:
    return {"amount": amount.amount_minor * times, "currency": amount.currency}


def payment_id(order: Order) -> str:
    return f"pay_{order.order_id}"


def paid_order(name: str) -> str:
    """Whose payment it is."""
    return name.removeprefix("pay_")


def account_id(member_id: str) -> str:
    return f"la_{member_id}"


def account_owner(name: str) -> str:
    return name.removeprefix("la_")


def e164(phone: str) -> str:
    return phone if phone.startswith("+") else f"+86{phone}"


def location(store: Store) -> Json:
    """Square calls all coordinates WGS-84 and takes what was typed in. They may be missing."""
    told: Json = {"id": store.store_id, "name": store.name, "status": "ACTIVE", "timezone": "Asia/Shanghai"}
    told |= {"currency": "CNY", "country": "CN", "address": {"country": "CN"}}
    if store.lat is not None and store.lng is not None:
        told["coordinates"] = {"latitude": store.lat, "longitude": store.lng}
    return told


def customer(member: Member) -> Json:
    told = {
        "id": member.member_id,
        "created_at": rfc3339(member.created_at),
        "updated_at": rfc3339(member.created_at),
        "given_name": member.name,
        "phone_number": member.phone and e164(member.phone),
        "reference_id": member.unionid,
        "version": 0,
    }
    return {name: value for name, value in told.items() if value is not None}


def sale(till: Till, entry: "Entry") -> Json:
    """It does not change when it is refunded."""
    order, at = entry.order, rfc3339(entry.at)
    issued = [till.coupons[one] for one in order.coupon_ids if one in till.coupons]
    tender = {"id": payment_id(order), "location_id": order.store_id, "created_at": at, "type": "CASH"}
    told: Json = {
        **_head(order, order.order_id, at),
        "state": entry.state,
        "line_items": [_line(number, one) for number, one in enumerate(order.lines)] or [_custom(order.paid)],
        "total_money": money(order.paid),
        "net_amounts": {"total_money": money(order.paid)},
        "net_amount_due_money": {"amount": 0, "currency": order.paid.currency},
        "tenders": [{**tender, "amount_money": money(order.paid), "payment_id": payment_id(order)}],
    }
    if issued:
        told["rewards"] = [{"id": one.coupon_id, "reward_tier_id": one.template_id} for one in issued]
    return told


def returned(order: Order, back: Refund) -> Json:
    """The return order of a refund; a custom refund names the sale but none of its lines."""
    at = rfc3339(back.at)
    amounts = {"total_money": money(back.amount)}
    line = {**_custom(back.amount), "uid": f"rli_{back.refund_id}"}
    refund = {
        "id": f"rf_{back.refund_id}",
        "location_id": order.store_id,
        "transaction_id": order.order_id,
        "tender_id": payment_id(order),
        "created_at": at,
        "reason": "",
        "amount_money": money(back.amount),
        "status": "APPROVED",
    }
    source = {"uid": f"rt_{back.refund_id}", "source_order_id": order.order_id}
    return {
        **_head(order, back.refund_id, at),
        "state": "COMPLETED",
        "returns": [{**source, "return_line_items": [line], "return_amounts": amounts}],
        "return_amounts": amounts,
        "net_amounts": {"total_money": money(back.amount, times=-1)},
        "total_money": {"amount": 0, "currency": back.amount.currency},
        "refunds": [refund],
    }


@dataclass(frozen=True)
class Entry:
    """A sale, or the return of one; Square's three times of an order are one here."""

    order: Order
    back: Refund | None = None

    @property
    def at(self) -> datetime:
        return self.back.at if self.back else self.order.paid_at

    @property
    def state(self) -> str:
        return "CANCELED" if self.order.status == "cancelled" and self.back is None else "COMPLETED"

    def json(self, till: Till) -> Json:
        return returned(self.order, self.back) if self.back else sale(till, self)


def entries(till: Till) -> Iterator[Entry]:
    yield from map(Entry, till.orders.values())
    for back in till.refunds.values():
        yield Entry(till.order(back.order_id), back)


def payment(order: Order) -> Json:
    told = {
        "id": payment_id(order),
        "status": "COMPLETED",
        "order_id": order.order_id,
        "location_id": order.store_id,
        "amount_money": money(order.paid),
        "total_money": money(order.paid),
        "refunded_money": money(order.refunded),
        "created_at": rfc3339(order.paid_at),
        "updated_at": rfc3339(order.updated_at),
        "customer_id": order.member_id,
    }
    return {name: value for name, value in told.items() if value is not None}


def item(product: Product) -> Json:
    """One variation each, whose id is what lines and stock name."""
    data: Json = {"name": product.name, "variations": [variation(product)]}
    if product.category:
        category_id = f"cat_{product.category}"
        data |= {"categories": [{"id": category_id}], "reporting_category": {"id": category_id}}
    return {**_catalog_object("ITEM", f"item_{product.product_id}"), "item_data": data}


def variation(product: Product) -> Json:
    data = {"item_id": f"item_{product.product_id}", "name": "Regular"}
    return {**_catalog_object("ITEM_VARIATION", product.product_id), "item_variation_data": data}


def category(name: str) -> Json:
    return {**_catalog_object("CATEGORY", f"cat_{name}"), "category_data": {"name": name}}


def reward(coupon: Coupon, points: int) -> Json:
    at = coupon.redeemed_at
    told = {
        "id": coupon.coupon_id,
        "status": REWARD_STATUS[coupon.status],
        "loyalty_account_id": account_id(coupon.member_id),
        "reward_tier_id": coupon.template_id,
        "points": points,
        "order_id": coupon.redeemed_order_id,
        "created_at": rfc3339(coupon.issued_at),
        "updated_at": rfc3339(at or coupon.issued_at),
        "redeemed_at": at and rfc3339(at),
    }
    return {name: value for name, value in told.items() if value is not None}


def redemption(coupon: Coupon, at: datetime) -> Json:
    """The loyalty event of it."""
    return {
        "id": f"le_{coupon.coupon_id}",
        "type": "REDEEM_REWARD",
        "created_at": rfc3339(at),
        "loyalty_account_id": account_id(coupon.member_id),
        "location_id": coupon.redeemed_store_id,
        "source": "SQUARE",
        "redeem_reward": {
            "loyalty_program_id": "program_1",
            "reward_id": coupon.coupon_id,
            "order_id": coupon.redeemed_order_id,
        },
    }


def _head(order: Order, order_id: str, at: str) -> Json:
    told: Json = {"id": order_id, "location_id": order.store_id, "version": 1}
    told |= dict.fromkeys(("created_at", "updated_at", "closed_at"), at)
    return told | ({"customer_id": order.member_id} if order.member_id else {})


def _line(number: int, line: Line) -> Json:
    price = (line.paid.amount_minor / max(Decimal(line.quantity), Decimal("0.001"))).quantize(
        Decimal(1), ROUND_HALF_UP
    )
    return {
        "uid": f"li_{number}",
        "catalog_object_id": line.product_id,
        "name": line.name,
        "variation_name": "Regular",
        "item_type": "ITEM",
        "quantity": line.quantity,
        "base_price_money": {"amount": int(price), "currency": line.paid.currency},
        "total_money": money(line.paid),
    }


def _custom(amount: Money) -> Json:
    told: Json = {"uid": "li_0", "item_type": "CUSTOM_AMOUNT", "quantity": "1"}
    return told | {"base_price_money": money(amount), "total_money": money(amount)}


def _catalog_object(kind: str, object_id: str) -> Json:
    told: Json = {"type": kind, "id": object_id, "updated_at": rfc3339(DAY_ONE), "version": 1}
    return told | {"is_deleted": False, "present_at_all_locations": True}
