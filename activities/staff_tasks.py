"""企业群发 as WeCom knows it: one task per batch that an employee must confirm (contract §8)."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.courier import Courier, Parcel
from activities.failures import not_yet, translated
from activities.lost_tasks import SETTLING
from activities.mass_tasks import MassTasks
from activities.moment_tasks import MomentTasks
from activities.task_channels import TaskChannel
from domain.events import Event, EventKind
from domain.messages import (
    FinishTask,
    FlushBatch,
    FlushedBatch,
    TaskRef,
    TaskState,
    WithdrawFromTask,
)
from domain.policy import Policy
from domain.rooms import JoinRules
from domain.touches import Channel, Content
from integrations import wecom
from playbooks import templates
from settings import Clock
from storage import directory, group_windows, ledger, tasks, verdicts
from storage.database import Database
from storage.tables import Batch

TOO_LATE = "TooLate"


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
        """The window is over: policy decides in one transaction; the batch is closed in the same."""
        now, rhythm = self._clock(), self._policy.staff_task
        async with self._database.transaction() as session:
            batch = await tasks.batch_of(session, what.batch_id)
            windows = group_windows if batch.channel == Channel.GROUP else ledger
            flushed = await windows.flush(session, what.batch_id, self._policy, now)
            _, store = await tasks.sender_of(session, batch.userid)
            moved = [await tasks.batch_of(session, other) for other in flushed.moved_to]
            zone = store.zone if store else directory.DEFAULT_ZONE
            expire_at = await verdicts.task_ends(session, batch, zone, self._policy, now)
        for other in moved:
            await self._courier.start_staff_task(other.id or 0, other.window_ends_at - now)
        await self._tell_waiting(what.batch_id)
        return FlushedBatch(
            claimed=flushed.claimed,
            poll_every=rhythm.poll_every,
            remind_at=min(now + rhythm.remind_after, expire_at),
            expire_at=expire_at,
        )

    @activity.defn
    async def create_task(self, what: TaskRef) -> TaskState:
        """Create the task, once per attempt. An attempt without an answer is looked for at WeCom first."""
        if what.until and self._clock() >= what.until:
            raise ApplicationError("its time is over", type=TOO_LATE, non_retryable=True)
        with translated():
            batch, recipients = await self._claim(what)
            if not _at_wecom(batch) and recipients:
                lost = batch.claimed_at is not None and await self._channel(batch).adopt(batch, recipients)
                if not lost:
                    await self._create(batch, recipients)
            return await self._state(what.batch_id)

    @activity.defn
    async def poll_task(self, what: TaskRef) -> TaskState:
        """Settle what WeCom has results for. Raises NotYet while someone has not confirmed."""
        with translated():
            await self._read_results(what.batch_id)
            state = await self._state(what.batch_id)
        if state.open:
            raise not_yet(f"{state.open} recipients wait for the employee's confirmation")
        return state

    @activity.defn
    async def remind_task(self, what: TaskRef) -> TaskState:
        """Remind the employee, where WeCom can do that."""
        batch = await self._batch(what.batch_id)
        state = await self._state(what.batch_id)
        if _at_wecom(batch):
            with translated():
                state.reason = await self._channel(batch).remind(batch)
        return state

    @activity.defn
    async def cancel_task(self, what: TaskRef) -> TaskState:
        """Read what was sent, then stop the rest: WeCom answers no question about a cancelled task.

        A confirmation between the two is not seen; see docs/decisions/0006.
        """
        if _at_wecom(await self._batch(what.batch_id)):
            with translated():
                await self._read_results(what.batch_id)
                batch = await self._batch(what.batch_id)
                await self._channel(batch).cancel(batch)
        return await self._state(what.batch_id)

    @activity.defn
    async def finish_task(self, what: FinishTask) -> TaskState:
        """Settle whatever is still open, and tell those who wait for it."""
        async with self._database.transaction() as session:
            await tasks.finish(
                session,
                what.batch_id,
                what.status,
                rule=what.rule,
                reason=what.reason,
                now=self._clock(),
            )
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
            content = Content.model_validate(batch.content)
            employee, store = await tasks.sender_of(session, batch.userid)
            zone = ZoneInfo(store.zone if store else "Asia/Shanghai")
            values = {
                "store": {"name": store.name if store else "本店"},
                "employee": {"name": employee.name if employee else ""},
                "date": templates.local_date(self._clock().astimezone(zone).date()),
                "benefit": content.benefit or "",
            }
            text = templates.render(content.text, values)
            # Customers tell two tasks with one text apart; whole groups and Moments do not.
            if batch.channel != Channel.PRIVATE and await tasks.awaits_answer(session, batch, text):
                raise not_yet("another task with this text waits for WeCom's answer")
            await tasks.claim(session, batch, text, self._clock())
            await session.flush()
            fresh = batch.model_copy(update={"claimed_at": None})
        return fresh, recipients

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

    async def _unclaim(self, batch: Batch) -> None:
        async with self._database.transaction() as session:
            row = await tasks.batch_of(session, batch.id or 0, lock=True)
            row.attempt -= 1
            session.add(row)

    async def _read_results(self, batch_id: int) -> None:
        batch = await self._batch(batch_id)
        async with self._database.transaction() as session:
            waiting = await tasks.recipients(session, batch_id)
        if not (_at_wecom(batch) and waiting):
            return
        results = await self._channel(batch).results(batch, waiting)
        async with self._database.transaction() as session:
            for (status, rule, reason), whose in results.items():
                await ledger.settle(
                    session, batch_id, whose, status, rule=rule, reason=reason, now=self._clock()
                )
        await self._tell_waiting(batch_id)

    async def _tell_waiting(self, batch_id: int) -> None:
        """Only customers whose playbook waits for the delivery cost a signal."""
        async with self._database.transaction() as session:
            touches = await tasks.awaited(session, batch_id)
        for touch in touches:
            event = Event(
                id=f"{touch.key}/settled",
                kind=EventKind.TOUCH_SETTLED,
                at=touch.settled_at or self._clock(),
                touch_key=touch.key,
                outcome=touch.status,
                reason=touch.rule,
            )
            await self._courier.post("staff_task", f"customer/{touch.external_userid}", Parcel(event=event))

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
