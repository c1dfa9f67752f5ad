"""Sales and returns, each a ticket of one store. Contract §5.4.

A ticket's number is unique within its store alone, so an order's id is "store/sn".
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from integrations.pos.access import StoreKey, parsed
from integrations.pos.errors import PosInvalidRequest, PosNotFound, PosUnavailable
from integrations.pos.pospal.choices import Options
from integrations.pos.pospal.client import PospalHttp
from integrations.pos.pospal.records import Item, Ticket, moment, money, number, written
from integrations.pos.pospal.walk import Walk
from integrations.pos.values import Money, Order, OrderLine, OrderStatus, Page

STEP = timedelta(days=1)  # Pospal allows 31 days or fewer: its texts differ
STEP_OF_A_MEMBER = timedelta(days=31)
SECOND = timedelta(seconds=1)


class Tickets:
    def __init__(self, http: PospalHttp, keys: Mapping[str, StoreKey], options: Options) -> None:
        self._http, self._keys, self._options = http, keys, options

    def key(self, store_id: str) -> StoreKey:
        if store_id not in self._keys:
            raise PosInvalidRequest(f"POS_STORE_KEYS has no keys of store {store_id}")
        return self._keys[store_id]

    async def page(
        self,
        since: datetime,
        until: datetime,
        store_id: str | None,
        cursor: str | None,
        seconds: float | None,
    ) -> Page[Order]:
        """Of one store and of one step of time."""
        walk = Walk([store_id] if store_id else sorted(self._keys), since, until, STEP)
        orders, following = await self._read(walk, cursor, "queryTicketPages", {}, seconds)
        return Page[Order](items=tuple(orders), next_cursor=following)

    async def of_member(
        self, since: datetime, until: datetime, member_id: str, store_id: str | None, seconds: float | None
    ) -> Page[Order]:
        """All in one page: hers are few, and somebody waits. The stores are asked at the same time."""
        customer = {"customerUid": number(member_id, "a member")}

        async def at(store: str) -> list[Order]:
            walk, orders, cursor = Walk([store], since, until, STEP_OF_A_MEMBER), list[Order](), None
            while True:
                try:
                    found, cursor = await self._read(
                        walk, cursor, "queryCustomerHistoryTicketsByUid", customer, seconds
                    )
                except PosNotFound:  # she is no member at this store: they share none
                    return orders
                orders += found
                if cursor is None:
                    return orders

        stores = [store_id] if store_id else sorted(self._keys)
        found = await asyncio.gather(*map(at, stores))
        return Page[Order](items=tuple(order for orders in found for order in orders))

    async def get(self, order_id: str) -> Order:
        store, slash, sn = order_id.partition("/")
        if not slash:
            raise PosInvalidRequest("an order's id is store/sn here")
        data = await self._http.ask(self.key(store), "ticketOpenApi/queryTicketBySn", {"sn": sn})
        if data is None:
            raise PosNotFound("no such ticket")
        return await self._order(store, parsed(Ticket, data))

    async def _read(
        self,
        walk: Walk,
        cursor: str | None,
        method: str,
        fields: Mapping[str, object],
        seconds: float | None,
    ) -> tuple[list[Order], str | None]:
        position = walk.position(cursor)
        # Pospal's startTime is exclusive and its endTime inclusive; the port means the opposite.
        window = {
            "startTime": written(position.start - SECOND, self._options.zone),
            "endTime": written(walk.end(position) - SECOND, self._options.zone),
        }
        key, path = self.key(position.store), f"ticketOpenApi/{method}"
        records, back = await self._http.page(
            key, path, {**fields, **window}, back=position.back, timeout_seconds=seconds
        )
        orders = [await self._order(position.store, parsed(Ticket, record)) for record in records]
        return orders, walk.after(position, back)

    async def _order(self, store: str, ticket: Ticket) -> Order:
        at = moment(ticket.datetime, self._options.zone)
        if at is None:
            raise PosUnavailable("unexpected answer at datetime")
        currency, taken_back = self._options.currency, ticket.invalid == 1
        order = Order(
            order_id=f"{store}/{ticket.sn}",
            store_id=store,
            member_id=ticket.member_id,
            status=OrderStatus.CANCELLED if taken_back else OrderStatus.PAID,
            paid_at=at,
            updated_at=at,
            paid=Money(amount_minor=0, currency=currency),
        )
        if ticket.ticketType == "SELL":
            return order.model_copy(update=_sold(ticket, currency))
        sale = await self._sale_of(store, ticket.sn)
        # Whether a return's amounts are below zero is not said. One that was taken back gave nothing back.
        refunded = money(Decimal(0) if taken_back else abs(ticket.totalAmount), currency)
        update: dict[str, object] = {"refunded": refunded, "refund_of": sale and f"{store}/{sale}"}
        # A return of something that was never sold here undoes no order.
        update["status"] = OrderStatus.REFUNDED if sale and not taken_back else OrderStatus.CANCELLED
        return order.model_copy(update=update)

    async def _sale_of(self, store: str, refund_sn: str) -> str | None:
        path = "ticketOpenApi/querySellTicketByRefunTicketSn"
        try:
            data = await self._http.ask(self.key(store), path, {"refunTcketSn": refund_sn})  # sic
        except PosNotFound:
            return None
        # It is of one sale; whether that comes in a list is not said.
        sales = data if isinstance(data, list) else [data] if data else []
        return parsed(Ticket, sales[0]).sn if sales else None


def _sold(ticket: Ticket, currency: str) -> dict[str, object]:
    """Goods that came back in exchange are no lines; who was given more than she paid has paid nothing."""
    lines = tuple(_line(item, currency) for item in ticket.items or () if item.quantity > 0)
    return {"paid": money(max(ticket.totalAmount, Decimal(0)), currency), "lines": lines}


def _line(item: Item, currency: str) -> OrderLine:
    return OrderLine(
        name=item.name,
        product_id=item.productBarcode or None,
        quantity=item.quantity,
        paid=money(item.totalAmount, currency),
    )
