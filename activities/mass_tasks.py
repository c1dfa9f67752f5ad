"""企业群发, to customers or to groups: one task that the employee, or the group's owner, confirms."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta

from activities.enclosures import Enclosed, Enclosures
from activities.failures import not_yet
from activities.lost_tasks import CANCELLED, LostTasks
from activities.task_channels import Made, Outcome
from domain.rooms import JoinRules
from domain.touches import Content, TouchStatus
from integrations import wecom
from settings import Clock
from storage.database import Database
from storage.tables import Batch

NOBODY_REACHABLE, DISPATCHING, REMINDED_ENOUGH = 41048, 41063, 41094
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

    async def results(self, batch: Batch, recipients: Sequence[str]) -> Mapping[Outcome, Sequence[str]]:
        """By the employees that WeCom names: it gives a customer to whoever chatted last.

        Of groups it lists only what was sent: the others are open until the task expires.
        """
        found: dict[Outcome, list[str]] = defaultdict(list)
        msgid = batch.msgid or ""
        try:
            for member in (m for m in await self._client.get_groupmsg_task(msgid) if m.sent):
                async for result in self._client.get_groupmsg_send_result(msgid, member.userid):
                    if outcome := OUTCOMES[self._chat_type].get(result.status):
                        found[outcome].append(result.chat_id or result.external_userid or "")
        except wecom.WeComError as error:
            if error.errcode == DISPATCHING:
                raise not_yet("WeCom is still dispatching the task") from None
            if error.errcode != CANCELLED:
                raise
        return found

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
