"""企业群发, to customers or to groups: one task that the employee, or the group's owner, confirms."""

import logging
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

from activities.enclosures import Enclosed, Enclosures
from activities.failures import not_yet
from activities.lost_tasks import CANCELLED, LostTasks
from activities.task_channels import Made
from domain.rooms import JoinRules
from domain.touches import Content, TouchStatus
from integrations import wecom
from settings import Clock
from storage.database import Database
from storage.tables import Batch
from storage.task_results import Outcome, Result

NOBODY_REACHABLE, DISPATCHING, REMINDED_ENOUGH = 41048, 41063, 41094
_OUT_OF_SIGHT = {60011, 60111}  # the employee has left, or is out of the app's range
_SENT: Outcome = (TouchStatus.SENT, None, "")
OUTCOMES: dict[wecom.ChatType, dict[wecom.SendStatus, Outcome]] = {
    "single": {
        wecom.SendStatus.SENT: _SENT,
        wecom.SendStatus.NOT_FRIEND: (TouchStatus.NOT_FRIEND, "wecom_2", "WeCom: not a friend any more"),
        wecom.SendStatus.CAPPED: (TouchStatus.CAPPED, "wecom_3", "WeCom's own cap on mass messages"),
    },
    "group": {
        wecom.SendStatus.SENT: _SENT,
        wecom.SendStatus.NOT_FRIEND: (
            TouchStatus.NOT_FRIEND,
            "wecom_2",
            "WeCom: the group is gone, or another employee's",
        ),
        wecom.SendStatus.CAPPED: (TouchStatus.CAPPED, "wecom_3", "WeCom's own cap on messages to this group"),
    },
}

log = logging.getLogger(__name__)


class MassTasks:
    """Of one chat type: `single` reaches customers, `group` reaches whole groups."""

    def __init__(
        self,
        database: Database,
        client: wecom.WeComClient,
        clock: Clock,
        rules: JoinRules,
        chat_type: wecom.ChatType,
        settling: timedelta,
    ) -> None:
        self._client, self._chat_type = client, chat_type
        self._enclosures = Enclosures(database, client, clock, rules)
        self._lost = LostTasks(database, client, clock, settling, chat_type)

    async def adopt(self, batch: Batch, recipients: Sequence[str]) -> bool:
        return await self._lost.adopt(batch, recipients)

    async def create(self, batch: Batch, recipients: Sequence[str]) -> Made:
        async def ask(enclosed: Enclosed) -> wecom.MassTaskCreated:
            return await self._client.add_msg_template(self._task(batch, tuple(recipients), enclosed))

        try:
            answer = await self._enclosures.send(Content.model_validate(batch.content), ask)
        except wecom.BusinessState as state:
            if state.errcode != NOBODY_REACHABLE:
                raise
            return Made(unreachable=recipients)
        return Made(answer.msgid or None, answer.fail_list)

    async def results(
        self, batch: Batch, recipients: Sequence[str], *, holders_known: bool
    ) -> Sequence[Result]:
        """By the employees that WeCom names: it gives a customer to whoever chatted last.

        Of groups it lists only what was sent: the others are open until the task expires.
        """
        msgid, found = batch.msgid or "", list[Result]()
        try:
            for member in await self._client.get_groupmsg_task(msgid):
                if member.sent or not holders_known:
                    found += [result async for result in self._of_member(msgid, member)]
        except wecom.WeComError as error:
            if error.errcode == DISPATCHING:
                raise not_yet("WeCom is still dispatching the task") from None
            if error.errcode != CANCELLED:
                raise
        return found

    async def _of_member(self, msgid: str, member: wecom.TaskMember) -> AsyncIterator[Result]:
        """Nothing of somebody whom WeCom does not show to us any more: she will send nothing."""
        try:
            async for one in self._client.get_groupmsg_send_result(msgid, member.userid):
                who, outcome = one.chat_id or one.external_userid, OUTCOMES[self._chat_type].get(one.status)
                sent_at = one.send_time or member.send_time
                yield Result(who or "", member.userid, outcome, sent_at if outcome else None)
        except wecom.WeComError as error:
            if error.errcode not in _OUT_OF_SIGHT:
                raise
            log.warning("no results of %s in task %s: %s", member.userid, msgid, error)

    async def remind(self, batch: Batch) -> str:
        """Within WeCom's quota of three in 24 hours."""
        try:
            await self._client.remind_groupmsg_send(batch.msgid or "")
        except wecom.WeComError as error:
            if error.errcode not in (REMINDED_ENOUGH, CANCELLED):
                raise
            return str(error)
        return ""

    async def cancel(self, batch: Batch) -> None:
        try:
            await self._client.cancel_groupmsg_send(batch.msgid or "")
        except wecom.WeComError as error:
            if error.errcode != CANCELLED:
                raise

    def _task(self, batch: Batch, recipients: tuple[str, ...], enclosed: Enclosed) -> wecom.MassTask:
        group = self._chat_type == "group"
        return wecom.MassTask(
            chat_type=self._chat_type,
            external_userids=() if group else recipients,
            chat_ids=recipients if group else (),
            sender=batch.userid,
            message=wecom.Message(text=batch.text or "", attachments=enclosed),
        )
