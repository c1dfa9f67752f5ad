"""企业群发 to groups: one task of the owner, whatever is called twice or stays without an answer."""

from datetime import timedelta
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError

from domain.playbook import ContentClass, Frequency, Way
from domain.policy import GroupKind
from domain.task_messages import TaskRef
from storage.story import story
from storage.tables import Batch, Employee, EntryCode, Touch
from tests.activities.sending import (
    TEXT,
    Killed,
    cancel,
    close_window,
    create,
    expire,
    group,
    join,
    killed,
    plan,
    poll,
    read_group,
)
from tests.activities.shop import Shop

pytestmark = pytest.mark.anyio

ADD = "externalcontact/add_msg_template"
LISTED = "externalcontact/get_groupmsg_list_v2"
OFTEN = {"store": GroupKind(frequency=Frequency(most=9, per=timedelta(hours=24)))}


async def member(shop: Shop, nickname: str = "小满") -> str:
    """Somebody who is in the group of S002 and nobody's friend."""
    she = await shop.newcomer(nickname)
    await join(shop, she)
    return she


async def flushed(shop: Shop, *customers: str, **more: Any) -> TaskRef:
    [batch_id] = {(await plan(shop, she, Way.GROUP, userid=None, **more)).batch_id for she in customers}
    return await close_window(shop, batch_id)


async def created(shop: Shop, *customers: str) -> TaskRef:
    task = await flushed(shop, *customers)
    await create(shop, task)
    shop.clock.forward(seconds=3)
    return task


async def row(shop: Shop, task: TaskRef) -> Touch:
    [touch] = [t for t in await shop.touches("") if t.batch_id == task.batch_id]
    return touch


def tasks_for_groups(shop: Shop) -> list[list[str]]:
    """The groups of every task that can still be confirmed."""
    return [
        sorted(part.recipients)
        for task in shop.world.mass.all.values()
        for part in task.parts.values()
        if task.chat_type == "group" and not task.cancelled
    ]


async def test_all_members_get_one_message_through_the_owner(shop: Shop) -> None:
    one, other = await member(shop), await member(shop)
    task = await created(shop, one, other)
    assert tasks_for_groups(shop) == [[shop.groups["S002"]]]
    assert (await row(shop, task)).status == "tasked"
    with pytest.raises(ApplicationError, match="1 recipients wait"):
        await poll(shop, task)
    assert await shop.street.confirm_all_tasks() == 1
    assert (await poll(shop, task)).open == 0
    sent = await row(shop, task)
    assert (sent.status, sent.userid, sent.external_userid) == ("sent", "li", "")
    for she in (one, other):
        assert [(m["text"], m["channel"]) for m in await shop.received(she)] == [(TEXT, "group")]


async def test_what_wecom_caps_is_told_apart(shop: Shop) -> None:
    shop.world.config.mass_cap = "day"
    she = await member(shop)
    first = await created(shop, she)
    await shop.street.confirm_all_tasks()
    await poll(shop, first)
    shop.policy.groups = OFTEN
    second = await flushed(shop, she, key=f"{she}/2", text="第二条")
    await create(shop, second)
    shop.clock.forward(seconds=3)
    await shop.street.confirm_all_tasks()
    await poll(shop, second)
    capped = await row(shop, second)
    assert (capped.status, capped.rule) == ("capped", "wecom_3")


async def test_an_unconfirmed_task_expires_and_cannot_be_confirmed_later(shop: Shop) -> None:
    she = await member(shop)
    task = await created(shop, she)
    await expire(shop, task)
    assert (await row(shop, task)).status == "expired"
    assert await shop.street.confirm_all_tasks() == 0
    await cancel(shop, task)  # twice is harmless
    assert await shop.received(she) == []


async def test_the_owner_is_reminded(shop: Shop) -> None:
    task = await created(shop, await member(shop))
    assert (await shop.run(shop.activities.staff_tasks.remind_task, task)).reason == ""
    [at_wecom] = shop.world.mass.all.values()
    assert len(at_wecom.reminded_at) == 1


async def test_a_group_that_is_not_the_senders_any_more_is_settled_at_once(shop: Shop) -> None:
    she = await member(shop)
    task = await flushed(shop, she)
    shop.world.groups.known(shop.groups["S002"]).owner = "chen"
    assert (await create(shop, task)).open == 0
    lost = await row(shop, task)
    assert (lost.status, lost.rule) == ("not_friend", "fail_list")


# ---- lost answers, and kills between claim and settle


async def test_a_task_whose_creation_had_no_answer_is_found_and_not_doubled(shop: Shop) -> None:
    she = await member(shop)
    task = await flushed(shop, she)
    await shop.fault(ADD, "timeout_after")
    with pytest.raises(ApplicationError) as unanswered:
        await create(shop, task)
    assert unanswered.value.type == "Unreachable"
    with pytest.raises(ApplicationError, match="lost") as waits:
        await create(shop, task)
    assert waits.value.type == "NotYet"
    assert shop.calls(LISTED) == 0
    shop.clock.forward(seconds=31)
    assert (await create(shop, task)).msgid == next(iter(shop.world.mass.all))
    assert shop.calls(ADD) == 1
    await shop.street.confirm_all_tasks()
    await poll(shop, task)
    assert (await row(shop, task)).status == "sent"
    assert len(await shop.received(she)) == 1


async def test_a_task_that_was_never_made_is_made_after_settling(shop: Shop) -> None:
    task = await flushed(shop, await member(shop))
    await shop.fault(ADD, "timeout_before")
    with pytest.raises(ApplicationError):
        await create(shop, task)
    shop.clock.forward(seconds=31)
    assert (await create(shop, task)).msgid
    assert tasks_for_groups(shop) == [[shop.groups["S002"]]]


async def test_a_worker_killed_after_wecoms_answer_makes_no_second_task(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Claimed, made, and the process dies before it writes that down."""
    task = await flushed(shop, await member(shop))
    with monkeypatch.context() as patch:
        patch.setattr("storage.tasks.created", killed)
        with pytest.raises(Killed):
            await create(shop, task)
    shop.clock.forward(seconds=31)
    assert (await create(shop, task)).msgid
    assert shop.calls(ADD) == 1


async def test_two_lost_tasks_with_one_text_are_not_taken_for_each_other(shop: Shop) -> None:
    """WeCom names no groups of an unconfirmed task: while one waits for its answer, no twin is made."""
    she = await member(shop)
    first = await flushed(shop, she)
    await shop.fault(ADD, "timeout_after")
    with pytest.raises(ApplicationError):
        await create(shop, first)
    shop.policy.groups = OFTEN
    twin = await flushed(shop, she, key=f"{she}/2", kind=ContentClass.SERVICE)
    assert twin.batch_id != first.batch_id
    with pytest.raises(ApplicationError, match="another task with this text") as waits:
        await create(shop, twin)
    assert waits.value.type == "NotYet"
    await create(shop, first)
    await create(shop, twin)
    assert shop.calls(ADD) == 2
    async with shop.database.transaction() as session:
        msgids = {(await session.get_one(Batch, t.batch_id)).msgid for t in (first, twin)}
    assert msgids == set(shop.world.mass.all)


# ---- which way


async def test_the_first_way_that_reaches_her_is_taken_and_the_others_reasons_are_told(shop: Shop) -> None:
    she = await member(shop)
    planned = await plan(shop, she, Way.PRIVATE, Way.GROUP, userid=None)
    assert (planned.status, planned.channel) == ("planned", "group")
    async with shop.database.transaction() as session:
        lines = await story(session, she)
    reason = next(line.reason for line in lines if line.what.endswith(": planned"))
    assert reason == "to be confirmed by li; not private: no employee of ours is her friend"


async def test_a_friend_without_a_group_gets_it_alone(shop: Shop) -> None:
    she = await shop.friend()
    planned = await plan(shop, she, Way.GROUP, Way.PRIVATE)
    [touch] = await shop.touches(she)
    assert (planned.channel, touch.channel) == ("private", "private")
    assert touch.passed_over == "not group: she is in no group of the kind store"


async def test_who_cannot_be_reached_by_any_way_is_refused_with_all_reasons(shop: Shop) -> None:
    she = await shop.newcomer()
    planned = await plan(shop, she, Way.GROUP, Way.PRIVATE, userid=None)
    assert (planned.status, planned.rule) == ("refused", "not_in_group")
    [touch] = await shop.touches(she)
    assert touch.reason == (
        "not group: she is in no group of the kind store; not private: no employee of ours is her friend"
    )


async def test_planning_again_takes_no_other_way(shop: Shop) -> None:
    """A retry after she has left her group: what was planned stays as it is."""
    she = await member(shop)
    first = await plan(shop, she, Way.GROUP, Way.PRIVATE)
    await shop.street.do("leave", external_userid=she, chat_id=shop.groups["S002"], by="customer")
    await read_group(shop)
    assert await plan(shop, she, Way.GROUP, Way.PRIVATE) == first
    assert await shop.touches(she) == []


async def test_of_several_groups_the_one_she_joined_last(shop: Shop) -> None:
    she = await shop.newcomer()
    await join(shop, she, "S002")
    shop.clock.forward(hours=1)
    await join(shop, she, "S001")
    planned = await plan(shop, she, Way.GROUP)
    [touch] = await shop.touches("")
    assert (planned.batch_id, touch.chat_id, touch.userid) == (touch.batch_id, shop.groups["S001"], "chen")


async def test_only_groups_of_the_wanted_kind_count(shop: Shop) -> None:
    she = await member(shop)
    assert (await plan(shop, she, Way.GROUP, group="welfare")).rule == "not_in_group"
    await group(shop, kind="welfare")
    again = await plan(shop, she, Way.GROUP, group="welfare", key=f"{she}/2")
    assert again.status == "planned"


async def test_a_group_whose_owner_has_left_cannot_be_written_to(shop: Shop) -> None:
    she = await member(shop)
    async with shop.database.transaction() as session:
        (await session.get_one(Employee, "li")).active = False
    assert (await plan(shop, she, Way.GROUP)).rule == "unreachable_group"


async def test_a_discount_in_a_plain_group_is_refused_and_her_story_says_why(shop: Shop) -> None:
    she = await member(shop)
    planned = await plan(shop, she, Way.GROUP, kind=ContentClass.DISCOUNT)
    assert (planned.status, planned.rule, planned.batch_id) == ("refused", "group_content", None)
    async with shop.database.transaction() as session:
        lines = await story(session, she)
    reason = next(line.reason for line in lines if line.what == "group S002群: refused")
    assert "group_content: no discounts in groups of the kind store" in reason


# ---- what goes along


async def test_the_code_to_become_a_friend_goes_along(shop: Shop) -> None:
    she = await member(shop)
    planned = await plan(shop, she, Way.GROUP, userid=None, invites="friend")
    await create(shop, await close_window(shop, planned.batch_id))
    [task] = shop.world.mass.all.values()
    [picture] = task.content.attachments
    async with shop.database.transaction() as session:
        code = await session.get_one(EntryCode, "S002-cashier")
    shown = shop.world.media.get(picture["image"]["media_id"]).content
    assert shown == await shop.client.fetch_image(code.qr_code or "")


async def test_a_group_of_her_store_with_room_goes_along(shop: Shop) -> None:
    she = await shop.friend()
    await group(shop, "S001", kind="welfare", store_id=None)
    planned = await plan(shop, she, Way.PRIVATE, invites="group", group="welfare")
    await create(shop, await close_window(shop, planned.batch_id))
    [task] = shop.world.mass.all.values()
    assert len(task.content.attachments) == 1
    [touch] = await shop.touches(she)
    assert touch.chat_id == shop.groups["S001"]


async def test_nobody_is_invited_to_a_group_without_room(shop: Shop) -> None:
    she = await shop.friend()
    await group(shop, members=200)
    planned = await plan(shop, she, Way.PRIVATE, invites="group")
    assert (planned.status, planned.rule) == ("refused", "unreachable_private")
