"""To-dos as rows: wanted once, claimed before they are sent, paced per employee."""

from datetime import datetime, timedelta

import pytest

from domain import todos as rules
from domain.todos import PER_MINUTE, Card, TodoKind
from storage import todos
from storage.tables import Group, Store, Todo
from storage.todos import Claim, Status
from tests.storage.chain import NOON, Chain

pytestmark = pytest.mark.anyio
CARD = Card(title="请导出新的群二维码")


async def want(
    chain: Chain, occasion: str = "once", *, due_at: datetime = NOON, userid: str = "chen"
) -> str | None:
    async with chain.database.transaction() as session:
        return await todos.want(
            session,
            kind=TodoKind.QR_EXPIRES,
            subject="group/g1",
            occasion=occasion,
            userid=userid,
            card=CARD,
            due_at=due_at,
        )


async def claim(chain: Chain, todo_id: str | None, now: datetime = NOON) -> Claim:
    async with chain.database.transaction() as session:
        found = await todos.claim(session, todo_id or "", now)
    assert found is not None
    return found


async def sent(chain: Chain, todo_id: str, now: datetime = NOON) -> None:
    assert (await claim(chain, todo_id, now)).mine
    async with chain.database.transaction() as session:
        await todos.sent(session, todo_id, "code", now)


async def close(chain: Chain, todo_id: str, answer: str | None, now: datetime) -> tuple[Todo, bool]:
    async with chain.database.transaction() as session:
        return await todos.close(session, todo_id, answer, now)


async def test_the_same_occasion_is_one_todo(chain: Chain) -> None:
    first = await want(chain)
    assert first
    assert await want(chain) is None
    assert await want(chain, "next month") not in (None, first)


async def test_a_card_is_claimed_when_it_is_due(chain: Chain) -> None:
    todo_id = await want(chain, due_at=NOON + timedelta(hours=8))
    assert not (await claim(chain, todo_id)).mine
    assert (await claim(chain, todo_id, NOON + timedelta(hours=8))).mine


async def test_a_claim_without_an_outcome_is_repeated_and_then_given_up(chain: Chain) -> None:
    todo_id = await want(chain)
    assert (await claim(chain, todo_id)).mine
    assert (await claim(chain, todo_id, NOON + timedelta(hours=3))).mine
    late = await claim(chain, todo_id, NOON + timedelta(hours=3, minutes=55))  # it might arrive after 4 h
    assert (late.mine, late.todo.status) == (False, Status.UNKNOWN)


async def test_more_than_a_minute_holds_waits_and_other_employees_do_not(chain: Chain) -> None:
    for number in range(PER_MINUTE):
        await sent(chain, await want(chain, f"{number}") or "")
    one_more = await want(chain, "one more")
    waiting = await claim(chain, one_more, NOON + timedelta(seconds=20))
    assert (waiting.mine, waiting.wait) == (False, timedelta(seconds=40))
    assert (await claim(chain, await want(chain, "li's", userid="li"))).mine
    assert (await claim(chain, one_more, NOON + timedelta(minutes=1))).mine


async def test_a_tap_settles_it_once(chain: Chain) -> None:
    todo_id = await want(chain) or ""
    await sent(chain, todo_id)
    row, mine = await close(chain, todo_id, rules.DONE, NOON)
    assert (row.status, mine) == (Status.DONE, True)
    row, mine = await close(chain, todo_id, None, NOON + timedelta(days=2))
    assert (row.status, mine) == (Status.DONE, False)


async def test_tomorrow_comes_a_limited_number_of_times(chain: Chain) -> None:
    todo_id, now = await want(chain) or "", NOON
    for card in range(1, rules.MOST_CARDS):
        await sent(chain, todo_id, now)
        row, _ = await close(chain, todo_id, rules.LATER, now)
        assert (row.status, row.attempt, row.due_at) == (Status.PLANNED, card + 1, now + rules.SNOOZE)
        now += rules.SNOOZE
    await sent(chain, todo_id, now)
    row, _ = await close(chain, todo_id, rules.LATER, now)
    assert (row.status, row.reason) == (Status.LAPSED, "put off too often")


async def test_stores_whose_groups_are_all_full(chain: Chain) -> None:
    groups = [("S1", "a", 200, 1), ("S1", "b", 200, 2), ("S2", "c", 200, 1), ("S2", "d", 199, 2)]
    async with chain.database.transaction() as session:
        session.add(Store(id="S3", name="S3"))
        await session.flush()
        for store, chat_id, members, day in (*groups, ("S3", "e", 200, 1)):
            row = Group(chat_id=chat_id, store_id=store, members=members, created_at=NOON)
            row.owner, row.created_at = "chen", NOON + timedelta(days=day)
            row.join_config_id = "its join way makes the next group" if store == "S3" else None
            session.add(row)
    async with chain.database.transaction() as session:
        found = await todos.full_stores(session, 200)
    assert [group.chat_id for group in found] == ["b"]


async def test_old_pictures_are_those_of_groups_without_a_join_way(chain: Chain) -> None:
    async with chain.database.transaction() as session:
        for chat_id, days, way in (("old", 5, None), ("young", 1, None), ("has a way", 9, "config")):
            session.add(
                Group(
                    chat_id=chat_id,
                    owner="chen",
                    join_config_id=way,
                    hand_qr_exported_at=NOON - timedelta(days=days),
                    created_at=NOON,
                )
            )
    async with chain.database.transaction() as session:
        found = await todos.expiring_pictures(session, NOON - timedelta(days=4))
    assert [group.chat_id for group in found] == ["old"]
