"""One message of one employee to many customers, which she must confirm (企业群发)."""

import asyncio
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
        self.withdrawn: dict[str, None] = {}

    @workflow.run
    async def run(self, start: StaffTaskStart) -> TaskState:
        batch = await self.flush()
        if not batch.claimed:
            return await self.finish(TouchStatus.CANCELLED, "empty", "policy let nothing through")
        if batch.expire_at <= workflow.now():
            return await self.finish(TouchStatus.EXPIRED, "quiet_hours", "its window closed in quiet hours")
        try:
            await self.leave_out()
            await self.create()
            if not await self.confirmed(batch, batch.remind_at):
                await self.remind(batch)
                if not await self.confirmed(batch, batch.expire_at):
                    return await self.expire()
        except ActivityError as error:
            return await self.finish(*_why_not(error))
        return await self.finish(TouchStatus.UNKNOWN, "settled", "WeCom gave no result for her")

    @workflow.signal(name=addresses.WITHDRAW)
    def withdraw(self, what: WithdrawFromTask) -> None:
        """One recipient less; told twice, it is done once."""
        if what.external_userid not in self.withdrawn:
            self.withdrawn[what.external_userid] = None
            self.withdrawals.append(what)

    async def flush(self) -> FlushedBatch:
        what = FlushBatch(batch_id=self.task.batch_id)
        batch = await workflow.execute_activity_method(
            StaffTasks.flush_batch, what, **options.patient_database("close the window, ask policy")
        )
        self.task.until = batch.expire_at
        workflow.set_current_details(
            f"**{batch.claimed}** recipients\n\nreminder {batch.remind_at:%F %T}Z, "
            f"expires {batch.expire_at:%F %T}Z"
        )
        return batch

    async def create(self) -> None:
        """Raises ActivityError when WeCom refuses, or gives no answer before the task would expire."""
        until = self.task.until or workflow.now()
        await workflow.execute_activity_method(
            StaffTasks.create_task,
            self.task,
            **options.creating(f"create, attempt {self.task.attempt}", until),
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
            elif poll.exception() is None:
                return True
            else:
                await self.sit_out(until)
        return False

    async def sit_out(self, until: datetime) -> None:
        """WeCom will not be asked again before `until`; the employee has her whole time all the same."""
        left = until - workflow.now()
        with contextlib.suppress(asyncio.TimeoutError):
            await workflow.wait_condition(
                lambda: bool(self.withdrawals), timeout=max(left, options.SHORTEST_WAIT)
            )

    async def make_anew(self) -> None:
        """Cancel what is unconfirmed, leave out who withdrew, create it again for the others."""
        await self.cancel("cancel: someone withdrew")
        await self.leave_out()
        self.task = self.task.model_copy(update={"attempt": self.task.attempt + 1})
        await self.create()

    async def leave_out(self) -> None:
        """Take everybody who withdrew out of the ledger's list."""
        while self.withdrawals:
            await workflow.execute_activity_method(
                StaffTasks.withdraw_recipient,
                self.withdrawals.pop(0),
                **options.patient_database("leave her out"),
            )

    async def remind(self, batch: FlushedBatch) -> None:
        """Remind the employee, if there is still time. A reminder that fails is only a reminder."""
        if workflow.now() >= batch.expire_at:
            return
        try:
            await workflow.execute_activity_method(
                StaffTasks.remind_task, self.task, **options.creating("remind the employee", batch.expire_at)
            )
        except ActivityError as error:
            workflow.logger.warning("not reminded: %s", error.cause)

    async def cancel(self, summary: str) -> None:
        """Stop it at WeCom, whatever it takes: a task that stays alive can be confirmed at any hour."""
        for _ in range(options.ADMIN_TRIES):
            try:
                await workflow.execute_activity_method(
                    StaffTasks.cancel_task, self.task, **options.until_done(summary)
                )
                return
            except ActivityError as error:
                workflow.logger.error("WeCom refuses to cancel, an admin must act: %s", error.cause)
            await workflow.sleep(options.ADMIN_TIME)
        raise ApplicationError("WeCom refused to cancel the task", type="NotCancelled")

    async def expire(self) -> TaskState:
        """Nobody confirmed in time: WeCom must not send it later."""
        await self.cancel("cancel: expired")
        return await self.finish(TouchStatus.EXPIRED, "unconfirmed", "the employee did not confirm in time")

    async def finish(self, status: TouchStatus, rule: str, reason: str) -> TaskState:
        what = FinishTask(batch_id=self.task.batch_id, status=status, rule=rule, reason=reason)
        return await workflow.execute_activity_method(
            StaffTasks.finish_task, what, **options.patient_database(f"settle: {rule}")
        )


def _why_not(error: ActivityError) -> tuple[TouchStatus, str, str]:
    """A task that was refused was certainly not sent; one whose answer never came may have been."""
    cause = error.cause
    if isinstance(cause, ApplicationError) and cause.type == "TooLate":
        return TouchStatus.EXPIRED, "too_late", "WeCom could not be reached while there was time"
    if isinstance(cause, ApplicationError) and cause.non_retryable:
        return TouchStatus.FAILED, cause.type or "refused", cause.message[:200]
    return TouchStatus.UNKNOWN, "no_answer", "WeCom gave no answer to the creation of the task"
