"""The adapter for chains with a till of their own: it serves a few JSON endpoints and pushes signed events.

    GET  /stores                                        {"stores": [...]}
    GET  /stock?store_id=&product_id=&product_id=       {"stock": [...]}   each lot with its expires_on
    GET  /members?member_id= | phone= | unionid= | external_userid=   {"members": [...]}
    GET  /orders?member_id=&since=&until=&cursor=&limit=   {"orders": [...], "next_cursor"}
    GET  /orders/{id}
    POST /coupons {"template_id", "member_id", "idempotency_key"}   the same key gives the same coupon
    GET  /coupons/{id}
    GET  /coupons?member_id=&idempotency_key=           {"coupons": [...]}
    push X-Till-Timestamp, X-Till-Signature             see webhook.py

Authorization: Bearer. Money is {"amount_minor", "currency"}, times are ISO-8601 in UTC,
errors {"error": {"code", "message"}} with 400, 401, 404, 409, 429 or 5xx.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, SecretStr, ValidationError

from integrations.pos.errors import PosAmbiguous, PosError, PosOutcomeUnknown, PosUnavailable
from integrations.pos.port import (
    Capabilities,
    Coupon,
    Crs,
    EventKind,
    GeoPoint,
    Member,
    MemberKey,
    Order,
    Page,
    PosEvent,
    PosPort,
    Shape,
    StockLot,
    Store,
)
from integrations.pos.till_http import TillHttp
from integrations.pos.webhook import open_push
from integrations.validation import places

Model = TypeVar("Model", bound=BaseModel)

PAGE_SIZE = 100


class _Store(Shape):
    """A till's store: its place is flat on the wire."""

    store_id: str
    name: str
    lat: float | None = None
    lng: float | None = None
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


class _Orders(Shape):
    orders: tuple[Order, ...]
    next_cursor: str | None = None


class _Coupons(Shape):
    coupons: tuple[Coupon, ...]


class GenericPos(PosPort):
    """`base_url` is the till's root, e.g. http://127.0.0.1:8090/pos; `timeout_seconds` is for a call."""

    provider = "generic"
    capabilities = Capabilities(
        lookup=frozenset({"member_id", "phone", "unionid", "external_userid"}),
        orders_by_member=True,
        issue_coupon=True,
        issue_idempotent="key",
        events=frozenset({EventKind.ORDER_PAID, EventKind.ORDER_REFUNDED, EventKind.COUPON_REDEEMED}),
        stock=True,
    )

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
        return list(_parsed(_Members, fields, PosUnavailable).members)

    async def list_orders(
        self,
        *,
        member_id: str,
        since: datetime,
        until: datetime,
        cursor: str | None = None,
        timeout_seconds: float | None = None,
    ) -> Page[Order]:
        query = {
            "member_id": member_id,
            "since": since.astimezone(UTC).isoformat(),
            "until": until.astimezone(UTC).isoformat(),
            "limit": str(PAGE_SIZE),
        }
        query |= {"cursor": cursor} if cursor else {}
        fields = await self._till.read("/orders", query, timeout_seconds=timeout_seconds)
        found = _parsed(_Orders, fields, PosUnavailable)
        return Page[Order](items=found.orders, next_cursor=found.next_cursor or None)

    async def get_order(self, order_id: str) -> Order:
        fields = await self._till.read(f"/orders/{quote(order_id, safe='')}")
        return _parsed(Order, fields, PosUnavailable)

    async def list_stores(self) -> list[Store]:
        found = _parsed(_Stores, await self._till.read("/stores"), PosUnavailable)
        return [store.to_port() for store in found.stores]

    async def list_stock(self, store_id: str, product_ids: Sequence[str]) -> list[StockLot]:
        query = {"store_id": store_id, "product_id": list(product_ids)}
        return list(_parsed(_Stock, await self._till.read("/stock", query), PosUnavailable).stock)

    async def issue_coupon(self, *, template_id: str, member_id: str, idempotency_key: str) -> Coupon:
        body = {"template_id": template_id, "member_id": member_id, "idempotency_key": idempotency_key}
        return _parsed(Coupon, await self._till.write("/coupons", body), PosOutcomeUnknown)

    async def find_coupon(self, *, member_id: str, idempotency_key: str) -> Coupon | None:
        query = {"member_id": member_id, "idempotency_key": idempotency_key}
        coupons = _parsed(_Coupons, await self._till.read("/coupons", query), PosUnavailable).coupons
        if len(coupons) > 1:
            raise PosAmbiguous(f"{len(coupons)} coupons for one idempotency key")
        return coupons[0] if coupons else None

    async def get_coupon(self, coupon_id: str) -> Coupon:
        fields = await self._till.read(f"/coupons/{quote(coupon_id, safe='')}")
        return _parsed(Coupon, fields, PosUnavailable)

    def open_webhook(self, *, headers: Mapping[str, str], body: bytes, now: datetime) -> PosEvent:
        secret = self._webhook_secret.get_secret_value()
        return open_push(provider=self.provider, secret=secret, headers=headers, body=body, now=now)


def _parsed(shape: type[Model], fields: dict[str, object], unclear: type[PosError]) -> Model:
    """Raises `unclear` with the places that do not fit, never with the values, which are a customer's."""
    try:
        return shape.model_validate(fields)
    except ValidationError as error:
        raise unclear(f"unexpected answer at {places(error)}") from None
