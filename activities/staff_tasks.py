"""企业群发 as WeCom knows it: one task per batch that an employee must confirm (contract §8)."""

from collections.abc import Sequence
from datetime import timedelta
from zoneinfo import ZoneInfo

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.courier import Courier
from activities.failures import not_yet, translated
from activities.lost_tasks import SETTLING
from activities.mass_tasks import MassTasks
from activities.moment_tasks import MomentTasks
from activities.task_channels import TaskChannel
from activities.telling import tell_settled
from domain.follow_ups import follow_ups
from domain.policy import Policy
from domain.rooms import JoinRules
from domain.task_messages import FinishTask, FlushBatch, FlushedBatch, TaskRef, TaskState, WithdrawFromTask
from domain.touches import Channel, Content, TouchStatus
from integrations import wecom
from playbooks import templates
from settings import Clock
from storage import (
    backfills,
    campaigns,
    directory,
    group_windows,
    ledger,
    reassigning,
    task_results,
    tasks,
    verdicts,
)
from storage.database import Database
from storage.held import is_held
from storage.tables import Batch

TOO_LATE = "TooLate"
NO_REMINDER = "not at WeCom, or reminded three times in 24 hours"


class StaffTasks:
    """Creates, watches and ends the tasks; their touches are settled here."""

    def __init__(
        self,
        database: Database,
        client: wecom.WeComClient,
        policy: Policy,
        courier: Courier,
        clock: Clock,
        rules: JoinRules,
        *,
        settling: timedelta = SETTLING,
    ) -> None:
        self._database, self._client, self._policy = database, client, policy
        self._courier, self._clock = courier, clock
        mass = database, client, clock, rules
        self._channels: dict[str, TaskChannel] = {
            Channel.PRIVATE: MassTasks(*mass, "single", settling),
            Channel.GROUP: MassTasks(*mass, "group", settling),
            Channel.MOMENTS: MomentTasks(database, client, clock, settling),
        }

    @activity.defn
    async def flush_batch(self, what: FlushBatch) -> FlushedBatch:
        """The window is over: policy decides in one transaction; the batch is closed in the same.

        Raises NotYet while its campaign is paused.
        """
        now, rhythm = self._clock(), self._policy.staff_task
        async with self._database.transaction() as session:
            batch = await tasks.batch_of(session, what.batch_id, lock=True)
            # Another employee's share of a task, a backfill: they may begin when their campaign has ended.
            if over := await campaigns.why_over(session, batch.campaign_id):
                await tasks.stop(session, what.batch_id, *over, now)
            elif await is_held(session, batch):
                raise not_yet("its campaign is paused", again_in=rhythm.poll_every)
            windows = group_windows if batch.channel == Channel.GROUP else ledger
            flushed = await windows.flush(session, what.batch_id, self._policy, now)
            _, store = await tasks.sender_of(session, batch.userid)
            zone = store.zone if store else directory.DEFAULT_ZONE
            ends = batch.expires_at or await verdicts.task_ends(session, batch, zone, self._policy, now)
            batch.expires_at = ends
            calls = await backfills.tag_calls(session, what.batch_id)
        await self._start_all(flushed.moved_to)
        await self._tell_waiting(what.batch_id)
        return FlushedBatch(
            claimed=flushed.claimed,
            poll_every=rhythm.poll_every,
            follow_ups=follow_ups(rhythm, Channel(batch.channel), now, ends),
            expire_at=ends,
            attempts=batch.attempt,
            backfills=batch.backfill_of is not None,
            tag_calls=calls,
        )

    @activity.defn
    async def create_task(self, what: TaskRef) -> TaskState:
        """Create the task, once per attempt. An attempt without an answer is looked for at WeCom first."""
        with translated():
            batch, recipients = await self._claim(what)
            if not _at_wecom(batch) and recipients:
                lost = batch.claimed_at is not None and await self._channel(batch).adopt(batch, recipients)
                if not lost:
                    self._check_in_time(what)
                    await self._create(batch, recipients)
            return await self._state(what.batch_id)

    @activity.defn
    async def poll_task(self, what: TaskRef) -> TaskState:
        """Settle what WeCom has results for. Raises NotYet while someone has not confirmed who still can."""
        with translated():
            await self._read_results(what.batch_id)
            state = await self._state(what.batch_id)
        async with self._database.transaction() as session:
            batch = await tasks.batch_of(session, what.batch_id)
            state.stranded = len(await reassigning.stranded(session, batch))
        if state.open and not state.stranded:
            raise not_yet(f"{state.open} recipients wait for the employee's confirmation")
        return state

    @activity.defn
    async def remind_task(self, what: TaskRef) -> TaskState:
        """Remind the employee, where WeCom can do that and within its quota."""
        state = await self._state(what.batch_id)
        async with self._database.transaction() as session:
            batch = await tasks.batch_of(session, what.batch_id, lock=True)
            if not _at_wecom(batch) or not tasks.claim_reminder(session, batch, self._clock()):
                state.reason = NO_REMINDER
                return state
        with translated():
            state.reason = await self._remind(batch)
        return state

    @activity.defn
    async def reassign_task(self, what: TaskRef) -> TaskState:
        """Give what its employee can send no more to others, in their next windows, once it is cancelled."""
        async with self._database.transaction() as session:
            moved = await reassigning.reassign(session, what.batch_id, self._policy, self._clock())
        await self._start_all(sorted(moved))
        await self._tell_waiting(what.batch_id)
        return await self._state(what.batch_id)

    @activity.defn
    async def cancel_task(self, what: TaskRef) -> TaskState:
        """Read what was sent, then stop the rest: WeCom answers no question about a cancelled task.

        One whose creation got no answer is looked for before. A confirmation between reading and stopping
        is not seen; see docs/decisions/0006.
        """
        with translated():
            if await self._found(what.batch_id):
                await self._read_results(what.batch_id)
                batch = await self._batch(what.batch_id)
                await self._channel(batch).cancel(batch)
        return await self._state(what.batch_id)

    @activity.defn
    async def finish_task(self, what: FinishTask) -> TaskState:
        """Settle whatever is still open, plan Moments for whom it missed, and tell those who wait for it."""
        now = self._clock()
        async with self._database.transaction() as session:
            await tasks.finish(
                session, what.batch_id, what.status, rule=what.rule, reason=what.reason, now=now
            )
            stopped = what.status is TouchStatus.CANCELLED  # somebody wants nothing more of it sent
            after = [] if stopped else await backfills.plan(session, what.batch_id, self._policy, now)
        await self._start_all([batch.id or 0 for batch in after])
        await self._tell_waiting(what.batch_id)
        return await self._state(what.batch_id)

    @activity.defn
    async def withdraw_recipient(self, what: WithdrawFromTask) -> TaskState:
        """Take one recipient out, in the ledger; the workflow then makes the task anew without her."""
        async with self._database.transaction() as session:
            await tasks.withdraw(session, what.batch_id, what.external_userid, what.reason, self._clock())
        return await self._state(what.batch_id)

    async def _claim(self, what: TaskRef) -> tuple[Batch, list[str]]:
        """Write the attempt down before WeCom is asked. `claimed_at` is set if it was claimed before."""
        async with self._database.transaction() as session:
            batch = await tasks.batch_of(session, what.batch_id, lock=True)
            if batch.attempt < what.attempt:
                await tasks.leave_out_opted_out(session, what.batch_id, self._clock())
            recipients = list(await tasks.recipients(session, what.batch_id))
            if batch.attempt >= what.attempt:
                return batch, recipients
            self._check_in_time(what)
            content = Content.model_validate(batch.content)
            employee, store = await tasks.sender_of(session, batch.userid)
            zone = ZoneInfo(store.zone if store else "Asia/Shanghai")
            today = self._clock().astimezone(zone).date()
            names = store.name if store else None, employee.name if employee else None
            text = templates.render(content.text, templates.batch_values(*names, today, content.benefit))
            # Customers tell two tasks with one text apart; whole groups and Moments do not.
            if batch.channel != Channel.PRIVATE and await tasks.awaits_answer(session, batch, text):
                raise not_yet("another task with this text waits for WeCom's answer")
            await tasks.claim(session, batch, text, self._clock())
            await session.flush()
            fresh = batch.model_copy(update={"claimed_at": None})
        return fresh, recipients

    def _check_in_time(self, what: TaskRef) -> None:
        """Certainly not created, and nobody wants it any more."""
        if what.until and self._clock() >= what.until:
            raise ApplicationError("its time is over", type=TOO_LATE, non_retryable=True)

    async def _found(self, batch_id: int) -> bool:
        """Whether WeCom holds the task, by its answer or after looking for it."""
        batch = await self._batch(batch_id)
        if _at_wecom(batch) or not batch.attempt:
            return _at_wecom(batch)
        async with self._database.transaction() as session:
            recipients = await tasks.recipients(session, batch_id)
        return bool(recipients) and await self._channel(batch).adopt(batch, recipients)

    async def _create(self, batch: Batch, recipients: list[str]) -> None:
        try:
            made = await self._channel(batch).create(batch, recipients)
        except wecom.WeComError as error:
            if not (isinstance(error, wecom.Unreachable) and error.maybe_done):
                await self._unclaim(batch)  # certainly not created: the retry may simply create it
            raise
        async with self._database.transaction() as session:
            await tasks.created(
                session, batch.id or 0, made.msgid, made.unreachable, self._clock(), job=made.job
            )

    async def _remind(self, batch: Batch) -> str:
        try:
            return await self._channel(batch).remind(batch)
        except wecom.WeComError as error:
            if not (isinstance(error, wecom.Unreachable) and error.maybe_done):
                async with self._database.transaction() as session:
                    row = await tasks.batch_of(session, batch.id or 0, lock=True)
                    row.reminded_at = row.reminded_at[:-1]
            raise

    async def _unclaim(self, batch: Batch) -> None:
        async with self._database.transaction() as session:
            row = await tasks.batch_of(session, batch.id or 0, lock=True)
            row.attempt -= 1
            session.add(row)

    async def _read_results(self, batch_id: int) -> None:
        batch = await self._batch(batch_id)
        async with self._database.transaction() as session:
            waiting = await tasks.recipients(session, batch_id)
            known = await task_results.holders_known(session, batch_id)
        if not (_at_wecom(batch) and waiting):
            return
        results = await self._channel(batch).results(batch, waiting, holders_known=known)
        async with self._database.transaction() as session:
            await task_results.record(session, batch, results, self._clock())
        await self._tell_waiting(batch_id)

    async def _tell_waiting(self, batch_id: int) -> None:
        async with self._database.transaction() as session:
            touches = await tasks.awaited(session, batch_id)
        await tell_settled(self._courier, "staff_task", touches, self._clock())

    async def _start_all(self, batch_ids: Sequence[int]) -> None:
        async with self._database.transaction() as session:
            batches = [await tasks.batch_of(session, batch_id) for batch_id in batch_ids]
        for batch in batches:
            await self._courier.start_staff_task(batch.id or 0, batch.window_ends_at - self._clock())

    def _channel(self, batch: Batch) -> TaskChannel:
        return self._channels[batch.channel]

    async def _batch(self, batch_id: int) -> Batch:
        async with self._database.transaction() as session:
            return await tasks.batch_of(session, batch_id)

    async def _state(self, batch_id: int) -> TaskState:
        async with self._database.transaction() as session:
            batch = await tasks.batch_of(session, batch_id)
            return TaskState(msgid=batch.msgid, open=len(await tasks.recipients(session, batch_id)))


def _at_wecom(batch: Batch) -> bool:
    """It holds the task, or of Moments the job that makes it."""
    return batch.msgid is not None or batch.job is not None
