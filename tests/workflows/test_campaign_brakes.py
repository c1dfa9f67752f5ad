"""Campaigns that are stopped, taken back, renewed and lost midway: everybody has one outcome."""

import asyncio
from collections import Counter

import pytest
from sqlmodel import select

from domain import addresses
from domain.campaign import CampaignStatus
from domain.campaign_messages import Order, OrderKind
from domain.messages import SweepStart
from storage import campaign_orders
from storage.tables import Touch
from tests.corp import Corp
from tests.workflows.campaigns import (
    POLICY,
    QUIET,
    campaign,
    confirmed,
    friends_by,
    order,
    progress,
    started,
    until_status,
)
from tests.workflows.conftest import CorpWith

pytestmark = pytest.mark.anyio

HOURLY = {"customers": 1, "per": "1h"}
MELON = {"product_id": "6001", "name": "西瓜"}


async def _outcomes(corp: Corp, name: str) -> dict[str, tuple[str, str | None]]:
    async with corp.database.transaction() as session:
        found = await session.exec(select(Touch).where(Touch.campaign_id == name))
        return {t.external_userid: (str(t.status), t.rule) for t in found.all()}


async def _cancelled(corp: Corp) -> Counter[bool]:
    return Counter(task["cancelled"] for task in await corp.street.see("tasks"))


async def _until_outcomes(corp: Corp, name: str, wanted: dict[str, tuple[str, str | None]]) -> None:
    await corp.until(lambda: _outcomes(corp, name), wanted)


async def test_m51_sold_enough_stops_it_and_everybody_unsent_is_told_why(corp_with: CorpWith) -> None:
    async with corp_with(playbooks=[QUIET], policy=POLICY) as corp:
        reached, holds, waits = await friends_by(corp, "S002-cashier", "S002-cashier", "S001-cashier")
        lot = MELON | {"store_id": "S002", "expires_on": "2099-01-01", "quantity": "40"}
        await corp.street.do("till/stock", **lot)
        rollout = [{"name": "own", "customers": [reached]}, {"name": "all"}]
        target = {"store": "S002", "product": ["6001"], "down_to": 5}
        name = await started(corp, campaign(rollout=rollout, pace=HOURLY, stock=target))
        await corp.activities.upkeep.sweep(SweepStart())
        await confirmed(corp)
        await corp.sleep(minutes=50)
        assert {s for s, _ in (await _outcomes(corp, name)).values()} == {"sent", "tasked", "planned"}
        sold = MELON | {"quantity": "36", "paid": {"amount_minor": 90_000}}
        await corp.do("till/orders", store_id="S002", amount_minor=90_000, lines=[sold], push=False)
        await corp.activities.upkeep.sweep(SweepStart())
        await corp.sleep(minutes=12)
        await until_status(corp, name, CampaignStatus.FINISHED)
        assert (await progress(corp, name)).reason == "4 left at S002, wanted at most 5"
        stopped = ("cancelled", "campaign_stock")
        await _until_outcomes(corp, name, {reached: ("sent", None), holds: stopped, waits: stopped})
        assert await _cancelled(corp) == {False: 1, True: 1}
        assert await corp.street.confirm_all_tasks() == 0


async def test_what_a_pause_takes_back_is_cancelled_and_the_rest_goes_on(corp_with: CorpWith) -> None:
    async with corp_with(playbooks=[QUIET], policy=POLICY) as corp:
        friends = await friends_by(corp, "S002-cashier", "S001-cashier")
        name = await started(corp, campaign(pace=HOURLY))
        await corp.sleep(minutes=20)
        [task] = await corp.street.see("tasks")
        [held] = task["parts"][0]["recipients"]
        [waits] = {*friends} - {held}
        assert "being taken back" in await order(corp, name, OrderKind.PAUSE, recall=True)
        recalled = ("cancelled", "campaign_recalled")
        await _until_outcomes(corp, name, {held: recalled, waits: ("planned", None)})
        assert await _cancelled(corp) == {True: 1}
        await corp.sleep(hours=5)
        assert len(await corp.street.see("tasks")) == 1, "nothing is handed over meanwhile"
        await order(corp, name, OrderKind.RESUME)
        await confirmed(corp)
        await until_status(corp, name, CampaignStatus.FINISHED)
        assert await _outcomes(corp, name) == {held: recalled, waits: ("sent", None)}


async def test_renewed_between_waves_it_ends_the_same_and_obeys_every_order(corp_with: CorpWith) -> None:
    async with corp_with(playbooks=[QUIET], policy=POLICY, renew_after_events=40) as corp:
        friends = await friends_by(corp, "S002-cashier", "S001-cashier", "S002-cashier")
        rollout = [{"name": f"w{n}", "customers": [she], "confirm": True} for n, she in enumerate(friends)]
        name = await started(corp, campaign(rollout=[*rollout, {"name": "all"}]))
        runs = {await _run(corp, name)}

        async def asks() -> int:
            return [wave.asks for wave in (await progress(corp, name)).waves].count(True)

        for wave in rollout:
            await confirmed(corp)
            await corp.until(asks, 1)
            # Together, so that the second comes while the next run begins.
            told = await asyncio.gather(
                order(corp, name, OrderKind.GO), order(corp, name, OrderKind.PAUSE, reason=str(wave["name"]))
            )
            assert told[0] == "the next wave begins"
            await until_status(corp, name, CampaignStatus.PAUSED)
            tasks = len(await corp.street.see("tasks"))
            await corp.sleep(hours=2)
            assert len(await corp.street.see("tasks")) == tasks
            await order(corp, name, OrderKind.RESUME)
            runs.add(await _run(corp, name))
        await confirmed(corp)
        await until_status(corp, name, CampaignStatus.FINISHED)
        runs.add(await _run(corp, name))
        assert len(runs) >= 3, "it was renewed at least twice"
        assert await _outcomes(corp, name) == dict.fromkeys(friends, ("sent", None))
        assert len(await corp.street.see("tasks")) == 3


async def test_the_sweep_carries_on_where_a_lost_workflow_was(corp_with: CorpWith) -> None:
    async with corp_with(playbooks=[QUIET], policy=POLICY) as corp:
        friends = await friends_by(corp, "S002-cashier", "S001-cashier", "S002-cashier")
        rollout = [{"name": "own", "customers": [friends[0]]}, {"name": "all"}]
        name = await started(corp, campaign(rollout=rollout, pace=HOURLY))
        for _ in range(3):  # with the first wave's employee, after it, and while the pace holds the rest
            await corp.sleep(minutes=11)
            handle = corp.env.client.get_workflow_handle(addresses.campaign_id(name))
            await handle.terminate("lost")
            await corp.sleep(minutes=30)
            await corp.activities.upkeep.sweep(SweepStart())
            await confirmed(corp)
        await corp.sleep(hours=1)
        await confirmed(corp)
        await until_status(corp, name, CampaignStatus.FINISHED)
        assert await _outcomes(corp, name) == dict.fromkeys(friends, ("sent", None))
        assert len(await corp.street.see("tasks")) == 3
        for she in friends:
            got = [m["text"] for m in await corp.received(she) if m["channel"] == "single"]
            assert got == ["week，欢迎"]


async def _run(corp: Corp, name: str) -> str:
    told = await corp.env.client.get_workflow_handle(addresses.campaign_id(name)).describe()
    return told.run_id


async def test_a_run_lost_right_after_a_cancel_still_takes_back_what_is_out(corp_with: CorpWith) -> None:
    async with corp_with(playbooks=[QUIET], policy=POLICY) as corp:
        friends = await friends_by(corp, "S002-cashier", "S001-cashier")
        name = await started(corp, campaign())
        await corp.sleep(minutes=12)  # both employees hold their message
        await corp.env.client.get_workflow_handle(addresses.campaign_id(name)).terminate("lost")
        told = Order(id="cancel-1", kind=OrderKind.CANCEL, by="sun", reason="wrong price", recall=True)
        async with corp.database.transaction() as session:
            await campaign_orders.obey(session, name, told, corp.clock())
        await corp.sleep(minutes=30)
        await corp.activities.upkeep.sweep(SweepStart())
        await corp.sleep(minutes=12)
        assert await _cancelled(corp) == Counter({True: 2})
        assert await _outcomes(corp, name) == dict.fromkeys(friends, ("cancelled", "campaign_cancelled"))
