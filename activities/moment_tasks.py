"""客户朋友圈: one moment of one employee, shown to those of her customers who have a tag (contract §8.3)."""

from collections.abc import Sequence
from datetime import timedelta

from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio.exceptions import ApplicationError

from activities.failures import not_yet
from activities.lost_moments import LostMoments
from activities.moment_pictures import MomentPictures
from activities.task_channels import Made
from domain.touches import Content, TouchStatus
from integrations import wecom
from settings import Clock
from storage import backfills, moment_touches
from storage.database import Database
from storage.tables import Batch
from storage.task_results import Outcome, Result

DISPATCHING, GONE, NO_SUCH_JOB = 41079, 41060, 40058
JOB_TAKES = timedelta(seconds=5)
NO_REMINDER = "WeCom has no reminder for Moments"
SENT: Outcome = (TouchStatus.SENT, None, "")
NOT_MEANT: Outcome = (TouchStatus.NOT_FRIEND, "not_in_audience", "WeCom: no friend any more, or no such tag")
DELETED: Outcome = (TouchStatus.CANCELLED, "deleted", "somebody deleted the moment at WeCom")
NOT_SHOWN: Outcome = (TouchStatus.CAPPED, "not_shown", "published, but WeCom shows her no more of the corp's")


class MomentTasks:
    """A call starts a job, the job makes the moment, the employee publishes it."""

    def __init__(
        self, database: Database, client: wecom.WeComClient, clock: Clock, settling: timedelta
    ) -> None:
        self._database, self._client, self._clock = database, client, clock
        self._pictures = MomentPictures(database, client, clock)
        self._lost = LostMoments(database, client, clock, settling)

    async def adopt(self, batch: Batch, recipients: Sequence[str]) -> bool:
        return await self._lost.adopt(batch)

    async def create(self, batch: Batch, recipients: Sequence[str]) -> Made:
        content = Content.model_validate(batch.content)
        async with self._database.transaction() as session:
            tags = await self._tags(session, batch, content)
        if not tags:  # without any, WeCom would show it to all her customers
            raise ApplicationError(f"no tag is named {content.tag}", type="NoTag", non_retryable=True)

        async def ask(images: tuple[str, ...], link: wecom.MomentLink | None) -> str:
            task = wecom.MomentTask(
                text=batch.text or "", images=images, link=link, users=(batch.userid,), tags=tuple(tags)
            )
            return await self._client.add_moment_task(task)

        return Made(job=await self._pictures.send(content, ask))

    async def results(
        self, batch: Batch, recipients: Sequence[str], *, holders_known: bool
    ) -> Sequence[Result]:
        """Nothing until she publishes. Whoever sees it is recorded, also who was left out."""
        moment_id = batch.msgid or await self._made(batch)
        if isinstance(moment_id, wecom.MomentOutcome):
            failed = (TouchStatus.FAILED, f"wecom_{moment_id.errcode}", moment_id.errmsg[:200])
            return [Result(who, batch.userid, failed) for who in recipients]
        try:
            published = any(m.published for m in await self._client.get_moment_task(moment_id))
        except wecom.WeComError as error:
            if error.errcode == DISPATCHING:
                raise not_yet("WeCom is still dispatching the moment") from None
            if error.errcode == GONE:
                return [Result(who, batch.userid, DELETED) for who in recipients]
            raise
        return await self._shown(batch, moment_id, recipients) if published else []

    async def _shown(self, batch: Batch, moment_id: str, recipients: Sequence[str]) -> list[Result]:
        """Of a published moment. WeCom does not say when she tapped: it was since the last poll."""
        meant = {who async for who in self._client.get_moment_customers(moment_id, batch.userid)}
        seen = {who async for who in self._client.get_moment_send_result(moment_id, batch.userid)}
        now = self._clock()
        async with self._database.transaction() as session:
            await moment_touches.shown(session, batch, seen, now)
        return [
            Result(who, batch.userid, SENT if who in seen else NOT_SHOWN if who in meant else NOT_MEANT, now)
            for who in recipients
        ]

    async def remind(self, batch: Batch) -> str:
        return NO_REMINDER

    async def cancel(self, batch: Batch) -> None:
        moment_id = batch.msgid or await self._made(batch)
        if isinstance(moment_id, wecom.MomentOutcome):
            return
        try:
            await self._client.cancel_moment_task(moment_id)
        except wecom.WeComError as error:
            if error.errcode != GONE:
                raise

    async def _tags(self, session: AsyncSession, batch: Batch, content: Content) -> list[str]:
        if batch.backfill_of:
            return await backfills.tag_ids(session, batch.id or 0)
        return await moment_touches.tag_ids(session, batch.userid, content.tag or "")

    async def _made(self, batch: Batch) -> str | wecom.MomentOutcome:
        """The moment_id that the job gives; its outcome when it made none."""
        outcome = await self._outcome(batch)
        if outcome.errcode or not outcome.moment_id:
            return outcome
        async with self._database.transaction() as session:
            await moment_touches.made(session, batch.id or 0, outcome.moment_id)
        return outcome.moment_id

    async def _outcome(self, batch: Batch) -> wecom.MomentOutcome:
        """WeCom forgets a job after 24 hours; what it made can be found all the same."""
        try:
            job = await self._client.get_moment_task_result(batch.job or "")
        except wecom.WeComError as error:
            if error.errcode != NO_SUCH_JOB:
                raise
            moment_id = await self._lost.find(batch) or ""
            return wecom.MomentOutcome(errcode=0 if moment_id else error.errcode, moment_id=moment_id)
        if job.result is None:
            raise not_yet("WeCom's job still runs", again_in=JOB_TAKES)
        return job.result
