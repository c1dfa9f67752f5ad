"""Stores, and the products of the store whose keys are used."""

from decimal import Decimal
from typing import Any

from simulators.state.till import Product, Till
from simulators.tills.pospal.keys import shops
from simulators.tills.pospal.refusals import Refusal
from simulators.tills.pospal.route import V1, Answer, ShopDep, ok, pospal_router
from simulators.tills.pospal.tickets import product_uid
from simulators.tills.pospal.wire import Asked, paged, uid
from simulators.world import WorldDep

router = pospal_router()


class ByBarcode(Asked):
    barcode: str


@router.post(f"{V1}/userOpenApi/queryAllUser")
async def query_all_user(world: WorldDep, shop: ShopDep, asked: Asked) -> Answer:
    """A store sees itself alone. None has coordinates."""
    known = [one for one in shops(world.config).values() if shop.store_id in (None, one.store_id)]
    records = [
        {"id": uid(one.store_id), "company": world.till.stores[one.store_id].name, "appId": one.app_id}
        for one in known
        if one.store_id in world.till.stores
    ]
    return ok(records)


@router.post(f"{V1}/productOpenApi/queryProductCategoryPages")
async def query_product_category_pages(world: WorldDep, shop: ShopDep, asked: Asked) -> Answer:
    names = sorted({product.category for product in world.till.products() if product.category})
    return ok(paged(asked, names, lambda name: {"uid": uid(name), "parentUid": 0, "name": name}))


@router.post(f"{V1}/productOpenApi/queryProductPages")
async def query_product_pages(world: WorldDep, shop: ShopDep, asked: Asked) -> Answer:
    products = world.till.products()
    return ok(paged(asked, products, lambda product: _record(world.till, shop.store_id, product)))


@router.post(f"{V1}/productOpenApi/queryProductByBarcode")
async def query_product_by_barcode(world: WorldDep, shop: ShopDep, asked: ByBarcode) -> Answer:
    found = next((one for one in world.till.products() if one.product_id == asked.barcode), None)
    if found is None:
        raise Refusal(2003)
    return ok(_record(world.till, shop.store_id, found))


def _record(till: Till, store: str | None, product: Product) -> dict[str, Any]:
    """The head office has no stock of its own."""
    lots = till.stock(store, product.product_id) if store else []
    return {
        "uid": product_uid(store, product.product_id),
        "categoryUid": uid(product.category) if product.category else 0,
        "name": product.name,
        "barcode": product.product_id,
        "stock": float(sum((Decimal(lot.quantity) for lot in lots), Decimal(0))),
    }
