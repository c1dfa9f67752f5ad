"""What stops a campaign by itself: failures, the stock, its time; and when a wave of it is through."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

import pytest

from domain.campaign import Campaign
from domain.campaign_messages import Order, OrderKind, WatchedWave, WaveEnd
from domain.overstock import Lot
from domain.touches import Channel, TouchStatus
from storage import campaign_brakes, campaign_orders, campaign_release, stocks
from storage.tables import Touch
from tests.storage.chain import NOON, Chain
from tests.storage.test_campaign_planning import running, write

pytestmark = pytest.mark.anyio

MONDAY, TUESDAY = date(2026, 3, 2), date(2026, 3, 3)
MELONS = {"store": "S1", "product": ["melon", "half-melon"], "down_to": 5}


async def answered(chain: Chain, at: datetime = NOON, **how_many: int) -> None:
    """So many of the campaign's messages have each outcome."""
    number = 0
    async with chain.database.transaction() as session:
        for status, count in how_many.items():
            for _ in range(count):
                number += 1
                session.add(
                    Touch(
                        key=f"campaign/week/{at:%H%M}-{number}",
                        external_userid=f"{at:%H%M}-{number}",
                        channel=Channel.PRIVATE,
                        status=TouchStatus(status),
                        campaign_id="week",
                        wave=0,
                        planned_at=NOON,
                        settled_at=None if status in ("planned", "tasked") else at,
                    )
                )


async def pulled(chain: Chain, body: Campaign, now: datetime = NOON) -> WatchedWave | None:
    async with chain.database.transaction() as session:
        return await campaign_brakes.pulled(session, body, now)


async def settled(chain: Chain, number: int = 0) -> bool:
    async with chain.database.transaction() as session:
        return await campaign_brakes.settled(session, "week", number)


async def ordered(chain: Chain, kind: OrderKind, now: datetime) -> None:
    order = Order(id=f"{kind}{now}", kind=kind, by="sun", reason="test")
    async with chain.database.transaction() as session:
        await campaign_orders.obey(session, "week", order, now)


async def in_stock(chain: Chain, now: datetime = NOON, **left: Mapping[date, int]) -> None:
    """What the till says there is of each product, by the day that it goes off."""
    lots = [
        Lot(product.replace("_", "-"), "西瓜", day, n)
        for product, lot in left.items()
        for day, n in lot.items()
    ]
    async with chain.database.transaction() as session:
        products = [product.replace("_", "-") for product in left]
        await stocks.save(session, "S1", products, lots, today=MONDAY, now=now)


async def test_more_than_the_share_failed_and_not_just_as_much(chain: Chain) -> None:
    body = await running(chain, pause_at={"share": 20, "at_least": 10})
    await answered(chain, sent=8, capped=1, not_friend=1)
    assert await pulled(chain, body) is None
    await answered(chain, NOON + timedelta(minutes=1), failed=1)
    assert await pulled(chain, body) == WatchedWave(
        end=WaveEnd.FAILURES, reason="3 of 11 messages failed, more than 20 %"
    )


async def test_a_few_failures_mean_nothing_before_there_are_enough_answers(chain: Chain) -> None:
    body = await running(chain, pause_at={"share": 20, "at_least": 5})
    await answered(chain, unknown=4, planned=3, tasked=2, refused=6, cancelled=6, expired=6)
    assert await pulled(chain, body) is None, "WeCom was not asked to send the others"
    await answered(chain, NOON + timedelta(minutes=1), sent=1)
    why = await pulled(chain, body)
    assert why
    assert why.reason.startswith("4 of 5 messages failed")


async def test_who_resumes_has_seen_the_failures_so_only_new_ones_count(chain: Chain) -> None:
    body = await running(chain, pause_at={"share": 20, "at_least": 2})
    await answered(chain, failed=5)
    assert await pulled(chain, body)
    later = NOON + timedelta(hours=1)
    await ordered(chain, OrderKind.PAUSE, later)
    await ordered(chain, OrderKind.RESUME, later)
    assert await pulled(chain, body) is None
    await answered(chain, later + timedelta(minutes=1), failed=1)
    assert await pulled(chain, body) is None
    await answered(chain, later + timedelta(minutes=2), failed=1)
    assert await pulled(chain, body)


async def test_failures_of_another_campaign_are_not_its_own(chain: Chain) -> None:
    await running(chain)
    await answered(chain, failed=60)
    other = await running(chain, campaign="other")
    assert await pulled(chain, other) is None


async def test_m51_the_stock_of_all_products_together_is_what_counts(chain: Chain) -> None:
    body = await running(chain, stock=MELONS)
    assert await pulled(chain, body) is None, "nobody has asked the till"
    await in_stock(chain, melon={TUESDAY: 4})
    assert await pulled(chain, body) is None, "the other product was never read"
    await in_stock(chain, half_melon={TUESDAY: 2})
    assert await pulled(chain, body) is None, "six are left"
    await in_stock(chain, NOON + timedelta(minutes=1), melon={TUESDAY: 3})
    assert await pulled(chain, body) == WatchedWave(
        end=WaveEnd.STOCK, reason="5 left at S1, wanted at most 5"
    )


async def test_m51_only_lots_that_go_off_by_then_count(chain: Chain) -> None:
    body = await running(chain, stock=MELONS | {"product": ["melon"], "expires_by": MONDAY.isoformat()})
    await in_stock(chain, melon={MONDAY: 6, TUESDAY: 90})
    assert await pulled(chain, body) is None
    await in_stock(chain, NOON + timedelta(hours=1), melon={MONDAY: 5, TUESDAY: 90})
    found = await pulled(chain, body)
    assert found
    assert found.end is WaveEnd.STOCK


async def test_its_time_is_over_from_that_moment_on(chain: Chain) -> None:
    until = NOON + timedelta(hours=3)
    body = await running(chain, until=until)
    assert await pulled(chain, body, until - timedelta(microseconds=1)) is None
    found = await pulled(chain, body, until)
    assert found
    assert (found.end, found.reason) == (WaveEnd.OVER, "nothing is sent after 2026-03-02 07:00Z")


async def test_a_wave_is_through_when_all_is_handed_over_and_has_an_outcome(chain: Chain) -> None:
    await running(chain, pace={"customers": 1, "per": "1h"})
    await chain.befriend("a", "chen")
    await chain.befriend("b", "li")
    await write(chain)
    assert not await settled(chain)
    for hours in (0, 1):
        now = NOON + timedelta(hours=hours)
        async with chain.database.transaction() as session:
            [(batch, ends)] = (await campaign_release.release(session, "week", 0, chain.policy, now)).batches
        await chain.flush(batch, ends)
        async with chain.database.transaction() as session:
            touch = await session.get_one(Touch, f"campaign/week/{'ab'[hours]}")
            assert not await settled(chain)
            touch.status = TouchStatus.SENT
            session.add(touch)
        assert await settled(chain) is (hours == 1), "the other one still waits for its release"
