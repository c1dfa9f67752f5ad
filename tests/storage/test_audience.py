"""Whom a condition means, said by PostgreSQL: the same people as in Python, in pages, counted, sampled."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.conditions import holds
from domain.playbook import Condition
from domain.stages import Stage
from storage.audience import WHY_NOT, WhyNot, count, matches, page, reach, sample
from storage.database import Database
from storage.facts import facts_of
from storage.tables import Customer, Follow, GroupMember, Order
from tests.domain.people import LEAVES, TIERS, condition
from tests.storage import crowds
from tests.storage.chain import NOON

pytestmark = pytest.mark.anyio

EVERY_FIELD = [condition(**leaf) for leaf in LEAVES]


def fresh(rows: Sequence[Any]) -> list[Any]:
    """As new ones: a row that was stored once would not be stored again."""
    return [type(row)(**row.model_dump()) for row in rows]


@pytest.fixture
async def town(database: Database) -> Database:
    for rows in crowds.TOWN:
        async with database.transaction() as session:
            session.add_all(fresh(rows))
    return database


async def said_by_postgres(session: AsyncSession, asked: Sequence[Condition], now: datetime) -> Any:
    """For each customer, which of the conditions hold."""
    each = [matches(who, TIERS, now).is_(True).label(f"c{n}") for n, who in enumerate(asked)]
    rows: Any = (await session.exec(select(col(Customer.external_userid), *each))).all()
    return {she: [n for n, yes in enumerate(answers) if yes] for she, *answers in rows}


async def said_by_python(session: AsyncSession, asked: Sequence[Condition], now: datetime) -> Any:
    facts = await facts_of(session, crowds.CUSTOMERS, now)
    return {
        she: [n for n, who in enumerate(asked) if holds(who, facts[she], TIERS, now)]
        for she in crowds.CUSTOMERS
    }


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    population=crowds.POPULATIONS,
    asked=st.lists(crowds.CONDITIONS, min_size=1, max_size=8),
    later=st.sampled_from([0, 1, 43_200, 86_400 * 27]),
)
async def test_postgres_and_python_mean_the_same_people(
    town: Database, population: list[Any], asked: list[Condition], later: int
) -> None:
    """Every field of every condition, round every border; 27 days later Berlin has changed its clocks."""
    now, both = NOON + timedelta(seconds=later), [*EVERY_FIELD, *asked]
    async with town.transaction() as session, session.begin_nested() as population_only:
        session.add_all(fresh(population))
        await session.flush()
        assert await said_by_postgres(session, both, now) == await said_by_python(session, both, now)
        await population_only.rollback()


# ---- pages, numbers, samples


async def seen(database: Database, who: Condition, *, size: int, **options: Any) -> list[list[str]]:
    """All pages."""
    pages: list[list[str]] = []
    async with database.transaction() as session:
        while not pages or len(pages[-1]) == size:
            after = pages[-1][-1] if pages else ""
            pages.append(await page(session, who, TIERS, NOON, after=after, size=size, **options))
    return pages


async def put(database: Database, *rows: Any) -> None:
    async with database.transaction() as session:
        session.add_all(rows)


def customer(name: str, **fields: Any) -> Customer:
    return Customer(external_userid=name, stage_since=NOON, created_at=NOON, **fields)


ALL = condition(stage=["new", "lost", "opted_out"])


async def test_pages_hold_everybody_once_in_the_order_of_the_ids(town: Database) -> None:
    names = [f"wm{number:02}" for number in range(7)]
    stages = [Stage.NEW, Stage.LOST, Stage.OPTED_OUT]
    await put(town, *(customer(name, stage=stages[n % 3]) for n, name in enumerate(reversed(names))))
    assert await seen(town, ALL, size=3) == [names[:3], names[3:6], names[6:]]
    assert await seen(town, ALL, size=7) == [names, []]
    async with town.transaction() as session:
        assert await count(session, ALL, TIERS, NOON) == 7
        some = await sample(session, ALL, TIERS, NOON, size=3)
        assert some == await sample(session, ALL, TIERS, NOON, size=3)
    assert set(some) < set(names)


async def test_a_page_of_some_stores_holds_those_whose_own_store_is_one_of_them(town: Database) -> None:
    def order(number: int, member: str, store: str) -> Order:
        fields: dict[str, Any] = {"status": "paid", "paid_minor": 1, "paid_at": NOON, "updated_at": NOON}
        return Order(provider="till", order_id=str(number), member_id=member, store_id=store, **fields)

    await put(town, customer("scanned", store_id="S002"), customer("went", member_id="m1", store_id="S001"))
    await put(town, customer("moved", member_id="m2", store_id="S002"), customer("nowhere"))
    await put(town, order(1, "m1", "S002"), order(2, "m2", "S003"))
    assert await seen(town, ALL, size=9, store_ids=["S002"]) == [["scanned", "went"]]
    async with town.transaction() as session:
        assert await count(session, ALL, TIERS, NOON, store_ids=["S003", "S001"]) == 1


async def test_nobody_is_nobody(town: Database) -> None:
    assert await seen(town, ALL, size=2) == [[]]
    async with town.transaction() as session:
        nobody = await reach(session, ALL, TIERS, NOON)
    assert (nobody.targeted, nobody.share, nobody.why_not) == (0, 0, {})


# ---- what reaches them (M4)


async def test_m04_everybody_is_reached_or_there_is_a_reason(town: Database) -> None:
    def follow(name: str, userid: str = "chen", **fields: Any) -> Follow:
        return Follow(userid=userid, external_userid=name, **({"since": NOON} | fields))

    everybody = ["friend", "both", "group", "gone", "half", "lost", "stranger"]
    await put(town, *map(customer, everybody), customer("refuses", opted_out_at=NOON))
    await put(town, follow("friend"), follow("both"), follow("refuses"), follow("gone", "gone"))
    await put(town, follow("half", half=True), follow("lost", lost_at=NOON), follow("group", lost_at=NOON))
    members = ("both", "group", "refuses")
    await put(town, *(GroupMember(chat_id="c1", member_id=who, joined_at=NOON) for who in members))
    async with town.transaction() as session:
        found = await reach(session, ALL, TIERS, NOON)
    assert found.why_not == dict.fromkeys(WhyNot, 1)
    assert (found.targeted, found.private, found.group, found.moments, found.none) == (8, 2, 2, 2, 5)
    assert found.share == 3 / 8
    assert found.private + sum(found.why_not.values()) == found.targeted
    assert set(WHY_NOT) == set(WhyNot)
