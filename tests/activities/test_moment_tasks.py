"""朋友圈: one moment per employee, content and tag; what was shown is what counts."""

from typing import Any

import pytest
from temporalio.exceptions import ApplicationError

from domain.events import Event, EventKind
from domain.messages import Arrive, Withdrawal
from domain.playbook import Attachment, Link, Way
from domain.task_messages import TaskRef
from storage.tables import Touch
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
    tagged,
)
from tests.activities.shop import Shop

pytestmark = pytest.mark.anyio

ADD = "externalcontact/add_moment_task"
KOC = "KOC"


async def flushed(shop: Shop, *customers: str, **more: Any) -> TaskRef:
    [batch_id] = {(await plan(shop, she, Way.MOMENTS, tag=KOC, **more)).batch_id for she in customers}
    return await close_window(shop, batch_id)


async def created(shop: Shop, *customers: str, **more: Any) -> TaskRef:
    """WeCom's job is done, and the moment waits for li."""
    task = await flushed(shop, *customers, **more)
    await create(shop, task)
    shop.clock.forward(seconds=6)
    with pytest.raises(ApplicationError, match="wait for the employee"):
        await poll(shop, task)
    return task


async def touch_of(shop: Shop, she: str) -> Touch:
    return await shop.touch(f"{she}/news")


async def outcome(shop: Shop, she: str) -> tuple[str, str | None]:
    touch = await touch_of(shop, she)
    return str(touch.status), touch.rule


async def test_two_with_the_tag_see_one_moment_of_their_employee(shop: Shop) -> None:
    one, other = await tagged(shop, KOC), await tagged(shop, KOC)
    bystander = await tagged(shop, "别的")
    task = await created(shop, one, other)
    assert shop.calls(ADD) == 1
    assert await outcome(shop, one) == ("tasked", None)
    await shop.street.publish_all_moments()
    assert (await poll(shop, task)).open == 0
    assert await outcome(shop, one) == await outcome(shop, other) == ("sent", None)
    seen = {she: [m["text"] for m in await shop.received(she)] for she in (one, other, bystander)}
    assert seen == {one: [TEXT], other: [TEXT], bystander: []}


async def test_who_has_no_such_tag_goes_by_the_next_way(shop: Shop) -> None:
    she = await tagged(shop, "别的")
    planned = await plan(shop, she, Way.MOMENTS, Way.PRIVATE, tag=KOC)
    assert planned.channel == "private"
    passed_over = (await touch_of(shop, she)).passed_over
    assert passed_over == "not moments: she does not have the tag KOC at any friend of hers"


async def test_who_lost_the_tag_before_the_window_closed_is_refused(shop: Shop) -> None:
    she, other = await tagged(shop, KOC), await tagged(shop, KOC)
    planned = [await plan(shop, who, Way.MOMENTS, tag=KOC) for who in (she, other)]
    await shop.street.do("delete", userid="li", external_userid=she, by="customer")
    left = Event(id="left", kind=EventKind.FRIEND_LEFT, at=shop.clock(), userid="li")
    await shop.run(shop.activities.lives.depart, Arrive(external_userid=she, event=left))
    await close_window(shop, planned[0].batch_id)
    assert (await outcome(shop, she))[0] == "refused"
    assert await outcome(shop, other) == ("claimed", None)


async def test_whom_wecom_does_not_show_it_is_capped_and_who_left_is_no_friend(shop: Shop) -> None:
    sated, gone, fine = [await tagged(shop, KOC) for _ in range(3)]
    task = await created(shop, sated, gone, fine)
    shop.world.moments._seen[sated] += [shop.clock()] * 3
    await shop.street.do("delete", userid="li", external_userid=gone, by="employee")
    await shop.street.publish_all_moments()
    await poll(shop, task)
    assert await outcome(shop, fine) == ("sent", None)
    assert await outcome(shop, sated) == ("capped", "not_shown")
    assert (await outcome(shop, gone))[0] in ("not_friend", "capped")


async def test_an_unpublished_moment_expires_and_cannot_be_published_later(shop: Shop) -> None:
    she = await tagged(shop, KOC)
    task = await created(shop, she)
    await expire(shop, task)
    assert await outcome(shop, she) == ("expired", "unconfirmed")
    [moment] = shop.world.moments.all
    with pytest.raises(RuntimeError, match="cancelled"):
        await shop.street.do("moments/publish", moment_id=moment, userid="li")
    await cancel(shop, task)  # twice is harmless


async def test_what_was_published_before_it_expired_stays_sent(shop: Shop) -> None:
    she = await tagged(shop, KOC)
    task = await created(shop, she)
    await shop.street.publish_all_moments()
    await expire(shop, task)
    assert await outcome(shop, she) == ("sent", None)


async def test_a_moment_is_cancelled_though_its_job_was_never_asked_about(shop: Shop) -> None:
    she = await tagged(shop, KOC)
    task = await flushed(shop, she)
    await create(shop, task)
    with pytest.raises(ApplicationError, match="job still runs"):
        await cancel(shop, task)
    shop.clock.forward(days=2)  # WeCom has forgotten the job
    await expire(shop, task)
    [moment] = shop.world.moments.all.values()
    assert moment.cancelled
    assert await outcome(shop, she) == ("expired", "unconfirmed")


async def test_a_job_that_fails_settles_all_with_wecoms_reason(shop: Shop) -> None:
    she = await tagged(shop, KOC)
    task = await flushed(shop, she)
    for one in shop.world.tags.groups.values():
        for tag in one.tags:
            shop.world.tags.delete(tag)
    await create(shop, task)
    shop.clock.forward(seconds=6)
    assert (await poll(shop, task)).open == 0
    assert await outcome(shop, she) == ("failed", "wecom_40068")


async def test_a_moment_that_somebody_deleted_is_over(shop: Shop) -> None:
    she = await tagged(shop, KOC)
    task = await created(shop, she)
    [moment] = shop.world.moments.all
    await shop.street.do("moments/delete", moment_id=moment)
    assert (await poll(shop, task)).open == 0
    assert await outcome(shop, she) == ("cancelled", "deleted")


async def test_wecom_has_no_reminder_and_that_is_no_failure(shop: Shop) -> None:
    task = await created(shop, await tagged(shop, KOC))
    assert "no reminder" in (await shop.run(shop.activities.staff_tasks.remind_task, task)).reason


# ---- everybody with the tag sees it


async def test_who_was_left_out_and_sees_it_all_the_same_has_been_reached(shop: Shop) -> None:
    """The tag is the audience: an opt-out does not hide it, and that is on record."""
    asked, other, unplanned = [await tagged(shop, KOC) for _ in range(3)]
    planned = [await plan(shop, she, Way.MOMENTS, tag=KOC) for she in (asked, other)]
    stop = Withdrawal(external_userid=asked, reason="she asked", opted_out_by="anna")
    await shop.run(shop.activities.lives.withdraw_touches, stop)
    assert await outcome(shop, asked) == ("cancelled", "withdrawn")
    task = await close_window(shop, planned[0].batch_id)
    await create(shop, task)
    shop.clock.forward(seconds=6)
    await shop.street.publish_all_moments()
    await poll(shop, task)
    assert await outcome(shop, asked) == ("sent", "shown_anyway")
    assert [t.rule for t in await shop.touches(unplanned)] == ["shown_anyway"]


async def test_who_leaves_after_the_task_was_made_stays_as_it_is(shop: Shop) -> None:
    she, other = await tagged(shop, KOC), await tagged(shop, KOC)
    await created(shop, she, other)
    stop = Withdrawal(external_userid=she, reason="she asked", opted_out_by="anna")
    await shop.run(shop.activities.lives.withdraw_touches, stop)
    assert shop.courier.withdrawn == []
    assert await outcome(shop, she) == ("tasked", None)


# ---- lost answers, and kills between claim and settle


async def test_a_moment_whose_creation_had_no_answer_is_found_and_not_doubled(shop: Shop) -> None:
    she = await tagged(shop, KOC)
    task = await flushed(shop, she)
    await shop.fault(ADD, "timeout_after")
    with pytest.raises(ApplicationError) as unanswered:
        await create(shop, task)
    assert unanswered.value.type == "Unreachable"
    with pytest.raises(ApplicationError, match="lost"):
        await create(shop, task)
    shop.clock.forward(seconds=31)
    assert (await create(shop, task)).msgid == next(iter(shop.world.moments.all))
    assert shop.calls(ADD) == 1
    await shop.street.publish_all_moments()
    await poll(shop, task)
    assert await outcome(shop, she) == ("sent", None)


async def test_a_moment_that_was_never_made_is_made_after_settling(shop: Shop) -> None:
    task = await flushed(shop, await tagged(shop, KOC))
    await shop.fault(ADD, "timeout_before")
    with pytest.raises(ApplicationError):
        await create(shop, task)
    shop.clock.forward(seconds=31)
    await create(shop, task)
    assert len(shop.world.moments.all) == 1


async def test_a_worker_killed_after_wecoms_answer_makes_no_second_moment(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = await flushed(shop, await tagged(shop, KOC))
    with monkeypatch.context() as patch:
        patch.setattr("storage.tasks.created", killed)
        with pytest.raises(Killed):
            await create(shop, task)
    shop.clock.forward(seconds=31)
    assert (await create(shop, task)).msgid
    assert len(shop.world.moments.all) == 1


async def test_too_many_jobs_at_once_are_no_attempt(shop: Shop) -> None:
    """Refused for now (41078): the next try simply creates it."""
    task = await flushed(shop, await tagged(shop, KOC))
    await shop.fault(ADD, "errcode", errcode=41078)
    with pytest.raises(ApplicationError) as busy:
        await create(shop, task)
    assert not busy.value.non_retryable
    await create(shop, task)
    assert len(shop.world.moments.all) == 1


# ---- what goes along


async def test_pictures_are_brought_to_moments_apart(shop: Shop) -> None:
    she = await tagged(shop, KOC)
    task = await created(shop, she, invites="group")
    [moment] = shop.world.moments.all.values()
    assert [a["msgtype"] for a in moment.attachments] == ["image"]
    assert shop.calls("media/upload_attachment") == 1
    assert task.batch_id


async def test_a_link_without_a_picture_is_refused_with_what_to_do(shop: Shop) -> None:
    link = Attachment(link=Link(title="新品", url="https://shop.example.com/new"))
    task = await flushed(shop, await tagged(shop, KOC), attachments=[link])
    with pytest.raises(ApplicationError, match="no link without a picture") as refused:
        await create(shop, task)
    assert refused.value.non_retryable


# ---- by hand


async def test_a_message_by_hand_is_a_todo_of_her_friend(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[str] = []

    async def start(todo_id: str, delay: object) -> None:
        started.append(todo_id)

    monkeypatch.setattr(shop.courier, "start_todo", start)
    she = await shop.friend()
    planned = await plan(shop, she, Way.STAFF)
    assert (planned.status, planned.channel, planned.batch_id) == ("claimed", "staff", None)
    assert await plan(shop, she, Way.STAFF) == planned
    assert len(set(started)) == 1
    again = await plan(shop, she, Way.PRIVATE, key=f"{she}/2")
    await close_window(shop, again.batch_id)
    assert (await shop.touch(f"{she}/2")).rule == "frequency", "a message by hand counts like all others"


async def test_who_opted_out_is_not_written_to_by_hand(shop: Shop) -> None:
    she = await shop.friend()
    stop = Withdrawal(external_userid=she, reason="she asked", opted_out_by="anna")
    await shop.run(shop.activities.lives.withdraw_touches, stop)
    assert (await plan(shop, she, Way.STAFF)).rule == "opted_out"
