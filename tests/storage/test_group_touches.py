"""Messages to whole groups: one row however many journeys ask for it; its own content rule and cap."""

import asyncio
import random
from datetime import datetime, time, timedelta

import pytest
from sqlmodel import col, select, update

from domain.caps import Reserved
from domain.hours import QuietHours
from domain.playbook import ContentClass, Frequency
from domain.policy import GroupKind
from domain.touches import Channel, Content, TouchStatus
from storage import group_windows, ledger, reserved, ways
from storage.ledger import NewTouch
from storage.story import story
from storage.tables import Group, GroupMember, GroupPlan, Touch
from tests.storage.chain import HALF_AN_HOUR, LATER, NOON, POLICY, Chain

pytestmark = pytest.mark.anyio

NEWS = Content(text="news")
SALE = Content(text="第二杯半价", kind=ContentClass.DISCOUNT)
WELFARE = POLICY.model_copy(update={"groups": {"welfare": GroupKind(discount=True)}})


async def open_group(
    chain: Chain, *members: str, chat_id: str = "wr1", kind: str = "store", owner: str = "chen"
) -> str:
    async with chain.database.transaction() as session:
        session.add(
            Group(chat_id=chat_id, kind=kind, name=chat_id, owner=owner, store_id="S1", created_at=NOON)
        )
        await session.flush()
        seats = [GroupMember(chat_id=chat_id, member_id=m, joined_at=NOON - HALF_AN_HOUR) for m in members]
        session.add_all(seats)
    for member in members:
        await chain.befriend(member)
    return chat_id


async def ask(
    chain: Chain,
    member: str,
    content: Content = NEWS,
    *,
    chat_id: str = "wr1",
    owner: str = "chen",
    now: datetime = NOON,
    step: str = "1",
    priority: int = 50,
) -> Touch:
    """A step of her journey wants this said in her group."""
    key = f"{member}/{step}"
    new = NewTouch(
        key=key,
        external_userid=member,
        userid=owner,
        content=content,
        channel=Channel.GROUP,
        chat_id=chat_id,
        priority=priority,
    )
    async with chain.database.transaction() as session:
        known = await ways.planned(session, key)
        return known or await ways.plan(session, new, chain.policy, now)


async def flush(chain: Chain, batch_id: int | None, now: datetime = LATER) -> ledger.Flushed:
    async with chain.database.transaction() as session:
        return await group_windows.flush(session, batch_id or 0, chain.policy, now)


async def rows(chain: Chain) -> list[Touch]:
    async with chain.database.transaction() as session:
        query = select(Touch).where(Touch.channel == Channel.GROUP).order_by(col(Touch.planned_at))
        return list((await session.exec(query)).all())


async def settle(chain: Chain, status: TouchStatus, at: datetime) -> None:
    async with chain.database.transaction() as session:
        await session.exec(update(Touch).values(status=status, settled_at=at))


# ---- one row


@pytest.mark.parametrize("seed", range(6))
async def test_however_many_members_ask_in_whatever_order_it_is_one_message(chain: Chain, seed: int) -> None:
    members = [f"wm{n}" for n in range(8)]
    await open_group(chain, *members)
    random.Random(seed).shuffle(members)
    asked = [ask(chain, member, now=NOON + timedelta(seconds=n)) for n, member in enumerate(members)]
    touches = await asyncio.gather(*asked) if seed % 2 else [await one for one in asked]
    [row] = await rows(chain)
    assert {t.key for t in touches} == {row.key}
    assert row.key.startswith(f"group/wr1/{NEWS.key}/")
    assert (row.external_userid, row.chat_id, row.userid) == ("", "wr1", "chen")
    assert (await flush(chain, row.batch_id)).claimed == 1


async def test_a_step_that_asks_again_in_a_later_window_gets_the_same_message(chain: Chain) -> None:
    """A retry of the activity after a crash may come in the next window."""
    await open_group(chain, "wm1")
    first = await ask(chain, "wm1")
    assert (await ask(chain, "wm1", now=NOON + timedelta(days=2))).key == first.key
    assert len(await rows(chain)) == 1


async def test_another_window_another_group_another_content_are_other_messages(chain: Chain) -> None:
    await open_group(chain, "wm1", "wm2")
    await open_group(chain, "wm3", chat_id="wr2")
    touches = [
        await ask(chain, "wm1"),
        await ask(chain, "wm2", now=NOON + HALF_AN_HOUR),
        await ask(chain, "wm3", chat_id="wr2"),
        await ask(chain, "wm1", Content(text="other"), step="2"),
    ]
    assert len({t.key for t in touches}) == 4
    same_batch = {t.batch_id for t in (touches[0], touches[2])}
    assert len(same_batch) == 1, "one task for all groups of the owner"


async def test_a_private_message_with_the_same_words_is_another_task(chain: Chain) -> None:
    await open_group(chain, "wm1")
    await chain.befriend("wm1", "chen")
    private, group = await chain.plan("wm1", content=NEWS), await ask(chain, "wm1", step="g")
    assert private.batch_id != group.batch_id


async def test_who_asks_for_what_waits_since_an_earlier_window_does_not_double_it(chain: Chain) -> None:
    await open_group(chain, "wm1", "wm2")
    first = await ask(chain, "wm1")
    chain.policy = POLICY.model_copy(update={"quiet_hours": QuietHours(start=time(12, 10), end=time(14))})
    [later] = (await flush(chain, first.batch_id)).moved_to
    again = await ask(chain, "wm2", now=LATER)
    assert (again.key, again.batch_id, again.rule) == (first.key, later, "quiet_hours")
    assert len(await rows(chain)) == 1


# ---- what may be said, and how often


async def test_a_discount_to_a_plain_group_is_refused_when_it_is_planned(chain: Chain) -> None:
    """peer-failures §3, check 12."""
    chain.policy = WELFARE
    await open_group(chain, "wm1", "wm2")
    await open_group(chain, "wm3", chat_id="wr2", kind="welfare")
    refused = [await ask(chain, member, SALE) for member in ("wm1", "wm2")]
    assert {(t.status, t.rule, t.batch_id) for t in refused} == {("refused", "group_content", None)}
    assert "no discounts in groups of the kind store" in refused[0].reason
    assert refused[0].key == refused[1].key
    allowed = await ask(chain, "wm3", SALE, chat_id="wr2")
    assert (await flush(chain, allowed.batch_id)).claimed == 1


async def test_a_policy_that_changes_before_the_window_closes_refuses_too(chain: Chain) -> None:
    chain.policy = WELFARE
    await open_group(chain, "wm1", kind="welfare")
    touch = await ask(chain, "wm1", SALE)
    chain.policy = POLICY
    assert (await flush(chain, touch.batch_id)).claimed == 0
    assert (await chain.touch(touch.key)).rule == "group_content"


@pytest.mark.parametrize("status", ["claimed", "tasked", "sent", "unknown"])
async def test_a_group_hears_no_more_than_its_kind_allows(chain: Chain, status: TouchStatus) -> None:
    await open_group(chain, "wm1")
    first = await ask(chain, "wm1")
    await flush(chain, first.batch_id)
    await settle(chain, status, LATER)
    second = await ask(chain, "wm1", Content(text="other"), step="2", now=LATER)
    await flush(chain, second.batch_id, LATER + HALF_AN_HOUR)
    refused = await chain.touch(second.key)
    assert (refused.status, refused.rule) == ("refused", "group_frequency")
    assert "1 in the last 1d, 1 allowed" in refused.reason
    third = await ask(chain, "wm1", Content(text="third"), step="3", now=LATER + timedelta(days=1))
    assert (await flush(chain, third.batch_id, LATER + timedelta(days=1, hours=1))).claimed == 1


async def test_of_two_in_one_window_the_higher_priority_goes(chain: Chain) -> None:
    await open_group(chain, "wm1")
    low = await ask(chain, "wm1", Content(text="low"))
    high = await ask(chain, "wm1", Content(text="high"), step="2", priority=80)
    await flush(chain, low.batch_id)
    assert await chain.statuses() == {low.key: "refused", high.key: "claimed"}
    assert high.key in (await chain.touch(low.key)).reason


async def test_a_members_own_cap_does_not_stop_the_group(chain: Chain) -> None:
    await open_group(chain, "wm1", "wm2")
    await chain.befriend("wm1", "chen")
    private = await chain.plan("wm1", content=Content(text="hers"))
    await chain.flush(private.batch_id)
    touch = await ask(chain, "wm1", step="g", now=LATER)
    assert (await flush(chain, touch.batch_id, LATER + HALF_AN_HOUR)).claimed == 1


async def test_a_group_message_counts_for_every_member_of_the_moment(chain: Chain) -> None:
    await open_group(chain, "wm1", "wm2")
    touch = await ask(chain, "wm1")
    await flush(chain, touch.batch_id)
    await settle(chain, TouchStatus.SENT, LATER)
    async with chain.database.transaction() as session:
        session.add(GroupMember(chat_id="wr1", member_id="late", joined_at=LATER + HALF_AN_HOUR))
        gone = GroupMember(chat_id="wr1", member_id="gone", joined_at=NOON, left_at=NOON + HALF_AN_HOUR / 2)
        session.add(gone)
    async with chain.database.transaction() as session:
        everybody = ["wm1", "wm2", "late", "gone"]
        had = await reserved.of_customers(session, everybody, NOON, LATER + HALF_AN_HOUR)
    assert had == {who: [Reserved(at=LATER, channel=Channel.GROUP)] for who in ("wm1", "wm2")}
    await chain.befriend("wm2", "chen")
    private = await chain.plan("wm2", now=LATER)
    await chain.flush(private.batch_id, LATER + HALF_AN_HOUR)
    assert (await chain.touch(private.key)).rule == "frequency"


# ---- whose group it is


async def test_a_new_owner_sends_it_in_the_next_window(chain: Chain) -> None:
    await open_group(chain, "wm1")
    touch = await ask(chain, "wm1")
    async with chain.database.transaction() as session:
        await session.exec(update(Group).values(owner="li"))
    flushed = await flush(chain, touch.batch_id)
    moved = await chain.touch(touch.key)
    assert (flushed.claimed, flushed.moved_to) == (0, (moved.batch_id,))
    assert (moved.userid, moved.status) == ("li", "planned")
    assert (await flush(chain, moved.batch_id, LATER + HALF_AN_HOUR)).claimed == 1


async def test_nothing_is_sent_to_a_group_that_is_gone(chain: Chain) -> None:
    await open_group(chain, "wm1")
    touch = await ask(chain, "wm1")
    async with chain.database.transaction() as session:
        await session.exec(update(Group).values(dismissed_at=NOON))
    assert (await flush(chain, touch.batch_id)).claimed == 0
    assert (await chain.touch(touch.key)).rule == "unreachable_group"


async def test_two_flushes_at_once_answer_alike(chain: Chain) -> None:
    await open_group(chain, "wm1")
    touch = await ask(chain, "wm1")
    both = await asyncio.gather(*(flush(chain, touch.batch_id) for _ in range(2)))
    assert both == [ledger.Flushed(claimed=1)] * 2


# ---- hers or not hers


async def test_who_opts_out_does_not_stop_what_her_group_is_told(chain: Chain) -> None:
    await open_group(chain, "wm1", "wm2")
    touch = await ask(chain, "wm1")
    async with chain.database.transaction() as session:
        assert await ledger.cancel_open(session, "wm1", playbook=None, reason="asked", now=NOON) == []
    assert await chain.statuses() == {touch.key: "planned"}


async def test_her_story_tells_what_her_group_was_told_while_she_was_there(chain: Chain) -> None:
    await open_group(chain, "wm1", "wm2")
    await open_group(chain, "wm9", chat_id="wr2")
    touch = await ask(chain, "wm1")
    await flush(chain, touch.batch_id)
    await settle(chain, TouchStatus.SENT, LATER)
    async with chain.database.transaction() as session:
        await session.exec(
            update(GroupMember)
            .where(col(GroupMember.member_id) == "wm2")
            .values(left_at=NOON + HALF_AN_HOUR / 2)
        )
        stories = {who: await story(session, who) for who in ("wm1", "wm2", "wm9")}
    planned, sent = "group wr1: planned", "group wr1: sent"
    told = {who: [line.what for line in lines] for who, lines in stories.items()}
    assert told == {"wm1": [planned, sent], "wm2": [planned], "wm9": []}
    assert stories["wm1"][0].reason == "to be confirmed by chen"


async def test_whose_steps_asked_for_it_is_remembered(chain: Chain) -> None:
    await open_group(chain, "wm1", "wm2")
    touch = await ask(chain, "wm1")
    await ask(chain, "wm2")
    async with chain.database.transaction() as session:
        plans = (await session.exec(select(GroupPlan).order_by(col(GroupPlan.key)))).all()
    assert [(p.key, p.touch_key) for p in plans] == [("wm1/1", touch.key), ("wm2/1", touch.key)]


async def test_a_relaxed_kind_may_hear_more(chain: Chain) -> None:
    kind = GroupKind(frequency=Frequency(most=2, per=timedelta(hours=24)))
    chain.policy = POLICY.model_copy(update={"groups": {"store": kind}})
    await open_group(chain, "wm1")
    touches = [await ask(chain, "wm1", Content(text=f"{n}"), step=f"{n}") for n in range(3)]
    for touch in touches:
        await flush(chain, touch.batch_id)
    statuses = [(await chain.touch(t.key)).status for t in touches]
    assert sorted(statuses) == ["claimed", "claimed", "refused"]
