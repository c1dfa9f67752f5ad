"""What this product needs of a till (POS), free of any provider's words. Contract §3.

Ids are text (some exceed 2^53); money is integer minor units; quantities are Decimal; times are aware UTC.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Generic, Literal, Protocol, TypeVar

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
    store_id: str
    name: str
    geo: GeoPoint | None = None


class Member(Shape):
    member_id: str
    unionid: str | None = Field(None, repr=False)
    external_userid: str | None = None
    phone: str | None = Field(None, repr=False)
    name: str | None = Field(None, repr=False)
    created_at: AwareDatetime | None = None


class OrderStatus(StrEnum):
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


class Order(Shape):
    order_id: str
    store_id: str
    member_id: str | None = None
    status: OrderStatus
    paid_at: AwareDatetime | None = None
    updated_at: AwareDatetime | None = None
    paid: Money
    refunded: Money | None = None
    coupon_ids: tuple[str, ...] = ()
    lines: tuple[OrderLine, ...] = ()


class CouponStatus(StrEnum):
    ISSUED = "issued"
    FROZEN = "frozen"
    REDEEMED = "redeemed"
    EXPIRED = "expired"
    VOID = "void"


class Coupon(Shape):
    coupon_id: str
    template_id: str | None = None
    member_id: str | None = None
    status: CouponStatus
    issued_at: AwareDatetime | None = None
    redeemed_at: AwareDatetime | None = None
    redeemed_order_id: str | None = None
    redeemed_store_id: str | None = None


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


KeyKind = Literal["member_id", "phone", "unionid", "external_userid"]


class MemberKey(Shape):
    """A phone is in E.164."""

    kind: KeyKind
    value: str = Field(repr=False)


class EventKind(StrEnum):
    ORDER_PAID = "order.paid"
    ORDER_REFUNDED = "order.refunded"
    COUPON_REDEEMED = "coupon.redeemed"
    IGNORED = "ignored"


class PosEvent(Shape):
    """A notice, not the truth: read the order or coupon again. `dedupe_key` is unique within the provider."""

    kind: EventKind
    provider: str
    dedupe_key: str
    occurred_at: AwareDatetime | None = None
    order_id: str | None = None
    coupon_id: str | None = None
    member_id: str | None = None
    store_id: str | None = None


class Capabilities(Shape):
    """What a provider can do; a journey that needs more is refused when it is loaded."""

    lookup: frozenset[KeyKind]
    orders_by_member: bool
    issue_coupon: bool
    issue_idempotent: Literal["key", "caller_code", "none"]
    events: frozenset[EventKind]
    stock: bool


class PosPort(Protocol):
    provider: str
    capabilities: Capabilities

    async def find_members(self, key: MemberKey, *, timeout_seconds: float | None = None) -> list[Member]:
        """A list: one phone may have several accounts. None found is an empty list."""

    async def list_orders(
        self,
        *,
        member_id: str,
        since: datetime,
        until: datetime,
        cursor: str | None = None,
        timeout_seconds: float | None = None,
    ) -> Page[Order]: ...

    async def get_order(self, order_id: str) -> Order: ...

    async def list_stores(self) -> list[Store]: ...

    async def list_stock(self, store_id: str, product_ids: Sequence[str]) -> list[StockLot]:
        """The lots of these products that are in the store. What it has none of is not in the list."""

    async def issue_coupon(self, *, template_id: str, member_id: str, idempotency_key: str) -> Coupon:
        """The same key gives the same coupon. Raises PosOutcomeUnknown when nobody knows: ask find_coupon."""

    async def find_coupon(self, *, member_id: str, idempotency_key: str) -> Coupon | None:
        """What became of an issue_coupon. Raises PosAmbiguous if there is more than one."""

    async def get_coupon(self, coupon_id: str) -> Coupon: ...

    def open_webhook(self, *, headers: Mapping[str, str], body: bytes, now: datetime) -> PosEvent:
        """Verifies, then parses; no I/O. Raises WebhookRejected. An unknown type that verifies is IGNORED."""
