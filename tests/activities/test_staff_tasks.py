"""企业群发: one task per batch at WeCom, whatever is called twice or stays without an answer."""

from typing import Any

import pytest
from temporalio.exceptions import ApplicationError

from domain.events import EventKind
from domain.step_messages import PlanTouch
from domain.task_messages import FinishTask, FlushBatch, TaskRef, TaskState, WithdrawFromTask
from domain.touches import TouchStatus
from integrations import wecom
from storage.tables import Batch
from tests.activities.shop import Shop

pytestmark = pytest.mark.anyio

ADD = "externalcontact/add_msg_template"
TEXT = "本周新品上架，欢迎来坐坐。"


async def plan(shop: Shop, customer: str, **more: Any) -> int:
    """Plan one message to one friend of li; the batch it is in."""
    what = PlanTouch(key=f"{customer}/news", external_userid=customer, userid="li", text=TEXT, **more)
    planned = await shop.run(shop.activities.touches.plan_touch, what)
    assert planned.batch_id is not None
    return planned.batch_id


async def flushed(shop: Shop, *customers: str, **more: Any) -> TaskRef:
    """A batch of these customers whose window is over and to which policy said yes."""
    [batch_id] = {await plan(shop, customer, **more) for customer in customers}
    shop.clock.forward(minutes=31)
    batch = await shop.run(shop.activities.staff_tasks.flush_batch, FlushBatch(batch_id=batch_id))
    assert batch.claimed == len(customers)
    return TaskRef(batch_id=batch_id)


async def create(shop: Shop, task: TaskRef) -> TaskState:
    return await shop.run(shop.activities.staff_tasks.create_task, task)


async def created(shop: Shop, *customers: str, **more: Any) -> TaskRef:
    """The same, and WeCom has dispatched the task."""
    task = await flushed(shop, *customers, **more)
    await create(shop, task)
    shop.clock.forward(seconds=3)
    return task


async def poll(shop: Shop, task: TaskRef) -> TaskState:
    return await shop.run(shop.activities.staff_tasks.poll_task, task)


async def finish(shop: Shop, task: TaskRef, status: TouchStatus) -> TaskState:
    what = FinishTask(batch_id=task.batch_id, status=status, rule="test", reason="the test says so")
    return await shop.run(shop.activities.staff_tasks.finish_task, what)


async def status_of(shop: Shop, customer: str) -> str:
    return str((await shop.touch(f"{customer}/news")).status)


def at_wecom(shop: Shop) -> list[set[str]]:
    """The recipients of every task that can still be confirmed."""
    return [set(task.parts["li"].recipients) for task in shop.world.mass.all.values() if not task.cancelled]


async def test_flush_create_confirm_settle(shop: Shop) -> None:
    she = await shop.friend()
    task = await flushed(shop, she)
    state = await create(shop, task)
    assert state.open == 1
    assert await status_of(shop, she) == "tasked"
    shop.clock.forward(seconds=3)
    assert await shop.street.confirm_all_tasks() == 1
    assert (await poll(shop, task)).open == 0
    assert await status_of(shop, she) == "sent"
    assert [m["text"] for m in await shop.received(she)] == [TEXT]


async def test_every_recipient_gets_the_outcome_that_wecom_names(shop: Shop) -> None:
    fine, gone, full = await shop.friend(), await shop.friend(), await shop.friend()
    shop.world.config.mass_cap = "day"
    elsewhere = wecom.MassTask(
        chat_type="single", external_userids=(full,), sender="li", message=wecom.Message(text="总部通知")
    )
    await shop.client.add_msg_template(elsewhere)
    await shop.street.confirm_all_tasks()
    task = await created(shop, fine, gone, full)
    await shop.street.do("delete", userid="li", external_userid=gone, by="customer")
    await shop.street.confirm_all_tasks()
    assert (await poll(shop, task)).open == 0
    touches = [await shop.touch(f"{customer}/news") for customer in (fine, gone, full)]
    assert [(t.status, t.rule) for t in touches] == [
        ("sent", None),
        ("not_friend", "wecom_2"),
        ("capped", "wecom_3"),
    ]


async def test_polling_goes_on_until_the_employee_has_confirmed(shop: Shop) -> None:
    task = await created(shop, await shop.friend())
    with pytest.raises(ApplicationError, match="1 recipients wait") as waits:
        await poll(shop, task)
    assert waits.value.type == "NotYet"


async def test_polling_goes_on_while_wecom_dispatches(shop: Shop) -> None:
    task = await flushed(shop, await shop.friend())
    await create(shop, task)
    with pytest.raises(ApplicationError, match="dispatching") as waits:
        await poll(shop, task)
    assert waits.value.type == "NotYet"


async def test_the_groups_picture_goes_along(shop: Shop) -> None:
    await created(shop, await shop.friend(), invite_to=shop.groups["S002"])
    [task] = shop.world.mass.all.values()
    assert len(task.content.attachments) == 1


# ---- one task


async def test_creating_twice_makes_one_task(shop: Shop) -> None:
    task = await flushed(shop, await shop.friend(), await shop.friend())
    first, second = await create(shop, task), await create(shop, task)
    assert first == second
    assert shop.calls(ADD) == 1


async def test_a_task_whose_creation_had_no_answer_is_found_and_not_doubled(shop: Shop) -> None:
    she = await shop.friend()
    task = await flushed(shop, she)
    await shop.fault(ADD, "timeout_after")
    with pytest.raises(ApplicationError) as unanswered:
        await create(shop, task)
    assert (unanswered.value.type, unanswered.value.non_retryable) == ("Unreachable", False)
    shop.clock.forward(seconds=31)
    assert (await create(shop, task)).msgid == next(iter(shop.world.mass.all))
    assert await status_of(shop, she) == "tasked"
    assert shop.calls(ADD) == 1


async def unanswered(shop: Shop, *customers: str) -> TaskRef:
    """WeCom holds the task, and we do not know it."""
    task = await flushed(shop, *customers)
    await shop.fault(ADD, "timeout_after")
    with pytest.raises(ApplicationError):
        await create(shop, task)
    shop.clock.forward(seconds=31)
    return task


async def test_what_had_no_answer_is_looked_for_before_it_is_called_too_late(shop: Shop) -> None:
    she = await shop.friend()
    task = await unanswered(shop, she)
    assert (await create(shop, task.model_copy(update={"until": shop.clock()}))).msgid
    assert await status_of(shop, she) == "tasked"


async def test_when_its_time_is_over_nothing_is_created(shop: Shop) -> None:
    task = await flushed(shop, await shop.friend())
    with pytest.raises(ApplicationError, match="its time is over"):
        await create(shop, task.model_copy(update={"until": shop.clock()}))
    assert shop.calls(ADD) == 0


async def test_what_had_no_answer_is_looked_for_before_it_is_cancelled(shop: Shop) -> None:
    task = await unanswered(shop, await shop.friend())
    await shop.run(shop.activities.staff_tasks.cancel_task, task)
    assert at_wecom(shop) == []


async def test_a_task_that_begins_again_has_no_more_time_than_before(shop: Shop) -> None:
    task = await created(shop, await shop.friend())
    async with shop.database.transaction() as session:
        before = (await session.get_one(Batch, task.batch_id)).expires_at
    shop.clock.forward(hours=20)
    what = FlushBatch(batch_id=task.batch_id)
    again = await shop.run(shop.activities.staff_tasks.flush_batch, what)
    assert (again.claimed, again.attempts, again.expire_at) == (1, 1, before)


async def test_before_wecom_can_have_listed_it_nobody_looks(shop: Shop) -> None:
    task = await flushed(shop, await shop.friend())
    await shop.fault(ADD, "timeout_after")
    with pytest.raises(ApplicationError):
        await create(shop, task)
    with pytest.raises(ApplicationError, match="lost") as waits:
        await create(shop, task)
    assert waits.value.type == "NotYet"
    assert shop.calls("externalcontact/get_groupmsg_list_v2") == 0


async def test_a_task_that_was_never_made_is_made_after_settling(shop: Shop) -> None:
    she = await shop.friend()
    task = await flushed(shop, she)
    await shop.fault(ADD, "timeout_before")
    with pytest.raises(ApplicationError):
        await create(shop, task)
    shop.clock.forward(seconds=31)
    assert (await create(shop, task)).msgid
    assert at_wecom(shop) == [{she}]


async def test_the_second_unanswered_creation_is_waited_for_like_the_first(shop: Shop) -> None:
    task = await flushed(shop, await shop.friend())
    await shop.fault(ADD, "timeout_before")
    await shop.fault(ADD, "timeout_after")
    with pytest.raises(ApplicationError):
        await create(shop, task)
    shop.clock.forward(seconds=31)
    with pytest.raises(ApplicationError):
        await create(shop, task)
    with pytest.raises(ApplicationError, match="lost"):
        await create(shop, task)
    shop.clock.forward(seconds=31)
    assert (await create(shop, task)).msgid
    assert shop.calls(ADD) == 2
    assert len(at_wecom(shop)) == 1


async def test_the_same_words_to_others_are_another_task(shop: Shop) -> None:
    one, other = await shop.friend(), await shop.friend()
    first = await created(shop, one)
    second = await flushed(shop, other)
    await shop.fault(ADD, "timeout_before")
    with pytest.raises(ApplicationError):
        await create(shop, second)
    shop.clock.forward(seconds=31)
    await create(shop, second)
    assert first.batch_id != second.batch_id
    assert at_wecom(shop) == [{one}, {other}]


async def test_a_refused_connection_is_no_attempt_and_the_next_one_does_not_wait(shop: Shop) -> None:
    she = await shop.friend()
    task = await flushed(shop, she)
    with pytest.raises(ApplicationError):
        await shop.run(shop.activities_on(shop.unreachable_client()).staff_tasks.create_task, task)
    assert (await create(shop, task)).msgid
    assert at_wecom(shop) == [{she}]


async def test_a_refusal_is_final_and_says_why(shop: Shop) -> None:
    task = await flushed(shop, await shop.friend())
    await shop.fault(ADD, "errcode", errcode=40201)
    with pytest.raises(ApplicationError, match="40201") as refused:
        await create(shop, task)
    assert refused.value.non_retryable


# ---- who cannot be reached


async def test_when_nobody_can_be_reached_all_is_settled(shop: Shop) -> None:
    one, other = await shop.friend(), await shop.friend()
    for she in (one, other):
        await shop.street.do("delete", userid="li", external_userid=she, by="employee")
    task = await flushed(shop, one, other)
    assert await create(shop, task) == TaskState(msgid=None, open=0)
    assert await poll(shop, task) == TaskState(msgid=None, open=0)
    assert {await status_of(shop, one), await status_of(shop, other)} == {"not_friend"}


async def test_whom_wecom_leaves_out_is_no_friend_and_the_others_get_it(shop: Shop) -> None:
    one, gone = await shop.friend(), await shop.friend()
    await shop.street.do("delete", userid="li", external_userid=gone, by="employee")
    task = await created(shop, one, gone)
    left_out = await shop.touch(f"{gone}/news")
    assert (left_out.status, left_out.rule) == ("not_friend", "fail_list")
    assert left_out.settled_at is not None
    await shop.street.confirm_all_tasks()
    assert (await poll(shop, task)).open == 0
    assert await status_of(shop, one) == "sent"


async def test_whom_wecom_leaves_out_of_a_task_made_anew_is_no_friend_either(shop: Shop) -> None:
    one, gone, withdrawn = await shop.friend(), await shop.friend(), await shop.friend()
    task = await created(shop, one, gone, withdrawn)
    await shop.street.do("delete", userid="li", external_userid=gone, by="employee")
    await create(shop, await made_anew_without(shop, task, withdrawn))
    assert await status_of(shop, gone) == "not_friend"


# ---- withdrawn, expired, reminded


async def made_anew_without(shop: Shop, task: TaskRef, customer: str) -> TaskRef:
    """What the workflow does when she opts out; the task is still to be created."""
    await shop.run(shop.activities.staff_tasks.cancel_task, task)
    what = WithdrawFromTask(batch_id=task.batch_id, external_userid=customer, reason="opted out")
    await shop.run(shop.activities.staff_tasks.withdraw_recipient, what)
    return TaskRef(batch_id=task.batch_id, attempt=task.attempt + 1)


async def test_who_withdraws_is_left_out_of_a_task_made_anew(shop: Shop) -> None:
    she, other = await shop.friend(), await shop.friend()
    task = await created(shop, she, other)
    task = await made_anew_without(shop, task, she)
    await create(shop, task)
    assert at_wecom(shop) == [{other}]
    shop.clock.forward(seconds=3)
    await shop.street.confirm_all_tasks()
    assert (await poll(shop, task)).open == 0
    assert [await status_of(shop, who) for who in (she, other)] == ["cancelled", "sent"]
    assert await shop.received(she) == []


async def test_the_cancelled_task_is_not_taken_for_the_new_one(shop: Shop) -> None:
    she, other = await shop.friend(), await shop.friend()
    task = await made_anew_without(shop, await created(shop, she, other), she)
    await shop.fault(ADD, "timeout_after")
    with pytest.raises(ApplicationError):
        await create(shop, task)
    shop.clock.forward(seconds=31)
    await create(shop, task)
    assert shop.calls(ADD) == 2
    assert at_wecom(shop) == [{other}]


async def test_when_the_last_recipient_withdraws_no_task_is_made(shop: Shop) -> None:
    she = await shop.friend()
    task = await made_anew_without(shop, await created(shop, she), she)
    assert (await create(shop, task)).open == 0
    assert shop.calls(ADD) == 1


async def test_who_withdraws_after_it_was_sent_has_got_it(shop: Shop) -> None:
    she = await shop.friend()
    task = await created(shop, she)
    await shop.street.confirm_all_tasks()
    await made_anew_without(shop, task, she)
    assert await status_of(shop, she) == "sent"


async def test_an_expired_task_cannot_be_confirmed_later(shop: Shop) -> None:
    she = await shop.friend()
    task = await created(shop, she)
    await shop.run(shop.activities.staff_tasks.cancel_task, task)
    await finish(shop, task, TouchStatus.EXPIRED)
    assert await shop.street.confirm_all_tasks() == 0
    assert await status_of(shop, she) == "expired"


async def test_cancelling_twice_is_harmless(shop: Shop) -> None:
    task = await created(shop, await shop.friend())
    await shop.run(shop.activities.staff_tasks.cancel_task, task)
    await shop.run(shop.activities.staff_tasks.cancel_task, task)
    assert at_wecom(shop) == []


async def test_what_was_sent_before_it_expired_stays_sent(shop: Shop) -> None:
    she = await shop.friend()
    task = await created(shop, she)
    await shop.street.confirm_all_tasks()
    await shop.run(shop.activities.staff_tasks.cancel_task, task)
    await finish(shop, task, TouchStatus.EXPIRED)
    assert await status_of(shop, she) == "sent"


async def test_wecoms_quota_of_reminders_is_kept_ahead_of_the_call(shop: Shop) -> None:
    task = await created(shop, await shop.friend())
    reminded = [await shop.run(shop.activities.staff_tasks.remind_task, task) for _ in range(4)]
    assert [bool(state.reason) for state in reminded] == [False, False, False, True]
    assert shop.calls("externalcontact/remind_groupmsg_send") == 3, "the fourth is known to be one too many"
    shop.clock.forward(hours=24)
    assert not (await shop.run(shop.activities.staff_tasks.remind_task, task)).reason


async def test_reminding_of_a_task_that_an_admin_cancelled_is_no_failure(shop: Shop) -> None:
    task = await created(shop, await shop.friend())
    await shop.run(shop.activities.staff_tasks.cancel_task, task)
    assert "41093" in (await shop.run(shop.activities.staff_tasks.remind_task, task)).reason


# ---- who is told


async def test_only_who_waits_for_the_delivery_is_told_and_once(shop: Shop) -> None:
    she = await shop.friend()
    task = await created(shop, she, notify=True)
    await shop.street.confirm_all_tasks()
    await poll(shop, task)
    await poll(shop, task)
    await finish(shop, task, TouchStatus.UNKNOWN)
    [told] = shop.courier.events(EventKind.TOUCH_SETTLED)
    assert (told.touch_key, told.outcome) == (f"{she}/news", "sent")


async def test_who_does_not_wait_costs_no_signal(shop: Shop) -> None:
    task = await created(shop, await shop.friend())
    await shop.street.confirm_all_tasks()
    await poll(shop, task)
    await finish(shop, task, TouchStatus.UNKNOWN)
    assert shop.courier.events(EventKind.TOUCH_SETTLED) == []


async def test_planning_makes_sure_of_the_batchs_task(shop: Shop) -> None:
    she = await shop.friend()
    batch_id = await plan(shop, she)
    assert await plan(shop, she) == batch_id
    assert shop.courier.staff_tasks == [batch_id, batch_id]
    async with shop.database.transaction() as session:
        assert (await session.get_one(Batch, batch_id)).status == "open"
