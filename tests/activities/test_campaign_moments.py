"""A campaign by Moments (M50): each employee publishes one, who has the tag sees it, and nobody else."""

import pytest
from temporalio.exceptions import ApplicationError

from domain.campaign_messages import WaveEnd
from tests.activities.campaigning import carried, carried_on, progress, tasks_of_window, written_down
from tests.activities.sending import close_window, expire, poll, tagged
from tests.activities.shop import Shop
from tests.activities.test_backfills import rows, show, tag, untag
from tests.workflows.campaigns import campaign

pytestmark = pytest.mark.anyio

KOC = "KOC"
BY_MOMENTS = campaign(channel=["moments"], tag=KOC, words={"moments": {"text": "会员周"}})


async def test_m50_who_has_the_tag_sees_one_moment_of_her_employee(shop: Shop) -> None:
    fan, gone = await tagged(shop, KOC), await tagged(shop, KOC)
    other = await tagged(shop, "别的")
    wave = await written_down(shop, BY_MOMENTS)
    told = await progress(shop, wave)
    assert (told.targeted, told.planned, told.refused) == (3, 2, {"unreachable_moments": 1})
    [refused] = await shop.touches(other)
    assert refused.reason == f"she does not have the tag {KOC} at any friend of hers"
    await carried_on(shop, wave)
    [task] = await tasks_of_window(shop)
    assert shop.calls("externalcontact/add_moment_task") == 1
    with pytest.raises(ApplicationError, match="wait for the employee"):
        await poll(shop, task)
    await carried_on(shop, wave)
    await shop.street.do("delete", userid="li", external_userid=gone, by="customer")
    late = await shop.newcomer()  # whom nobody planned it for
    await shop.added(late)
    await shop.street.publish_all_moments()
    await poll(shop, task)
    assert (await carried(shop, wave)).end is WaveEnd.SETTLED
    seen = {
        she: [m["text"] for m in await shop.received(she) if m["channel"] == "moment"]
        for she in (fan, gone, other, late)
    }
    assert seen == {fan: ["会员周"], gone: [], other: [], late: []}
    told = await progress(shop, wave)
    assert (told.sent, sum(told.failed.values()), told.tasked) == (1, 1, 0)


async def test_a_moment_that_nobody_publishes_is_taken_back_and_the_wave_is_through(shop: Shop) -> None:
    she = await tagged(shop, KOC)
    wave = await written_down(shop, BY_MOMENTS)
    await carried_on(shop, wave)
    [task] = await tasks_of_window(shop)
    await expire(shop, task)
    assert (await carried(shop, wave)).end is WaveEnd.SETTLED
    assert (await progress(shop, wave)).failed == {"expired": 1}
    [moment] = shop.world.moments.all.values()
    assert moment.cancelled
    assert await shop.received(she) == []


async def test_m52_whom_a_campaign_missed_sees_it_in_moments_before_the_wave_is_through(shop: Shop) -> None:
    she = await shop.friend()
    wave = await written_down(shop, campaign(backfill={"text": "错过的会员周"}))
    await carried_on(shop, wave)
    [task] = await tasks_of_window(shop)
    await expire(shop, task)
    await carried_on(shop, wave)
    backfill = await close_window(shop, shop.courier.staff_tasks.pop())
    assert await tag(shop, backfill) == 1
    await show(shop, backfill)
    assert await untag(shop, backfill) == 1
    assert (await carried(shop, wave)).end is WaveEnd.SETTLED
    assert [(m["channel"], m["text"]) for m in await shop.received(she)] == [("moment", "错过的会员周")]
    assert await rows(shop) == {she: "removed"}
    told = await progress(shop, wave)
    assert (told.planned, told.sent, told.failed) == (1, 0, {"expired": 1}), "she is counted once"
