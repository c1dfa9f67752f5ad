"""Products: what there is of them with a store's keys, what they are with the head office's. Contract §5.5.

A ticket's lines name products and no categories: those are joined by barcode from what the walk has kept.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta

from integrations.pos.access import Clock, StoreKey, parsed
from integrations.pos.errors import PosNotFound
from integrations.pos.pospal import records
from integrations.pos.pospal.client import PospalHttp
from integrations.pos.values import Page, Product

KEPT = timedelta(hours=1)  # a walk asks for them with every page


class Catalogue:
    def __init__(self, http: PospalHttp, head_office: StoreKey, clock: Clock) -> None:
        self._http, self._head_office, self._clock = http, head_office, clock
        self._categories: Mapping[str, str] = {}
        self._read_at: datetime | None = None

    async def page(self, cursor: str | None) -> Page[Product]:
        """Those that have a barcode: nothing else is common to the stores."""
        categories = await self._names()
        back = json.loads(cursor) if cursor else None
        path = "productOpenApi/queryProductPages"
        found, back = await self._http.page(self._head_office, path, back=back)
        products = [
            Product(product_id=one.barcode, name=one.name, category=categories.get(one.categoryUid or ""))
            for one in (parsed(records.Product, record) for record in found)
            if one.barcode
        ]
        return Page[Product](items=tuple(products), next_cursor=None if back is None else json.dumps(back))

    async def product(self, key: StoreKey, barcode: str) -> records.Product | None:
        """As the store of this key has it."""
        path = "productOpenApi/queryProductByBarcode"
        try:
            data = await self._http.ask(key, path, {"barcode": barcode})
        except PosNotFound:
            return None
        return None if data is None else parsed(records.Product, data)

    async def _names(self) -> Mapping[str, str]:
        """A category's uid → its name."""
        now = self._clock()
        if self._read_at is None or now - self._read_at > KEPT:
            path = "productOpenApi/queryProductCategoryPages"
            found = [
                parsed(records.Category, record) async for record in self._http.every(self._head_office, path)
            ]
            self._categories, self._read_at = {one.uid: one.name for one in found}, now
        return self._categories
