"""Customers as rows: friendships in any order, parked and woken lives, consent."""

import asyncio
import random
from datetime import timedelta

import pytest
from sqlmodel import select

from domain import journey
from domain.customer import CustomerState, LogLine
from domain.events import Event, EventKind
from domain.stages import Stage
from playbooks.loader import load_playbook
from settings import ROOT
from storage import directory, lives
from storage.tables import Consent, Follow, LogEntry
from tests.storage.chain import LATER, NOON, Chain, added, lost

pytestmark = pytest.mark.anyio

Friendship = tuple[bool, bool, object, object]


async def tell(chain: Chain, customer: str, events: list[Event]) -> Friendship:
    """Whether they are friends, only half, since when and until when."""
    async with chain.database.transaction() as session:
        await lives.ensure_customer(session, customer, NOON)
        for event in events:
            row = await lives.record_follow(session, customer, event)
    return row.lost_at is None, row.half, row.since, row.lost_at


def some_events(lots: random.Random) -> list[Event]:
    days = [NOON + timedelta(days=n) for n in range(lots.randint(1, 6))]
    kinds = [
        lambda at: added("chen", at),
        lambda at: added("chen", at, half=True),
        lambda at: lost("chen", at),
    ]
    return [lots.choice(kinds)(at) for at in days]


@pytest.mark.parametrize("seed", range(4))
async def test_any_order_and_any_repetition_give_the_same_friendship(chain: Chain, seed: int) -> None:
    lots = random.Random(seed)
    for number in range(10):
        events = some_events(lots)
        shuffled = events + lots.choices(events, k=2)
        lots.shuffle(shuffled)
        in_order = await tell(chain, f"a{number}", events)
        assert await tell(chain, f"b{number}", shuffled) == in_order, shuffled


async def test_an_old_deletion_does_not_end_a_newer_friendship(chain: Chain) -> None:
    half, whole = added("chen", NOON, half=True), added("chen", LATER + timedelta(hours=1))
    friends, *_ = await tell(chain, "wm1", [half, whole, lost("chen", LATER)])
    assert friends


async def test_the_code_of_the_newest_add_is_kept(chain: Chain) -> None:
    await tell(chain, "wm1", [added("chen", LATER, state="new"), added("chen", NOON, state="old")])
    async with chain.database.transaction() as session:
        row = (await session.exec(select(Follow))).one()
    assert row.state == "new"


async def test_every_return_is_an_episode(chain: Chain) -> None:
    for day in range(3):
        at = NOON + timedelta(days=day)
        await tell(chain, "wm1", [added("chen", at), lost("chen", at + timedelta(hours=1))])
    async with chain.database.transaction() as session:
        assert (await session.exec(select(Follow))).one().episode == 3


async def test_a_customer_is_made_once(chain: Chain) -> None:
    async def ensure() -> None:
        async with chain.database.transaction() as session:
            await lives.ensure_customer(session, "wm1", NOON)

    await asyncio.gather(*(ensure() for _ in range(10)))
    assert (await chain.customer("wm1")).stage == Stage.NEW


# ---- parking


async def life_with_a_playbook(chain: Chain) -> CustomerState:
    """A life in two published playbooks, the later of which comes first in the alphabet."""
    state = CustomerState(external_userid="wm1", loaded=True, seen=dict.fromkeys(["longer", "b", "a"]))
    shipped = load_playbook(ROOT / "playbooks" / "coffee-welcome.yaml")
    for name in ("tea", "an-offer"):
        playbook = shipped.model_copy(update={"playbook": name})
        async with chain.database.transaction() as session:
            row = await directory.publish(session, playbook, author="anna", now=NOON)
        journey.enrol(state, directory.pin(row), NOON, onboarded=True)
    return state


async def park(chain: Chain, state: CustomerState, snapshots: int = 1) -> None:
    state.snapshots = snapshots
    async with chain.database.transaction() as session:
        await lives.park(session, state, LATER, NOON)


async def unpark(chain: Chain) -> CustomerState | None:
    async with chain.database.transaction() as session:
        return await lives.unpark(session, "wm1")


async def test_a_parked_life_comes_back_with_its_playbooks(chain: Chain) -> None:
    state = await life_with_a_playbook(chain)
    await park(chain, state)
    assert await unpark(chain) == state.model_copy(update={"loaded": False, "log": []})


async def test_a_parked_life_keeps_the_order_of_what_it_knows(chain: Chain) -> None:
    await park(chain, await life_with_a_playbook(chain))
    back = await unpark(chain)
    assert back is not None
    assert list(back.seen) == ["longer", "b", "a"]
    assert [e.pinned.playbook for e in back.active] == ["tea", "an-offer"]


async def test_an_older_snapshot_never_replaces_a_newer_one(chain: Chain) -> None:
    state = CustomerState(external_userid="wm1")
    for number, orders in ((2, 2), (1, 1), (2, 9)):
        await park(chain, state.model_copy(update={"orders": orders}), number)
    back = await unpark(chain)
    assert back is not None
    assert (back.orders, back.snapshots) == (2, 2)


async def test_a_life_that_was_never_parked_has_no_snapshot(chain: Chain) -> None:
    assert await unpark(chain) is None


async def test_a_woken_life_is_not_woken_again(chain: Chain) -> None:
    await park(chain, CustomerState(external_userid="wm1"))
    due = []
    for now in (NOON, LATER, LATER):
        async with chain.database.transaction() as session:
            due.append([s.external_userid for s in await lives.due_to_wake(session, now)])
        if now == LATER:
            await unpark(chain)
    assert due == [[], ["wm1"], []]


async def test_a_playbook_version_that_is_gone_is_an_error_that_names_it(chain: Chain) -> None:
    state = await life_with_a_playbook(chain)
    state.enrolments["tea"].pinned.version = "gone"
    await park(chain, state)
    with pytest.raises(LookupError, match="playbook version gone is gone"):
        await unpark(chain)


# ---- the row and the story


async def test_saving_twice_writes_every_line_once(chain: Chain) -> None:
    await chain.befriend("wm1")
    state = CustomerState(external_userid="wm1")
    journey.enter_stage(state, Stage.REGULAR, "order o1", NOON)
    for _ in range(2):
        async with chain.database.transaction() as session:
            await lives.save(session, state, LATER, "coffee goes on")
    row = await chain.customer("wm1")
    assert (row.stage, row.stage_reason, row.stage_since) == ("regular", "order o1", NOON)
    assert (row.next_at, row.next_what, row.playbooks) == (LATER, "coffee goes on", [])


async def test_a_line_that_is_told_again_is_what_is_told_last(chain: Chain) -> None:
    """A workflow task that is executed again tells its lines again; only the last telling happened."""
    for what in ("first", "second"):
        async with chain.database.transaction() as session:
            await lives.append_log(session, "wm1", [LogLine(seq=1, at=NOON, what=what)])
            await lives.append_log(session, "wm1", [])
    async with chain.database.transaction() as session:
        assert [entry.what for entry in (await session.exec(select(LogEntry))).all()] == ["second"]


async def test_an_add_of_a_whole_friend_is_a_new_friendship(chain: Chain) -> None:
    """The deletion in between was lost: WeCom tells no add for a friend (contract §13.7)."""
    adds = [
        Event(id=str(n), kind=EventKind.FRIEND_ADDED, at=NOON + timedelta(days=n), userid="chen")
        for n in (0, 3)
    ]
    for add in (*adds, adds[1], adds[0]):
        async with chain.database.transaction() as session:
            row = await lives.record_follow(session, "wm1", add)
    assert (row.episode, row.since) == (2, adds[1].at)


async def test_an_opt_out_is_recorded_once_with_its_reason(chain: Chain) -> None:
    for by in ("anna", "ben"):
        async with chain.database.transaction() as session:
            await lives.opt_out(session, "wm1", by=by, reason="asked", now=NOON)
    async with chain.database.transaction() as session:
        consents = (await session.exec(select(Consent))).all()
    assert [(c.by, c.allowed, c.reason) for c in consents] == [("anna", False, "asked")]
    assert (await chain.customer("wm1")).opted_out_at == NOON
