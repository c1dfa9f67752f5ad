"""The catalogue and what there is in stock."""

from decimal import Decimal

from pydantic import BaseModel, Field

from simulators.state.till import Till
from simulators.tills.square import books
from simulators.tills.square.books import Json
from simulators.tills.square.pages import paged
from simulators.tills.square.route import PREFIX, Search, square_router
from simulators.world import WorldDep

router = square_router()


class SearchCatalog(Search):
    object_types: list[str] = Field(default=["ITEM"])
    limit: int = Field(default=100, ge=1, le=1000)


class RetrieveObjects(BaseModel):
    object_ids: list[str] = Field(max_length=1000)
    include_related_objects: bool = False


class RetrieveCounts(Search):
    catalog_object_ids: list[str] = Field(max_length=1000)
    location_ids: list[str] = Field(default=[])
    states: list[str] = Field(default=["IN_STOCK"])
    limit: int = Field(default=100, ge=1, le=1000)


@router.post(f"{PREFIX}/catalog/search")
async def search(world: WorldDep, body: SearchCatalog) -> Json:
    found = [one for one in _objects(world.till).values() if one["type"] in body.object_types]
    return paged("objects", found, body, body.limit)


@router.post(f"{PREFIX}/catalog/batch-retrieve")
async def retrieve(world: WorldDep, body: RetrieveObjects) -> Json:
    """What is unknown is left out. A variation's item is related to it, an item's category to the item."""
    known = _objects(world.till)
    found = [known[one] for one in body.object_ids if one in known]
    related = [known[name] for one in found for name in _related(one)]
    return {"objects": found} | ({"related_objects": related} if body.include_related_objects else {})


@router.post(f"{PREFIX}/inventory/counts/batch-retrieve")
async def counts(world: WorldDep, body: RetrieveCounts) -> Json:
    till = world.till
    stores = [till.store(one).store_id for one in body.location_ids] or list(till.stores)
    delivered = {(one.store_id, one.product_id) for one in till.lots}
    found = [
        {
            "catalog_object_id": product_id,
            "catalog_object_type": "ITEM_VARIATION",
            "state": "IN_STOCK",
            "location_id": store_id,
            "quantity": str(sum(Decimal(lot.quantity) for lot in till.stock(store_id, product_id))),
            "calculated_at": books.rfc3339(world.clock()),
        }
        for product_id in body.catalog_object_ids
        for store_id in stores
        if (store_id, product_id) in delivered and "IN_STOCK" in body.states
    ]
    return paged("counts", found, body, body.limit)


def _objects(till: Till) -> dict[str, Json]:
    products = till.products()
    categories = sorted({one.category for one in products if one.category})
    made = [
        *(books.item(one) for one in products),
        *(books.variation(one) for one in products),
        *(books.category(one) for one in categories),
    ]
    return {one["id"]: one for one in made}


def _related(told: Json) -> list[str]:
    if told["type"] == "ITEM_VARIATION":
        return [told["item_variation_data"]["item_id"]]
    return [one["id"] for one in told.get("item_data", {}).get("categories", [])]
