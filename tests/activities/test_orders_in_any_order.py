"""Orders, refunds, tickets and cancellations in any order and repeatedly: the same rows, the same news."""

import asyncio
import itertools
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import col, select

from activities.orders import apply_order
from integrations import pos
from storage import buying
from storage.database import Database
from storage.tables import InboundEvent, Member, Order, OrderRefund
from tests.activities.shop import START

pytestmark = pytest.mark.anyio

NOW = START + timedelta(hours=1)
PAID = 1000
Status = pos.OrderStatus
_runs = itertools.count()


def fen(amount: int) -> pos.Money:
    return pos.Money(amount_minor=amount, currency="CNY")


def reading(run: str, minute: int, **fields: Any) -> pos.Order:
    line = pos.OrderLine(name="一杯", product_id="p1", category="拿铁", quantity=Decimal(1), paid=fen(PAID))
    known: dict[str, Any] = {
        "order_id": f"{run}-o",
        "store_id": "S001",
        "member_id": f"{run}-m",
        "status": Status.PAID,
        "paid_at": START,
        "updated_at": START + timedelta(minutes=minute),
        "paid": fen(PAID),
        "lines": (line,),
    }
    return pos.Order(**known | fields)


def ticket(run: str, number: int, amount: int) -> pos.Order:
    """Pospal writes the amount with a minus sign."""
    fields = {"order_id": f"{run}-t{number}", "refund_of": f"{run}-o", "paid": fen(-amount)}
    return reading(run, 30 + number, status=Status.REFUNDED, **fields)


@st.composite
def histories(draw: st.DrawFn) -> list[dict[str, Any]]:
    """What a till says one after the other of one order: it is paid, given back in parts, perhaps cancelled.

    Some tills tell refunds on the order, some by tickets, some both; she may have been found out later.
    """
    parts = draw(st.lists(st.integers(1, 600), max_size=3))
    told: list[dict[str, Any]] = [{"minute": 0}]
    if draw(st.booleans()):
        told[0]["member_id"] = None
        told.append({"minute": 1})
    if draw(st.booleans()):
        for minute, amount in enumerate(itertools.accumulate(parts), start=2):
            whole = amount >= PAID
            status = Status.REFUNDED if whole else Status.PART_REFUNDED
            told.append({"minute": minute, "status": status, "refunded": fen(min(amount, PAID))})
    if draw(st.booleans()):
        told += [{"ticket": number, "amount": amount} for number, amount in enumerate(parts)]
    if draw(st.booleans()):
        told.append({"minute": 20, "status": Status.CANCELLED})
    return told


def said(run: str, what: dict[str, Any]) -> pos.Order:
    if "ticket" in what:
        return ticket(run, what["ticket"], what["amount"])
    return reading(run, **what)


async def applied(database: Database, run: str, told: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """All that is left of it, under names that are the same for every run."""
    for what in told:
        async with database.transaction() as session:
            await apply_order(session, "generic", said(run, what), NOW)
    async with database.transaction() as session:
        row = await session.get_one(Order, ("generic", f"{run}-o"))
        tickets = select(OrderRefund).where(OrderRefund.order_id == f"{run}-o")
        news = select(InboundEvent.digest).where(col(InboundEvent.digest).contains(f"/{run}-o/"))
        left = {
            "row": row.model_dump(),
            "tickets": sorted(one.minor for one in (await session.exec(tickets)).all()),
            "news": sorted((await session.exec(news)).all()),
            "buying": (await buying.buying_of(session, "generic", f"{run}-m")).model_dump(),
        }
    unnamed: dict[str, Any] = without(left, run)
    return unnamed


def without(left: Any, run: str) -> Any:
    """The name of the run is in every id."""
    if isinstance(left, dict):
        return {without(key, run): without(value, run) for key, value in left.items()}
    if isinstance(left, list):
        return [without(one, run) for one in left]
    return left.replace(f"{run}-", "run-") if isinstance(left, str) else left


@st.composite
def mixed_up(draw: st.DrawFn) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """A history, and the same in another order with repetitions."""
    told = draw(histories())
    again = draw(st.lists(st.sampled_from(told), max_size=4))
    return told, draw(st.permutations([*told, *again]))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(both=mixed_up())
async def test_any_order_with_duplicates_comes_to_the_same(
    database: Database, both: tuple[list[dict[str, Any]], list[dict[str, Any]]]
) -> None:
    told, mixed = both
    one, other = f"r{next(_runs)}x", f"r{next(_runs)}x"
    assert await applied(database, one, told) == await applied(database, other, mixed)


async def test_a_ticket_before_its_order_takes_its_money_back_when_that_comes(database: Database) -> None:
    left = await applied(database, "a", [{"ticket": 1, "amount": 400}, {"minute": 0}])
    assert (left["row"]["status"], left["row"]["refunded_minor"], left["tickets"]) == (
        "part_refunded",
        400,
        [400],
    )


async def test_what_the_order_says_and_its_tickets_are_not_added_up(database: Database) -> None:
    told = [{"minute": 2, "status": Status.PART_REFUNDED, "refunded": fen(300)}]
    left = await applied(database, "b", [*told, {"ticket": 1, "amount": 300}])
    assert left["row"]["refunded_minor"] == 300


async def test_more_than_was_paid_is_never_given_back(database: Database) -> None:
    left = await applied(
        database, "c", [{"minute": 0}, {"ticket": 1, "amount": 700}, {"ticket": 2, "amount": 700}]
    )
    assert (left["row"]["status"], left["row"]["refunded_minor"]) == ("refunded", PAID)


async def test_two_tickets_at_one_moment_are_both_counted(database: Database) -> None:
    async def one(what: dict[str, Any]) -> None:
        async with database.transaction() as session:
            await apply_order(session, "generic", said("d", what), NOW)

    tickets = [{"ticket": number, "amount": 100} for number in range(4)]
    await asyncio.gather(*(one(what) for what in [*tickets, {"minute": 0}]))
    left = await applied(database, "d", [])
    assert (left["row"]["refunded_minor"], left["tickets"]) == (400, [100] * 4)


async def test_the_order_of_a_merged_member_is_of_the_account_that_goes_on(database: Database) -> None:
    async with database.transaction() as session:
        session.add(Member(provider="generic", member_id="e-m", merged_into="e-new", read_at=START))
    left = await applied(database, "e", [{"minute": 0}])
    assert (left["row"]["member_id"], left["row"]["bought_by"]) == ("run-new", "run-m")


async def test_an_order_that_changed_its_member_is_counted_for_the_new_one(database: Database) -> None:
    left = await applied(database, "f", [{"minute": 0}, {"minute": 5, "member_id": "f-other"}])
    assert left["row"]["member_id"] == "run-other"
    assert left["buying"]["visits"] == {}


async def test_history_is_written_down_and_nobody_is_told(database: Database) -> None:
    async with database.transaction() as session:
        done = await apply_order(session, "generic", reading("g", 0), START + timedelta(days=8))
    assert (done.word, done.subject) == ("new", None)
