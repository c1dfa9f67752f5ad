"""What the caretaker opens at night, and the meter that all processes share."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import col, select

from activities.meter import PostgresMeter, period_of
from activities.till_nights import TillNights, kinds_of
from domain.walk_messages import WalkKind, WalkRef, WalkStatus
from domain.walking import next_night
from integrations import pos
from storage import till_walks
from storage.tables import QuotaUse, TillWalk
from tests.activities.shop import Shop

pytestmark = pytest.mark.anyio

EVERYTHING = pos.Capabilities(
    lookup=frozenset(),
    orders_by_member=False,
    issue_coupon=False,
    issue_idempotent="none",
    events=frozenset(),
    stock=False,
    list_members=True,
    products=True,
    redemptions=True,
    late_hours=96,
)


async def walks(shop: Shop) -> list[TillWalk]:
    async with shop.database.transaction() as session:
        query = select(TillWalk).order_by(col(TillWalk.started_at))
        return list((await session.exec(query)).all())


async def test_a_night_walks_through_one_part_after_another_and_each_once(shop: Shop) -> None:
    nights = TillNights(shop.database, shop.till, shop.courier, shop.clock, chain="ww1")
    shop.clock.now = next_night(shop.clock.now, "ww1") - timedelta(minutes=1)
    while await nights.look():  # whatever is left of the day
        await shop.run(shop.activities.till_walks.walk, WalkRef(walk_id=(await walks(shop))[-1].id))
    before = len(await walks(shop))
    shop.clock.forward(minutes=2)
    for kind in ("stores", "products", "orders"):
        assert await nights.look() == 1
        assert await nights.look() == 1, "it runs already"
        walk = (await walks(shop))[-1]
        assert walk.id == f"till-walk/generic/{kind}/2026-03-03"
        assert shop.courier.till_walks[-2:] == [walk.id] * 2, "a lost workflow is started again"
        await shop.run(shop.activities.till_walks.walk, WalkRef(walk_id=walk.id))
    assert await nights.look() == 0
    assert len(await walks(shop)) == before + 3


async def test_a_night_that_failed_is_the_next_nights_and_a_backfill_stands_in_nobodys_way(
    shop: Shop,
) -> None:
    nights = TillNights(shop.database, shop.till, shop.courier, shop.clock, chain="ww1")
    shop.clock.now = next_night(shop.clock.now, "ww1")
    async with shop.database.transaction() as session:
        years = TillWalk(id="years", provider="generic", kind="backfill", started_at=shop.clock())
        await till_walks.open_walk(session, years)
    assert await nights.look() == 2
    stores = (await walks(shop))[-1].id
    async with shop.database.transaction() as session:
        await till_walks.end(session, stores, WalkStatus.FAILED, "HTTP 401", shop.clock())
    await nights.look()
    assert [walk.kind for walk in await walks(shop)] == ["backfill", "stores", "products"]


async def test_orders_go_back_as_far_as_this_till_may_be_late(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        shop.till,
        "capabilities",
        shop.till.capabilities.model_copy(update={"late_hours": 96, "products": False}),
    )
    nights = TillNights(shop.database, shop.till, shop.courier, shop.clock, chain="ww1")
    shop.clock.now = next_night(shop.clock.now, "ww1")
    await nights.look()
    await shop.run(shop.activities.till_walks.walk, WalkRef(walk_id=(await walks(shop))[-1].id))
    await nights.look()
    orders = (await walks(shop))[-1]
    assert orders.since is not None
    assert orders.until is not None
    assert (orders.kind, orders.until - orders.since) == ("orders", timedelta(hours=96))


def test_only_what_a_till_can_is_walked_through() -> None:
    assert list(kinds_of(EVERYTHING)) == [kind for kind in WalkKind if kind is not WalkKind.BACKFILL]
    poor = EVERYTHING.model_copy(update={"list_members": False, "products": False, "redemptions": False})
    assert list(kinds_of(poor)) == [WalkKind.STORES, WalkKind.ORDERS]


# ---- the meter


@pytest.mark.parametrize(
    ("now", "per", "period", "ends"),
    [
        (datetime(2026, 3, 2, 15, 59, tzinfo=UTC), "day", "2026-03-02", datetime(2026, 3, 2, 16, tzinfo=UTC)),
        (datetime(2026, 3, 2, 16, 0, tzinfo=UTC), "day", "2026-03-03", datetime(2026, 3, 3, 16, tzinfo=UTC)),
        (datetime(2026, 3, 2, tzinfo=UTC), "month", "2026-03", datetime(2026, 3, 31, 16, tzinfo=UTC)),
        (datetime(2026, 12, 31, 16, tzinfo=UTC), "month", "2027-01", datetime(2027, 1, 31, 16, tzinfo=UTC)),
        (datetime(2026, 12, 31, 15, tzinfo=UTC), "month", "2026-12", datetime(2026, 12, 31, 16, tzinfo=UTC)),
    ],
)
def test_days_and_months_are_those_of_china(now: datetime, per: str, period: str, ends: datetime) -> None:
    assert period_of(now, per) == (period, ends)


async def test_of_many_at_once_exactly_so_many_are_let_through(shop: Shop) -> None:
    meter = PostgresMeter(shop.database, shop.clock)
    results = await asyncio.gather(
        *(meter.spend("pospal/1", 10, per="day") for _ in range(14)), return_exceptions=True
    )
    refused = [one for one in results if isinstance(one, pos.PosQuotaExhausted)]
    assert (results.count(None), len(refused)) == (10, 4)
    assert refused[0].retry_after_s is not None
    assert 0 < 12 * 3600 - refused[0].retry_after_s < 1, (
        "it is noon: the day ends in Shanghai in twelve hours"
    )
    async with shop.database.transaction() as session:
        assert (await session.get_one(QuotaUse, ("pospal/1", "2026-03-02"))).calls == 10
    shop.clock.forward(hours=12)
    await meter.spend("pospal/1", 10, per="day")


async def test_walks_leave_a_share_to_customers(shop: Shop) -> None:
    live, walk = PostgresMeter(shop.database, shop.clock), PostgresMeter(shop.database, shop.clock, share=0.8)
    for _ in range(8):
        await walk.spend("youzan/1", 10, per="month")
    with pytest.raises(pos.PosQuotaExhausted, match="80% are used up"):
        await walk.spend("youzan/1", 10, per="month")
    for _ in range(2):
        await live.spend("youzan/1", 10, per="month")
    with pytest.raises(pos.PosQuotaExhausted):
        await live.spend("youzan/1", 10, per="month")


async def test_a_quota_of_nothing_lets_nobody_through(shop: Shop) -> None:
    with pytest.raises(pos.PosQuotaExhausted):
        await PostgresMeter(shop.database, shop.clock).spend("any/1", 0, per="day")
