"""The port in Pospal's words: which keys a question is asked with, and who answers it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from integrations.pos.access import Access, Means, StoreKey, parsed
from integrations.pos.port import PosPort
from integrations.pos.pospal import push as pushes
from integrations.pos.pospal import records
from integrations.pos.pospal.catalogue import Catalogue
from integrations.pos.pospal.choices import Options
from integrations.pos.pospal.client import PospalHttp
from integrations.pos.pospal.coupons import Coupons, code_of
from integrations.pos.pospal.members import Members
from integrations.pos.pospal.tickets import Tickets
from integrations.pos.values import (
    Ack,
    Capabilities,
    Coupon,
    CouponTemplate,
    EventKind,
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

CAPABILITIES = Capabilities(
    lookup=frozenset({"member_id", "phone", "card_no"}),
    orders_by_member=True,
    issue_coupon=True,
    issue_idempotent="caller_code",
    events=frozenset(
        {
            EventKind.ORDER_CHANGED,
            EventKind.ORDER_REFUNDED,
            EventKind.COUPON_REDEEMED,
            EventKind.MEMBER_CHANGED,
            EventKind.STOCK_CHANGED,
        }
    ),
    stock=True,
    line_category="catalogue_join",
    list_members=True,
    products=True,
    templates=True,
    redemptions=True,
)


class Pospal(PosPort):
    """`keys` are by store; `head_office` reads what is the chain's."""

    provider = "pospal"
    capabilities = CAPABILITIES

    def __init__(self, access: Access, chosen: Options, head_office: StoreKey, means: Means) -> None:
        self._keys, self._head_office, self._options = access.store_keys, head_office, chosen
        self._stores = {key.app_id: store for store, key in access.store_keys.items()}
        self._http = PospalHttp(access, chosen, means)
        self._members = Members(self._http, head_office, chosen)
        self._tickets = Tickets(self._http, access.store_keys, chosen)
        self._catalogue = Catalogue(self._http, head_office, means.clock)
        self._coupons = Coupons(self._http, head_office, self._stores, chosen, means.clock)

    async def find_members(self, key: MemberKey, *, timeout_seconds: float | None = None) -> list[Member]:
        return await self._members.find(key, timeout_seconds)

    async def list_members(self, *, cursor: str | None = None) -> Page[Member]:
        return await self._members.page(cursor)

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
        """A page may be empty and yet not the last, but a member's orders are all in one."""
        if member_id is not None:
            return await self._tickets.of_member(since, until, member_id, store_id, timeout_seconds)
        return await self._tickets.page(since, until, store_id, cursor, timeout_seconds)

    async def get_order(self, order_id: str) -> Order:
        return await self._tickets.get(order_id)

    async def list_stores(self) -> list[Store]:
        """Of the stores that Pospal tells, those that we have keys of. It knows no coordinates."""
        found = self._http.every(self._head_office, "userOpenApi/queryAllUser")
        users = [parsed(records.User, record) async for record in found]
        return [
            Store(store_id=self._stores[user.appId], name=user.company, address=user.address or None)
            for user in users
            if user.appId in self._stores
        ]

    async def list_products(self, *, cursor: str | None = None) -> Page[Product]:
        return await self._catalogue.page(cursor)

    async def list_stock(self, store_id: str, product_ids: Sequence[str]) -> list[StockLot]:
        """Pospal tells how much there is, not until when it keeps."""
        lots, key = [], self._tickets.key(store_id)
        for barcode in product_ids:
            product = await self._catalogue.product(key, barcode)
            if product is not None and product.stock is not None and product.stock > 0:
                told = {"store_id": store_id, "product_id": barcode, "name": product.name}
                lots.append(StockLot(**told, quantity=product.stock))
        return lots

    async def list_templates(self) -> list[CouponTemplate]:
        return await self._coupons.templates()

    async def issue_coupon(self, *, template_id: str, member_id: str, idempotency_key: str) -> Coupon:
        return await self._coupons.issue(template_id, member_id, idempotency_key)

    async def find_coupon(
        self,
        *,
        template_id: str,
        member_id: str,
        idempotency_key: str,
        since: datetime,
        known: frozenset[str] = frozenset(),
    ) -> Coupon | None:
        return await self._coupons.find(code_of(idempotency_key), member_id)

    async def get_coupon(self, coupon_id: str, *, member_id: str | None = None) -> Coupon:
        return await self._coupons.get(coupon_id, member_id)

    async def list_redemptions(
        self, *, since: datetime, until: datetime, cursor: str | None = None
    ) -> Page[Coupon]:
        return await self._coupons.redemptions(since, until, cursor)

    def open_push(self, push: Push, now: datetime) -> list[PosEvent]:
        hours = self._options.push_max_age_hours
        event = pushes.open_push(
            push,
            now,
            keys={key.app_id: key for key in (self._head_office, *self._keys.values())},
            stores=self._stores,
            max_age=None if hours is None else timedelta(hours=hours),
        )
        return [event]

    def ack(self, push: Push) -> Ack:
        return Ack(body="SUCCESS")

    async def close(self) -> None:
        return None
