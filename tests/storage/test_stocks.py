"""What the till last said of a store's stock."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from domain.campaign import CampaignStatus, StockTarget
from domain.overstock import Lot
from storage import stocks
from storage.tables import CampaignRow, Stock
from tests.storage.chain import NOON, Chain

pytestmark = pytest.mark.anyio

MONDAY = date(2026, 3, 2)
TUESDAY, WEDNESDAY = MONDAY + timedelta(days=1), MONDAY + timedelta(days=2)
BOTH = ["p1", "p2"]


def melons(quantity: int, day: date = TUESDAY, product_id: str = "p1") -> Lot:
    return Lot(product_id, "西瓜", day, quantity)


async def save(
    chain: Chain,
    *lots: Lot,
    store: str = "S1",
    products: list[str] = BOTH,
    today: date = MONDAY,
    now: datetime = NOON,
) -> None:
    async with chain.database.transaction() as session:
        await stocks.save(session, store, products, lots, today=today, now=now)


async def left(chain: Chain, products: list[str] = BOTH, expires_by: date | None = None) -> int | None:
    async with chain.database.transaction() as session:
        return await stocks.quantity(session, "S1", products, expires_by)


async def known(chain: Chain) -> dict[tuple[str, date], int]:
    async with chain.database.transaction() as session:
        rows = await stocks.of_store(session, "S1", BOTH)
    return {(row.product_id, row.expires_on): row.quantity for row in rows if row.expires_on != stocks.KEEPS}


async def campaign(chain: Chain, name: str, status: CampaignStatus, **body: Any) -> None:
    row = CampaignRow(id=name, body=body, who={}, status=status, author="王芳", created_at=NOON)
    async with chain.database.transaction() as session:
        session.add(row)


async def test_nothing_is_known_before_the_till_was_asked(chain: Chain) -> None:
    assert await left(chain) is None
    await save(chain, melons(9), products=["p1"])
    assert await left(chain, ["p1"]) == 9
    assert await left(chain) is None, "the other one was never read"


async def test_what_the_till_does_not_tell_is_sold_out(chain: Chain) -> None:
    await save(chain)
    assert await left(chain) == 0
    await save(chain, melons(9), melons(4, WEDNESDAY), melons(2, stocks.KEEPS, "p2"))
    assert (await left(chain), await left(chain, expires_by=TUESDAY)) == (15, 9)
    await save(chain, melons(4, WEDNESDAY), now=NOON + timedelta(hours=1))
    assert await left(chain) == 4
    assert await known(chain) == {("p1", TUESDAY): 0, ("p1", WEDNESDAY): 4}
    await save(chain, melons(3, WEDNESDAY), products=["p1"], now=NOON + timedelta(hours=2))
    assert await left(chain) == 3, "read at different times, each of them counts"


async def test_an_older_reading_changes_nothing(chain: Chain) -> None:
    await save(chain, melons(4), now=NOON + timedelta(hours=1))
    await save(chain, melons(9), melons(1, WEDNESDAY), now=NOON)
    assert await left(chain, expires_by=TUESDAY) == 4


async def test_what_has_gone_off_was_thrown_away_and_not_sold(chain: Chain) -> None:
    await save(chain, melons(9))
    late = NOON + timedelta(days=2)
    await save(chain, melons(9), melons(5, WEDNESDAY), today=WEDNESDAY, now=late)
    assert await known(chain) == {("p1", TUESDAY): 9, ("p1", WEDNESDAY): 5}
    assert await left(chain) == 5


async def test_a_store_was_read_when_its_last_product_was(chain: Chain) -> None:
    hour = timedelta(hours=1)
    await save(chain, melons(9), products=["p1"], now=NOON + hour)
    await save(chain, melons(9), store="S2")
    async with chain.database.transaction() as session:
        assert await stocks.read_at(session, ["p1"]) == {"S1": NOON + hour, "S2": NOON}
        assert await stocks.read_at(session, BOTH) == {"S2": NOON}


async def test_targets_are_those_of_campaigns_that_have_not_ended(chain: Chain) -> None:
    target = {"store": "S1", "product": ["p1"], "down_to": 5}
    await campaign(chain, "runs", CampaignStatus.RUNNING, stock=target)
    await campaign(chain, "is-over", CampaignStatus.FINISHED, stock=target | {"store": "S2"})
    await campaign(chain, "without", CampaignStatus.RUNNING, title="-")
    async with chain.database.transaction() as session:
        assert await stocks.targets(session) == [StockTarget.model_validate(target)]


async def test_a_lot_remembers_the_campaign_that_it_started(chain: Chain) -> None:
    await save(chain, melons(9), melons(7, product_id="p2"), melons(4, WEDNESDAY))
    for name in ("first", "second"):
        await campaign(chain, name, CampaignStatus.RUNNING)
        async with chain.database.transaction() as session:
            await stocks.mark_started(session, "S1", BOTH, TUESDAY, name)
        await save(chain, melons(2), melons(4, WEDNESDAY), now=NOON + timedelta(hours=1))
    async with chain.database.transaction() as session:
        rows = [row for row in await stocks.of_store(session, "S1", BOTH) if row.campaign_id]
        assert [_shown(row) for row in rows] == [("p1", "first", 9, 2), ("p2", "first", 7, 0)]
        assert await stocks.started_since(session, "S1", NOON - timedelta(days=7)) == 1
        assert await stocks.started_since(session, "S1", NOON) == 0
        assert await stocks.started_since(session, "S2", NOON - timedelta(days=7)) == 0


def _shown(row: Stock) -> tuple[str, str | None, int | None, int]:
    return row.product_id, row.campaign_id, row.quantity_then, row.quantity
