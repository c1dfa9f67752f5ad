"""What `explain` reads."""

from datetime import time, timedelta

import pytest

from domain.customer import LogLine
from domain.hours import QuietHours
from domain.playbook import Limits
from domain.touches import TouchStatus
from storage import lives, tasks
from storage.story import story
from tests.storage.chain import LATER, NOON, Chain

pytestmark = pytest.mark.anyio


async def told(chain: Chain) -> list[tuple[str, str]]:
    async with chain.database.transaction() as session:
        return [(line.what, line.reason) for line in await story(session, "wm1")]


async def test_lines_of_one_moment_keep_their_order(chain: Chain) -> None:
    lines = [LogLine(seq=n, at=NOON, what=f"line {n}") for n in range(1, 13)]
    async with chain.database.transaction() as session:
        await lives.append_log(session, "wm1", lines)
    assert [what for what, _ in await told(chain)] == [f"line {n}" for n in range(1, 13)]


async def test_a_touch_is_told_when_it_is_planned_and_when_it_is_settled(chain: Chain) -> None:
    await chain.befriend("wm1", "chen")
    touch = await chain.plan("wm1", key="k")
    async with chain.database.transaction() as session:
        await lives.append_log(session, "wm1", [LogLine(seq=1, at=LATER, what="in between")])
    await chain.flush(touch.batch_id)
    planned = ("private k: planned", "to be confirmed by chen")
    assert await told(chain) == [planned, ("in between", ""), ("private k: claimed", "")]
    async with chain.database.transaction() as session:
        await tasks.finish(
            session, touch.batch_id or 0, TouchStatus.EXPIRED, rule="unconfirmed", reason="late", now=LATER
        )
    assert await told(chain) == [planned, ("in between", ""), ("private k: expired", "unconfirmed: late")]


async def test_what_has_to_wait_says_for_what(chain: Chain) -> None:
    await chain.befriend("wm1", "chen")
    nap = QuietHours(start=time(11), end=time(14))
    touch = await chain.plan("wm1", key="k", limits=Limits(quiet_hours=nap))
    until = f"{(await chain.batch(touch.batch_id)).window_ends_at:%Y-%m-%d %H:%M} UTC"
    why = f"to be confirmed by chen; waits until {until}, quiet_hours: after quiet hours"
    assert await told(chain) == [("private k: planned", why)]
    await chain.flush(touch.batch_id, NOON + timedelta(hours=3))
    assert (await told(chain))[0] == ("private k: planned", "to be confirmed by chen")


async def test_every_line_has_a_key_of_its_own(chain: Chain) -> None:
    await chain.befriend("wm1", "chen")
    for n in range(3):
        await chain.plan("wm1", None if n else "chen")
    async with chain.database.transaction() as session:
        lines = await story(session, "wm1")
    assert len({line.key for line in lines}) == len(lines) == 5


async def test_a_stranger_has_no_story(chain: Chain) -> None:
    await chain.plan("wm2")
    assert await told(chain) == []
