"""What a shop or the brand tells of itself: token, shops, orders, dishes, stock. Contract §7."""

from datetime import datetime, timedelta
from typing import Annotated, Literal

from fastapi import Request
from pydantic import BaseModel, BeforeValidator, Field, PositiveInt

from simulators.clock import CHINA
from simulators.tills.keruyun.route import Answer, Brand, Failure, Shop, keruyun_router, ok, served
from simulators.tills.keruyun.signing import token
from simulators.tills.keruyun.trades import trades
from simulators.world import WorldDep

router = keruyun_router()
LONGEST = timedelta(days=31)


def _local(text: object) -> datetime:
    return datetime.strptime(str(text), "%Y-%m-%d %H:%M:%S").replace(tzinfo=CHINA)


LocalTime = Annotated[datetime, BeforeValidator(_local)]


class PageBean(BaseModel):
    pageNum: PositiveInt = 1
    pageSize: int = Field(default=20, ge=1, le=100)


class OrderQuery(BaseModel):
    """`dateType` 4, when it was paid, is all that this till looks by."""

    dateType: Literal["4"]
    startDate: LocalTime
    endDate: LocalTime
    pageBean: PageBean


class OrderRead(BaseModel):
    orderId: str


class GoodsQuery(PageBean):
    orgId: str
    goodsCodes: list[str] = Field(default=[])


@router.get("/open/v1/token/get")
async def get_token(world: WorldDep, request: Request) -> Answer:
    _, scope = request.state.scope
    return ok({"token": token(world.config, world.clock, scope)})


@router.post("/open/standard/shop/MerchantOrgReadService.queryBrandStores")
async def brand_stores(world: WorldDep, brand: Brand) -> Answer:
    head_office = {"shopId": brand, "name": "总部", "orgType": "BRAND", "status": "NORMAL"}
    shops = [
        {
            "shopId": store.store_id,
            "name": store.name,
            "latitude": "" if store.lat is None else str(store.lat),
            "longitude": "" if store.lng is None else str(store.lng),
            "addressDetail": "",
            "orgType": "STORE",
            "status": "NORMAL",
        }
        for store in world.till.stores.values()
    ]
    return ok({"shops": [head_office, *shops]})


@router.post("/open/standard/order/queryList")
async def order_list(world: WorldDep, shop: Shop, body: OrderQuery) -> Answer:
    if body.endDate - body.startDate > LONGEST:
        raise Failure(1000)
    found = [
        trade.listed()
        for trade in trades(world.till, shop)
        if body.startDate <= trade.settled_at.replace(microsecond=0) <= body.endDate
    ]
    number, size = body.pageBean.pageNum, body.pageBean.pageSize
    data = {
        "totalCount": str(len(found)),
        "pageNo": str(number),
        "pageSize": str(size),
        "totalPage": str(-(-len(found) // size)),
        "list": found[(number - 1) * size : number * size] or None,
    }
    return served(data=data)


@router.post("/open/standard/order/queryDetail")
async def order_detail(world: WorldDep, shop: Shop, body: OrderRead) -> Answer:
    for trade in trades(world.till, shop):
        if trade.id == body.orderId:
            return served(data=trade.detailed(world.till))
    raise Failure(2003)


@router.post("/open/standard/dish/shop/pageQueryBaseDish")
async def dishes(world: WorldDep, shop: Shop, body: PageBean) -> Answer:
    """Every shop has the whole menu. A category has the id that its name makes."""
    menu = [
        {
            "dishId": one.product_id,
            "dishName": one.name,
            "categoryId": one.category,
            "dishType": "SINGLE",
            "state": "ONLINE",
        }
        for one in world.till.products()
    ]
    start = (body.pageNum - 1) * body.pageSize
    return served(value={"dataList": menu[start : start + body.pageSize], "total": len(menu)})


@router.post("/open/standard/dish/shop/listQueryCategory")
async def categories(world: WorldDep, shop: Shop) -> Answer:
    names = sorted({one.category for one in world.till.products()} - {""})
    return served(value=[{"categoryId": name, "categoryName": name} for name in names])


@router.post("/open/standard/stock/goods/findByCondition")
async def stock(world: WorldDep, brand: Brand, body: GoodsQuery) -> Answer:
    store = world.till.store(body.orgId)
    codes = body.goodsCodes or [one.product_id for one in world.till.products()]
    goods = [
        {"orgId": store.store_id, "goodsCode": code, "goodsName": lot.name, "currQty": float(lot.quantity)}
        for code in codes
        for lot in world.till.stock(store.store_id, code)
    ]
    start = (body.pageNum - 1) * body.pageSize
    return served(data={"list": goods[start : start + body.pageSize], "total": len(goods)})
