"""The touch ledger: planned into batches, decided in one transaction when the window closes."""

import asyncio
from datetime import time, timedelta

import pytest
from sqlmodel import col, select, update

from domain.hours import QuietHours
from domain.playbook import ContentClass
from domain.touches import Channel, Content, TouchStatus
from storage import ledger, lives, task_results, tasks
from storage.tables import Batch, Employee, Follow, Touch
from storage.task_results import Result
from tests.storage.chain import HALF_AN_HOUR, HELLO, LATER, NOON, POLICY, Chain, added

pytestmark = pytest.mark.anyio

NEWS = Content(text="news")
NOON_NAP = POLICY.model_copy(update={"quiet_hours": QuietHours(start=time(12, 10), end=time(14))})


# ---- planning


async def test_planning_a_key_again_returns_what_is_there(chain: Chain) -> None:
    await chain.befriend("wm1", "chen")
    first = await chain.plan("wm1", key="k")
    again = await chain.plan("wm1", "li", NEWS, key="k", now=LATER)
    assert (again.batch_id, again.planned_at, again.userid) == (first.batch_id, NOON, "chen")
    assert len(await chain.batches()) == 1


async def test_one_employee_one_content_one_window_is_one_batch(chain: Chain) -> None:
    ids = {(await chain.plan(f"wm{n}")).batch_id for n in range(3)}
    assert len(ids) == 1
    others = [
        await chain.plan("wm9", "li"),
        await chain.plan("wm9", content=NEWS),
        await chain.plan("wm9", now=NOON + HALF_AN_HOUR),
    ]
    assert len({o.batch_id for o in others} | ids) == 4


async def test_a_batch_closes_within_its_window(chain: Chain) -> None:
    batch = await chain.batch((await chain.plan("wm1")).batch_id)
    assert NOON < batch.window_ends_at <= LATER
    assert (batch.status, batch.content) == ("open", {"text": "hello"})


async def test_without_a_friend_a_touch_is_refused_at_once(chain: Chain) -> None:
    touch = await chain.plan("wm1", None)
    assert (touch.status, touch.rule, touch.batch_id) == (TouchStatus.REFUSED, "not_friend", None)
    assert touch.settled_at == NOON


async def test_an_employee_nobody_told_us_of_is_recorded(chain: Chain) -> None:
    await chain.plan("wm1", "newcomer")
    async with chain.database.transaction() as session:
        assert await session.get(Employee, "newcomer") is not None


async def test_thirty_plans_at_once_make_one_batch(chain: Chain) -> None:
    touches = await asyncio.gather(*(chain.plan(f"wm{n}") for n in range(30)))
    assert len({t.batch_id for t in touches}) == 1
    assert len(await chain.batches()) == 1


async def test_no_plan_is_lost_while_its_batch_closes(chain: Chain) -> None:
    for n in range(20):
        await chain.befriend(f"wm{n}", "chen")
    first = await chain.plan("wm0")
    plans = [chain.plan(f"wm{n}", now=NOON) for n in range(1, 20)]
    await asyncio.gather(*plans[:9], chain.flush(first.batch_id), *plans[9:])
    batches = {b.id: b.status for b in await chain.batches()}
    async with chain.database.transaction() as session:
        touches = (await session.exec(select(Touch))).all()
    assert len(touches) == 20
    assert {(t.status, batches[t.batch_id]) for t in touches} <= {("planned", "open"), ("claimed", "flushed")}


# ---- closing a window


async def test_a_flush_closes_the_batch_and_claims_its_touches(chain: Chain) -> None:
    await chain.befriend("wm1", "chen")
    touch = await chain.plan("wm1")
    assert await chain.flush(touch.batch_id) == ledger.Flushed(claimed=1)
    assert (await chain.batch(touch.batch_id)).status == "flushed"
    settled = await chain.touch(touch.key)
    assert (settled.status, settled.claimed_at, settled.settled_at) == (TouchStatus.CLAIMED, LATER, None)


async def test_a_later_touch_opens_the_next_batch(chain: Chain) -> None:
    await chain.befriend("wm1", "chen")
    first = await chain.plan("wm1")
    await chain.flush(first.batch_id)
    second = await chain.plan("wm2")
    assert second.batch_id != first.batch_id
    assert (await chain.touch(second.key)).status == TouchStatus.PLANNED


async def test_a_second_flush_answers_like_the_first(chain: Chain) -> None:
    for n in range(3):
        await chain.befriend(f"wm{n}", "chen")
    touches = [await chain.plan(f"wm{n}") for n in range(3)]
    first = await chain.flush(touches[0].batch_id)
    assert await chain.flush(touches[0].batch_id, LATER + HALF_AN_HOUR) == first
    assert first.claimed == 3


async def test_two_flushes_of_one_batch_at_once_answer_alike(chain: Chain) -> None:
    await chain.befriend("wm1", "chen")
    touch = await chain.plan("wm1")
    both = await asyncio.gather(*(chain.flush(touch.batch_id) for _ in range(2)))
    assert both == [ledger.Flushed(claimed=1)] * 2


async def test_who_opted_out_is_refused_with_a_reason(chain: Chain) -> None:
    await chain.befriend("wm1", "chen")
    touch = await chain.plan("wm1")
    service = await chain.plan("wm1", content=Content(text="your table", kind=ContentClass.SERVICE))
    async with chain.database.transaction() as session:
        await lives.opt_out(session, "wm1", by="anna", reason="asked", now=NOON)
    assert (await chain.flush(touch.batch_id)).claimed == 0
    refused = await chain.touch(touch.key)
    assert (refused.status, refused.rule, refused.settled_at) == (TouchStatus.REFUSED, "opted_out", LATER)
    assert refused.reason == "she asked for no more messages"
    assert await chain.claimed() == {service.key}


@pytest.mark.parametrize("why", ["she left", "half", "inactive"])
async def test_who_is_nobodys_friend_is_refused(chain: Chain, why: str) -> None:
    await chain.befriend("wm1", "chen")
    touch = await chain.plan("wm1")
    async with chain.database.transaction() as session:
        if why == "inactive":
            await session.exec(update(Employee).where(col(Employee.userid) == "chen").values(active=False))
        elif why == "half":
            await session.exec(update(Follow).values(half=True))
    if why == "she left":
        await chain.part("wm1", "chen")
    assert await chain.flush(touch.batch_id) == ledger.Flushed(claimed=0)
    assert (await chain.touch(touch.key)).rule == "not_friend"


async def test_what_was_sent_lately_refuses_the_next(chain: Chain) -> None:
    await chain.befriend("wm1", "chen")
    first = await chain.plan("wm1")
    await chain.flush(first.batch_id)
    second = await chain.plan("wm1", content=NEWS, now=LATER)
    await chain.flush(second.batch_id, LATER + HALF_AN_HOUR)
    assert (await chain.touch(second.key)).rule == "frequency"


@pytest.mark.parametrize("status", ["expired", "cancelled", "not_friend", "capped", "failed"])
async def test_what_did_not_reach_her_does_not_count(chain: Chain, status: TouchStatus) -> None:
    await chain.befriend("wm1", "chen")
    first = await chain.plan("wm1")
    await chain.flush(first.batch_id)
    async with chain.database.transaction() as session:
        await session.exec(update(Touch).values(status=status, settled_at=LATER))
    second = await chain.plan("wm1", content=NEWS, now=LATER)
    assert (await chain.flush(second.batch_id, LATER + HALF_AN_HOUR)).claimed == 1


async def test_a_welcome_and_a_service_message_use_up_nothing(chain: Chain) -> None:
    await chain.befriend("wm1", "chen")
    answers = [(Channel.WELCOME, "service"), (Channel.WELCOME, "general"), (Channel.PRIVATE, "service")]
    async with chain.database.transaction() as session:
        for number, (channel, kind) in enumerate(answers):
            session.add(
                Touch(
                    key=f"w{number}",
                    external_userid="wm1",
                    channel=channel,
                    kind=kind,
                    status=TouchStatus.SENT,
                    planned_at=NOON,
                    settled_at=NOON,
                )
            )
    touch = await chain.plan("wm1")
    assert (await chain.flush(touch.batch_id)).claimed == 1


# ---- what has to move


async def test_who_lost_her_employee_moves_to_the_latest_of_her_friends(chain: Chain) -> None:
    await chain.befriend("wm1", "chen", "li", "wang")
    touch = await chain.plan("wm1")
    await chain.part("wm1", "chen")
    flushed = await chain.flush(touch.batch_id)
    moved = await chain.touch(touch.key)
    assert flushed == ledger.Flushed(claimed=0, moved_to=(moved.batch_id or 0,))
    assert (moved.userid, moved.status, moved.claimed_at) == ("wang", TouchStatus.PLANNED, None)
    assert (await chain.batch(moved.batch_id)).window_ends_at > LATER
    assert (await chain.flush(moved.batch_id, LATER + HALF_AN_HOUR)).claimed == 1


async def test_quiet_hours_move_everything_to_the_first_window_after_them(chain: Chain) -> None:
    await chain.befriend("wm1", "chen")
    await chain.befriend("wm2", "chen")
    touches = [await chain.plan(c) for c in ("wm1", "wm2")]
    chain.policy = NOON_NAP
    flushed = await chain.flush(touches[0].batch_id)
    moved = [await chain.touch(t.key) for t in touches]
    assert {m.batch_id for m in moved} == set(flushed.moved_to)
    assert {(m.status, m.rule) for m in moved} == {(TouchStatus.PLANNED, "quiet_hours")}
    (later,) = [await chain.batch(b) for b in flushed.moved_to]
    opens = NOON + timedelta(hours=2)
    assert opens <= later.window_ends_at < opens + HALF_AN_HOUR
    assert (await chain.flush(later.id, later.window_ends_at)).claimed == 2


async def test_who_is_too_many_for_one_task_goes_in_the_next(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "RECIPIENTS_PER_TASK", 3)
    for n in range(8):
        await chain.befriend(f"wm{n}", "chen")
    batch: int | None = (await asyncio.gather(*(chain.plan(f"wm{n}") for n in range(8))))[0].batch_id
    sizes, now = [], LATER
    while batch:
        flushed = await chain.flush(batch, now)
        sizes.append(flushed.claimed)
        batch, now = next(iter(flushed.moved_to), None), now + HALF_AN_HOUR
    assert sizes == [3, 3, 2]
    assert len(await chain.claimed()) == 8


# ---- stopping


async def test_what_is_only_planned_is_cancelled_at_once(chain: Chain) -> None:
    await chain.befriend("wm1", "chen")
    touch, other = await chain.plan("wm1"), await chain.plan("wm2")
    async with chain.database.transaction() as session:
        tasked = await ledger.cancel_open(session, "wm1", playbook=None, reason="asked", now=LATER)
    stopped = await chain.touch(touch.key)
    assert (tasked, stopped.status, stopped.rule, stopped.reason) == ([], "cancelled", "withdrawn", "asked")
    assert stopped.settled_at == LATER
    assert (await chain.touch(other.key)).status == TouchStatus.PLANNED


async def test_what_an_employee_holds_is_named_by_its_batch(chain: Chain) -> None:
    await chain.befriend("wm1", "chen")
    touch = await chain.plan("wm1")
    await chain.flush(touch.batch_id)
    async with chain.database.transaction() as session:
        await tasks.claim(session, await tasks.batch_of(session, touch.batch_id or 0), "早", LATER)
    async with chain.database.transaction() as session:
        tasked = await ledger.cancel_open(session, "wm1", playbook=None, reason="asked", now=LATER)
    assert tasked == [touch.batch_id]
    assert (await chain.touch(touch.key)).status == TouchStatus.CLAIMED


async def test_what_wecom_does_not_hold_yet_is_simply_cancelled(chain: Chain) -> None:
    """Policy has said yes, but no task was asked for: there is nothing to recall."""
    await chain.befriend("wm1", "chen")
    touch = await chain.plan("wm1")
    await chain.flush(touch.batch_id)
    async with chain.database.transaction() as session:
        tasked = await ledger.cancel_open(session, "wm1", playbook=None, reason="asked", now=LATER)
    assert tasked == []
    assert (await chain.touch(touch.key)).status == TouchStatus.CANCELLED


async def test_an_exit_from_one_playbook_stops_only_its_messages(chain: Chain) -> None:
    tea = await chain.plan("wm1", playbook="tea")
    coffee = await chain.plan("wm1", playbook="coffee", content=NEWS)
    async with chain.database.transaction() as session:
        await ledger.cancel_open(session, "wm1", playbook="tea", reason="asked", now=LATER)
    assert await chain.statuses() == {tea.key: "cancelled", coffee.key: "planned"}


async def test_a_welcome_is_never_cancelled(chain: Chain) -> None:
    async with chain.database.transaction() as session:
        welcome = Touch(
            key="w",
            external_userid="wm1",
            channel=Channel.WELCOME,
            status=TouchStatus.CLAIMED,
            planned_at=NOON,
        )
        session.add(welcome)
    async with chain.database.transaction() as session:
        assert await ledger.cancel_open(session, "wm1", playbook=None, reason="asked", now=LATER) == []
    assert await chain.statuses() == {"w": "claimed"}


async def test_an_opt_out_while_the_window_closes_lets_nothing_slip_through(chain: Chain) -> None:
    await chain.befriend("wm1", "chen")
    touch = await chain.plan("wm1")

    async def opt_out() -> list[int]:
        async with chain.database.transaction() as session:
            tasked = await ledger.cancel_open(session, "wm1", playbook=None, reason="asked", now=LATER)
            await lives.opt_out(session, "wm1", by="anna", reason="asked", now=LATER)
            return tasked

    tasked, _ = await asyncio.gather(opt_out(), chain.flush(touch.batch_id))
    assert tasked == []
    assert (await chain.touch(touch.key)).status in (TouchStatus.CANCELLED, TouchStatus.REFUSED)


async def test_settling_touches_of_one_batch_leaves_the_others(chain: Chain) -> None:
    for name in ("wm1", "wm2"):
        await chain.befriend(name, "chen")
    one, two = [await chain.plan(name, content=HELLO) for name in ("wm1", "wm2")]
    await chain.flush(one.batch_id)
    async with chain.database.transaction() as session:
        batch = await tasks.batch_of(session, one.batch_id or 0)
        for ids in (["wm1", "stranger"], []):
            results = [Result(who, outcome=(TouchStatus.SENT, None, "")) for who in ids]
            await task_results.record(session, batch, results, LATER)
    assert await chain.statuses() == {one.key: "sent", two.key: "claimed"}
    assert (await chain.touch(one.key)).settled_at == LATER


async def test_half_a_friendship_can_become_a_whole_one_before_the_window_closes(chain: Chain) -> None:
    async with chain.database.transaction() as session:
        await lives.ensure_customer(session, "wm1", NOON)
        await lives.record_follow(session, "wm1", added("chen", NOON, half=True))
    touch = await chain.plan("wm1")
    async with chain.database.transaction() as session:
        await lives.record_follow(session, "wm1", added("chen", LATER))
    assert (await chain.flush(touch.batch_id)).claimed == 1


async def test_the_open_batch_of_a_window_is_unique(chain: Chain) -> None:
    touch = await chain.plan("wm1")
    batch = await chain.batch(touch.batch_id)
    async with chain.database.transaction() as session:
        query = select(Batch).where(Batch.userid == batch.userid, Batch.status == "open")
        assert len((await session.exec(query)).all()) == 1
