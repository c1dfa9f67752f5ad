"""What this product needs of a till (POS), free of any provider's words. Contract §3."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from integrations.pos.values import (
    Ack,
    Capabilities,
    Coupon,
    CouponTemplate,
    Member,
    MemberKey,
    Order,
    Page,
    PosEvent,
    Product,
    Push,
    StockLot,
    Store,
)


class PosPort(Protocol):
    """Every call raises PosError. Lists come in pages whose cursor is opaque and of that query only."""

    provider: str
    capabilities: Capabilities

    async def find_members(self, key: MemberKey, *, timeout_seconds: float | None = None) -> list[Member]:
        """A list: one phone may have several accounts. None found is an empty list."""

    async def list_members(self, *, cursor: str | None = None) -> Page[Member]:
        """All members, for the identity index. Only with `capabilities.list_members`."""

    async def list_orders(
        self,
        *,
        since: datetime,
        until: datetime,
        member_id: str | None = None,
        store_id: str | None = None,
        cursor: str | None = None,
        timeout_seconds: float | None = None,
    ) -> Page[Order]:
        """Orders that were paid or changed from `since` (inclusive) to `until` (exclusive).

        Of one member only with `capabilities.orders_by_member`. `store_id` narrows to one store; without it
        all stores are read. Refund tickets come among them (`Order.refund_of`).
        """

    async def get_order(self, order_id: str) -> Order: ...

    async def list_stores(self) -> list[Store]: ...

    async def list_products(self, *, cursor: str | None = None) -> Page[Product]:
        """Only with `capabilities.products`."""

    async def list_stock(self, store_id: str, product_ids: Sequence[str]) -> list[StockLot]:
        """The lots of these products that are in the store. What it has none of is not in the list."""

    async def list_templates(self) -> list[CouponTemplate]:
        """Only with `capabilities.templates`."""

    async def issue_coupon(self, *, template_id: str, member_id: str, idempotency_key: str) -> Coupon:
        """Raises PosOutcomeUnknown when nobody knows whether it was issued: ask find_coupon before again."""

    async def find_coupon(
        self,
        *,
        template_id: str,
        member_id: str,
        idempotency_key: str,
        since: datetime,
        known: frozenset[str] = frozenset(),
    ) -> Coupon | None:
        """What became of an issue_coupon that was tried from `since` on; None: nothing was issued.

        By its key or its code where the provider has one; else among her coupons of this template that were
        issued since and are not `known` as another's. Raises PosAmbiguous if more than one may be it.
        """

    async def get_coupon(self, coupon_id: str, *, member_id: str | None = None) -> Coupon:
        """Some providers read a coupon only by its member."""

    async def list_redemptions(
        self, *, since: datetime, until: datetime, cursor: str | None = None
    ) -> Page[Coupon]:
        """Coupons redeemed in that time. Only with `capabilities.redemptions`."""

    def open_push(self, push: Push, now: datetime) -> list[PosEvent]:
        """Verifies, then parses; no I/O. Raises WebhookRejected. An unknown type that verifies is IGNORED."""

    def ack(self, push: Push) -> Ack:
        """The answer to a push that is safe with us."""

    async def close(self) -> None:
        """Gives back what the adapter opened itself; the HTTP client it was given is not its own."""
