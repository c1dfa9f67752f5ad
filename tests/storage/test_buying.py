"""What members buy, counted as orders arrive: the same as counting all of them again."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.buying import Buying, habits
from storage import buying, member_merges, orders
from storage.database import Database
from storage.facts import BOUGHT, bought
from storage.member_links import LinkRefused
from storage.tables import Order, OrderRefund
from tests.storage.accounts import LI, TILL, keep, merge, order
from tests.storage.chain import LATER, NOON, Chain

pytestmark = pytest.mark.anyio

MEMBERS = ("m1", "m2", "m3")
READINGS = st.builds(
    order,
    st.sampled_from(["o1", "o2", "o3", "o4"]),
    st.sampled_from([*MEMBERS, None]),
    store_id=st.sampled_from(["S1", "S2"]),
    status=st.sampled_from(["paid", "cancelled"]),
    told_minor=st.sampled_from([0, 0, 300, 1800]),
    coupons=st.integers(0, 1),
    categories=st.sampled_from([{"拿铁": 1800}, {"拿铁": 900, "烘焙": 900}, {"礼品": 0}]),
    updated_at=st.integers(0, 3).map(lambda minutes: NOON + timedelta(minutes=minutes)),
)
TICKETS = st.builds(
    OrderRefund,
    provider=st.just(TILL),
    refund_id=st.sampled_from(["r1", "r2"]),
    order_id=st.sampled_from(["o1", "o2"]),
    minor=st.sampled_from([500, 1800]),
    at=st.just(NOON),
)
MERGES = st.permutations(MEMBERS).map(lambda three: (three[0], three[1]))


@pytest.fixture
async def till(chain: Chain) -> Database:
    """Three members, and whatever an example adds for as long as it lasts."""
    for member_id in MEMBERS:
        await keep(chain, member_id)
    return chain.database


async def happens(session: AsyncSession, step: Any) -> None:
    match step:
        case Order():
            await orders.apply(session, Order(**step.model_dump()), NOON)
        case OrderRefund():
            await orders.apply_refund(session, OrderRefund(**step.model_dump()), NOON)
        case (account, into):
            try:
                await member_merges.merge(session, TILL, account, into, LI)
            except LinkRefused:
                return  # one of them was merged before


async def counted_again(session: AsyncSession, member_id: str) -> Buying:
    query = select(Order).where(Order.member_id == member_id, col(Order.status).in_(BOUGHT))
    return Buying.of(bought(row) for row in (await session.exec(query)).all())


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.one_of(READINGS, READINGS, TICKETS, MERGES), max_size=10))
async def test_counting_along_is_counting_again(till: Database, history: list[Any]) -> None:
    """Readings in any order, changes, refunds, cancellations, other members, merges."""
    async with till.transaction() as session, session.begin_nested() as example:
        for step in history:
            await happens(session, step)
        for member_id in MEMBERS:
            along = await buying.buying_of(session, TILL, member_id)
            assert along == await counted_again(session, member_id)
            await buying.recompute(session, TILL, member_id, NOON)
            assert along == await buying.buying_of(session, TILL, member_id)
        await example.rollback()


async def apply(chain: Chain, told: Order) -> None:
    async with chain.database.transaction() as session:
        await orders.apply(session, told, NOON)


async def buying_of(chain: Chain, member_id: str) -> Buying:
    async with chain.database.transaction() as session:
        return await buying.buying_of(session, TILL, member_id)


async def test_orders_of_before_there_were_counters_are_counted(chain: Chain) -> None:
    async with chain.database.transaction() as session:
        session.add_all([order("o1"), order("o2", "m2")])
    assert (await buying_of(chain, "m1")).visits == {"S1": {NOON.isoformat(): (1, 1800)}}
    await apply(chain, order("o1", told_minor=1800, updated_at=LATER))
    assert await buying_of(chain, "m1") == Buying()


async def test_orders_at_once_are_all_counted(chain: Chain) -> None:
    await asyncio.gather(*(apply(chain, order(f"o{number}")) for number in range(6)))
    hers = habits(await buying_of(chain, "m1"), NOON)
    assert hers is not None
    assert (hers.orders, hers.ticket_minor) == (6, 1800)


async def test_after_a_merge_all_orders_count_for_one_and_say_who_paid(chain: Chain) -> None:
    for member_id in ("old", "new"):
        await keep(chain, member_id)
    await apply(chain, order("o1", "old"))
    await apply(chain, order("o2", "new"))
    await merge(chain, "old", "new")
    await apply(chain, order("o3", "old"))  # the till goes on calling her so
    assert await buying_of(chain, "old") == Buying()
    hers = habits(await buying_of(chain, "new"), NOON)
    assert hers is not None
    assert hers.orders == 3
    async with chain.database.transaction() as session:
        rows = await session.exec(select(Order).order_by(Order.order_id))
        paid_by = [(row.member_id, row.bought_by) for row in rows.all()]
    assert paid_by == [("new", "old"), ("new", None), ("new", "old")]


async def test_orders_that_come_while_accounts_are_merged_are_not_left_behind(chain: Chain) -> None:
    for member_id in ("old", "new"):
        await keep(chain, member_id)
    come = [apply(chain, order(f"o{number}", "old")) for number in range(6)]
    await asyncio.gather(*come[:3], merge(chain, "old", "new"), *come[3:])
    assert await buying_of(chain, "old") == Buying()
    hers = habits(await buying_of(chain, "new"), NOON)
    assert hers is not None
    assert hers.orders == 6


async def test_readings_that_come_while_accounts_are_merged_change_what_was_moved(chain: Chain) -> None:
    for member_id in ("old", "new"):
        await keep(chain, member_id)
    for number in range(6):
        await apply(chain, order(f"o{number}", "old"))
    again = [apply(chain, order(f"o{number}", "old", paid_minor=1000)) for number in range(6)]
    await asyncio.gather(*again[:3], merge(chain, "old", "new"), *again[3:])
    assert await buying_of(chain, "old") == Buying()
    hers = habits(await buying_of(chain, "new"), NOON)
    assert hers is not None
    assert (hers.orders, hers.ticket_minor) == (6, 1000)
