"""企业群发 as WeCom knows it: one task per batch that an employee must confirm (contract §8)."""

from collections import defaultdict
from datetime import timedelta
from zoneinfo import ZoneInfo

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.courier import Courier, Parcel
from activities.failures import not_yet, translated
from activities.group_pictures import GroupPictures
from activities.lost_tasks import SETTLING, LostTasks
from activities.media import FORGOTTEN
from domain import calendar
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
from domain.touches import Content, TouchStatus
from integrations import wecom
from playbooks import templates
from settings import Clock
from storage import ledger, pictures, tasks
from storage.database import Database
from storage.tables import Batch

TOO_LATE = "TooLate"
PICTURE_SECONDS = 10.0  # to bring a forgotten picture to WeCom once more
NOBODY_REACHABLE, DISPATCHING, CANCELLED, REMINDED_ENOUGH = 41048, 41063, 41093, 41094
_OUTCOMES = {
    wecom.SendStatus.SENT: (TouchStatus.SENT, None, ""),
    wecom.SendStatus.NOT_FRIEND: (TouchStatus.NOT_FRIEND, "wecom_2", "WeCom: not a friend any more"),
    wecom.SendStatus.CAPPED: (TouchStatus.CAPPED, "wecom_3", "WeCom's own cap on mass messages"),
}


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
        self._courier, self._clock, self._rules = courier, clock, rules
        self._pictures = GroupPictures(database, client, clock)
        self._lost = LostTasks(database, client, clock, settling)

    @activity.defn
    async def flush_batch(self, what: FlushBatch) -> FlushedBatch:
        """The window is over: policy decides in one transaction; the batch is closed in the same."""
        now, rhythm = self._clock(), self._policy.staff_task
        async with self._database.transaction() as session:
            flushed = await ledger.flush(session, what.batch_id, self._policy, now)
            batch = await tasks.batch_of(session, what.batch_id)
            _, store = await tasks.sender_of(session, batch.userid)
            moved = [await tasks.batch_of(session, other) for other in flushed.moved_to]
        for other in moved:
            await self._courier.start_staff_task(other.id or 0, other.window_ends_at - now)
        await self._tell_waiting(what.batch_id)
        zone = store.zone if store else "Asia/Shanghai"
        quiet = calendar.next_quiet(now, zone, self._policy.quiet_hours)
        expire_at = min(now + rhythm.expire_after, quiet or now + rhythm.expire_after)
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
            if batch.msgid is None and recipients:
                lost = batch.claimed_at is not None and await self._lost.adopt(batch, recipients)
                if not lost:
                    await self._create(batch, recipients)
            return await self._state(what.batch_id)

    @activity.defn
    async def poll_task(self, what: TaskRef) -> TaskState:
        """Settle what WeCom has results for. Raises NotYet while someone has not confirmed."""
        with translated():
            state = await self._state(what.batch_id)
            if state.msgid and state.open:
                await self._read_results(what.batch_id, state.msgid)
                state = await self._state(what.batch_id)
        if state.open:
            raise not_yet(f"{state.open} recipients wait for the employee's confirmation")
        return state

    @activity.defn
    async def remind_task(self, what: TaskRef) -> TaskState:
        """Remind the employee, within WeCom's quota of three in 24 hours."""
        state = await self._state(what.batch_id)
        if state.msgid:
            with translated():
                try:
                    await self._client.remind_groupmsg_send(state.msgid)
                except wecom.WeComError as error:
                    if error.errcode not in (REMINDED_ENOUGH, CANCELLED):
                        raise
                    state.reason = str(error)
        return state

    @activity.defn
    async def cancel_task(self, what: TaskRef) -> TaskState:
        """Read what was sent, then stop the rest: WeCom answers no question about a cancelled task.

        A confirmation between the two is not seen; see docs/decisions/0006.
        """
        state = await self._state(what.batch_id)
        if state.msgid:
            with translated():
                try:
                    await self._read_results(what.batch_id, state.msgid)
                    await self._client.cancel_groupmsg_send(state.msgid)
                except wecom.WeComError as error:
                    if error.errcode != CANCELLED:
                        raise
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
            await tasks.claim(session, batch, templates.render(content.text, values), self._clock())
            await session.flush()
            fresh = batch.model_copy(update={"claimed_at": None})
        return fresh, recipients

    async def _create(self, batch: Batch, recipients: list[str]) -> None:
        msgid, unreachable = "", tuple(recipients)
        try:
            answer = await self._ask_for_task(batch, tuple(recipients))
            msgid, unreachable = answer.msgid, answer.fail_list
        except wecom.BusinessState as state:
            if state.errcode != NOBODY_REACHABLE:
                raise
        except wecom.WeComError as error:
            if not (isinstance(error, wecom.Unreachable) and error.maybe_done):
                await self._unclaim(batch)  # certainly not created: the retry may simply create it
            raise
        async with self._database.transaction() as session:
            await tasks.created(session, batch.id or 0, msgid or None, unreachable, self._clock())

    async def _ask_for_task(self, batch: Batch, recipients: tuple[str, ...]) -> wecom.MassTaskCreated:
        """A group's picture that WeCom has forgotten is brought there once more, or else left out.

        WeCom refuses such a task as a whole: none has been made.
        """
        chat_id, picture = Content.model_validate(batch.content).invite_to, None
        if chat_id:
            now = self._clock()
            async with self._database.transaction() as session:
                since = self._rules.hand_qr_since(now)
                picture = await pictures.group_qr(session, chat_id, now, since)
        for renew in (True, False):
            try:
                return await self._client.add_msg_template(_task(batch, recipients, picture))
            except wecom.Refused as refusal:
                if refusal.errcode != FORGOTTEN or not (chat_id and picture):
                    raise
                seconds = PICTURE_SECONDS if renew else 0
                picture = await self._pictures.again(chat_id, picture, seconds=seconds)
        return await self._client.add_msg_template(_task(batch, recipients, None))

    async def _unclaim(self, batch: Batch) -> None:
        async with self._database.transaction() as session:
            row = await tasks.batch_of(session, batch.id or 0, lock=True)
            row.attempt -= 1
            session.add(row)

    async def _read_results(self, batch_id: int, msgid: str) -> None:
        """Settle by the employees that WeCom names: it gives a customer to whoever chatted last."""
        try:
            members = await self._client.get_groupmsg_task(msgid)
            for member in (m for m in members if m.sent):
                settled: dict[wecom.SendStatus, list[str]] = defaultdict(list)
                async for result in self._client.get_groupmsg_send_result(msgid, member.userid):
                    settled[result.status].append(result.external_userid or "")
                await self._settle(batch_id, settled)
        except wecom.WeComError as error:
            if error.errcode == DISPATCHING:
                raise not_yet("WeCom is still dispatching the task") from None
            if error.errcode != CANCELLED:
                raise
        await self._tell_waiting(batch_id)

    async def _settle(self, batch_id: int, settled: dict[wecom.SendStatus, list[str]]) -> None:
        async with self._database.transaction() as session:
            for send_status, ids in settled.items():
                if outcome := _OUTCOMES.get(send_status):
                    status, rule, reason = outcome
                    await ledger.settle(
                        session, batch_id, ids, status, rule=rule, reason=reason, now=self._clock()
                    )

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

    async def _state(self, batch_id: int) -> TaskState:
        async with self._database.transaction() as session:
            batch = await tasks.batch_of(session, batch_id)
            return TaskState(msgid=batch.msgid, open=len(await tasks.recipients(session, batch_id)))


def _task(batch: Batch, recipients: tuple[str, ...], picture: str | None) -> wecom.MassTask:
    attachments = (wecom.Image(media_id=picture),) if picture else ()
    return wecom.MassTask(
        chat_type="single",
        external_userids=recipients,
        sender=batch.userid,
        message=wecom.Message(text=batch.text or "", attachments=attachments),
    )
