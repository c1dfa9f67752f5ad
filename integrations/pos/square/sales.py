"""Sales and returns, in pages over any number of stores."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from integrations.pos.errors import PosInvalidRequest, PosNotFound
from integrations.pos.square import mapping
from integrations.pos.square.catalogue import Catalogue
from integrations.pos.square.client import Square, from_cursor
from integrations.pos.square.shapes import OneOrder, OnePayment, Orders, SquareOrder
from integrations.pos.values import Order, Page

PAGE_SIZE = 100
MOST_LOCATIONS = 10  # Square's own limit of one search


def changed(since: datetime, until: datetime, member_id: str | None) -> dict[str, Any]:
    """The query. Square wants the sort to be of the field that is filtered.

    What a till took offline comes up to 72 hours late; its `updated_at` tells of its coming.
    """
    span = {"start_at": since.astimezone(UTC).isoformat(), "end_at": until.astimezone(UTC).isoformat()}
    narrow: dict[str, Any] = {"date_time_filter": {"updated_at": span}}
    if member_id:
        narrow["customer_filter"] = {"customer_ids": [member_id]}
    return {"filter": narrow, "sort": {"sort_field": "UPDATED_AT", "sort_order": "ASC"}}


def _place(cursor: str | None) -> tuple[str, list[str], str | None]:
    if cursor is None:
        return "", [], None
    try:
        after, ten, inner = json.loads(cursor)
        return str(after), [str(one) for one in ten], inner
    except (ValueError, TypeError):
        raise PosInvalidRequest("the cursor is not of this list") from None


class Sales:
    def __init__(self, square: Square, catalogue: Catalogue) -> None:
        self._square, self._catalogue = square, catalogue

    async def page(
        self,
        stores: Sequence[str],
        query: dict[str, Any],
        cursor: str | None,
        timeout_seconds: float | None,
    ) -> Page[Order]:
        """`stores` are sorted. Square's own cursor is of ten of them, so ours names these: one that opens
        meanwhile does not change the query. Between two tens ours is the last store that was read.
        """
        after, ten, inner = _place(cursor)
        ten = ten or [one for one in stores if one > after][:MOST_LOCATIONS]
        if not ten:
            return Page[Order](items=())
        told = await self._square.read(
            Orders,
            self._square.api.orders.search,
            location_ids=ten,
            query=query,
            limit=PAGE_SIZE,
            timeout_seconds=timeout_seconds,
            **from_cursor(inner),
        )
        found = await self._read(told.orders)
        following: str | None = None
        if told.cursor:
            following = json.dumps([after, ten, told.cursor])
        elif stores and stores[-1] > ten[-1]:
            following = json.dumps([ten[-1], [], None])
        return Page[Order](items=tuple(found), next_cursor=following)

    async def get(self, order_id: str) -> Order:
        """A sale, or a return as a ticket; "<id>/1" is the return in an exchange."""
        own_id = order_id.partition("/")[0]
        told = await self._square.read(OneOrder, self._square.api.orders.get, order_id=own_id)
        for one in await self._read([told.order]):
            if one.order_id == order_id:
                return one
        raise PosNotFound("a return that names no sale, or whose money is not back")

    async def _read(self, told: Sequence[SquareOrder]) -> list[Order]:
        sold = {line.catalog_object_id for order in told for line in order.line_items}
        wares = await self._catalogue.wares(one for one in sold if one)
        return [one for order in told for one in mapping.orders(await self._linked(order), wares)]

    async def _linked(self, order: SquareOrder) -> SquareOrder:
        """A return that does not name its sale is of the order whose payment was given back."""
        payment_id = next((one.tender_id for one in order.refunds if one.tender_id), None)
        if payment_id is None or len(order.returns) != 1 or order.returns[0].source_order_id:
            return order
        try:
            told = await self._square.read(OnePayment, self._square.api.payments.get, payment_id=payment_id)
        except PosNotFound:
            return order
        back = order.returns[0].model_copy(update={"source_order_id": told.payment.order_id})
        return order.model_copy(update={"returns": (back,)})
