"""The words of the port: stores, members, orders, coupons, stock, pushes. Contract §3.

Ids are text (some exceed 2^53); money is integer minor units; quantities are Decimal; times are aware UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Generic, Literal, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StrictInt

Item = TypeVar("Item")


class Shape(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Money(Shape):
    """`amount_minor` in fen or cents. Strict: a float or a Decimal is refused, never rounded."""

    amount_minor: StrictInt
    currency: str = Field(pattern=r"^[A-Z]{3}$")


Crs = Literal["wgs84", "gcj02", "bd09", "unknown"]


class GeoPoint(Shape):
    """Degrees. Chinese providers mix coordinate systems up to 1 km apart, so the system is always named."""

    lat: float
    lng: float
    crs: Crs = "unknown"


class Store(Shape):
    """`geo` is None where the till does not know the place."""

    store_id: str
    name: str
    address: str | None = None
    geo: GeoPoint | None = None
    active: bool = True


class Member(Shape):
    """`phone` is in E.164, or None where the provider hides it. `active` is False for a closed account."""

    member_id: str
    unionid: str | None = Field(None, repr=False)
    external_userid: str | None = None
    phone: str | None = Field(None, repr=False)
    card_no: str | None = Field(None, repr=False)
    name: str | None = Field(None, repr=False)
    level: str | None = None
    active: bool = True
    created_at: AwareDatetime | None = None


class OrderStatus(StrEnum):
    OPEN = "open"  # not paid yet
    PAID = "paid"
    PART_REFUNDED = "part_refunded"
    REFUNDED = "refunded"
    CANCELLED = "cancelled"


class OrderLine(Shape):
    """`quantity` may be a weight: 6.35."""

    name: str
    product_id: str | None = None
    category: str | None = None
    quantity: Decimal
    paid: Money
    gift: bool = False


class Order(Shape):
    """Amounts are positive whatever the provider's sign; `order_id` is unique within the provider's account.

    `refund_of` is set on a ticket that only gives money back: `refunded` is how much, and the order that it
    names is the one that lost it. Other tills write `refunded` on the order itself.
    """

    order_id: str
    store_id: str
    member_id: str | None = None
    status: OrderStatus
    paid_at: AwareDatetime | None = None
    updated_at: AwareDatetime | None = None
    paid: Money
    refunded: Money | None = None
    refund_of: str | None = None
    coupon_ids: tuple[str, ...] = ()
    lines: tuple[OrderLine, ...] = ()


class CouponStatus(StrEnum):
    ISSUED = "issued"
    FROZEN = "frozen"
    REDEEMED = "redeemed"
    EXPIRED = "expired"
    VOID = "void"


class Coupon(Shape):
    """`code` is what the cashier scans, where it is not the id."""

    coupon_id: str
    code: str | None = None
    template_id: str | None = None
    member_id: str | None = None
    status: CouponStatus
    issued_at: AwareDatetime | None = None
    valid_until: AwareDatetime | None = None
    redeemed_at: AwareDatetime | None = None
    redeemed_order_id: str | None = None
    redeemed_store_id: str | None = None


class CouponTemplate(Shape):
    """What coupons are issued from. `left` is None where the provider does not limit or tell it."""

    template_id: str
    name: str
    left: int | None = None
    active: bool = True


class Product(Shape):
    product_id: str
    name: str
    category: str | None = None


class StockLot(Shape):
    """What a store has of one delivery of a product. `quantity` may be a weight.

    `expires_on` is a day of the store's own calendar, and the last on which it can be sold; None: it keeps.
    """

    store_id: str
    product_id: str
    name: str
    quantity: Decimal
    expires_on: date | None = None


class Page(Shape, Generic[Item]):
    """`next_cursor` is opaque; None on the last page."""

    items: tuple[Item, ...]
    next_cursor: str | None = None


KeyKind = Literal["member_id", "phone", "unionid", "external_userid", "card_no"]


class MemberKey(Shape):
    """A phone is in E.164."""

    kind: KeyKind
    value: str = Field(repr=False)


class EventKind(StrEnum):
    ORDER_PAID = "order.paid"
    ORDER_REFUNDED = "order.refunded"
    ORDER_CHANGED = "order.changed"  # paid, refunded or neither: reading it says
    COUPON_REDEEMED = "coupon.redeemed"
    COUPON_CHANGED = "coupon.changed"  # issued, expired, given back: reading it says
    MEMBER_CHANGED = "member.changed"
    STOCK_CHANGED = "stock.changed"
    IGNORED = "ignored"


class PosEvent(Shape):
    """A notice, not the truth: read what it names again, `refetch_after_s` later at the soonest.

    `dedupe_key` is unique within the provider. What a provider does not tell is None.
    """

    kind: EventKind
    provider: str
    dedupe_key: str
    occurred_at: AwareDatetime | None = None
    order_id: str | None = None
    coupon_id: str | None = None
    member_id: str | None = None
    store_id: str | None = None
    product_id: str | None = None
    refetch_after_s: int = 0
    provider_type: str = ""


class Push(Shape):
    """A request at `POST /pos/{provider}/events`. `url` is the address as it is registered, query and all."""

    url: str
    headers: Mapping[str, str]
    query: Mapping[str, str] = Field(default_factory=dict)
    body: bytes = Field(repr=False)


class Ack(Shape):
    """What a provider wants to read when a push has been taken; anything else makes it push again."""

    status: int = 200
    body: str = "success"
    content_type: str = "text/plain"


Idempotency = Literal["key", "caller_code", "none"]


class Capabilities(Shape):
    """What a provider can do; a playbook that needs more is refused when it is checked.

    `issue_idempotent`: "key" the same key gives the same coupon; "caller_code" the coupon bears a code that
    we choose; "none" a coupon that may have been issued can only be looked for among the member's.
    """

    lookup: frozenset[KeyKind]
    orders_by_member: bool
    issue_coupon: bool
    issue_idempotent: Idempotency
    # After an issue without an answer, of "none": so long until one that was issued is surely among hers.
    coupon_settles_s: int = 120
    events: frozenset[EventKind]
    stock: bool
    store_geo: bool = False
    line_category: Literal["in_order", "catalogue_join", "none"] = "in_order"
    list_members: bool = False  # list_members works: the identity index can be filled by a nightly walk
    products: bool = False  # list_products works
    templates: bool = False  # list_templates works
    redemptions: bool = False  # list_redemptions works
    late_hours: int = 48  # an order may be known to the provider so long after it was paid (offline tills)
