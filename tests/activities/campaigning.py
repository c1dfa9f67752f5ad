"""A campaign's activities one after the other, as its workflow would call them, without Temporal."""

import pytest
from temporalio.exceptions import ApplicationError

from domain.campaign import Campaign
from domain.campaign_messages import CampaignRef, WatchedWave, WaveRef
from domain.task_messages import FlushBatch, TaskRef
from storage import campaign_drafts as drafts
from storage import campaigns
from storage.campaigns import WaveProgress
from storage.tables import Batch
from tests.activities.sending import create
from tests.activities.shop import Shop
from tests.workflows.campaigns import EVERYBODY


async def written_down(shop: Shop, what: Campaign) -> WaveRef:
    """Drafted, approved, begun, and its first wave is in the ledger."""
    name = what.campaign
    async with shop.database.transaction() as session:
        await drafts.create(session, what, EVERYBODY, by="author", now=shop.clock())
    async with shop.database.transaction() as session:
        await drafts.approve(session, name, by="approver", now=shop.clock())
    await shop.run(shop.activities.campaigns.begin_campaign, CampaignRef(campaign_id=name))
    wave = WaveRef(campaign_id=name, number=0)
    assert (await shop.run(shop.activities.campaigns.write_wave, wave)).done
    return wave


async def carried(shop: Shop, wave: WaveRef) -> WatchedWave:
    """Nothing is on its way any more, or something stops it."""
    return await shop.run(shop.activities.campaigns.carry_wave, wave)


async def carried_on(shop: Shop, wave: WaveRef) -> None:
    """What the pace allows is handed over; the rest takes time."""
    with pytest.raises(ApplicationError, match="on their way"):
        await carried(shop, wave)


async def tasks_of_window(shop: Shop) -> list[TaskRef]:
    """The windows of all StaffTasks that were started since close, policy decides, WeCom gets its tasks."""
    started = list(dict.fromkeys(shop.courier.staff_tasks))
    shop.courier.staff_tasks.clear()
    made = []
    for batch_id in started:
        async with shop.database.transaction() as session:
            ends = (await session.get_one(Batch, batch_id)).window_ends_at
        shop.clock.now = max(shop.clock.now, ends)
        await shop.run(shop.activities.staff_tasks.flush_batch, FlushBatch(batch_id=batch_id))
        made.append(TaskRef(batch_id=batch_id))
        await create(shop, made[-1])
    shop.clock.forward(minutes=1)  # WeCom has dispatched them
    return made


async def progress(shop: Shop, wave: WaveRef) -> WaveProgress:
    async with shop.database.transaction() as session:
        return (await campaigns.progress(session, wave.campaign_id)).waves[wave.number]
