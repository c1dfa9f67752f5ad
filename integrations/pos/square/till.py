"""The port over Square's API."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from integrations.pos.access import Access, Means, need, options
from integrations.pos.errors import PosInvalidRequest, PosNotFound
from integrations.pos.square import mapping
from integrations.pos.square.catalogue import Catalogue
from integrations.pos.square.client import Square, from_cursor
from integrations.pos.square.loyalty import Loyalty
from integrations.pos.square.push import open_push
from integrations.pos.square.sales import Sales, changed
from integrations.pos.square.shapes import (
    Customer,
    Customers,
    Locations,
    OneCustomer,
)
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

PAGE_SIZE = 100
LOCATIONS_KEPT = timedelta(minutes=10)
CAPABILITIES = Capabilities(
    lookup=frozenset({"member_id", "phone", "unionid"}),
    orders_by_member=True,
    issue_coupon=True,
    issue_idempotent="key",
    events=frozenset(EventKind) - {EventKind.IGNORED},
    stock=True,
    store_geo=True,
    line_category="catalogue_join",
    list_members=True,
    products=True,
    templates=True,
    redemptions=True,
    late_hours=96,  # a till sends what it took offline within 72
)


class Options(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    tiers: dict[str, str] = Field(
        default_factory=dict, description="reward tier id of a template that playbooks call by another name"
    )
    grant_points: bool = Field(
        True, description="grant the points that a reward costs before it is issued; else the member pays"
    )
    phone_region: str = Field("CN", description="where a phone without a country code is")


class SquarePos:
    provider = "square"
    capabilities = CAPABILITIES

    def __init__(self, access: Access, means: Means, options: Options) -> None:
        self._square = Square(
            http=means.http,
            base_url=access.base_url,
            token=access.api_key.get_secret_value(),
            timeout_seconds=access.timeout_seconds,
        )
        self._api, self._clock, self._options = self._square.api, means.clock, options
        self._webhook_secret: SecretStr = access.webhook_secret
        self._push_url = access.push_url
        self._catalogue = Catalogue(self._square, means.clock)
        self._sales = Sales(self._square, self._catalogue)
        self._loyalty = Loyalty(self._square, options.tiers, grant_points=options.grant_points)
        self._locations: tuple[datetime, list[str]] | None = None

    async def find_members(self, key: MemberKey, *, timeout_seconds: float | None = None) -> list[Member]:
        """A customer who was created or changed less than a minute ago may not be found yet."""
        if key.kind == "member_id":
            return await self._member(key.value, timeout_seconds)
        fields = {"phone": "phone_number", "unionid": "reference_id"}
        if key.kind not in fields:
            raise PosInvalidRequest(f"Square does not find a member by {key.kind}")
        query = {"filter": {fields[key.kind]: {"exact": key.value}}}
        told = await self._square.read(
            Customers, self._api.customers.search, query=query, timeout_seconds=timeout_seconds
        )
        return self._members(told.customers)

    async def list_members(self, *, cursor: str | None = None) -> Page[Member]:
        told = await self._square.read(
            Customers,
            self._api.customers.search,
            query={"sort": {"field": "CREATED_AT", "order": "ASC"}},
            limit=PAGE_SIZE,
            **from_cursor(cursor),
        )
        return Page[Member](items=tuple(self._members(told.customers)), next_cursor=told.cursor or None)

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
        stores = [store_id] if store_id else await self._location_ids()
        return await self._sales.page(stores, changed(since, until, member_id), cursor, timeout_seconds)

    async def get_order(self, order_id: str) -> Order:
        return await self._sales.get(order_id)

    async def list_stores(self) -> list[Store]:
        told = await self._square.read(Locations, self._api.locations.list)
        self._locations = self._clock(), sorted(one.id for one in told.locations)
        return [mapping.store(one) for one in told.locations]

    async def list_products(self, *, cursor: str | None = None) -> Page[Product]:
        return await self._catalogue.products(cursor)

    async def list_stock(self, store_id: str, product_ids: Sequence[str]) -> list[StockLot]:
        return await self._catalogue.stock(store_id, product_ids)

    async def list_templates(self) -> list[CouponTemplate]:
        return await self._loyalty.templates()

    async def issue_coupon(self, *, template_id: str, member_id: str, idempotency_key: str) -> Coupon:
        return await self._loyalty.issue(template_id, member_id, idempotency_key)

    async def find_coupon(
        self,
        *,
        template_id: str,
        member_id: str,
        idempotency_key: str,
        since: datetime,
        known: frozenset[str] = frozenset(),
    ) -> Coupon | None:
        return await self._loyalty.find(template_id, member_id, since, known)

    async def get_coupon(self, coupon_id: str, *, member_id: str | None = None) -> Coupon:
        return await self._loyalty.get(coupon_id, member_id)

    async def list_redemptions(
        self, *, since: datetime, until: datetime, cursor: str | None = None
    ) -> Page[Coupon]:
        return await self._loyalty.redemptions(since, until, cursor)

    def open_push(self, push: Push, now: datetime) -> list[PosEvent]:
        secret = self._webhook_secret.get_secret_value()
        return open_push(self.provider, secret, self._push_url, push, now)

    def ack(self, push: Push) -> Ack:
        return Ack()

    async def close(self) -> None:
        await self._square.close()

    async def _member(self, member_id: str, timeout_seconds: float | None) -> list[Member]:
        try:
            told = await self._square.read(
                OneCustomer,
                self._api.customers.get,
                customer_id=member_id,
                timeout_seconds=timeout_seconds,
            )
        except PosNotFound:
            return []
        return self._members([told.customer])

    def _members(self, customers: Iterable[Customer]) -> list[Member]:
        return [mapping.member(one, self._options.phone_region) for one in customers]

    async def _location_ids(self) -> list[str]:
        if self._locations is None or self._clock() - self._locations[0] > LOCATIONS_KEPT:
            await self.list_stores()
        assert self._locations is not None
        return self._locations[1]


def connect(access: Access, means: Means) -> SquarePos:
    """Raises AccessError."""
    need(
        access,
        base_url="POS_BASE_URL to https://connect.squareup.com",
        api_key="POS_API_KEY to the access token",
        webhook_secret="POS_WEBHOOK_SECRET to the signature key of the webhook subscription",  # noqa: S106
        push_url="POS_PUSH_URL to the notification URL of the webhook subscription: Square signs it",
    )
    return SquarePos(access, means, options(Options, access))
