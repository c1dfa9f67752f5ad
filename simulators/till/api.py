"""Stores, their stock, members, orders and coupons, as a back office reads them."""

from collections.abc import Sequence
from typing import Annotated, TypeVar

from fastapi import Query, Response
from pydantic import AwareDatetime, BaseModel, Field

from simulators.paging import ForeignCursor, page
from simulators.state.refused import Refused
from simulators.state.till import Coupon, Lot, Member, Order, Product, Store
from simulators.till.route import till_router
from simulators.world import WorldDep

router = till_router()
Item = TypeVar("Item")


class Stores(BaseModel):
    stores: list[Store]


class Stock(BaseModel):
    stock: list[Lot]


class Members(BaseModel):
    members: list[Member]


class Orders(BaseModel):
    orders: list[Order]
    next_cursor: str | None


class Products(BaseModel):
    products: list[Product]
    next_cursor: str | None


class Coupons(BaseModel):
    coupons: list[Coupon]


class IssueCoupon(BaseModel):
    template_id: str
    member_id: str
    idempotency_key: str = Field(min_length=1)


class MemberQuery(BaseModel):
    unionid: str | None = None
    phone: str | None = None
    member_id: str | None = None
    external_userid: str | None = None


class PageQuery(BaseModel):
    cursor: str | None = None
    limit: int = Field(default=100, ge=1, le=1000)


class OrderQuery(PageQuery):
    """`since` (inclusive) and `until` (exclusive) are of updated_at, so that refunds are seen too."""

    member_id: str | None = None
    store_id: str | None = None
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None


@router.get("/stores")
async def stores(world: WorldDep) -> Stores:
    return Stores(stores=list(world.till.stores.values()))


@router.get("/stock")
async def stock(world: WorldDep, store_id: str, product_id: Annotated[list[str], Query()]) -> Stock:
    """Of the products that are named; one that there is none of is left out."""
    store = world.till.store(store_id)
    return Stock(stock=[lot for one in product_id for lot in world.till.stock(store.store_id, one)])


@router.get("/members")
async def members(world: WorldDep, query: Annotated[MemberQuery, Query()]) -> Members:
    """Several members may match: tills do not keep phones unique."""
    wanted = query.model_dump(exclude_none=True)
    if not wanted:
        raise Refused("ask by unionid, phone, member_id or external_userid", status=400)
    found = [
        member
        for member in world.till.members.values()
        if all(getattr(member, field) == value for field, value in wanted.items())
    ]
    return Members(members=found)


@router.get("/orders")
async def orders(world: WorldDep, query: Annotated[OrderQuery, Query()]) -> Orders:
    till = world.till
    candidates = till.orders_of[query.member_id] if query.member_id else list(till.orders.values())
    found = [
        order
        for order in candidates
        if query.store_id in (None, order.store_id)
        and (query.since is None or query.since <= order.updated_at)
        and (query.until is None or order.updated_at < query.until)
    ]
    key = f"{query.member_id} {query.store_id} {query.since} {query.until}"
    shown, next_cursor = _shown(found, key, query.cursor, query.limit)
    return Orders(orders=shown, next_cursor=next_cursor)


@router.get("/products")
async def products(world: WorldDep, query: Annotated[PageQuery, Query()]) -> Products:
    shown, next_cursor = _shown(world.till.products(), "products", query.cursor, query.limit)
    return Products(products=shown, next_cursor=next_cursor)


@router.get("/orders/{order_id}")
async def order(world: WorldDep, order_id: str) -> Order:
    return world.till.order(order_id)


@router.post("/coupons", status_code=201)
async def issue(world: WorldDep, body: IssueCoupon, response: Response) -> Coupon:
    coupon, is_new = world.till.issue(body.template_id, body.member_id, body.idempotency_key)
    if not is_new:
        response.status_code = 200
    return coupon


@router.get("/coupons/{coupon_id}")
async def coupon(world: WorldDep, coupon_id: str) -> Coupon:
    return world.till.coupon(coupon_id)


@router.get("/coupons")
async def coupons(
    world: WorldDep, member_id: str | None = None, idempotency_key: str | None = None
) -> Coupons:
    if idempotency_key is None:
        found = list(world.till.coupons.values())
    else:
        by_key = world.till.coupon_by_key.get(idempotency_key)
        found = [] if by_key is None else [by_key]
    return Coupons(coupons=[one for one in found if member_id in (None, one.member_id)])


def _shown(items: Sequence[Item], key: str, cursor: str | None, limit: int) -> tuple[list[Item], str | None]:
    """One page and the next cursor, which is of this query only."""
    try:
        shown, next_cursor = page(items, query=key, cursor=cursor, limit=limit)
    except ForeignCursor as error:
        raise Refused("the cursor is not of this query", status=400) from error
    return shown, next_cursor or None
