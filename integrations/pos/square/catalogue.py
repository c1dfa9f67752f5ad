"""What is sold, and how much there is: a variation ("Latte, large") of an item ("Latte") in a category.

Lines of orders and counts of stock name the variation, and so does the port's product_id. The item and its
category are looked up once for all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from integrations.pos.access import Clock
from integrations.pos.square.client import Square, from_cursor
from integrations.pos.square.mapping import Ware
from integrations.pos.square.shapes import CatalogObject, CatalogObjects, Count, CountsPage, ItemData
from integrations.pos.values import Page, Product, StockLot

PAGE_SIZE = 100
MOST_IDS = 1000  # Square's own limit of one batch
MOST_COUNTED = 100
KEPT = timedelta(hours=1)  # so that a renamed category is seen


class Catalogue:
    def __init__(self, square: Square, clock: Clock) -> None:
        self._square, self._clock = square, clock
        self._wares: dict[str, Ware] = {}
        self._categories: dict[str, str] = {}
        self._since = clock()

    async def wares(self, variation_ids: Iterable[str]) -> Mapping[str, Ware]:
        """By variation. What the catalogue does not know has neither name nor category."""
        if self._clock() - self._since > KEPT:
            self._wares, self._categories, self._since = {}, {}, self._clock()
        missing = sorted(set(variation_ids) - self._wares.keys())
        for start in range(0, len(missing), MOST_IDS):
            await self._learn(missing[start : start + MOST_IDS])
        return self._wares

    async def products(self, cursor: str | None) -> Page[Product]:
        """A page of items may give none or many: each variation is a product."""
        told = await self._square.read(
            CatalogObjects,
            self._square.api.catalog.search,
            object_types=["ITEM"],
            limit=PAGE_SIZE,
            **from_cursor(cursor),
        )
        items = {one.id: one.item_data for one in told.objects if one.item_data}
        await self._learn_categories(items.values())
        found = [
            Product(product_id=variation.id, name=ware.name, category=ware.category)
            for item in items.values()
            for variation in item.variations
            for ware in [self._ware(item, variation)]
        ]
        return Page[Product](items=tuple(found), next_cursor=told.cursor or None)

    async def stock(self, store_id: str, product_ids: Sequence[str]) -> list[StockLot]:
        """Square knows no days of expiry."""
        counts = [one for one in await self._counts(store_id, product_ids) if one.quantity > 0]
        wares = await self.wares(one.catalog_object_id for one in counts)
        return [
            StockLot(
                store_id=one.location_id,
                product_id=one.catalog_object_id,
                name=wares[one.catalog_object_id].name,
                quantity=one.quantity,
            )
            for one in counts
        ]

    async def _counts(self, store_id: str, product_ids: Sequence[str]) -> list[Count]:
        found: list[Count] = []
        for start in range(0, len(product_ids), MOST_COUNTED):
            cursor: str | None = None
            while True:
                told = await self._square.read(
                    CountsPage,
                    self._square.api.inventory.batch_get_counts,
                    catalog_object_ids=product_ids[start : start + MOST_COUNTED],
                    location_ids=[store_id],
                    states=["IN_STOCK"],
                    **from_cursor(cursor),
                )
                found += told.response.counts
                cursor = told.response.cursor
                if not cursor:
                    break
        return found

    async def _learn(self, variation_ids: Sequence[str]) -> None:
        told = await self._square.read(
            CatalogObjects,
            self._square.api.catalog.batch_get,
            object_ids=variation_ids,
            include_related_objects=True,
            include_deleted_objects=True,  # an old order may name what is no longer sold
        )
        items = {one.id: one.item_data for one in told.related_objects if one.item_data}
        await self._learn_categories(items.values())
        self._wares |= dict.fromkeys(variation_ids, Ware(name="", category=None))
        for one in told.objects:
            item = items.get((one.item_variation_data and one.item_variation_data.item_id) or "")
            if item is not None:
                self._wares[one.id] = self._ware(item, one)

    async def _learn_categories(self, items: Iterable[ItemData]) -> None:
        wanted = {category for item in items if (category := _category_id(item))}
        missing = sorted(wanted - self._categories.keys())
        if not missing:
            return
        told = await self._square.read(
            CatalogObjects,
            self._square.api.catalog.batch_get,
            object_ids=missing,
            include_deleted_objects=True,
        )
        for one in told.objects:
            if one.category_data and one.category_data.name:
                self._categories[one.id] = one.category_data.name

    def _ware(self, item: ItemData, variation: CatalogObject) -> Ware:
        told = variation.item_variation_data
        names = [item.name, told.name if told and len(item.variations) > 1 else None]
        category = self._categories.get(_category_id(item) or "")
        return Ware(name=" ".join(name for name in names if name), category=category)


def _category_id(item: ItemData) -> str | None:
    if item.reporting_category and item.reporting_category.id:
        return item.reporting_category.id
    return item.categories[0].id if item.categories else None
