"""Stores, goods and stock of Youzan's retail back office (有赞零售)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import count

from pydantic import BaseModel, Field

from integrations.pos.access import parsed
from integrations.pos.errors import PosInvalidRequest, PosNotFound
from integrations.pos.values import Crs, GeoPoint, Page, Product, StockLot, Store
from integrations.pos.youzan.choices import Options
from integrations.pos.youzan.gateway import Gateway
from integrations.pos.youzan.wire import Degrees, Id

STORE_TYPE = 2  # of a warehouse; 1 is a warehouse proper, 4 a forward one
STORES_PER_PAGE = 20
GOODS_PER_PAGE = 20  # their default; no query by codes names more, so one page answers it
SKUS_PER_CALL = 50


class _Warehouse(BaseModel):
    warehouse_id: Id
    warehouse_code: str = Field(min_length=1)
    name: str
    province: str | None = None
    city: str | None = None
    area: str | None = None
    address: str | None = None
    lng: Degrees = None
    lat: Degrees = None

    def to_port(self, *, by_code: bool, crs: Crs) -> Store:
        """Nobody has a store at 0: such a place was never entered."""
        whole = "".join(part for part in (self.province, self.city, self.area, self.address) if part)
        return Store(
            store_id=self.warehouse_code if by_code else self.warehouse_id,
            name=self.name,
            address=whole or None,
            geo=GeoPoint(lat=self.lat, lng=self.lng, crs=crs) if self.lng and self.lat else None,
        )


class _Warehouses(BaseModel):
    warehouses: list[_Warehouse] | None = None


class _WarehousePage(BaseModel):
    """youzan.retail.open.warehouse.query/3.0.0"""

    data: _Warehouses


class _Sku(BaseModel):
    sku_code: str | None = None


class _Spu(BaseModel):
    """`spu_code` is 商品编码, the `item_no` of an order's line. `retail_price` has no sure unit: not read."""

    spu_id: Id
    spu_code: str | None = None
    product_name: str
    category_name: str | None = None
    skus: list[_Sku] | None = None

    @property
    def product_id(self) -> str:
        return self.spu_code or self.spu_id

    def sku_codes(self) -> list[str]:
        return [sku.sku_code for sku in self.skus or () if sku.sku_code]

    def to_port(self) -> Product:
        return Product(
            product_id=self.product_id, name=self.product_name, category=self.category_name or None
        )


class _Spus(BaseModel):
    spus: list[_Spu] | None = None


class _SpuPage(BaseModel):
    """youzan.retail.open.spu.query/3.0.0"""

    data: _Spus


class _SkuStock(BaseModel):
    """Decimal text; what is frozen belongs to orders that wait to be handed over."""

    sku_code: str
    stock_num: Decimal
    freeze_num: Decimal = Decimal(0)

    @property
    def left(self) -> Decimal:
        return self.stock_num - self.freeze_num


class _Stock(BaseModel):
    """youzan.retail.open.query.warehousestock/1.0.0"""

    data: list[_SkuStock] | None = None


class Goods:
    def __init__(self, gateway: Gateway, options: Options) -> None:
        self._gateway, self._crs = gateway, options.crs
        self._by_code = options.store_id == "code"

    async def stores(self) -> list[Store]:
        found: list[Store] = []
        for page in count(1):
            rows = await self._warehouses({"page_no": page, "page_size": STORES_PER_PAGE})
            found += [row.to_port(by_code=self._by_code, crs=self._crs) for row in rows]
            if len(rows) < STORES_PER_PAGE:
                break
        return found

    async def page(self, cursor: str | None) -> Page[Product]:
        """By their search-after, which unlike their pages does not end at 3,600 rows."""
        if cursor is not None and not cursor.isdecimal():
            raise PosInvalidRequest("the cursor is not of this list")
        after: dict[str, object] = {"last_spu_id": int(cursor)} if cursor else {}
        rows = await self._spus({"is_search_after": True} | after)
        is_last = len(rows) < GOODS_PER_PAGE
        return Page[Product](
            items=tuple(row.to_port() for row in rows), next_cursor=None if is_last else rows[-1].spu_id
        )

    async def stock(self, store_id: str, product_ids: Sequence[str]) -> list[StockLot]:
        """One lot of each: they do not tell what goes off when."""
        code = await self._warehouse_code(store_id)
        spus = [
            spu
            for codes in _chunks(product_ids, GOODS_PER_PAGE)
            for spu in await self._spus({"spu_codes": list(codes)})
        ]
        owners = {sku: spu for spu in spus for sku in spu.sku_codes()}
        left: defaultdict[str, Decimal] = defaultdict(Decimal)
        for some in _chunks(list(owners), SKUS_PER_CALL):
            body = {"sku_codes": some, "warehouse_code": code}
            fields = await self._gateway.read("youzan.retail.open.query.warehousestock/1.0.0", body)
            for sku in parsed(_Stock, fields).data or ():
                if owner := owners.get(sku.sku_code):
                    left[owner.product_id] += sku.left
        return [
            StockLot(store_id=store_id, product_id=spu.product_id, name=spu.product_name, quantity=quantity)
            for spu in spus
            if (quantity := left[spu.product_id]) > 0
        ]

    async def _warehouse_code(self, store_id: str) -> str:
        if self._by_code:
            return store_id
        rows = await self._warehouses({"warehouse_ids": [int(store_id)]}) if store_id.isdecimal() else []
        if not rows:
            raise PosNotFound(f"no store {store_id}")
        return rows[0].warehouse_code

    async def _warehouses(self, body: Mapping[str, object]) -> list[_Warehouse]:
        body = {"type": STORE_TYPE, **body}
        fields = await self._gateway.read("youzan.retail.open.warehouse.query/3.0.0", body)
        return parsed(_WarehousePage, fields).data.warehouses or []

    async def _spus(self, body: Mapping[str, object]) -> list[_Spu]:
        body = {"page_no": 1, "page_size": GOODS_PER_PAGE, **body}
        fields = await self._gateway.read("youzan.retail.open.spu.query/3.0.0", body)
        return parsed(_SpuPage, fields).data.spus or []


def _chunks(items: Sequence[str], size: int) -> list[Sequence[str]]:
    return [items[start : start + size] for start in range(0, len(items), size)]
