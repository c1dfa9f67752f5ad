"""One message of one employee to many customers, which she must confirm (企业群发)."""

import contextlib
from datetime import datetime

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

from domain import addresses
from domain.messages import (
    FinishTask,
    FlushBatch,
    FlushedBatch,
    StaffTaskStart,
    TaskRef,
    TaskState,
    WithdrawFromTask,
)
from domain.touches import TouchStatus
from workflows import options

with workflow.unsafe.imports_passed_through():
    from activities.staff_tasks import StaffTasks


@workflow.defn(name=addresses.STAFF_TASK)
class StaffTask:
    """Create → poll → remind → expire → settle. It begins when its batch's window ends.

    A recipient who opts out before the employee confirms is taken out: the task is cancelled and made anew
    without her, because WeCom cannot withdraw one recipient.
    """

    @workflow.init
    def __init__(self, start: StaffTaskStart) -> None:
        self.task = TaskRef(batch_id=start.batch_id)
        self.withdrawals: list[WithdrawFromTask] = []

    @workflow.run
    async def run(self, start: StaffTaskStart) -> TaskState:
        batch = await self.flush()
        if not batch.claimed:
            return await self.finish(TouchStatus.CANCELLED, "empty", "policy let nothing through")
        try:
            await self.create()
        except ActivityError as error:
            return await self.finish(*_why_not(error))
        if not await self.confirmed(batch, batch.remind_at):
            await self.remind()
            if not await self.confirmed(batch, batch.expire_at):
                return await self.expire()
        return await self.finish(TouchStatus.UNKNOWN, "settled", "WeCom gave no result for her")

    @workflow.signal(name=addresses.WITHDRAW)
    def withdraw(self, what: WithdrawFromTask) -> None:
        """One recipient less."""
        self.withdrawals.append(what)

    async def flush(self) -> FlushedBatch:
        what = FlushBatch(batch_id=self.task.batch_id)
        batch = await workflow.execute_activity_method(
            StaffTasks.flush_batch, what, **options.patient_database("close the window, ask policy")
        )
        workflow.set_current_details(
            f"**{batch.claimed}** recipients\n\nreminder {batch.remind_at:%F %T}Z, "
            f"expires {batch.expire_at:%F %T}Z"
        )
        return batch

    async def create(self) -> None:
        await workflow.execute_activity_method(
            StaffTasks.create_task, self.task, **options.patient_wecom(f"create, attempt {self.task.attempt}")
        )

    async def confirmed(self, batch: FlushedBatch, until: datetime) -> bool:
        """Whether all is settled by then. Withdrawals interrupt the wait and make the task anew."""
        while workflow.now() < until:
            poll = workflow.start_activity_method(
                StaffTasks.poll_task,
                self.task,
                **options.polling("has the employee confirmed?", batch.poll_every, until),
            )
            await workflow.wait_condition(lambda poll=poll: poll.done() or bool(self.withdrawals))  # type: ignore[misc]
            if not poll.done():
                poll.cancel()
                with contextlib.suppress(ActivityError):  # its cancellation
                    await poll
                await self.make_anew()
                continue
            if poll.exception() is None:
                return True
            break  # not confirmed by then, or WeCom will not tell
        return False

    async def make_anew(self) -> None:
        """Cancel what is unconfirmed, leave out who withdrew, create it again for the others."""
        await workflow.execute_activity_method(
            StaffTasks.cancel_task, self.task, **options.patient_wecom("cancel: someone withdrew")
        )
        while self.withdrawals:
            await workflow.execute_activity_method(
                StaffTasks.withdraw_recipient,
                self.withdrawals.pop(0),
                **options.patient_database("leave her out"),
            )
        self.task = TaskRef(batch_id=self.task.batch_id, attempt=self.task.attempt + 1)
        await self.create()

    async def remind(self) -> None:
        await workflow.execute_activity_method(
            StaffTasks.remind_task, self.task, **options.patient_wecom("remind the employee")
        )

    async def expire(self) -> TaskState:
        """Nobody confirmed in time: WeCom must not send it later."""
        await workflow.execute_activity_method(
            StaffTasks.cancel_task, self.task, **options.patient_wecom("cancel: expired")
        )
        return await self.finish(TouchStatus.EXPIRED, "unconfirmed", "the employee did not confirm in time")

    async def finish(self, status: TouchStatus, rule: str, reason: str) -> TaskState:
        what = FinishTask(batch_id=self.task.batch_id, status=status, rule=rule, reason=reason)
        return await workflow.execute_activity_method(
            StaffTasks.finish_task, what, **options.patient_database(f"settle: {rule}")
        )


def _why_not(error: ActivityError) -> tuple[TouchStatus, str, str]:
    """A task that was refused was certainly not sent; one whose answer never came may have been."""
    cause = error.cause
    if isinstance(cause, ApplicationError) and cause.non_retryable:
        return TouchStatus.FAILED, cause.type or "refused", cause.message[:200]
    return TouchStatus.UNKNOWN, "no_answer", "WeCom gave no answer to the creation of the task"
