"""The WeCom side of a batch."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from domain.touches import TouchStatus
from storage import tasks
from tests.storage.chain import LATER, Chain

pytestmark = pytest.mark.anyio

NAMES = ("wm1", "wm2", "wm3")


async def claimed_batch(chain: Chain, *, notify: bool = False) -> int:
    """A batch of three that policy let through."""
    for name in NAMES:
        await chain.befriend(name, "chen")
    touches = [await chain.plan(name, key=name, notify=notify) for name in NAMES]
    await chain.flush(touches[0].batch_id)
    return touches[0].batch_id or 0


async def create(chain: Chain, batch_id: int, unreachable: Sequence[str] = ()) -> None:
    async with chain.database.transaction() as session:
        await tasks.created(session, batch_id, "msg1", unreachable, LATER)


async def recipients(chain: Chain, batch_id: int) -> list[str]:
    async with chain.database.transaction() as session:
        return list(await tasks.recipients(session, batch_id))


async def test_a_claim_counts_its_attempt_and_forgets_the_last_task(chain: Chain) -> None:
    batch_id = await claimed_batch(chain)
    for attempt in (1, 2):
        async with chain.database.transaction() as session:
            batch = await tasks.batch_of(session, batch_id, lock=True)
            await tasks.claim(session, batch, "hello", LATER)
        after = await chain.batch(batch_id)
        assert (after.attempt, after.text, after.claimed_at, after.msgid) == (attempt, "hello", LATER, None)
        await create(chain, batch_id)
    async with chain.database.transaction() as session:
        found = await tasks.by_msgid(session, "msg1")
        assert found is not None
        assert found.id == batch_id
        assert await tasks.by_msgid(session, "other") is None


async def test_a_created_task_holds_everyone_but_those_wecom_cannot_reach(chain: Chain) -> None:
    batch_id = await claimed_batch(chain)
    await create(chain, batch_id, ["wm2"])
    assert await chain.statuses() == {"wm1": "tasked", "wm2": "not_friend", "wm3": "tasked"}
    assert await recipients(chain, batch_id) == ["wm1", "wm3"]
    refused = await chain.touch("wm2")
    assert (refused.rule, refused.settled_at) == ("fail_list", LATER)


async def test_who_waits_for_the_outcome_hears_that_she_cannot_be_reached(chain: Chain) -> None:
    batch_id = await claimed_batch(chain, notify=True)
    await create(chain, batch_id, ["wm2"])
    async with chain.database.transaction() as session:
        assert [t.key for t in await tasks.awaited(session, batch_id)] == ["wm2"]


async def test_who_does_not_wait_costs_no_signal(chain: Chain) -> None:
    batch_id = await claimed_batch(chain)
    await create(chain, batch_id, ["wm2"])
    async with chain.database.transaction() as session:
        assert list(await tasks.awaited(session, batch_id)) == []


async def test_a_finish_settles_what_is_open_and_nothing_else(chain: Chain) -> None:
    batch_id = await claimed_batch(chain)
    await create(chain, batch_id, ["wm2"])
    async with chain.database.transaction() as session:
        await tasks.finish(
            session, batch_id, TouchStatus.EXPIRED, rule="unconfirmed", reason="late", now=LATER
        )
    assert await chain.statuses() == {"wm1": "expired", "wm2": "not_friend", "wm3": "expired"}
    batch = await chain.batch(batch_id)
    assert (batch.status, batch.settled_at) == ("settled", LATER)


async def test_one_recipient_is_taken_out_once(chain: Chain) -> None:
    batch_id = await claimed_batch(chain)
    answers = []
    for name in ("wm1", "wm1", "stranger"):
        async with chain.database.transaction() as session:
            answers.append(await tasks.withdraw(session, batch_id, name, "asked", LATER))
    assert answers == [True, False, False]
    assert await recipients(chain, batch_id) == ["wm2", "wm3"]
    assert (await chain.touch("wm1")).reason == "asked"


async def test_what_was_sent_cannot_be_withdrawn(chain: Chain) -> None:
    batch_id = await claimed_batch(chain)
    async with chain.database.transaction() as session:
        await tasks.finish(session, batch_id, TouchStatus.SENT, rule="", reason="", now=LATER)
    async with chain.database.transaction() as session:
        assert not await tasks.withdraw(session, batch_id, "wm1", "asked", LATER)
    assert (await chain.touch("wm1")).status == TouchStatus.SENT


@pytest.mark.parametrize(("minutes", "found"), [(-10, 0), (45, 0), (46, 1)])
async def test_orphans_are_open_batches_long_past_their_window(
    chain: Chain, minutes: int, found: int
) -> None:
    await claimed_batch(chain)
    open_one = (await chain.plan("wm9", "li")).batch_id
    now = (await chain.batch(open_one)).window_ends_at + timedelta(minutes=minutes)
    async with chain.database.transaction() as session:
        orphans = await tasks.orphans(session, now, timedelta(minutes=45), timedelta(days=9))
    assert [b.id for b in orphans] == [open_one] * found


async def test_a_flushed_batch_that_nobody_settles_is_an_orphan_too(chain: Chain) -> None:
    """Its StaffTask has failed: nothing else would ever cancel what WeCom holds."""
    batch_id = await claimed_batch(chain)
    closed = (await chain.batch(batch_id)).window_ends_at
    async with chain.database.transaction() as session:
        for hours, found in ((25, []), (27, [batch_id])):
            now = closed + timedelta(hours=hours)
            orphans = await tasks.orphans(session, now, timedelta(minutes=45), timedelta(hours=26))
            assert [b.id for b in orphans] == found


async def test_the_sender_and_her_store(chain: Chain) -> None:
    async with chain.database.transaction() as session:
        employee, store = await tasks.sender_of(session, "chen")
        assert (employee and employee.name, store and store.id) == ("chen", "S1")
        assert await tasks.sender_of(session, "nobody") == (None, None)
