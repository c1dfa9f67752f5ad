"""补漏 (M52): whom a message missed has a tag while a moment is shown to her. One call each, on and off."""

import logging
from collections.abc import Sequence
from datetime import timedelta

from temporalio import activity

from activities.failures import not_yet, translated
from activities.guarded import guarded
from activities.tag_ids import TagIds
from domain.backfilling import TAG_GROUP
from domain.task_messages import TagsChanged, TaskRef
from domain.touches import TouchStatus
from integrations import wecom
from settings import Clock
from storage import backfills
from storage.database import Database
from storage.tables import TemporaryTag
from storage.task_results import Result, record
from storage.tasks import batch_of, recipients

GRACE = timedelta(minutes=10)  # in which its own StaffTask takes the tags off
NO_RELATION = {84061, 40096, 60111}
NO_SUCH_TAG = 40068
LOST = (TouchStatus.NOT_FRIEND, "not_friend", "WeCom: not a friend of the employee who was to show it")

log = logging.getLogger(__name__)


class Backfills:
    """Each marking is a row, claimed before the call: whatever stops, begins again where it was."""

    def __init__(self, database: Database, client: wecom.WeComClient, clock: Clock) -> None:
        self._database, self._client, self._clock = database, client, clock
        self._ids = TagIds(database, client)

    @activity.defn
    async def tag_missed(self, what: TaskRef) -> TagsChanged:
        """Tag everybody whom policy let through and who is not yet. Nobody else ever gets the tag.

        Who was taken out meanwhile, because she opted out for instance, loses it.
        """
        async with self._database.transaction() as session:
            rows = await backfills.claim_tags(session, what.batch_id, self._clock())
        with translated():
            for row in rows:
                activity.heartbeat()
                await self._tag(row)
        async with self._database.transaction() as session:
            keep = set(await recipients(session, what.batch_id))
            left = await backfills.claim_removal(session, what.batch_id, self._clock(), keep=keep)
        await self._untag_all(left)
        return TagsChanged(customers=len(rows))

    @activity.defn
    async def untag_missed(self, what: TaskRef) -> TagsChanged:
        """Take the tag off everybody who may have it."""
        async with self._database.transaction() as session:
            rows = await backfills.claim_removal(session, what.batch_id, self._clock())
        await self._untag_all(rows)
        return TagsChanged(customers=len(rows))

    async def take_off_leftovers(self) -> int:
        """For the sweep: of backfills that have ended without it, by a crash for instance."""
        async with self._database.transaction() as session:
            left = await backfills.left_behind(session, self._clock() - GRACE)
        taken_off = 0
        for batch_id in left:
            with guarded(f"temporary tags of batch/{batch_id}"):
                taken_off += (await self.untag_missed(TaskRef(batch_id=batch_id))).customers
        return taken_off

    async def _untag_all(self, rows: Sequence[TemporaryTag]) -> None:
        with translated():
            for row in rows:
                activity.heartbeat()
                await self._untag(row)

    async def _tag(self, row: TemporaryTag) -> None:
        key = (TAG_GROUP, row.tag)
        tag_id = (await self._ids.of([key]))[key]
        try:
            await self._client.mark_tag(row.userid, row.external_userid, add=[tag_id], remove=[])
        except wecom.WeComError as error:
            if error.errcode == NO_SUCH_TAG:  # somebody deleted the tag in the console: make it again
                await self._ids.forget([key])
                raise not_yet("the tag is gone and will be made again") from None
            if error.errcode not in NO_RELATION:
                raise
            await self._refuse(row, str(error)[:200])
            return
        await self._settle(row, backfills.MARKED)

    async def _untag(self, row: TemporaryTag) -> None:
        """Without the friendship, or without the tag itself, nobody has it."""
        key, reason = (TAG_GROUP, row.tag), ""
        if tag_id := (await self._ids.known([key])).get(key):
            try:
                await self._client.mark_tag(row.userid, row.external_userid, add=[], remove=[tag_id])
            except wecom.WeComError as error:
                if error.errcode not in NO_RELATION | {NO_SUCH_TAG}:
                    raise
                reason = str(error)[:200]
        await self._settle(row, backfills.REMOVED, reason)

    async def _settle(self, row: TemporaryTag, status: str, reason: str = "") -> None:
        async with self._database.transaction() as session:
            await backfills.settle_tag(session, row, status, reason, self._clock())

    async def _refuse(self, row: TemporaryTag, reason: str) -> None:
        """She cannot be tagged, so she will not see it."""
        now = self._clock()
        async with self._database.transaction() as session:
            await backfills.settle_tag(session, row, backfills.REFUSED, reason, now)
            batch = await batch_of(session, row.batch_id)
            await record(session, batch, [Result(row.external_userid, row.userid, LOST)], now)
