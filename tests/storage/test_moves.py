"""Where customers stand, and moves to other versions, as PostgreSQL keeps them."""

from typing import Any

import pytest

from domain import journey, life
from domain.customer import CustomerState, Move, MovePolicy
from domain.playbook import PinnedJourney, Playbook
from storage import directory, lives, moves, standings
from storage.tables import PlaybookMove
from tests.storage.chain import NOON, Chain, added

pytestmark = pytest.mark.anyio


async def publish(chain: Chain, *waits: str) -> PinnedJourney:
    book = Playbook.model_validate(
        {"playbook": "coffee", "title": "咖啡", "nurture": [{"wait": wait} for wait in waits]}
    )
    async with chain.database.transaction() as session:
        return directory.pin(await directory.publish(session, book, author="anna", note="why", now=NOON))


async def enter(chain: Chain, she: str, pinned: PinnedJourney) -> CustomerState:
    state = CustomerState(external_userid=she)
    life.happened(state, added("chen", NOON), NOON)
    journey.enrol(state, pinned, NOON, onboarded=True)
    await save(chain, state)
    return state


async def save(chain: Chain, state: CustomerState) -> None:
    async with chain.database.transaction() as session:
        await lives.ensure_customer(session, state.external_userid, NOON)
        await lives.save(session, state, None, "")


async def groups(chain: Chain, **which: Any) -> list[tuple[int, str, int]]:
    async with chain.database.transaction() as session:
        return [(g.number, g.path, g.customers) for g in await standings.groups(session, "coffee", **which)]


def move(pinned: PinnedJourney, **fields: Any) -> PlaybookMove:
    values: dict[str, Any] = {
        "id": "",
        "playbook": "coffee",
        "policy": "next_step",
        "by": "anna",
        "began_at": NOON,
    }
    return PlaybookMove(**values | {"to_version": pinned.version, "to_number": pinned.number} | fields)


async def begin(chain: Chain, wanted: PlaybookMove) -> PlaybookMove:
    async with chain.database.transaction() as session:
        return await moves.begin(session, wanted, with_customers=True)


async def page(chain: Chain, move_id: str) -> list[tuple[str, str]]:
    async with chain.database.transaction() as session:
        rows = await moves.page(session, move_id, statuses=(moves.PLANNED,), limit=10)
        return [(row.external_userid, row.from_version) for row in rows]


async def test_standings_say_how_many_are_where(chain: Chain) -> None:
    first, second = await publish(chain, "1d", "2d"), await publish(chain, "1d", "3d")
    one = await enter(chain, "wm1", first)
    for she, pinned in (("wm2", first), ("wm3", second)):
        await enter(chain, she, pinned)
    assert await groups(chain) == [(1, "nurture.0", 2), (2, "nurture.0", 1)]
    journey.step_on(one, one.enrolments["coffee"], NOON)
    await save(chain, one)
    assert await groups(chain, number=1) == [(1, "nurture.0", 1), (1, "nurture.1", 1)]
    journey.leave(one, one.enrolments["coffee"], "over", NOON)
    await save(chain, one)
    assert await groups(chain, number=1) == [(1, "nurture.0", 1)]
    assert await groups(chain, store_id="S1") == []
    async with chain.database.transaction() as session:
        assert await standings.unwritten(session, "coffee") == 0


async def test_a_move_is_of_those_who_are_inside_on_other_versions(chain: Chain) -> None:
    first, second = await publish(chain, "1d"), await publish(chain, "2d")
    for she, pinned in (("wm1", first), ("wm2", first), ("wm3", second)):
        await enter(chain, she, pinned)
    begun = await begin(chain, move(second))
    assert begun.id == "coffee-m1"
    assert await page(chain, begun.id) == [("wm1", first.version), ("wm2", first.version)]


@pytest.mark.parametrize(
    ("which", "who"),
    [
        ({"from_number": 1}, ["wm1"]),
        ({"store_id": "S2"}, ["wm2"]),
        ({"from_number": 1, "store_id": "S2"}, []),
    ],
)
async def test_a_move_may_be_of_one_version_or_store_only(
    chain: Chain, which: dict[str, Any], who: list[str]
) -> None:
    versions = [await publish(chain, wait) for wait in ("1d", "2d", "3d")]
    for she, pinned, store in (("wm1", versions[0], "S1"), ("wm2", versions[1], "S2")):
        await enter(chain, she, pinned)
        async with chain.database.transaction() as session:
            (await lives.ensure_customer(session, she, NOON)).store_id = store
    begun = await begin(chain, move(versions[2], **which))
    assert [she for she, _ in await page(chain, begun.id)] == who


async def test_a_move_that_is_not_finished_goes_on(chain: Chain) -> None:
    first, second = await publish(chain, "1d"), await publish(chain, "2d")
    await enter(chain, "wm1", first)
    begun, again = await begin(chain, move(second)), await begin(chain, move(second, by="li"))
    assert (again.id, again.by) == (begun.id, "anna")
    assert (await begin(chain, move(second, policy="drain"))).id == "coffee-m2"
    async with chain.database.transaction() as session:
        await moves.mark(session, begun.id, finished_at=NOON)
    assert (await begin(chain, move(second))).id == "coffee-m3"
    async with chain.database.transaction() as session:
        assert [m.id for m in await moves.listed(session, "tea")] == []
        assert len(await moves.listed(session, None)) == 3


async def test_who_moves_is_parked_and_revived_with_both_versions(chain: Chain) -> None:
    first, second = await publish(chain, "1d"), await publish(chain, "2d")
    state = await enter(chain, "wm1", first)
    to = Move(id="coffee-m1", policy=MovePolicy.NEXT_STEP, pinned=second)
    journey.move(state, state.enrolments["coffee"], to, NOON)
    state.log.clear()
    async with chain.database.transaction() as session:
        await lives.park(session, state, None, NOON)
    async with chain.database.transaction() as session:
        revived = await lives.unpark(session, "wm1")
    assert revived == state
    await save(chain, state)
    async with chain.database.transaction() as session:
        [group] = await standings.groups(session, "coffee")
    assert group.moving == "coffee-m1"


async def test_only_one_command_moves_a_playbooks_customers(chain: Chain) -> None:
    async with (
        moves.alone(chain.database, "coffee") as first,
        moves.alone(chain.database, "coffee") as second,
        moves.alone(chain.database, "tea") as tea,
    ):
        assert (first, second, tea) == (True, False, True)
    async with moves.alone(chain.database, "coffee") as again:
        assert again
