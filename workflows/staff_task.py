"""One message of one employee to many customers, which she must confirm (企业群发)."""

import asyncio
import contextlib
from datetime import datetime

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

from domain import addresses
from domain.task_messages import (
    FinishTask,
    FlushBatch,
    FlushedBatch,
    FollowUp,
    FollowUpKind,
    StaffTaskStart,
    StopTask,
    TaskRef,
    TaskState,
    WithdrawFromTask,
)
from domain.touches import TouchStatus
from workflows import options

with workflow.unsafe.imports_passed_through():
    from activities.backfills import Backfills
    from activities.follow_ups import FollowUps
    from activities.staff_tasks import StaffTasks


Ending = tuple[TouchStatus, str, str]  # of what is still open: status, rule, reason
SETTLED: Ending = (TouchStatus.UNKNOWN, "settled", "WeCom gave no result for her")


@workflow.defn(name=addresses.STAFF_TASK)
class StaffTask:
    """Create → poll → remind → to-do → escalate → expire → settle. It begins when its batch's window ends.

    A recipient who opts out before the employee confirms is taken out: the task is cancelled and made anew
    without her, because WeCom cannot withdraw one recipient. In the same way goes whom the employee can write
    to no more; another one gets her. What an expired task missed becomes a batch of Moments (M52), which is a
    StaffTask as well: its customers have a tag from before it is created until after it is settled.
    """

    @workflow.init
    def __init__(self, start: StaffTaskStart) -> None:
        self.task = TaskRef(batch_id=start.batch_id)
        self.withdrawals: list[WithdrawFromTask] = []
        self.withdrawn: dict[str, None] = {}
        self.stopped: StopTask | None = None

    @workflow.run
    async def run(self, start: StaffTaskStart) -> TaskState:
        batch = await self.flush()
        try:
            ending = await self.carry_out(batch)
        except ActivityError as error:
            await self.cancel("cancel: WeCom may hold it all the same")
            ending = _why_not(error)
        await self.leave_out()
        if self.stopped:
            ending = TouchStatus.CANCELLED, self.stopped.rule, self.stopped.reason
        state = await self.finish(*ending)
        if batch.backfills:
            await self.untag()
        return state

    async def carry_out(self, batch: FlushedBatch) -> Ending:
        """Everything between the verdicts and the end. Raises ActivityError when there will be no task."""
        if not batch.claimed:
            return TouchStatus.CANCELLED, "empty", "policy let nothing through"
        late = batch.expire_at <= workflow.now()
        if late and not batch.attempts:
            return TouchStatus.EXPIRED, "quiet_hours", "its window closed in quiet hours"
        await self.leave_out()
        if not (late or self.stopped):
            await self.create(batch)
            if await self.confirmed(batch):
                return SETTLED
        # WeCom must not send it later; nor what a run that failed had created.
        await self.cancel("cancel: stopped" if self.stopped else "cancel: expired")
        return TouchStatus.EXPIRED, "unconfirmed", "the employee did not confirm in time"

    @workflow.signal(name=addresses.WITHDRAW)
    def withdraw(self, what: WithdrawFromTask) -> None:
        """One recipient less; told twice, it is done once."""
        if what.external_userid not in self.withdrawn:
            self.withdrawn[what.external_userid] = None
            self.withdrawals.append(what)

    @workflow.signal(name=addresses.STOP)
    def stop(self, what: StopTask) -> None:
        """Nothing more of it is to be sent. The first reason counts."""
        self.stopped = self.stopped or what

    async def flush(self) -> FlushedBatch:
        what = FlushBatch(batch_id=self.task.batch_id)
        batch = await workflow.execute_activity_method(
            StaffTasks.flush_batch, what, **options.patient_database("close the window, ask policy")
        )
        attempt = max(batch.attempts, self.task.attempt)
        self.task = self.task.model_copy(update={"until": batch.expire_at, "attempt": attempt})
        workflow.set_current_details(_details(batch))
        return batch

    async def untag(self) -> None:
        """Take it off again. What WeCom refuses is left to the sweep."""
        try:
            await workflow.execute_activity_method(
                Backfills.untag_missed, self.task, **options.tagging("take the tag off again")
            )
        except ActivityError as error:
            workflow.logger.error("temporary tags are left to the sweep: %s", error.cause)

    async def create(self, batch: FlushedBatch) -> None:
        """Raises ActivityError when WeCom refuses, or gives no answer before the task would expire.

        A backfill finds whom it is for by a tag, which nobody else must have.
        """
        if batch.backfills:
            tagging = options.tagging("tag whom it is for", batch.expire_at)
            await workflow.execute_activity_method(Backfills.tag_missed, self.task, **tagging)
        await workflow.execute_activity_method(
            StaffTasks.create_task,
            self.task,
            **options.creating(f"create, attempt {self.task.attempt}", batch.expire_at),
        )

    async def confirmed(self, batch: FlushedBatch) -> bool:
        """Whether all is settled before it expires; meanwhile people are told of it when that is due.

        Withdrawals, and an employee who is gone, make the task anew.
        """
        due = list(batch.follow_ups)
        while workflow.now() < batch.expire_at and not self.stopped:
            poll = workflow.start_activity_method(
                StaffTasks.poll_task,
                self.task,
                **options.polling("has the employee confirmed?", batch.poll_every, batch.expire_at),
            )
            while due and await self.nothing_new(poll, due[0].at):
                await self.follow_up(due.pop(0), batch)
            await workflow.wait_condition(lambda poll=poll: poll.done() or self.interrupted)  # type: ignore[misc]
            if not poll.done():
                poll.cancel()
                with contextlib.suppress(ActivityError):  # its cancellation
                    await poll
                if not self.stopped:
                    await self.make_anew(batch, "cancel: someone withdrew")
            elif poll.exception() is not None:
                await self.sit_out(due[0].at if due else batch.expire_at)
            elif poll.result().stranded:
                await self.make_anew(batch, "cancel: the employee is gone", reassign=True)
            else:
                return True
        return False

    async def nothing_new(self, poll: workflow.ActivityHandle[TaskState], until: datetime) -> bool:
        """Wait until then, or until something happens."""
        left = max(until - workflow.now(), options.SHORTEST_WAIT)
        try:
            await workflow.wait_condition(lambda: poll.done() or self.interrupted, timeout=left)
        except TimeoutError:
            return True
        return False

    @property
    def interrupted(self) -> bool:
        return bool(self.withdrawals) or self.stopped is not None

    async def sit_out(self, until: datetime) -> None:
        """WeCom will not be asked again before `until`; the employee has her whole time all the same."""
        left = until - workflow.now()
        with contextlib.suppress(asyncio.TimeoutError):
            await workflow.wait_condition(lambda: self.interrupted, timeout=max(left, options.SHORTEST_WAIT))

    async def make_anew(self, batch: FlushedBatch, why: str, *, reassign: bool = False) -> None:
        """Cancel what is unconfirmed, leave out who is not to get it so, create it again for the others."""
        await self.cancel(why)
        await self.leave_out()
        if reassign:
            await workflow.execute_activity_method(
                StaffTasks.reassign_task,
                self.task,
                **options.patient_database("give them to other employees"),
            )
        self.task = self.task.model_copy(update={"attempt": self.task.attempt + 1})
        if not self.stopped:
            await self.create(batch)

    async def leave_out(self) -> None:
        """Take everybody who withdrew out of the ledger's list."""
        while self.withdrawals:
            await workflow.execute_activity_method(
                StaffTasks.withdraw_recipient,
                self.withdrawals.pop(0),
                **options.patient_database("leave her out"),
            )

    async def follow_up(self, due: FollowUp, batch: FlushedBatch) -> None:
        """Tell somebody that it waits. One that fails is only a reminder."""
        try:
            match due.kind:
                case FollowUpKind.REMIND:
                    await workflow.execute_activity_method(
                        StaffTasks.remind_task,
                        self.task,
                        **options.creating("remind the employee", batch.expire_at),
                    )
                case FollowUpKind.TODO:
                    await workflow.execute_activity_method(
                        FollowUps.tell_employee,
                        self.task,
                        **options.patient_database("a to-do for the employee"),
                    )
                case FollowUpKind.ESCALATE:
                    await workflow.execute_activity_method(
                        FollowUps.tell_manager,
                        self.task,
                        **options.patient_database("tell the store's manager"),
                    )
        except ActivityError as error:
            workflow.logger.warning("nobody was told of an open task: %s", error.cause)

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

    async def finish(self, status: TouchStatus, rule: str, reason: str) -> TaskState:
        what = FinishTask(batch_id=self.task.batch_id, status=status, rule=rule, reason=reason)
        return await workflow.execute_activity_method(
            StaffTasks.finish_task, what, **options.patient_database(f"settle: {rule}")
        )


def _details(batch: FlushedBatch) -> str:
    """What an operator sees of it in Temporal's own pages."""
    lines = [f"**{batch.claimed}** recipients", f"expires {batch.expire_at:%F %T}Z"]
    lines += [f"{due.kind} {due.at:%F %T}Z" for due in batch.follow_ups]
    if batch.tag_calls:
        whom = "these customers" if batch.backfills else "whom it misses"
        lines.append(
            f"{batch.tag_calls} calls of mark_tag at most, to tag {whom} for a while and take it off"
        )
    return "\n\n".join(lines)


def _why_not(error: ActivityError) -> Ending:
    """Nobody was sent it: WeCom refused it, or it was looked for and stopped."""
    cause = error.cause
    if isinstance(cause, ApplicationError) and cause.type == "TooLate":
        return TouchStatus.EXPIRED, "too_late", "WeCom could not be reached while there was time"
    if isinstance(cause, ApplicationError) and cause.non_retryable:
        return TouchStatus.FAILED, cause.type or "refused", cause.message[:200]
    return TouchStatus.EXPIRED, "no_answer", "WeCom gave no answer in time"
