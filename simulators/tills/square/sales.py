"""Orders, both sales and returns, and payments."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from simulators.tills.square import books
from simulators.tills.square.books import Json
from simulators.tills.square.pages import paged
from simulators.tills.square.route import PREFIX, Order, Search, Span, SquareError, square_router
from simulators.world import WorldDep

router = square_router()
MOST = 10  # locations, and customers, of one search


class Times(BaseModel):
    model_config = ConfigDict(extra="forbid")

    created_at: Span | None = None
    updated_at: Span | None = None
    closed_at: Span | None = None

    def spans(self, sort_field: str) -> list[Span]:
        """What is filtered is to be sorted by."""
        told = {"created_at": self.created_at, "updated_at": self.updated_at, "closed_at": self.closed_at}
        found = {name: span for name, span in told.items() if span is not None}
        for name in found.keys() - {sort_field}:
            raise SquareError("BAD_REQUEST", f"to filter by {name}, sort by {name.upper()}")
        return list(found.values())


class Customers(BaseModel):
    customer_ids: list[str] = Field(max_length=MOST)


class States(BaseModel):
    states: list[str]


class OrderFilter(BaseModel):
    model_config = ConfigDict(extra="forbid")

    customer_filter: Customers | None = None
    state_filter: States | None = None
    date_time_filter: Times | None = None


class OrderSort(BaseModel):
    sort_field: Literal["CREATED_AT", "UPDATED_AT", "CLOSED_AT"] = "CREATED_AT"
    sort_order: Order = "DESC"


class OrderQuery(BaseModel):
    filter: OrderFilter = OrderFilter()
    sort: OrderSort = OrderSort()


class SearchOrders(Search):
    location_ids: list[str] = Field(min_length=1, max_length=MOST)
    query: OrderQuery = OrderQuery()
    limit: int = Field(default=500, ge=1, le=1000)


@router.post(f"{PREFIX}/orders/search")
async def search(world: WorldDep, body: SearchOrders) -> Json:
    for one in body.location_ids:
        world.till.store(one)
    till, wanted = world.till, body.query.filter
    times = wanted.date_time_filter or Times()
    spans = times.spans(body.query.sort.sort_field.lower())
    found = [
        one
        for one in books.entries(till)
        if one.order.store_id in body.location_ids
        and _is(one, wanted)
        and all(within(one.at, span) for span in spans)
    ]
    found.sort(key=lambda one: one.at, reverse=body.query.sort.sort_order == "DESC")
    return paged("orders", found, body, body.limit, lambda one: one.json(till))


@router.get(f"{PREFIX}/orders/{{order_id}}")
async def order(world: WorldDep, order_id: str) -> Json:
    till = world.till
    back = till.refunds.get(order_id)
    entry = books.Entry(till.order(back.order_id if back else order_id), back)
    return {"order": entry.json(till)}


@router.get(f"{PREFIX}/payments/{{payment_id}}")
async def payment(world: WorldDep, payment_id: str) -> Json:
    return {"payment": books.payment(world.till.order(books.paid_order(payment_id)))}


def _is(entry: books.Entry, wanted: OrderFilter) -> bool:
    if wanted.customer_filter and entry.order.member_id not in wanted.customer_filter.customer_ids:
        return False
    return wanted.state_filter is None or entry.state in wanted.state_filter.states


def within(at: datetime, span: Span) -> bool:
    """From `start_at` on, and before `end_at`."""
    return (span.start_at is None or _moment(span.start_at) <= at) and (
        span.end_at is None or at < _moment(span.end_at)
    )


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise SquareError("INVALID_TIME", "times are RFC 3339") from error
    if moment.tzinfo is None:
        raise SquareError("INVALID_TIME", "times have an offset")
    return moment
