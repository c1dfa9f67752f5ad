"""A task whose creation had no answer: is it at WeCom all the same? (docs/decisions/0005)"""

from collections.abc import Sequence
from datetime import timedelta

from activities.failures import not_yet
from integrations import wecom
from settings import Clock
from storage import tasks
from storage.database import Database
from storage.tables import Batch

CANCELLED = 41093
SETTLING = timedelta(seconds=30)  # WeCom may list a new task only after it has dispatched it (contract §8.2)
LOOK_BACK = timedelta(minutes=1)  # its clock and ours may differ


class LostTasks:
    """Looks for a task by what it says and whom it is for; nothing else tells it from others."""

    def __init__(
        self,
        database: Database,
        client: wecom.WeComClient,
        clock: Clock,
        settling: timedelta,
        chat_type: wecom.ChatType,
    ) -> None:
        self._database, self._client, self._chat_type = database, client, chat_type
        self._clock, self._settling = clock, settling

    async def adopt(self, batch: Batch, recipients: Sequence[str]) -> bool:
        """An earlier call of this attempt got no answer. True if WeCom holds the task after all.

        Before SETTLING has passed WeCom may not list it yet, and a second task would be a second message.
        """
        assert batch.claimed_at is not None
        now = self._clock()
        if now < batch.claimed_at + self._settling:
            raise not_yet("the answer to an earlier create was lost", again_in=self._settling)
        found = await self._find(batch, set(recipients))
        async with self._database.transaction() as session:
            if found:
                await tasks.created(session, batch.id or 0, found, (), now)
            else:
                await tasks.claim_again(session, batch.id or 0, now)
        return found is not None

    async def _find(self, batch: Batch, recipients: set[str]) -> str | None:
        """The task of WeCom's list that has our text, our employee and our recipients."""
        assert batch.claimed_at is not None
        start = batch.claimed_at - LOOK_BACK
        async for candidate in self._client.list_groupmsgs(self._chat_type, start, self._clock()):
            if candidate.text != batch.text or await self._known(candidate.msgid):
                continue
            if await self._ours(candidate, batch, recipients):
                return candidate.msgid
        return None

    async def _ours(self, candidate: wecom.GroupMsg, batch: Batch, recipients: set[str]) -> bool:
        """WeCom lists no groups of an unconfirmed task. By text and owner it is ours all the same, because
        no other batch with these may wait for its answer (`tasks.awaits_answer`)."""
        if self._chat_type == "single":
            return bool(await self._recipients_at_wecom(candidate.msgid) & recipients)
        return candidate.creator is None and batch.userid in await self._members(candidate.msgid)

    async def _recipients_at_wecom(self, msgid: str) -> set[str | None]:
        """Of whichever employees: WeCom gives a customer to whoever chatted last (contract §8.1).

        Nobody for a cancelled task: it is one that was made anew without somebody.
        """
        found: set[str | None] = set()
        for userid in await self._members(msgid):
            results = self._client.get_groupmsg_send_result(msgid, userid)
            found |= {result.external_userid async for result in results}
        return found

    async def _members(self, msgid: str) -> list[str]:
        """Who is to confirm it; nobody for a cancelled task."""
        try:
            return [member.userid for member in await self._client.get_groupmsg_task(msgid)]
        except wecom.BusinessState as state:
            if state.errcode != CANCELLED:
                raise
            return []

    async def _known(self, msgid: str) -> bool:
        async with self._database.transaction() as session:
            return await tasks.by_msgid(session, msgid) is not None
