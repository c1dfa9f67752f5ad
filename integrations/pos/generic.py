"""The adapter for chains with a till of their own: it serves a few JSON endpoints and pushes signed events.

    GET  /stores                                        {"stores": [...]}
    GET  /stock?store_id=&product_id=&product_id=       {"stock": [...]}   each lot with its expires_on
    GET  /members?member_id= | phone= | unionid= | external_userid=   {"members": [...]}
    GET  /orders?member_id=&store_id=&since=&until=&cursor=&limit=   {"orders": [...], "next_cursor"}
    GET  /orders/{id}
    POST /coupons {"template_id", "member_id", "idempotency_key"}   the same key gives the same coupon
    GET  /coupons/{id}
    GET  /coupons?member_id=&idempotency_key=           {"coupons": [...]}
    GET  /products?cursor=&limit=                       {"products": [...], "next_cursor"}
    push X-Till-Timestamp, X-Till-Signature             see webhook.py

Authorization: Bearer. Money is {"amount_minor", "currency"}, times are ISO-8601 in UTC,
errors {"error": {"code", "message"}} with 400, 401, 404, 409, 429 or 5xx.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import quote

import httpx
from pydantic import AfterValidator, Field, SecretStr

from integrations.pos.access import Access, AccessError, Means, parsed
from integrations.pos.errors import PosAmbiguous, PosInvalidRequest, PosOutcomeUnknown
from integrations.pos.port import PosPort
from integrations.pos.till_http import TillHttp
from integrations.pos.values import (
    Ack,
    Capabilities,
    Coupon,
    CouponTemplate,
    Crs,
    EventKind,
    GeoPoint,
    Member,
    MemberKey,
    Money,
    Order,
    Page,
    PosEvent,
    Product,
    Push,
    Shape,
    StockLot,
    Store,
)
from integrations.pos.webhook import open_push

PAGE_SIZE = 100
CAPABILITIES = Capabilities(
    lookup=frozenset({"member_id", "phone", "unionid", "external_userid"}),
    orders_by_member=True,
    issue_coupon=True,
    issue_idempotent="key",
    events=frozenset(
        {
            EventKind.ORDER_PAID,
            EventKind.ORDER_REFUNDED,
            EventKind.COUPON_REDEEMED,
            EventKind.MEMBER_CHANGED,
        }
    ),
    stock=True,
    store_geo=True,
    products=True,
)


class _Store(Shape):
    """A till's store: its place is flat on the wire."""

    store_id: str
    name: str
    lat: float | None = Field(None, ge=-90, le=90)
    lng: float | None = Field(None, ge=-180, le=180)
    crs: Crs = "unknown"

    def to_port(self) -> Store:
        geo = None
        if self.lat is not None and self.lng is not None:
            geo = GeoPoint(lat=self.lat, lng=self.lng, crs=self.crs)
        return Store(store_id=self.store_id, name=self.name, geo=geo)


class _Stores(Shape):
    stores: tuple[_Store, ...]


class _Stock(Shape):
    stock: tuple[StockLot, ...]


class _Members(Shape):
    members: tuple[Member, ...]


def _not_below_zero(money: Money) -> Money:
    if money.amount_minor < 0:
        raise ValueError("money that went back is `refunded`, and above zero")
    return money


_Amount = Annotated[Money, AfterValidator(_not_below_zero)]


class _Order(Order):
    paid: _Amount
    refunded: _Amount | None = None


class _Orders(Shape):
    orders: tuple[_Order, ...]
    next_cursor: str | None = None


class _Products(Shape):
    products: tuple[Product, ...]
    next_cursor: str | None = None


class _Coupons(Shape):
    coupons: tuple[Coupon, ...]


class GenericPos(PosPort):
    """`base_url` is the till's root, e.g. http://127.0.0.1:8090/pos; `timeout_seconds` is for a call."""

    provider = "generic"
    capabilities = CAPABILITIES

    def __init__(
        self,
        *,
        http: httpx.AsyncClient,
        base_url: str,
        api_key: str,
        webhook_secret: str,
        timeout_seconds: float = 5.0,
    ) -> None:
        self._till = TillHttp(http=http, base_url=base_url, api_key=api_key, timeout_seconds=timeout_seconds)
        self._webhook_secret = SecretStr(webhook_secret)

    async def find_members(self, key: MemberKey, *, timeout_seconds: float | None = None) -> list[Member]:
        fields = await self._till.read("/members", {key.kind: key.value}, timeout_seconds=timeout_seconds)
        return list(parsed(_Members, fields).members)

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
        query = {
            "since": since.astimezone(UTC).isoformat(),
            "until": until.astimezone(UTC).isoformat(),
            "limit": str(PAGE_SIZE),
        }
        narrow = {"member_id": member_id, "store_id": store_id, "cursor": cursor}
        query |= {name: value for name, value in narrow.items() if value}
        fields = await self._till.read("/orders", query, timeout_seconds=timeout_seconds)
        found = parsed(_Orders, fields)
        return Page[Order](items=found.orders, next_cursor=found.next_cursor or None)

    async def get_order(self, order_id: str) -> Order:
        fields = await self._till.read(f"/orders/{quote(order_id, safe='')}")
        return parsed(_Order, fields)

    async def list_stores(self) -> list[Store]:
        found = parsed(_Stores, await self._till.read("/stores"))
        return [store.to_port() for store in found.stores]

    async def list_stock(self, store_id: str, product_ids: Sequence[str]) -> list[StockLot]:
        query = {"store_id": store_id, "product_id": list(product_ids)}
        return list(parsed(_Stock, await self._till.read("/stock", query)).stock)

    async def issue_coupon(self, *, template_id: str, member_id: str, idempotency_key: str) -> Coupon:
        body = {"template_id": template_id, "member_id": member_id, "idempotency_key": idempotency_key}
        return parsed(Coupon, await self._till.write("/coupons", body), PosOutcomeUnknown)

    async def find_coupon(
        self,
        *,
        template_id: str,
        member_id: str,
        idempotency_key: str,
        since: datetime,
        known: frozenset[str] = frozenset(),
    ) -> Coupon | None:
        query = {"member_id": member_id, "idempotency_key": idempotency_key}
        coupons = parsed(_Coupons, await self._till.read("/coupons", query)).coupons
        if len(coupons) > 1:
            raise PosAmbiguous(f"{len(coupons)} coupons for one idempotency key")
        return coupons[0] if coupons else None

    async def get_coupon(self, coupon_id: str, *, member_id: str | None = None) -> Coupon:
        fields = await self._till.read(f"/coupons/{quote(coupon_id, safe='')}")
        return parsed(Coupon, fields)

    async def list_products(self, *, cursor: str | None = None) -> Page[Product]:
        query = {"limit": str(PAGE_SIZE)} | ({"cursor": cursor} if cursor else {})
        found = parsed(_Products, await self._till.read("/products", query))
        return Page[Product](items=found.products, next_cursor=found.next_cursor or None)

    async def list_members(self, *, cursor: str | None = None) -> Page[Member]:
        raise PosInvalidRequest("this till does not list its members")

    async def list_templates(self) -> list[CouponTemplate]:
        raise PosInvalidRequest("this till does not list its coupon templates")

    async def list_redemptions(
        self, *, since: datetime, until: datetime, cursor: str | None = None
    ) -> Page[Coupon]:
        raise PosInvalidRequest("this till does not list redeemed coupons")

    def open_push(self, push: Push, now: datetime) -> list[PosEvent]:
        secret = self._webhook_secret.get_secret_value()
        return [open_push(self.provider, secret, push, now)]

    def ack(self, push: Push) -> Ack:
        return Ack()

    async def close(self) -> None:
        return None


def connect(access: Access, means: Means) -> GenericPos:
    """A till of the chain's own. A chain without a till leaves everything empty: then no call answers."""
    if access.options:
        raise AccessError("POS_OPTIONS: this adapter has none")
    return GenericPos(
        http=means.http,
        base_url=access.base_url,
        api_key=access.api_key.get_secret_value(),
        webhook_secret=access.webhook_secret.get_secret_value(),
        timeout_seconds=access.timeout_seconds,
    )
