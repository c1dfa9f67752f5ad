"""Members, coupons, shops, dishes and stock as Keruyun tells them. Contract §7."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Generic, TypeVar

from pydantic import BeforeValidator, Field

from integrations.pos.keruyun.values import Degrees, Id, MaybeId, Milliseconds, Rows, Wire
from integrations.pos.phones import e164
from integrations.pos.values import (
    Coupon,
    CouponStatus,
    CouponTemplate,
    Crs,
    GeoPoint,
    Member,
    Product,
    StockLot,
    Store,
)

Row = TypeVar("Row")

COUPON_STATUSES = {
    "NORMAL": CouponStatus.ISSUED,
    "FREEZED": CouponStatus.FROZEN,
    "ISUSED": CouponStatus.REDEEMED,
    "EXPIRED": CouponStatus.EXPIRED,
    "INVALID": CouponStatus.VOID,
}
_NORMAL_TEMPLATES = frozenset({"UNUSED", "USED"})  # never issued yet, and being issued


def _coupon_status(value: object) -> CouponStatus:
    if not isinstance(value, str) or value not in COUPON_STATUSES:
        raise ValueError("an unknown status")
    return COUPON_STATUSES[value]


class Listing(Wire, Generic[Row]):
    """A page of the CRM's."""

    result: Rows[Row] = ()
    total_size: int = 0


class _Level(Wire):
    level_name: str | None = None


class Customer(Wire):
    """`state` is 0 for a closed account."""

    customer_id: Id
    mobile: str | None = Field(None, repr=False)
    name: str | None = Field(None, repr=False)
    level: _Level | None = Field(None, alias="levelDTO")
    state: int | None = 1
    customer_time: Milliseconds = None

    def to_port(self) -> Member:
        return Member(
            member_id=self.customer_id,
            phone=e164(self.mobile),
            name=self.name or None,
            level=self.level and self.level.level_name,
            active=self.state != 0,
            created_at=self.customer_time,
        )


class FoundCustomer(Wire):
    """By phone: one, or nobody."""

    data: Customer | None = None


class FoundCustomers(Wire):
    customers: Rows[Customer] = Field((), alias="list")


class Template(Wire):
    id: Id
    name: str = ""
    inventory: int | None = None
    status: str = ""

    def to_port(self) -> CouponTemplate:
        return CouponTemplate(
            template_id=self.id,
            name=self.name,
            left=self.inventory,
            active=self.status in _NORMAL_TEMPLATES,
        )


class _VoucherTemplate(Wire):
    id: Id


class Voucher(Wire):
    """A coupon; its template stands in the list as an id, and in a single answer as an object."""

    resource_code: Id
    status: Annotated[CouponStatus, BeforeValidator(_coupon_status)]
    template_id: MaybeId = None
    voucher_template: _VoucherTemplate | None = None
    gmt_created: Milliseconds = None
    end_time: Milliseconds = None

    def to_port(self, member_id: str) -> Coupon:
        template = self.voucher_template
        return Coupon(
            coupon_id=self.resource_code,
            template_id=self.template_id or (template and template.id),
            member_id=member_id,
            status=self.status,
            issued_at=self.gmt_created,
            valid_until=self.end_time,
        )


class FoundVoucher(Wire):
    data: Voucher | None = None


class _Sent(Wire):
    resource_code: Id


class Sent(Wire):
    data: _Sent


class _Shop(Wire):
    """Of a brand; `org_type` BRAND is the head office, which sells nothing."""

    shop_id: Id
    name: str
    address_detail: str | None = None
    latitude: Degrees = None
    longitude: Degrees = None
    org_type: str = "STORE"
    status: str = "NORMAL"

    def to_port(self, crs: Crs) -> Store:
        geo = None
        if self.latitude is not None and self.longitude is not None:
            geo = GeoPoint(lat=self.latitude, lng=self.longitude, crs=crs)
        active = self.status == "NORMAL"
        return Store(
            store_id=self.shop_id, name=self.name, address=self.address_detail or None, geo=geo, active=active
        )


class Shops(Wire):
    shops: Rows[_Shop] = ()

    def to_port(self, crs: Crs) -> list[Store]:
        return [shop.to_port(crs) for shop in self.shops if shop.org_type == "STORE"]


class _Dish(Wire):
    dish_id: Id
    dish_name: str
    category_id: MaybeId = None
    dish_type: str = "SINGLE"
    state: str = "ONLINE"


class _DishPage(Wire):
    dishes: Rows[_Dish] = Field((), alias="dataList")
    total: int = 0


class Dishes(Wire):
    value: _DishPage

    def to_port(self, categories: dict[str, str]) -> tuple[Product, ...]:
        """What is deleted or only an ingredient of another dish is left out."""
        return tuple(
            Product(
                product_id=dish.dish_id,
                name=dish.dish_name,
                category=categories.get(dish.category_id or ""),
            )
            for dish in self.value.dishes
            if dish.state != "INVALID" and dish.dish_type != "SIDE"
        )


class _Category(Wire):
    category_id: Id
    category_name: str


class Categories(Wire):
    value: Rows[_Category] = ()

    def names(self) -> dict[str, str]:
        return {one.category_id: one.category_name for one in self.value}


class _Goods(Wire):
    """Of one depot of the store. `curr_qty` may be below zero, when more was sold than was booked in."""

    goods_code: Id
    goods_name: str
    curr_qty: Decimal


class _GoodsPage(Wire):
    goods: Rows[_Goods] = Field((), alias="list")
    total: int = 0


class Stock(Wire):
    data: _GoodsPage

    def to_port(self, store_id: str) -> list[StockLot]:
        return [
            StockLot(store_id=store_id, product_id=one.goods_code, name=one.goods_name, quantity=one.curr_qty)
            for one in self.data.goods
            if one.curr_qty > 0
        ]
