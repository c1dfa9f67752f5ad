"""Youzan behind the port."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from integrations.pos.access import Access, Means
from integrations.pos.errors import PosInvalidRequest
from integrations.pos.port import PosPort
from integrations.pos.values import (
    Ack,
    Capabilities,
    Coupon,
    CouponTemplate,
    EventKind,
    KeyKind,
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
from integrations.pos.youzan.choices import Options
from integrations.pos.youzan.coupons import Vouchers
from integrations.pos.youzan.gateway import Gateway
from integrations.pos.youzan.goods import Goods
from integrations.pos.youzan.members import Members
from integrations.pos.youzan.orders import Orders
from integrations.pos.youzan.push import Receiver

CAPABILITIES = Capabilities(
    lookup=frozenset({"member_id", "phone", "unionid"}),
    orders_by_member=True,
    issue_coupon=True,
    issue_idempotent="none",
    events=frozenset(EventKind) - {EventKind.IGNORED},
    stock=True,
    store_geo=True,
    line_category="catalogue_join",
    products=True,
)


class YouzanPos(PosPort):
    provider = "youzan"

    def __init__(self, access: Access, options: Options, means: Means) -> None:
        gateway = Gateway(access, options, means)
        self._members = Members(gateway)
        self._orders = Orders(gateway, options)
        self._goods = Goods(gateway, options)
        self._vouchers = Vouchers(gateway, options, means.clock)
        self._receiver = Receiver(access.app_id, access.api_key, options)
        more: frozenset[KeyKind] = frozenset({"external_userid"} if options.external_userid else ())
        self.capabilities = CAPABILITIES.model_copy(
            update={
                "lookup": CAPABILITIES.lookup | more,
                "coupon_settles_s": options.coupon_settles_seconds,
            }
        )

    async def find_members(self, key: MemberKey, *, timeout_seconds: float | None = None) -> list[Member]:
        if key.kind not in self.capabilities.lookup:
            raise PosInvalidRequest(f"Youzan finds no member by {key.kind}")
        return await self._members.find(key, timeout_seconds)

    async def list_members(self, *, cursor: str | None = None) -> Page[Member]:
        raise PosInvalidRequest("Youzan lists its customers without their unionids: it is asked for each")

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
        """The newest 89 days first. Youzan narrows by kdt_id only, so a store's are picked out here."""
        page = await self._orders.page(
            since, until, member_id=member_id, cursor=cursor, timeout_seconds=timeout_seconds
        )
        here = tuple(order for order in page.items if store_id in (None, order.store_id))
        return Page[Order](items=here, next_cursor=page.next_cursor)

    async def get_order(self, order_id: str) -> Order:
        """Raises PosUnavailable while a refund is under way."""
        return await self._orders.one(order_id)

    async def list_stores(self) -> list[Store]:
        return await self._goods.stores()

    async def list_products(self, *, cursor: str | None = None) -> Page[Product]:
        return await self._goods.page(cursor)

    async def list_stock(self, store_id: str, product_ids: Sequence[str]) -> list[StockLot]:
        return await self._goods.stock(store_id, product_ids)

    async def list_templates(self) -> list[CouponTemplate]:
        raise PosInvalidRequest("Youzan does not publish how its coupon activities are listed")

    async def issue_coupon(self, *, template_id: str, member_id: str, idempotency_key: str) -> Coupon:
        return await self._vouchers.issue(template_id, member_id)

    async def find_coupon(
        self,
        *,
        template_id: str,
        member_id: str,
        idempotency_key: str,
        since: datetime,
        known: frozenset[str] = frozenset(),
    ) -> Coupon | None:
        """One that was sent a moment ago may not be listed yet: None is sure half a minute later."""
        return await self._vouchers.find(template_id, member_id, since, known)

    async def get_coupon(self, coupon_id: str, *, member_id: str | None = None) -> Coupon:
        return await self._vouchers.one(coupon_id)

    async def list_redemptions(
        self, *, since: datetime, until: datetime, cursor: str | None = None
    ) -> Page[Coupon]:
        raise PosInvalidRequest("Youzan does not publish how redeemed coupons are listed: it pushes them")

    def open_push(self, push: Push, now: datetime) -> list[PosEvent]:
        return [self._receiver.open(push)]

    def ack(self, push: Push) -> Ack:
        return Ack(body='{"code":0,"msg":"success"}', content_type="application/json")

    async def close(self) -> None:
        return None
