"""Two employees, one customer, one window: one message, whichever batch is closed first."""

import asyncio
import itertools
from datetime import timedelta

import pytest

from domain.touches import Content, TouchStatus
from tests.storage.chain import HALF_AN_HOUR, LATER, NOON, Chain

pytestmark = pytest.mark.anyio

END = LATER + HALF_AN_HOUR
PEOPLE = ("chen", "li", "wang")


async def plan_for_all(chain: Chain, priorities: tuple[int, ...], name: str = "wm1") -> dict[str, int]:
    """One message for a customer from each employee; returns their batches by key."""
    await chain.befriend(name, *PEOPLE)
    batches = {}
    for userid, priority in zip(PEOPLE, priorities, strict=True):
        touch = await chain.plan(name, userid, key=f"{name}/by-{userid}", priority=priority)
        batches[touch.key] = touch.batch_id or 0
    return batches


@pytest.mark.parametrize("priorities", [(50, 50, 50), (10, 20, 90), (90, 20, 10)])
async def test_whatever_is_closed_first_one_message_is_claimed(
    chain: Chain, priorities: tuple[int, ...]
) -> None:
    for number, order in enumerate(itertools.permutations(range(3))):
        batches = await plan_for_all(chain, priorities, f"wm{number}")
        for position in order:
            await chain.flush(list(batches.values())[position], END)
        touches = [await chain.touch(key) for key in batches]
        losers = [t for t in touches if t.status != TouchStatus.CLAIMED]
        assert len(losers) == 2, order
        assert {t.status for t in losers} == {TouchStatus.REFUSED}
        assert {t.rule for t in losers} <= {"priority", "frequency"}
        assert all(t.reason for t in losers)


async def test_what_was_claimed_for_a_batch_still_open_is_sent_by_it(chain: Chain) -> None:
    """wang's message wins when chen's window closes; then wang's own window closes."""
    batches = await plan_for_all(chain, (10, 20, 90))
    ends = {key: (await chain.batch(batch)).window_ends_at for key, batch in batches.items()}
    last = max(ends, key=lambda key: ends[key])
    await chain.flush(batches[last], END)
    assert await chain.claimed() == {"wm1/by-wang"}
    flushed = [await chain.flush(batch, END) for batch in batches.values()]
    assert [f.claimed for f in flushed] == [0, 0, 1]
    assert all(f.moved_to == () for f in flushed)


async def test_a_later_window_does_not_compete(chain: Chain) -> None:
    await chain.befriend("wm1", "chen")
    now = await chain.plan("wm1", key="now", priority=1)
    later = await chain.plan("wm1", key="later", priority=99, now=NOON + timedelta(hours=2))
    await chain.flush(now.batch_id)
    assert await chain.statuses() == {"now": "claimed", "later": "planned"}
    await chain.flush(later.batch_id, NOON + timedelta(hours=3))
    assert (await chain.touch("later")).rule == "frequency"


async def test_who_lost_her_last_friend_after_the_claim_is_left_to_wecom(chain: Chain) -> None:
    batches = await plan_for_all(chain, (50, 50, 50))
    ends = {key: (await chain.batch(batch)).window_ends_at for key, batch in batches.items()}
    last = max(ends, key=lambda key: ends[key])
    await chain.flush(batches[last], END)
    (winner,) = await chain.claimed()
    for userid in PEOPLE:
        await chain.part("wm1", userid)
    flushed = await chain.flush(batches[winner], END)
    assert (flushed.claimed, flushed.moved_to) == (1, ())


async def test_batches_that_share_customers_close_at_once_without_a_deadlock(chain: Chain) -> None:
    names = [f"wm{n:02}" for n in range(12)]
    for name in names:
        await chain.befriend(name, *PEOPLE)
    batches = []
    for number, userid in enumerate(PEOPLE):
        ordered = names if number % 2 else list(reversed(names))
        touches = [await chain.plan(name, userid, key=f"{name}/{userid}") for name in ordered]
        batches.append(touches[0].batch_id)
    await asyncio.gather(*(chain.flush(batch, END) for batch in batches))
    claimed = await chain.claimed()
    assert sorted(key.split("/")[0] for key in claimed) == names


async def test_windows_that_close_at_once_keep_the_cap_over_two_contents(chain: Chain) -> None:
    await chain.befriend("wm1", "chen")
    contents = [Content(text=f"news {n}") for n in range(5)]
    touches = [await chain.plan("wm1", content=content) for content in contents]
    await asyncio.gather(*(chain.flush(t.batch_id, END) for t in touches))
    assert len(await chain.claimed()) == 1
