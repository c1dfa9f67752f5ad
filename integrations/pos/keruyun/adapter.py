"""The port over Keruyun's interfaces. What each answer looks like stands in orders.py and records.py."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from itertools import count
from typing import TypeVar

from integrations.pos.access import parsed
from integrations.pos.errors import PosAmbiguous, PosInvalidRequest, PosNotFound, PosOutcomeUnknown
from integrations.pos.keruyun import orders, records
from integrations.pos.keruyun.client import Fields, KeruyunClient, Scope
from integrations.pos.keruyun.options import CAPABILITIES, Options
from integrations.pos.keruyun.push import PushDoor, acknowledgement
from integrations.pos.keruyun.walking import Place, next_shop, next_window, place_of, window
from integrations.pos.port import PosPort
from integrations.pos.values import (
    Ack,
    Coupon,
    CouponStatus,
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

Row = TypeVar("Row")

CRM = "/open/standard/crm"
ORDERS_PER_PAGE = 20  # of our choice: each is read by a call of its own, and a page is one activity's work
PAGE_SIZE = 100  # dishes and stock: the most there is; coupons and templates do the same


class KeruyunPos(PosPort):
    """`brand` is the brandId. Shops are asked in their own name for orders and dishes, else the brand is."""

    provider = "keruyun"
    capabilities = CAPABILITIES

    def __init__(self, client: KeruyunClient, *, brand: str, options: Options, door: PushDoor) -> None:
        self._api, self._options, self._door = client, options, door
        self._brand = Scope("brandId", brand)

    async def find_members(self, key: MemberKey, *, timeout_seconds: float | None = None) -> list[Member]:
        """By phone, or by id: Keruyun knows nobody's unionid, card or WeCom account."""
        try:
            match key.kind:
                case "phone":
                    body = {"mobile": key.value.removeprefix("+86")}
                    found = await self._crm("CustomerOpenFacade/queryByMobile", body, timeout_seconds)
                    one = parsed(records.FoundCustomer, found).data
                    return [one.to_port()] if one else []
                case "member_id" if key.value.isdecimal():  # the query takes numbers
                    ids = {"customerIds": [int(key.value)]}
                    found = await self._crm("CustomerQueryFacade/queryByCustomerIds", ids, timeout_seconds)
                    return [one.to_port() for one in parsed(records.FoundCustomers, found).customers]
                case "member_id":
                    return []
        except PosNotFound:
            return []
        raise PosInvalidRequest(f"Keruyun finds no member by {key.kind}")

    async def list_members(self, *, cursor: str | None = None) -> Page[Member]:
        raise PosInvalidRequest("Keruyun does not list its members")

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
        if member_id is not None:
            raise PosInvalidRequest("Keruyun lists orders by shop and time, not by member")
        place = place_of(cursor) if cursor else await self._first(store_id)
        if place is None or since >= until:
            return Page[Order](items=())
        first, last = window(place, since, until)
        shop = Scope("shopIdenty", place.shop)
        body = self._options.order_list_body(place.shop, first, last, place.page, ORDERS_PER_PAGE)
        path = "/open/standard/order/queryList"
        found = await self._api.read(path, shop, body, timeout_seconds=timeout_seconds)
        trades, pages = orders.sales_of(found.get("data") or {})
        items = [order for trade in trades for order in await self._if_sale(shop, trade, timeout_seconds)]
        following = place.turned() if place.page < pages else next_window(place, since, until)
        if following is None and store_id is None:
            following = next_shop(place, await self._shop_ids())
        return Page[Order](items=tuple(items), next_cursor=following and following.cursor())

    async def get_order(self, order_id: str) -> Order:
        shop_id, trade_id = orders.split_id(order_id)
        return await self._order(Scope("shopIdenty", shop_id), trade_id, None)

    async def list_stores(self) -> list[Store]:
        path = "/open/standard/shop/MerchantOrgReadService.queryBrandStores"
        found = parsed(records.Shops, await self._api.read(path, self._brand, {}))
        return found.to_port(self._options.crs)

    async def list_products(self, *, cursor: str | None = None) -> Page[Product]:
        """Shop by shop, since each has a menu of its own: a dish comes as often as it is on one."""
        place = place_of(cursor) if cursor else await self._first(None)
        if place is None:
            return Page[Product](items=())
        shop = Scope("shopIdenty", place.shop)
        body = {"pageNum": place.page, "pageSize": PAGE_SIZE}
        dishes = parsed(
            records.Dishes, await self._api.read("/open/standard/dish/shop/pageQueryBaseDish", shop, body)
        )
        names = parsed(
            records.Categories, await self._api.read("/open/standard/dish/shop/listQueryCategory", shop, {})
        ).names()
        more = place.page * PAGE_SIZE < dishes.value.total
        following = place.turned() if more else next_shop(place, await self._shop_ids())
        return Page[Product](items=dishes.to_port(names), next_cursor=following and following.cursor())

    async def list_stock(self, store_id: str, product_ids: Sequence[str]) -> list[StockLot]:
        """`product_ids` are codes of goods, as the supply chain knows them; every depot is a lot."""
        lots: list[StockLot] = []
        if not product_ids:
            return lots  # without codes the query is for all goods
        for page in count(1):
            body = {
                "orgId": store_id,
                "goodsCodes": list(product_ids),
                "pageNum": page,
                "pageSize": PAGE_SIZE,
            }
            answer = await self._api.read(self._options.stock_path, self._brand, body)
            found = parsed(records.Stock, answer)
            lots += found.to_port(store_id)
            if page * PAGE_SIZE >= found.data.total:
                break
        return lots

    async def list_templates(self) -> list[CouponTemplate]:
        shape = records.Listing[records.Template]
        return [one.to_port() for one in await self._all("OpenVoucherTemplateQueryFacade/page", shape, {})]

    async def issue_coupon(self, *, template_id: str, member_id: str, idempotency_key: str) -> Coupon:
        body = {
            "activityId": self._options.activity_id,
            # Ours may be longer than the 64 plain characters that outer ids have elsewhere.
            "outPreInstanceId": hashlib.sha256(idempotency_key.encode()).hexdigest(),
            "customerId": member_id,
            "templateId": template_id,
        }
        answer = await self._api.write(f"{CRM}/OpenVoucherInstanceOperateFacade/send", self._brand, body)
        sent = parsed(records.Sent, answer, PosOutcomeUnknown).data
        return Coupon(
            coupon_id=sent.resource_code,
            template_id=template_id,
            member_id=member_id,
            status=CouponStatus.ISSUED,
        )

    async def find_coupon(
        self,
        *,
        template_id: str,
        member_id: str,
        idempotency_key: str,
        since: datetime,
        known: frozenset[str] = frozenset(),
    ) -> Coupon | None:
        """Among hers: no interface asks by the key. If this finds none, the key makes it safe to repeat."""
        path, shape = "OpenVoucherInstanceQueryFacade/page", records.Listing[records.Voucher]
        hers = [one.to_port(member_id) for one in await self._all(path, shape, {"customerId": member_id})]
        may_be = [
            coupon
            for coupon in hers
            if coupon.template_id == template_id
            and coupon.coupon_id not in known
            and coupon.issued_at is not None
            and coupon.issued_at >= since
        ]
        if len(may_be) > 1:
            raise PosAmbiguous(f"{len(may_be)} coupons of hers may be the one")
        return may_be[0] if may_be else None

    async def get_coupon(self, coupon_id: str, *, member_id: str | None = None) -> Coupon:
        if member_id is None:
            raise PosInvalidRequest("Keruyun reads a coupon only together with its member")
        body = {"resourceCode": coupon_id, "customerId": member_id}
        found = parsed(records.FoundVoucher, await self._crm("OpenVoucherInstanceQueryFacade/queryOne", body))
        if found.data is None:
            raise PosNotFound("no such coupon of this member")
        return found.data.to_port(member_id)

    async def list_redemptions(
        self, *, since: datetime, until: datetime, cursor: str | None = None
    ) -> Page[Coupon]:
        raise PosInvalidRequest("Keruyun does not list redeemed coupons")

    def open_push(self, push: Push, now: datetime) -> list[PosEvent]:
        return self._door.open(push, now)

    def ack(self, push: Push) -> Ack:
        return acknowledgement()

    async def close(self) -> None:
        return None

    async def _crm(self, path: str, body: Fields, timeout_seconds: float | None = None) -> Fields:
        return await self._api.read(f"{CRM}/{path}", self._brand, body, timeout_seconds=timeout_seconds)

    async def _all(self, path: str, shape: type[records.Listing[Row]], body: Fields) -> list[Row]:
        rows: list[Row] = []
        for page in count(1):
            asked = {**body, "pageNo": str(page), "pageSize": str(PAGE_SIZE)}
            found = parsed(shape, await self._crm(path, asked))
            rows += found.result
            if page * PAGE_SIZE >= found.total_size:
                break
        return rows

    async def _order(self, shop: Scope, trade_id: str, timeout_seconds: float | None) -> Order:
        path, body = "/open/standard/order/queryDetail", {"orderId": trade_id}
        found = await self._api.read(path, shop, body, timeout_seconds=timeout_seconds)
        if not found.get("data"):
            raise PosNotFound("no such order of this shop")
        return orders.to_order(found["data"])

    async def _if_sale(self, shop: Scope, trade_id: str, timeout_seconds: float | None) -> list[Order]:
        """One that is no sale after all, or is gone since it was listed, must not stop a walk."""
        try:
            return [await self._order(shop, trade_id, timeout_seconds)]
        except PosNotFound:
            return []

    async def _shop_ids(self) -> list[str]:
        """That are open: one that is closed no longer lets anybody read in its name."""
        return [store.store_id for store in await self.list_stores() if store.active]

    async def _first(self, store_id: str | None) -> Place | None:
        return Place(shop=store_id) if store_id else next_shop(None, await self._shop_ids())
