"""补漏 (M52): Moments for whom a 1:1 message missed, found by a tag that they have only meanwhile."""

from typing import Any

import pytest
from sqlmodel import col, select
from temporalio.exceptions import ApplicationError

from domain.backfilling import TAG_GROUP
from domain.messages import SweepStart, Withdrawal
from domain.playbook import Missed, Way
from domain.task_messages import FinishTask, TaskRef
from domain.touches import TouchStatus
from storage import backfills
from storage.backfills import tag_calls
from storage.tables import Batch, Customer, CustomerTag, TemporaryTag
from tests.activities.sending import (
    TEXT,
    Killed,
    cancel,
    close_window,
    create,
    expire,
    killed,
    plan,
    poll,
)
from tests.activities.shop import Shop

pytestmark = pytest.mark.anyio

MARK = "externalcontact/mark_tag"
AGAIN = "没来得及告诉您：本周新品上架。"


async def tasked(shop: Shop, *customers: str, most: int = 2_000, **more: Any) -> TaskRef:
    """WeCom holds the task; li has not confirmed it."""
    missed = Missed(text=AGAIN, most=most)
    [batch_id] = {(await plan(shop, she, Way.PRIVATE, missed=missed, **more)).batch_id for she in customers}
    task = await close_window(shop, batch_id)
    await create(shop, task)
    shop.clock.forward(seconds=3)
    return task


async def batches_after(shop: Shop, task: TaskRef) -> list[Batch]:
    async with shop.database.transaction() as session:
        query = select(Batch).where(Batch.backfill_of == task.batch_id).order_by(col(Batch.id))
        return list((await session.exec(query)).all())


async def backfill_of(shop: Shop, task: TaskRef) -> TaskRef:
    """The window of the only backfill has closed."""
    [batch] = await batches_after(shop, task)
    return await close_window(shop, batch.id)


async def tag(shop: Shop, task: TaskRef) -> int:
    return (await shop.run(shop.activities.backfills.tag_missed, task)).customers


async def untag(shop: Shop, task: TaskRef) -> int:
    return (await shop.run(shop.activities.backfills.untag_missed, task)).customers


async def show(shop: Shop, task: TaskRef) -> None:
    """Create the moment, publish it and read who saw it."""
    await create(shop, task)
    shop.clock.forward(seconds=6)
    with pytest.raises(ApplicationError, match="wait for the employee"):
        await poll(shop, task)
    await shop.street.publish_all_moments()
    assert (await poll(shop, task)).open == 0


async def settle(shop: Shop, task: TaskRef) -> None:
    what = FinishTask(
        batch_id=task.batch_id, status=TouchStatus.UNKNOWN, rule="settled", reason="WeCom gave no result"
    )
    await shop.run(shop.activities.staff_tasks.finish_task, what)


async def outcome(shop: Shop, she: str) -> tuple[str, str | None]:
    touch = await shop.touch(f"{she}/news/missed")
    return str(touch.status), touch.rule


async def rows(shop: Shop) -> dict[str, str]:
    async with shop.database.transaction() as session:
        return {row.external_userid: row.status for row in (await session.exec(select(TemporaryTag))).all()}


async def wearers(shop: Shop) -> set[str]:
    """Who has a temporary tag at WeCom now, at any employee."""
    ours = {
        tag.id
        for group in await shop.client.get_corp_tags()
        if group.group_name == TAG_GROUP
        for tag in group.tag
    }
    return {one.external_userid for one in shop.world.people.relations() if ours & set(one.tag_ids)}


async def test_m52_the_unsent_see_it_in_moments_and_have_no_tag_after(shop: Shop) -> None:
    missed, bystander = [await shop.friend(), await shop.friend()], await shop.friend()
    task = await tasked(shop, *missed)
    await expire(shop, task)
    [mass] = await shop.street.see("tasks")
    assert mass["cancelled"], "nobody can be sent it twice"
    backfill = await backfill_of(shop, task)
    assert shop.calls(MARK) == 0, "policy decides before anybody is tagged"
    assert await tag(shop, backfill) == 2
    assert await wearers(shop) == set(missed)
    await show(shop, backfill)
    await settle(shop, backfill)
    assert await untag(shop, backfill) == 2
    assert await wearers(shop) == set()
    assert shop.calls(MARK) == 4
    assert set((await rows(shop)).values()) == {"removed"}
    assert [await outcome(shop, she) for she in missed] == [("sent", None)] * 2
    got = {she: [m["text"] for m in await shop.received(she)] for she in (*missed, bystander)}
    assert got == {missed[0]: [AGAIN], missed[1]: [AGAIN], bystander: []}


async def test_m52_whom_wecoms_cap_stopped_sees_it_and_who_got_it_does_not(shop: Shop) -> None:
    shop.world.config.mass_cap = "day"
    lucky, capped = await shop.friend(), await shop.friend()
    await console_task(shop, capped)
    task = await tasked(shop, lucky, capped)
    await shop.street.confirm_all_tasks()
    await poll(shop, task)
    await settle(shop, task)
    assert [str((await shop.touch(f"{she}/news")).status) for she in (lucky, capped)] == ["sent", "capped"]
    backfill = await backfill_of(shop, task)
    await tag(shop, backfill)
    assert await wearers(shop) == {capped}
    await show(shop, backfill)
    await untag(shop, backfill)
    assert [m["text"] for m in await shop.received(lucky)] == [TEXT]
    assert await outcome(shop, capped) == ("sent", None)


async def test_m52_more_than_the_author_allows_are_refused_with_the_reason(shop: Shop) -> None:
    friends = [await shop.friend() for _ in range(3)]
    task = await tasked(shop, *friends, most=2)
    async with shop.database.transaction() as session:
        assert await tag_calls(session, task.batch_id) == 4, "known before anything is called"
    await expire(shop, task)
    backfill = await backfill_of(shop, task)
    assert await tag(shop, backfill) == 2
    assert sorted([await outcome(shop, she) for she in friends], key=str) == [
        ("claimed", None),
        ("claimed", None),
        ("refused", "missed_most"),
    ]


async def test_m52_policy_decides_who_is_shown_it(shop: Shop) -> None:
    she, opted_out = await shop.friend(), await shop.friend()
    task = await tasked(shop, she, opted_out)
    await expire(shop, task)
    async with shop.database.transaction() as session:
        (await session.get_one(Customer, opted_out)).opted_out_at = shop.clock()
    backfill = await backfill_of(shop, task)
    await tag(shop, backfill)
    assert await wearers(shop) == {she}
    assert await outcome(shop, opted_out) == ("refused", "opted_out")


async def test_m52_who_opts_out_while_others_are_tagged_loses_the_tag(shop: Shop) -> None:
    she, other = await shop.friend(), await shop.friend()
    await expire(shop, task := await tasked(shop, she, other))
    backfill = await backfill_of(shop, task)
    await tag(shop, backfill)
    await opt_out(shop, she)
    assert await outcome(shop, she) == ("cancelled", "withdrawn")
    await tag(shop, backfill)  # as a retry does, or the task that is made anew
    assert await wearers(shop) == {other}
    await show(shop, backfill)
    assert await shop.received(she) == []


async def test_m52_who_opts_out_of_an_open_backfill_is_taken_out_of_it(shop: Shop) -> None:
    she = await shop.friend()
    await expire(shop, task := await tasked(shop, she))
    backfill = await backfill_of(shop, task)
    await tag(shop, backfill)
    await create(shop, backfill)
    await opt_out(shop, she)
    assert shop.courier.withdrawn == [(backfill.batch_id, she)]


async def opt_out(shop: Shop, she: str) -> None:
    what = Withdrawal(external_userid=she, reason="she asked", opted_out_by="sun")
    await shop.run(shop.activities.lives.withdraw_touches, what)


async def test_m52_nobody_is_shown_what_was_stopped(shop: Shop) -> None:
    task = await tasked(shop, await shop.friend())
    await cancel(shop, task)
    what = FinishTask(
        batch_id=task.batch_id, status=TouchStatus.CANCELLED, rule="campaign", reason="it was called off"
    )
    await shop.run(shop.activities.staff_tasks.finish_task, what)
    assert await batches_after(shop, task) == []


async def test_m52_settling_again_plans_nothing_twice(shop: Shop) -> None:
    task = await tasked(shop, await shop.friend())
    await expire(shop, task)
    await expire(shop, task)
    assert len(await batches_after(shop, task)) == 1


async def test_m52_a_worker_that_dies_while_tagging_begins_again_where_it_was(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    friends = [await shop.friend() for _ in range(2)]
    task = await tasked(shop, *friends)
    await expire(shop, task)
    backfill = await backfill_of(shop, task)
    with monkeypatch.context() as patched:
        patched.setattr(backfills, "settle_tag", killed)  # WeCom has tagged her, and nobody knows
        with pytest.raises(Killed):
            await tag(shop, backfill)
    assert len(await wearers(shop)) == 1
    assert await tag(shop, backfill) == 2, "tagging twice is harmless"
    await show(shop, backfill)
    assert [await outcome(shop, she) for she in friends] == [("sent", None)] * 2


async def test_m52_the_sweep_takes_off_what_a_crash_left(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    task = await tasked(shop, await shop.friend())
    await expire(shop, task)
    backfill = await backfill_of(shop, task)
    await tag(shop, backfill)
    await show(shop, backfill)
    await settle(shop, backfill)
    with monkeypatch.context() as patched:
        patched.setattr(backfills, "settle_tag", killed)
        with pytest.raises(Killed):
            await untag(shop, backfill)
    assert set((await rows(shop)).values()) == {"removing"}
    await shop.run(shop.activities.upkeep.sweep, SweepStart())
    assert set((await rows(shop)).values()) == {"removing"}, "its own StaffTask may be at work"
    shop.clock.forward(minutes=11)
    with monkeypatch.context() as patched:
        patched.setattr(backfills, "settle_tag", killed)
        with pytest.raises(Killed):
            await untag(shop, backfill)
    await shop.run(shop.activities.upkeep.sweep, SweepStart())
    assert set((await rows(shop)).values()) == {"removing"}, "it still is"
    shop.clock.forward(minutes=11)
    await shop.run(shop.activities.upkeep.sweep, SweepStart())
    assert (set((await rows(shop)).values()), await wearers(shop)) == ({"removed"}, set())


async def test_m52_two_backfills_of_one_employee_never_share_a_tag(shop: Shop) -> None:
    one, other = await shop.friend(), await shop.friend()
    tasks = [await tasked(shop, one), await tasked(shop, other, text="另一条消息")]
    for task in tasks:
        await expire(shop, task)
    first, second = [await backfill_of(shop, task) for task in tasks]
    await tag(shop, first)
    await tag(shop, second)
    names = [row.tag for row in await all_rows(shop)]
    assert sorted(names) == ["补漏1", "补漏2"]
    await untag(shop, first)
    third = await tasked(shop, await shop.friend(), text="第三条消息")
    await expire(shop, third)
    await tag(shop, await backfill_of(shop, third))
    assert sorted(row.tag for row in await all_rows(shop)) == ["补漏1", "补漏1", "补漏2"], "reused"


async def test_m52_a_tag_that_the_employee_gave_by_hand_is_left_alone(shop: Shop) -> None:
    she, bystander = await shop.friend(), await shop.friend()
    hand: dict[str, Any] = {
        "userid": "li",
        "tag_group": TAG_GROUP,
        "tag": "补漏1",
        "present": True,
        "by": "staff",
    }
    await shop.put(CustomerTag(external_userid=bystander, at=shop.clock(), **hand))
    await expire(shop, task := await tasked(shop, she))
    await tag(shop, await backfill_of(shop, task))
    assert [(row.external_userid, row.tag) for row in await all_rows(shop)] == [(she, "补漏2")]


async def test_m52_who_is_no_friend_any_more_gets_no_tag_and_is_not_counted_as_reached(shop: Shop) -> None:
    she, gone = await shop.friend(), await shop.friend()
    task = await tasked(shop, she, gone)
    await expire(shop, task)
    backfill = await backfill_of(shop, task)
    await shop.street.do("delete", userid="li", external_userid=gone, by="employee")
    await tag(shop, backfill)
    assert await outcome(shop, gone) == ("not_friend", "not_friend")
    assert await rows(shop) == {she: "marked", gone: "refused"}


async def test_m52_a_tag_that_somebody_deleted_is_made_again(shop: Shop) -> None:
    first = await tasked(shop, await shop.friend())
    await expire(shop, first)
    backfill = await backfill_of(shop, first)
    await tag(shop, backfill)
    await untag(shop, backfill)
    [group] = [g for g in await shop.client.get_corp_tags() if g.group_name == TAG_GROUP]
    await shop.client.delete_corp_tags(tag_ids=[tag.id for tag in group.tag])
    she = await shop.friend()
    second = await tasked(shop, she, text="另一条消息")
    await expire(shop, second)
    again = await backfill_of(shop, second)
    with pytest.raises(ApplicationError, match="made again"):
        await tag(shop, again)
    await tag(shop, again)
    assert await wearers(shop) == {she}


async def console_task(shop: Shop, she: str) -> None:
    """Somebody has sent her today's only message from the console."""
    template = {"external_userid": [she], "sender": "li", "text": {"content": "总部"}}
    await shop.street.do("tasks/console", creator="li", template=template)
    await shop.street.confirm_all_tasks()


async def all_rows(shop: Shop) -> list[TemporaryTag]:
    async with shop.database.transaction() as session:
        return list((await session.exec(select(TemporaryTag))).all())
