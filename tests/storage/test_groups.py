"""Groups and their members as rows."""

from datetime import datetime, timedelta

import pytest

from storage import groups, lives
from storage.groups import Change, Roster, Seat
from storage.tables import Group
from tests.storage.chain import LATER, NOON, Chain

pytestmark = pytest.mark.anyio


async def read(chain: Chain, *members: str, now: datetime = NOON, joined: datetime = NOON) -> list[Change]:
    """WeCom says that these customers, and two employees, are in the group."""
    seats = tuple(Seat(member_id=m, joined_at=joined) for m in members)
    roster = Roster("g1", "望京店福利群", "chen", "v1", len(seats) + 2, seats)
    async with chain.database.transaction() as session:
        return await groups.write_members(session, roster, now)


async def test_the_difference_to_the_rows_is_returned(chain: Chain) -> None:
    assert await read(chain, "wm1", "wm2") == [Change("wm1", True, NOON), Change("wm2", True, NOON)]
    assert await read(chain, "wm1", "wm2") == []
    assert await read(chain, "wm2", "wm3", now=LATER) == [
        Change("wm3", True, NOON),
        Change("wm1", False, LATER, "left the group"),
    ]


async def test_the_group_knows_its_size_and_version(chain: Chain) -> None:
    await read(chain, "wm1", "wm2")
    async with chain.database.transaction() as session:
        group = await session.get(Group, "g1")
    assert group is not None
    assert (group.customers, group.members, group.member_version, group.owner) == (2, 4, "v1", "chen")


async def test_who_comes_back_has_joined_again(chain: Chain) -> None:
    again = LATER + timedelta(hours=1)
    await read(chain, "wm1")
    await read(chain, now=LATER)
    assert await read(chain, "wm1", now=again, joined=again) == [Change("wm1", True, again)]


async def test_a_dismissed_group_loses_everybody_once(chain: Chain) -> None:
    await read(chain, "wm1", "wm2")
    for expected in (2, 0):
        async with chain.database.transaction() as session:
            changes = await groups.dismiss(session, "g1", LATER)
        assert len(changes) == expected
        assert all(c.reason == "the group was dismissed" for c in changes)
    async with chain.database.transaction() as session:
        group = await session.get(Group, "g1")
    assert group is not None
    assert group.dismissed_at == LATER


async def test_a_group_nobody_told_us_of_can_be_dismissed(chain: Chain) -> None:
    async with chain.database.transaction() as session:
        assert await groups.dismiss(session, "unheard-of", LATER) == []


async def to_announce(chain: Chain) -> list[Change]:
    async with chain.database.transaction() as session:
        return await groups.to_announce(session, "g1")


async def announced(chain: Chain, change: Change) -> None:
    async with chain.database.transaction() as session:
        await groups.announced(session, "g1", change)


async def test_only_customers_have_a_life_to_be_told(chain: Chain) -> None:
    await chain.befriend("wm1", "chen")
    await read(chain, "wm1", "stranger")
    assert await to_announce(chain) == [Change("wm1", True, NOON)]
    async with chain.database.transaction() as session:
        assert [m.chat_id for m in await lives.current_groups(session, "wm1")] == ["g1"]
    await chain.befriend("stranger", "chen")
    assert await to_announce(chain) == [Change("wm1", True, NOON)], "she has read her groups on arrival"


async def test_what_was_not_told_is_found_again_until_it_is(chain: Chain) -> None:
    """The worker died after the members were written: the next read finds no difference."""
    await chain.befriend("wm1", "chen")
    await read(chain, "wm1")
    assert await read(chain, "wm1") == []
    [joined] = await to_announce(chain)
    await announced(chain, joined)
    assert await to_announce(chain) == []
    await read(chain, now=LATER)
    [left] = await to_announce(chain)
    assert left == Change("wm1", False, LATER, "left the group")
    await announced(chain, joined)
    assert await to_announce(chain) == [left], "what was told is not what has happened since"


async def test_a_dismissal_is_found_again_until_it_is_told(chain: Chain) -> None:
    await chain.befriend("wm1", "chen")
    await read(chain, "wm1")
    async with chain.database.transaction() as session:
        await groups.dismiss(session, "g1", LATER)
    assert await to_announce(chain) == [Change("wm1", False, LATER, "the group was dismissed")]


async def test_who_comes_back_untold_has_joined(chain: Chain) -> None:
    again = LATER + timedelta(hours=1)
    await chain.befriend("wm1", "chen")
    await read(chain, "wm1")
    await announced(chain, Change("wm1", True, NOON))
    await read(chain, now=LATER)
    await read(chain, "wm1", now=again, joined=again)
    assert await to_announce(chain) == [Change("wm1", True, again)]
