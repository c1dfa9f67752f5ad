"""A campaign's work: opened, written down wave by wave, handed over, looked after, stopped, ended."""

from datetime import datetime, timedelta

from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.courier import Courier
from activities.failures import not_yet
from domain import campaigning
from domain.campaign import CampaignStatus
from domain.campaign_messages import (
    CampaignEnd,
    CampaignRef,
    FinishCampaign,
    GivenOrder,
    ObeyedOrder,
    OpenedCampaign,
    Stopped,
    StopRest,
    WatchedWave,
    WaveEnd,
    WaveRef,
    WaveToDo,
    WrittenWave,
)
from domain.policy import Policy
from domain.shape import earliest
from settings import Clock
from storage import campaign_brakes, campaign_orders, campaign_planning, campaign_release, campaigns
from storage.database import Database
from storage.tables import CampaignRow, CampaignWave

BAD_ORDER = "BadOrder"
SOON = timedelta(seconds=1)


class Campaigns:
    """All that is known of a campaign is in PostgreSQL: each piece may be done again after a crash."""

    def __init__(self, database: Database, policy: Policy, courier: Courier, clock: Clock) -> None:
        self._database, self._policy, self._courier, self._clock = database, policy, courier, clock

    @activity.defn
    async def open_campaign(self, what: CampaignRef) -> OpenedCampaign:
        """Where it stands, and which of its waves are left."""
        async with self._database.transaction() as session:
            row = await campaigns.find(session, what.campaign_id)
            if row is None:
                raise ApplicationError("there is no such campaign", type="NoCampaign", non_retryable=True)
            begun = await campaigns.waves(session, row.id)
            regions = await campaigns.regions(session, row.id)
        body = campaigns.body_of(row)
        return OpenedCampaign(
            status=row.status,
            title=body.title,
            reason=row.reason,
            recall=row.recall,
            begins_at=campaigning.begins_at(body, list(regions.values()), row.approved_at or self._clock()),
            until=body.until,
            waves=[
                WaveToDo(number=n, name=wave.name, then_wait=wave.then_wait, confirm=wave.confirm)
                for n, wave in enumerate(body.rollout)
                if n not in begun or begun[n].ended_at is None
            ],
        )

    @activity.defn
    async def begin_campaign(self, what: CampaignRef) -> CampaignEnd:
        """Its time has come. One that was paused meanwhile stays so."""
        async with self._database.transaction() as session:
            row = await self._row(session, what.campaign_id)
            if row.status == CampaignStatus.APPROVED:
                row.status = CampaignStatus.RUNNING
            row.began_at = row.began_at or self._clock()
            session.add(row)
            return CampaignEnd(status=row.status, reason=row.reason)

    @activity.defn
    async def write_wave(self, what: WaveRef) -> WrittenWave:
        """Write the messages of a wave down, page by page; a retry goes on after the last page."""
        while True:
            async with self._database.transaction() as session:
                wave = await campaign_planning.plan_page(
                    session, what.campaign_id, what.number, self._policy.tiers, self._clock()
                )
                status = (await self._row(session, what.campaign_id)).status
            if wave is None or wave.planned_at:
                return WrittenWave(status=status, done=wave is not None)
            activity.heartbeat(wave.targeted)

    @activity.defn
    async def carry_wave(self, what: WaveRef) -> WatchedWave:
        """Hand over what the pace allows. Raises NotYet until all of it has an outcome."""
        now = self._clock()
        async with self._database.transaction() as session:
            row = await self._row(session, what.campaign_id)
            if row.status != CampaignStatus.RUNNING:
                return WatchedWave(status=row.status, end=WaveEnd.STOPPED)
            body = campaigns.body_of(row)
            if pulled := await campaign_brakes.pulled(session, body, now):
                return pulled
            released = await campaign_release.release(
                session, what.campaign_id, what.number, self._policy, now
            )
        for batch_id, ends in released.batches:
            await self._courier.start_staff_task(batch_id, ends - now)
            activity.heartbeat(batch_id)
        async with self._database.transaction() as session:
            if await campaign_brakes.settled(session, what.campaign_id, what.number):
                return WatchedWave(end=WaveEnd.SETTLED)
        again_at = earliest(now + self._policy.staff_task.poll_every, released.again_at, body.until)
        raise not_yet("messages of the wave are on their way", again_in=_from(now, again_at))

    @activity.defn
    async def end_wave(self, what: WaveRef) -> WaveRef:
        """Settled, waited and confirmed."""
        async with self._database.transaction() as session:
            wave = await session.get_one(CampaignWave, (what.campaign_id, what.number))
            wave.ended_at = wave.ended_at or self._clock()
            session.add(wave)
        return what

    @activity.defn
    async def obey_order(self, what: GivenOrder) -> ObeyedOrder:
        try:
            async with self._database.transaction() as session:
                return await campaign_orders.obey(session, what.campaign_id, what.order, self._clock())
        except campaign_orders.Refused as refused:
            raise ApplicationError(str(refused), type=BAD_ORDER, non_retryable=True) from None

    @activity.defn
    async def stop_rest(self, what: StopRest) -> Stopped:
        """Cancel batch by batch, until there is none: one whose window closes meanwhile may open another."""
        stopped: set[int] = set()
        while True:
            async with self._database.transaction() as session:
                batches = await campaigns.batches_to_stop(
                    session, what.campaign_id, what.rule, recall=what.recall
                )
            left = [batch for batch in batches if batch not in stopped]
            if not left:
                return Stopped(batches=len(stopped))
            for batch in left:
                await self._courier.stop_task(batch, what.rule, what.reason)
                stopped.add(batch)
                activity.heartbeat(batch)

    @activity.defn
    async def finish_campaign(self, what: FinishCampaign) -> CampaignEnd:
        """Finished, unless it was cancelled."""
        async with self._database.transaction() as session:
            row = await self._row(session, what.campaign_id)
            if row.status not in campaigning.ENDED:
                row.status, row.reason, row.ended_at = CampaignStatus.FINISHED, what.reason, self._clock()
                session.add(row)
            return CampaignEnd(status=row.status, reason=row.reason)

    async def _row(self, session: AsyncSession, campaign_id: str) -> CampaignRow:
        row = await campaigns.find(session, campaign_id, lock=True)
        assert row is not None, "no campaign is ever deleted"
        return row


def _from(now: datetime, at: datetime | None) -> timedelta:
    return max((at or now) - now, SOON)
