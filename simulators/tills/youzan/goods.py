"""Stores, goods and stock of the retail back office. Contract §6.5."""

import math
from decimal import Decimal

from pydantic import BaseModel, Field

from simulators.state.till import Product, Store
from simulators.tills.youzan.route import Answer, Failure, served, youzan_router
from simulators.tills.youzan.wire import number
from simulators.world import WorldDep

router = youzan_router()


class WhichWarehouses(BaseModel):
    type: int
    warehouse_ids: list[int] | None = None
    page_no: int = Field(default=1, ge=1)
    page_size: int = Field(default=20, ge=1, le=20)


class WhichSpus(BaseModel):
    spu_codes: list[str] | None = Field(None, max_length=50)
    page_no: int = Field(ge=1)
    page_size: int = Field(default=20, ge=1, le=50)
    is_search_after: bool = False
    last_spu_id: int | None = None


class WhichStock(BaseModel):
    sku_codes: list[str] = Field(max_length=50)
    warehouse_code: str


@router.post("/youzan.retail.open.warehouse.query/3.0.0")
async def warehouses(world: WorldDep, body: WhichWarehouses) -> Answer:
    """Ids, if they are named, are not paged."""
    every = list(world.till.stores.values()) if body.type == 2 else []
    start = (body.page_no - 1) * body.page_size
    found = every[start : start + body.page_size]
    if body.warehouse_ids is not None:
        found = [one for one in every if number(one.store_id) in body.warehouse_ids]
    return served({"warehouses": [_warehouse(one) for one in found]})


@router.post("/youzan.retail.open.spu.query/3.0.0")
async def spus(world: WorldDep, body: WhichSpus) -> Answer:
    if not body.is_search_after and body.page_no * body.page_size > 3600:
        raise Failure(5000, "最大支持3600条")
    found = sorted(world.till.products(), key=lambda one: number(one.product_id))
    if body.spu_codes is not None:
        found = [one for one in found if one.product_id in body.spu_codes]
    if body.is_search_after:
        found = [one for one in found if number(one.product_id) > (body.last_spu_id or 0)]
    start = 0 if body.is_search_after else (body.page_no - 1) * body.page_size
    return served({"spus": [_spu(one) for one in found[start : start + body.page_size]]})


@router.post("/youzan.retail.open.query.warehousestock/1.0.0")
async def stock(world: WorldDep, body: WhichStock) -> Answer:
    """All deliveries of a product in one sum."""
    store = world.till.store(body.warehouse_code)
    rows = [
        {"sku_code": code, "stock_num": str(_left(world, store, code)), "freeze_num": "0"}
        for code in body.sku_codes
    ]
    return served(rows)


def _left(world: WorldDep, store: Store, product_id: str) -> Decimal:
    return sum((Decimal(lot.quantity) for lot in world.till.stock(store.store_id, product_id)), Decimal(0))


def _warehouse(store: Store) -> Answer:
    lng, lat = _baidu(store) if store.lng is not None and store.lat is not None else ("", "")
    return {
        "warehouse_id": number(store.store_id),
        "warehouse_code": store.store_id,
        "name": store.name,
        "type": 2,
        "lng": lng,
        "lat": lat,
        "status": 1,
    }


def _baidu(store: Store) -> tuple[str, str]:
    """Baidu's own shift on top of the map's (GCJ-02). What is given as anything else is told as it is."""
    lng, lat = store.lng or 0.0, store.lat or 0.0
    if store.crs == "gcj02":
        turn = math.pi * 3000 / 180
        far = math.hypot(lng, lat) + 0.00002 * math.sin(lat * turn)
        angle = math.atan2(lat, lng) + 0.000003 * math.cos(lng * turn)
        lng, lat = far * math.cos(angle) + 0.0065, far * math.sin(angle) + 0.006
    return f"{lng:.6f}", f"{lat:.6f}"


def _spu(product: Product) -> Answer:
    return {
        "spu_id": number(product.product_id),
        "spu_code": product.product_id,
        "product_name": product.name,
        "category_name": product.category,
        "skus": [{"sku_id": number(product.product_id), "sku_code": product.product_id}],
    }
