"""A moment whose creation had no answer: is it at WeCom all the same? As docs/decisions/0005 for tasks."""

from datetime import timedelta

from activities.failures import not_yet
from activities.lost_tasks import LOOK_BACK
from integrations import wecom
from settings import Clock
from storage import tasks
from storage.database import Database
from storage.tables import Batch


class LostMoments:
    """Looks for it by its text and its employee; no other batch with these may wait for its answer."""

    def __init__(
        self, database: Database, client: wecom.WeComClient, clock: Clock, settling: timedelta
    ) -> None:
        self._database, self._client = database, client
        self._clock, self._settling = clock, settling

    async def adopt(self, batch: Batch) -> bool:
        """True if WeCom holds the moment after all. Its job, which nobody knows, must have ended before."""
        assert batch.claimed_at is not None
        now = self._clock()
        if now < batch.claimed_at + self._settling:
            raise not_yet("the answer to an earlier create was lost", again_in=self._settling)
        found = await self.find(batch)
        async with self._database.transaction() as session:
            if found:
                await tasks.created(session, batch.id or 0, found, (), now)
            else:
                await tasks.claim_again(session, batch.id or 0, now)
        return found is not None

    async def find(self, batch: Batch) -> str | None:
        """The moment of WeCom's list that an app made, with our text, for our employee."""
        assert batch.claimed_at is not None
        start, now = batch.claimed_at - LOOK_BACK, self._clock()
        async for candidate in self._client.list_moments(start, now):
            if (
                candidate.creator is None
                and candidate.text == batch.text
                and await self._ours(candidate.moment_id, batch)
            ):
                return candidate.moment_id
        return None

    async def _ours(self, moment_id: str, batch: Batch) -> bool:
        async with self._database.transaction() as session:
            if await tasks.by_msgid(session, moment_id):
                return False
        members = await self._client.get_moment_task(moment_id)
        return batch.userid in {member.userid for member in members}
