"""Customers and locations."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from simulators.state.till import Member
from simulators.tills.square import books
from simulators.tills.square.books import Json
from simulators.tills.square.pages import paged
from simulators.tills.square.route import PREFIX, Exact, Order, Search, square_router
from simulators.world import WorldDep

router = square_router()


class CustomerFilter(BaseModel):
    model_config = ConfigDict(extra="forbid")

    phone_number: Exact | None = None
    reference_id: Exact | None = None


class CustomerSort(BaseModel):
    field: Literal["DEFAULT", "CREATED_AT"] = "DEFAULT"
    order: Order = "ASC"


class CustomerQuery(BaseModel):
    filter: CustomerFilter = CustomerFilter()
    sort: CustomerSort = CustomerSort()


class SearchCustomers(Search):
    query: CustomerQuery = CustomerQuery()
    limit: int = Field(default=100, ge=1, le=100)


@router.get(f"{PREFIX}/locations")
async def locations(world: WorldDep) -> Json:
    return {"locations": [books.location(one) for one in world.till.stores.values()]}


@router.post(f"{PREFIX}/customers/search")
async def search(world: WorldDep, body: SearchCustomers) -> Json:
    found = [one for one in world.till.members.values() if _is(one, body.query.filter)]
    if body.query.sort.field == "CREATED_AT":
        found.sort(key=lambda one: one.created_at, reverse=body.query.sort.order == "DESC")
    return paged("customers", found, body, body.limit, books.customer)


@router.get(f"{PREFIX}/customers/{{customer_id}}")
async def customer(world: WorldDep, customer_id: str) -> Json:
    return {"customer": books.customer(world.till.member(customer_id))}


def _is(member: Member, wanted: CustomerFilter) -> bool:
    phone, reference = wanted.phone_number, wanted.reference_id
    if phone and not (member.phone and books.e164(member.phone) == phone.exact):
        return False
    return reference is None or member.unionid == reference.exact
