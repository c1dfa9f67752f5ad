"""M20: what a group's kind forbids is told all the same, for a time, by a name and for a reason."""

from datetime import timedelta

import pytest

from domain.group_policy import Leave
from domain.playbook import ContentClass
from domain.touches import Channel, Content, TouchStatus
from storage import group_windows, overrides
from storage.ledger import NewTouch
from storage.tables import Group, Touch
from tests.storage.chain import HALF_AN_HOUR, LATER, NOON, Chain

pytestmark = pytest.mark.anyio

SALE = Content(text="第二杯半价", kind=ContentClass.DISCOUNT)
TOMORROW = NOON + timedelta(days=1)
CLEARANCE = Leave(content=ContentClass.DISCOUNT, by="王敏", reason="临期清仓", until=TOMORROW)


@pytest.fixture
async def group(chain: Chain) -> Chain:
    async with chain.database.transaction() as session:
        session.add(Group(chat_id="wr1", kind="store", owner="chen", store_id="S1", created_at=NOON))
    await chain.befriend("wm1", "chen")
    return chain


async def allow(chain: Chain, leave: Leave = CLEARANCE) -> None:
    async with chain.database.transaction() as session:
        await overrides.allow(session, "wr1", leave, NOON)


async def disallow(chain: Chain, content: ContentClass = ContentClass.DISCOUNT) -> int:
    async with chain.database.transaction() as session:
        return await overrides.disallow(session, "wr1", content, "李强", "卖完了", NOON)


async def plan(chain: Chain, content: Content = SALE, **more: object) -> Touch:
    new = NewTouch(
        key=f"wm1/{content.key}",
        external_userid="wm1",
        userid="chen",
        content=content,
        channel=Channel.GROUP,
        chat_id="wr1",
    )
    async with chain.database.transaction() as session:
        return await group_windows.plan(session, new, chain.policy, NOON)


async def flushed(chain: Chain, touch: Touch) -> Touch:
    async with chain.database.transaction() as session:
        await group_windows.flush(session, touch.batch_id or 0, chain.policy, LATER)
    return await chain.touch(touch.key)


async def test_without_leave_a_discount_is_refused_at_once(group: Chain) -> None:
    touch = await plan(group)
    assert (touch.status, touch.rule) == (TouchStatus.REFUSED, "group_content")


async def test_with_leave_it_goes_and_says_who_allowed_it_and_why(group: Chain) -> None:
    await allow(group)
    touch = await flushed(group, await plan(group))
    assert (touch.status, touch.rule) == (TouchStatus.CLAIMED, None)
    assert touch.reason == "discount allowed here by 王敏: 临期清仓"


async def test_what_is_taken_back_before_the_window_closes_does_not_go(group: Chain) -> None:
    await allow(group)
    planned = await plan(group)
    assert await disallow(group) == 1
    assert (await flushed(group, planned)).rule == "group_content"
    assert await disallow(group) == 0


async def test_what_is_over_when_the_window_closes_does_not_go(group: Chain) -> None:
    await allow(group, CLEARANCE.model_copy(update={"until": NOON + HALF_AN_HOUR}))
    assert (await flushed(group, await plan(group))).rule == "group_content"


async def test_leave_for_something_else_is_none(group: Chain) -> None:
    await allow(group, CLEARANCE.model_copy(update={"content": ContentClass.KNOWLEDGE}))
    assert (await plan(group)).rule == "group_content"


async def test_of_a_message_that_needs_no_leave_nothing_is_said(group: Chain) -> None:
    await allow(group)
    touch = await flushed(group, await plan(group, Content(text="春茶上市")))
    assert (touch.status, touch.reason) == (TouchStatus.CLAIMED, "")


async def test_all_that_was_ever_allowed_stays_on_record(group: Chain) -> None:
    await allow(group)
    await disallow(group)
    await allow(group, CLEARANCE.model_copy(update={"reason": "第二批"}))
    async with group.database.transaction() as session:
        holds = await overrides.listed(session, LATER)
        ever = await overrides.listed(session, LATER, chat_id="wr1", all_of_them=True)
        elsewhere = await overrides.listed(session, LATER, chat_id="wr2", all_of_them=True)
    assert [row.reason for row, _ in holds] == ["第二批"]
    assert [(row.reason, row.ended_by, row.ended_reason) for row, _ in ever] == [
        ("第二批", None, ""),
        ("临期清仓", "李强", "卖完了"),
    ]
    assert elsewhere == []


async def test_leave_that_is_over_already_is_refused(group: Chain) -> None:
    with pytest.raises(ValueError, match="give a later day"):
        await allow(group, CLEARANCE.model_copy(update={"until": NOON}))
