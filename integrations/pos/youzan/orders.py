"""Orders of Youzan as orders of the port: one, and those that were changed in a span of time."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

from integrations.pos.access import parsed
from integrations.pos.errors import PosUnavailable
from integrations.pos.values import Order, Page
from integrations.pos.youzan import trades
from integrations.pos.youzan.choices import Options
from integrations.pos.youzan.gateway import Gateway
from integrations.pos.youzan.windows import Query, read_on
from integrations.pos.youzan.wire import local_text

PAGE_SIZE = 100
LONGEST_SPAN = timedelta(days=89)  # they allow 3 months, of which the shortest have 89 days


class Orders:
    def __init__(self, gateway: Gateway, options: Options) -> None:
        self._gateway, self._store_id = gateway, options.store_id
        self._read_delay = options.read_delay_seconds

    async def one(self, order_id: str) -> Order:
        detail = await self._detail(order_id, None)
        if detail.full_order_info.is_being_refunded:
            raise PosUnavailable("a refund of the order is under way", retry_after_s=self._read_delay)
        return detail.to_port(self._store_id)

    async def page(
        self,
        since: datetime,
        until: datetime,
        *,
        member_id: str | None,
        cursor: str | None,
        timeout_seconds: float | None,
    ) -> Page[Order]:
        async def rows(start: int, end: int, page: int) -> tuple[int, list[trades.FullOrder]]:
            body = {
                "start_update": _local(start),
                "end_update": _local(end - 1),  # theirs is inclusive
                "page_no": page,
                "page_size": PAGE_SIZE,
            } | ({"yz_open_id": member_id} if member_id else {})
            fields = await self._gateway.read(
                "youzan.trades.sold.get/4.0.4", body, timeout_seconds=timeout_seconds
            )
            found = parsed(trades.OrderPage, fields).data
            return found.total_results, [one.full_order_info for one in found.full_order_info_list or ()]

        start, end = math.floor(since.timestamp()), math.ceil(until.timestamp())
        longest = int(LONGEST_SPAN.total_seconds())
        query = Query(start, end, longest, PAGE_SIZE, rows, lambda told: told.order_info.tid)
        found, next_cursor = await read_on(query, cursor)
        orders = [await self._whole(told, timeout_seconds) for told in found]
        return Page[Order](items=tuple(orders), next_cursor=next_cursor)

    async def _whole(self, told: trades.FullOrder, timeout_seconds: float | None) -> Order:
        if told.is_whole:
            return told.to_port(self._store_id)
        return (await self._detail(told.order_info.tid, timeout_seconds)).to_port(self._store_id)

    async def _detail(self, tid: str, timeout_seconds: float | None) -> trades.OrderDetail:
        fields = await self._gateway.read(
            "youzan.trade.get/4.0.2", {"tid": tid}, timeout_seconds=timeout_seconds
        )
        return parsed(trades.OneOrder, fields).data


def _local(unix: int) -> str:
    return local_text(datetime.fromtimestamp(unix, UTC))
