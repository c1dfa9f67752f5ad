"""Overstock (M51): stock that will not keep becomes a campaign, once per lot, whatever breaks in between."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from sqlmodel import col, select

from activities.overstock import Overstock
from domain.campaign import CampaignStatus
from domain.overstock import OverstockRule, campaign_name
from domain.playbook import Condition
from playbooks.overstock_files import Rule
from starter.overstock.listing import rows_of
from storage import campaigns, stocks
from storage.tables import CampaignRow, Store
from tests.activities.shop import Shop
from tests.domain.test_overstock import rule

pytestmark = pytest.mark.anyio

MELON = {"store_id": "S002", "product_id": "p1", "name": "西瓜"}


@pytest.fixture
async def overstock(shop: Shop) -> Callable[..., Overstock]:
    """The piece of the sweep, with one rule or with others; both stores are known to the till."""
    for store in ("S001", "S002"):
        await shop.street.do("till/stores", store_id=store, name=store)

    def with_rules(*rules: OverstockRule, who: Condition | None = None) -> Overstock:
        ready = [Rule(one, who) for one in rules or (rule(),)]
        return Overstock(shop.database, shop.till, ready, shop.clock)

    return with_rules


async def put(shop: Shop, quantity: int, *, days: int = 1, **other: Any) -> None:
    """So much is in the store, and keeps so many days."""
    expires_on = shop.clock().date() + timedelta(days=days)
    await shop.street.do(
        "till/stock", **{**MELON, "quantity": str(quantity), "expires_on": f"{expires_on}"} | other
    )


async def written(shop: Shop) -> list[CampaignRow]:
    async with shop.database.transaction() as session:
        return list((await session.exec(select(CampaignRow).order_by(col(CampaignRow.id)))).all())


async def ends(shop: Shop, *rows: CampaignRow) -> None:
    async with shop.database.transaction() as session:
        for row in rows:
            row.status = CampaignStatus.FINISHED
            await session.merge(row)


async def test_m51_much_that_keeps_shortly_becomes_a_campaign(
    shop: Shop, overstock: Callable[..., Overstock]
) -> None:
    await put(shop, 40)
    await put(shop, 500, days=9)
    await put(shop, 29, store_id="S001")
    assert await overstock(who=Condition(member=True)).look() == 1
    [row] = await written(shop)
    assert row.id == campaign_name(rule(), "S002", date(2026, 3, 3))
    assert (row.status, row.author, row.approved_by) == (CampaignStatus.APPROVED, "王芳", "李强")
    assert Condition.model_validate(row.who) == campaigns.body_of(row).segment
    async with shop.database.transaction() as session:
        record = [(note.what, note.by) for note in await campaigns.record(session, row.id)]
        assert record == [("created", "王芳"), ("approved", "李强")]
        [lot] = [one for one in await stocks.of_store(session, "S002", ["p1"]) if one.campaign_id]
    assert (lot.expires_on, lot.quantity_then) == (date(2026, 3, 3), 40)


async def test_a_rule_that_is_not_active_starts_nothing_and_asks_nobody(
    shop: Shop, overstock: Callable[..., Overstock]
) -> None:
    await put(shop, 40)
    assert await overstock(rule(active=False)).look() == 0
    assert shop.calls("GET pos/stock") == 0


async def test_one_lot_starts_one_campaign_for_ever(shop: Shop, overstock: Callable[..., Overstock]) -> None:
    await put(shop, 40)
    assert await overstock().look() == 1
    await ends(shop, *await written(shop))
    await put(shop, 400)
    shop.clock.forward(hours=2)
    assert await overstock(rule(per_week=9)).look() == 0
    assert len(await written(shop)) == 1


async def test_a_store_hears_of_overstock_so_often_a_week(
    shop: Shop, overstock: Callable[..., Overstock]
) -> None:
    await put(shop, 40)
    await put(shop, 40, days=2)
    await put(shop, 40, store_id="S001")
    apples = rule(overstock="apple", product="p2", per_week=1)
    await put(shop, 40, product_id="p2")
    assert await overstock(rule(per_week=1), apples).look() == 2, "one in each store"
    shop.clock.forward(days=7)
    await put(shop, 40)
    assert await overstock(rule(per_week=1)).look() == 1


async def test_the_till_is_asked_at_the_rhythm_of_the_rule(
    shop: Shop, overstock: Callable[..., Overstock]
) -> None:
    sweep = overstock(rule(every="2h"), rule(overstock="apple", product="p3", store="S002"))
    for _ in range(48):
        await sweep.look()
        shop.clock.forward(minutes=5)
    assert shop.calls("GET pos/stock") == pytest.approx(2 * 3 + 5, abs=1)


async def test_the_stock_of_a_running_campaign_is_read_at_every_sweep(
    shop: Shop, overstock: Callable[..., Overstock]
) -> None:
    await put(shop, 40)
    await overstock().look()
    line = {"product_id": "p1", "name": "西瓜", "quantity": "31", "paid": {"amount_minor": 100}}
    await shop.street.do("till/orders", store_id="S002", amount_minor=100, lines=[line])
    shop.clock.forward(seconds=1)
    await overstock().look()
    async with shop.database.transaction() as session:
        target = campaigns.body_of((await written(shop))[0]).stock
        assert target
        left = await stocks.quantity(session, target.store, target.product[:1], target.expires_by)
    assert left == 9


async def test_a_till_that_is_down_is_not_asked_for_every_store(
    shop: Shop, overstock: Callable[..., Overstock]
) -> None:
    await shop.put(*(Store(id=f"S{number}", name="-", region_id="bj") for number in range(100, 120)))
    await shop.fault("GET pos/stock", "http_500", times=99)
    assert await overstock(rule(), rule(overstock="apple", product="p2")).look() == 0
    assert shop.calls("GET pos/stock") == 1


async def test_a_store_that_the_till_does_not_know_keeps_no_other_waiting(
    shop: Shop, overstock: Callable[..., Overstock]
) -> None:
    await shop.put(Store(id="A000", name="-", region_id="bj"))
    await put(shop, 40)
    assert await overstock().look() == 1


async def test_every_lot_says_what_becomes_of_it_and_what_was_sold_in_time(
    shop: Shop, overstock: Callable[..., Overstock]
) -> None:
    async def listed() -> list[dict[str, Any]]:
        async with shop.database.transaction() as session:
            return await rows_of(session, Rule(rule()), None, shop.policy, shop.clock())

    await put(shop, 40)
    await put(shop, 90, days=9)
    await put(shop, 12, store_id="S001")
    shop.clock.forward(hours=12)
    await overstock().look()
    assert [(row["store"], row["verdict"], row["customers"]) for row in await listed()] == [
        ("S001", "little", None),
        ("S002", "closed", None),
        ("S002", "keeps", None),
    ]
    shop.clock.forward(hours=12)
    assert [row["customers"] for row in await listed() if row["verdict"] == "next"] == [0]
    await overstock().look()
    await put(shop, 4, days=0)
    shop.clock.forward(seconds=1)
    await overstock().look()
    [row] = [row for row in await listed() if row["campaign"]]
    assert (row["verdict"], row["at_start"], row["left"], row["sold"]) == ("approved", 40, 4, 0.9)
