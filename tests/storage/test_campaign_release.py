"""Handing a campaign over: at its pace, in the order of planning, each batch once, nobody too early."""

from datetime import datetime, timedelta

import pytest
from sqlmodel import select

from domain.campaign import CampaignStatus, RegionWords
from storage import campaign_release, campaigns, ledger, tasks
from storage.campaign_release import Released
from storage.tables import Batch, CampaignWave
from tests.storage.chain import LATER, NOON, Chain
from tests.storage.test_campaign_planning import running, touches, write

pytestmark = pytest.mark.anyio

HOUR = timedelta(hours=1)
HOURLY = {"customers": 2, "per": "1h"}


async def befriended(chain: Chain, **crowd: int) -> None:
    """So many friends of each employee."""
    for userid, size in crowd.items():
        for number in range(size):
            await chain.befriend(f"{userid}{number}", userid)


async def release(chain: Chain, now: datetime = NOON, number: int = 0) -> Released:
    async with chain.database.transaction() as session:
        return await campaign_release.release(session, "week", number, chain.policy, now)


async def to(chain: Chain, released: Released) -> list[str]:
    return [(await chain.batch(batch)).userid for batch, _ in released.batches]


async def wave_row(chain: Chain, number: int = 0) -> CampaignWave:
    async with chain.database.transaction() as session:
        return await session.get_one(CampaignWave, ("week", number))


async def handed_over(chain: Chain) -> int:
    """Customers."""
    async with chain.database.transaction() as session:
        return (await campaigns.progress(session, "week")).waves[0].released


async def pause(chain: Chain) -> None:
    async with chain.database.transaction() as session:
        row = await campaigns.find(session, "week")
        assert row
        row.status = CampaignStatus.PAUSED
        session.add(row)


async def test_without_a_pace_all_are_handed_over_at_once_and_only_once(chain: Chain) -> None:
    await running(chain)
    await befriended(chain, chen=2, li=1, wang=1)
    await write(chain)
    released = await release(chain)
    assert await to(chain, released) == ["chen", "li", "wang"]
    assert all(NOON < ends <= NOON + chain.policy.window for _, ends in released.batches)
    assert released.again_at is None
    rows = await chain.batches()
    assert {(b.status, b.released_at) for b in rows} == {("open", NOON)}
    assert [(b.id, b.window_ends_at) for b in rows] == list(released.batches)
    assert (await handed_over(chain), (await wave_row(chain)).released_at) == (4, NOON)
    assert await release(chain, LATER) == Released()


async def test_the_pace_is_kept_in_the_order_of_planning(chain: Chain) -> None:
    await running(chain, pace=HOURLY)
    await befriended(chain, chen=1, li=1, wang=1)
    await write(chain)
    first = await release(chain)
    assert (await to(chain, first), first.again_at) == (["chen", "li"], NOON + HOUR)
    early = await release(chain, NOON + HOUR - timedelta(seconds=1))
    assert (await to(chain, early), early.again_at) == ([], NOON + HOUR)
    assert (await wave_row(chain)).released_at is None
    last = await release(chain, NOON + HOUR)
    assert (await to(chain, last), last.again_at) == (["wang"], None)
    assert await handed_over(chain) == 3


async def test_a_batch_larger_than_the_pace_goes_alone_and_whole(chain: Chain) -> None:
    await running(chain, pace=HOURLY)
    await befriended(chain, chen=1, li=5, wang=1)
    await write(chain)
    handed = [await to(chain, await release(chain, NOON + n * HOUR)) for n in range(3)]
    assert handed == [["chen"], ["li"], ["wang"]]


async def test_the_pace_holds_across_waves(chain: Chain) -> None:
    rollout = [{"name": "own", "customers": ["chen0", "chen1"]}, {"name": "all"}]
    await running(chain, pace=HOURLY, rollout=rollout)
    await befriended(chain, chen=2, wang=1)
    await write(chain)
    assert await to(chain, await release(chain)) == ["chen"]
    await write(chain, 1)
    soon = await release(chain, NOON + HOUR / 2, 1)
    assert (soon.batches, soon.again_at) == ((), NOON + HOUR)
    assert await to(chain, await release(chain, NOON + HOUR, 1)) == ["wang"]


async def test_a_region_that_wants_it_later_gets_it_later(chain: Chain) -> None:
    await running(chain, {"bj": RegionWords(shift_minutes=90)}, adapt={"shift": "2h"})
    await befriended(chain, chen=1)
    await write(chain)
    early = await release(chain)
    assert (early.batches, early.again_at) == ((), NOON + timedelta(minutes=90))
    assert len((await release(chain, NOON + timedelta(minutes=90))).batches) == 1


async def test_what_was_put_off_keeps_its_employees_next_wave_waiting(chain: Chain) -> None:
    """Two open batches of one content would be one task: the second waits until the first has closed."""
    rollout = [{"name": "own", "customers": ["chen0"]}, {"name": "all"}]
    await running(chain, rollout=rollout)
    await befriended(chain, chen=2)
    await write(chain)
    [(first, ends)] = (await release(chain)).batches
    await write(chain, 1)
    assert (await release(chain, NOON, 1)).batches == ()
    await chain.flush(first, ends)
    assert await to(chain, await release(chain, ends, 1)) == ["chen"]


async def test_nothing_is_handed_over_while_it_is_paused(chain: Chain) -> None:
    await running(chain)
    await befriended(chain, chen=1)
    await write(chain)
    await pause(chain)
    assert await release(chain) == Released()
    assert [b.status for b in await chain.batches()] == ["filling"]


async def test_a_wave_without_anybody_is_handed_over_at_once(chain: Chain) -> None:
    await running(chain)
    await write(chain)
    assert await release(chain) == Released()
    assert (await wave_row(chain)).released_at == NOON


async def test_what_a_killed_worker_did_not_commit_is_handed_over_by_the_next(chain: Chain) -> None:
    await running(chain, pace=HOURLY)
    await befriended(chain, chen=2)
    await write(chain)

    async def killed_before_it_commits() -> None:
        async with chain.database.transaction() as session:
            await campaign_release.release(session, "week", 0, chain.policy, NOON)
            raise RuntimeError("killed")

    with pytest.raises(RuntimeError, match="killed"):
        await killed_before_it_commits()
    assert await handed_over(chain) == 0
    assert await to(chain, await release(chain)) == ["chen"]
    assert await handed_over(chain) == 2


async def test_what_was_opened_and_never_started_is_found_by_the_sweep(chain: Chain) -> None:
    """Killed between the commit and the start of the StaffTask: no release tells of that batch again."""
    await running(chain)
    await befriended(chain, chen=1, li=1)
    await write(chain)
    released = await release(chain)
    assert (await release(chain)).batches == ()
    soon = max(ends for _, ends in released.batches) + timedelta(minutes=1)
    async with chain.database.transaction() as session:
        found = await tasks.orphans(session, soon, timedelta(seconds=10), timedelta(days=2))
    assert {b.id for b in found} == {batch for batch, _ in released.batches}
    for batch in found:
        await chain.flush(batch.id, soon)
    assert len(await chain.claimed()) == 2


async def test_one_who_has_too_many_gets_a_task_a_window_and_nobody_is_lost(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A campaign to n customers of one employee costs ⌈n/limit⌉ tasks, one in each window."""
    monkeypatch.setattr(ledger, "RECIPIENTS_PER_TASK", 10)
    await running(chain)
    await befriended(chain, chen=25)
    await write(chain)
    [(batch, now)] = (await release(chain)).batches
    left, sizes = {batch}, []
    while left:
        flushed = [await chain.flush(one, now) for one in left]
        sizes += [each.claimed for each in flushed]
        left = {one for each in flushed for one in each.moved_to}
        now += chain.policy.window
    assert sizes == [10, 10, 5]
    assert {t.status for t in (await touches(chain)).values()} == {"claimed"}
    async with chain.database.transaction() as session:
        campaigns_of = set((await session.exec(select(Batch.campaign_id))).all())
    assert campaigns_of == {"week"}, "a cancel finds them all"


async def test_a_pause_that_takes_back_leaves_what_waits_for_its_release(chain: Chain) -> None:
    await running(chain, pace=HOURLY)
    await befriended(chain, chen=2, li=2, wang=2)
    await write(chain)
    for n, now in enumerate((NOON, NOON + HOUR)):
        [(batch, ends)] = (await release(chain, now)).batches
        if n == 0:
            await chain.flush(batch, ends)

    async def stops(rule: str, *, recall: bool) -> list[str]:
        async with chain.database.transaction() as session:
            batches = await campaigns.batches_to_stop(session, "week", rule, recall=recall)
        return [(await chain.batch(batch)).userid for batch in batches]

    assert [b.status for b in await chain.batches()] == ["flushed", "open", "filling"]
    assert await stops("campaign_recalled", recall=True) == ["chen", "li"]
    assert await stops("campaign_cancelled", recall=False) == ["li", "wang"]
    assert await stops("campaign_stock", recall=True) == ["chen", "li", "wang"]


async def test_what_is_open_while_it_is_paused_beats_nobody_and_is_no_orphan(chain: Chain) -> None:
    await running(chain, priority=90)
    await befriended(chain, chen=1)
    await write(chain)
    [(batch, ends)] = (await release(chain)).batches
    await pause(chain)
    other = await chain.plan("chen0", priority=10)
    later = ends + chain.policy.window
    await chain.flush(other.batch_id, later)
    assert await chain.claimed() == {other.key}
    assert (await touches(chain))["chen0"].status == "planned"
    async with chain.database.transaction() as session:
        found = await tasks.orphans(session, later, timedelta(0), timedelta(days=2))
    assert batch not in {b.id for b in found}
