"""A campaign (活动), from its approval to its last outcome, as an operations manager would tell it."""

import asyncio
import contextlib
from collections.abc import Callable
from datetime import datetime
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

from domain import addresses, campaigning
from domain.campaign import CampaignStatus
from domain.campaign_messages import (
    CampaignEnd,
    CampaignRef,
    CampaignStart,
    FinishCampaign,
    GivenOrder,
    ObeyedOrder,
    OpenedCampaign,
    Order,
    OrderKind,
    StopRest,
    WatchedWave,
    WaveEnd,
    WaveRef,
    WaveToDo,
    WrittenWave,
)
from domain.shape import earliest
from workflows import options

with workflow.unsafe.imports_passed_through():
    from activities import attributes
    from activities.campaigns import Campaigns

ITSELF = "the campaign itself"


class Halted(Exception):
    """It goes no further: what is not sent is cancelled under this rule."""

    def __init__(self, rule: str, reason: str, *, recall: bool) -> None:
        super().__init__(reason)
        self.rule, self.reason, self.recall = rule, reason, recall


@workflow.defn(name=addresses.CAMPAIGN)
class Campaign:
    """Wait for its time; wave by wave write down, hand over and look after; wait or ask before the next.

    How far it has come is in PostgreSQL, so a run may begin at any point. Employees' tasks are workflows of
    their own; nothing here grows with the number of customers or employees.
    """

    @workflow.init
    def __init__(self, start: CampaignStart) -> None:
        self.start = start
        self.opened: OpenedCampaign | None = None
        self.status = CampaignStatus.APPROVED
        self.asks = False  # for `go`
        self.cancelled: Halted | None = None
        self.one_at_a_time = asyncio.Lock()

    @workflow.run
    async def run(self, start: CampaignStart) -> CampaignEnd:
        campaign, reason = await self.open(), ""
        if self.status in (CampaignStatus.DRAFT, CampaignStatus.FINISHED):  # only an order began this run
            return await self.leave(CampaignEnd(status=self.status, reason=campaign.reason))
        try:
            await self.begin(campaign.begins_at)
            for wave in campaign.waves:
                await self.renew()
                await self.write_down(wave)
                await self.carry_out(wave)
                await self.before_the_next(wave)
        except Halted as halted:
            reason = halted.reason
            self.tell(f"stops: {reason}")
            await self.stop(halted)
        return await self.leave(await self.finish(reason))

    # ---- orders

    @workflow.update(name=addresses.ORDER)
    async def order(self, order: Order) -> ObeyedOrder:
        """What an operator decides; answers when it is on record."""
        await workflow.wait_condition(lambda: self.opened is not None)
        async with self.one_at_a_time:
            return await self.obey(order)

    @order.validator
    def _check_order(self, order: Order) -> None:
        problem = campaigning.malformed(order)
        if self.opened and not problem:
            problem = campaigning.refused(order, self.status, asks=self.asks)
        if problem:
            raise ApplicationError(problem, type="BadOrder")

    async def obey(self, order: Order) -> ObeyedOrder:
        if problem := campaigning.refused(order, self.status, asks=self.asks):
            raise ApplicationError(problem, type="BadOrder")
        try:
            obeyed = await workflow.execute_activity_method(
                Campaigns.obey_order,
                GivenOrder(campaign_id=self.start.campaign_id, order=order),
                **options.patient_database(f"{order.kind} by {order.by}"),
            )
        except ActivityError as error:  # it ended in this very moment
            why = error.cause.message if isinstance(error.cause, ApplicationError) else str(error.cause)
            raise ApplicationError(why, type="BadOrder") from None
        if order.kind is OrderKind.CANCEL:
            self.cancelled = Halted("campaign_cancelled", _who_and_why(order), recall=order.recall)
        self.asks = self.asks and order.kind is not OrderKind.GO
        self.becomes(obeyed.status)
        if order.recall and order.kind is OrderKind.PAUSE:
            await self.stop(Halted(campaigning.RECALLED, _who_and_why(order), recall=True))
        return obeyed

    # ---- the story

    async def open(self) -> OpenedCampaign:
        opened = await workflow.execute_activity_method(
            Campaigns.open_campaign, self._me(), **options.patient_database("where does it stand?")
        )
        self.becomes(opened.status)
        self.opened = opened
        return opened

    async def begin(self, at: datetime | None) -> None:
        self.tell(f"begins at {at:%F %T}Z" if at else "begins")
        await self.wait_for(lambda: False, "it begins", at or workflow.now())
        await self.wait_for(lambda: self.status is not CampaignStatus.PAUSED, "resume")
        async with self.one_at_a_time:
            begun = await workflow.execute_activity_method(
                Campaigns.begin_campaign, self._me(), **options.patient_database("begin")
            )
            self.becomes(begun.status)

    async def write_down(self, wave: WaveToDo) -> None:
        """Every message of the wave, in batches that nobody sees yet."""
        self.tell(f"**{wave.name}**: its messages are written down")
        written: WrittenWave | None = None
        while written is None or not written.done:
            written = await self.undisturbed(Campaigns.write_wave, wave, "write down")
            if not written.done:
                self.becomes(written.status)

    async def carry_out(self, wave: WaveToDo) -> None:
        """Hand them over at the campaign's pace, and look after them until all have an outcome."""
        self.tell(f"**{wave.name}**: with the employees")
        while True:
            watched: WatchedWave = await self.undisturbed(Campaigns.carry_wave, wave, "hand over, look after")
            match watched.end:
                case WaveEnd.SETTLED:
                    return
                case WaveEnd.STOPPED:
                    self.becomes(watched.status)
                case WaveEnd.FAILURES:
                    await self.pause_by_itself(watched.reason)
                case WaveEnd.STOCK | WaveEnd.OVER:
                    raise Halted(f"campaign_{watched.end}", watched.reason, recall=True)

    async def before_the_next(self, wave: WaveToDo) -> None:
        """The wave's time to be looked at, and somebody's `go` if it wants one."""
        assert self.opened
        if wave is not self.opened.waves[-1]:
            self.tell(f"**{wave.name}**: settled; the next wave waits")
            await self.wait_for(lambda: False, "before the next wave", workflow.now() + wave.then_wait)
            self.asks = wave.confirm
            if wave.confirm:
                self.tell(f"**{wave.name}**: settled; the next wave waits for `journeys campaign go`")
            await self.wait_for(lambda: not self.asks, "go")
            await self.while_it_runs()
        ended = WaveRef(campaign_id=self.start.campaign_id, number=wave.number)
        await workflow.execute_activity_method(
            Campaigns.end_wave, ended, **options.patient_database(f"{wave.name} has ended")
        )

    async def pause_by_itself(self, why: str) -> None:
        order = Order(id=str(workflow.uuid4()), kind=OrderKind.PAUSE, by=ITSELF, reason=why)
        async with self.one_at_a_time:
            if campaigning.refused(order, self.status, asks=False) is None:
                await self.obey(order)

    async def finish(self, reason: str) -> CampaignEnd:
        what = FinishCampaign(campaign_id=self.start.campaign_id, reason=reason)
        async with self.one_at_a_time:
            end = await workflow.execute_activity_method(
                Campaigns.finish_campaign, what, **options.patient_database("finish")
            )
            self.becomes(end.status)
        return end

    # ---- how

    async def undisturbed(self, work: Callable[..., Any], wave: WaveToDo, summary: str) -> Any:
        """Do a piece of work of a wave. A pause it sees by itself, at its next page or look."""
        await self.while_it_runs()
        what = WaveRef(campaign_id=self.start.campaign_id, number=wave.number)
        doing = workflow.start_activity_method(work, what, **options.of_many(f"{summary}: {wave.name}"))
        await workflow.wait_condition(lambda: doing.done() or self.status is CampaignStatus.CANCELLED)
        if not doing.done():
            doing.cancel()
            with contextlib.suppress(ActivityError):  # its cancellation
                await doing
            await self.while_it_runs()  # raises Halted
        return await doing

    async def while_it_runs(self) -> None:
        """Sit out a pause. Raises Halted when it is cancelled, or its time is over."""
        await self.wait_for(lambda: self.status is CampaignStatus.RUNNING, "resume")

    async def wait_for(self, told: Callable[[], bool], why: str, at: datetime | None = None) -> None:
        """Until that is so, or `at` has come. Raises Halted when it is cancelled, or its time is over."""
        assert self.opened
        deadline = earliest(at, self.opened.until)
        left = None if deadline is None else max(deadline - workflow.now(), options.SHORTEST_WAIT)
        with contextlib.suppress(asyncio.TimeoutError):
            await workflow.wait_condition(
                lambda: told() or self.status is CampaignStatus.CANCELLED, timeout=left, timeout_summary=why
            )
        if self.status is CampaignStatus.CANCELLED:
            await workflow.wait_condition(workflow.all_handlers_finished)  # the order says how
            raise self.cancelled or Halted(
                "campaign_cancelled", self.opened.reason, recall=self.opened.recall
            )
        if self.opened.until and workflow.now() >= self.opened.until:
            raise Halted("campaign_over", f"nothing is sent after {self.opened.until:%F %H:%M}Z", recall=True)

    async def stop(self, halted: Halted) -> None:
        what = StopRest(
            campaign_id=self.start.campaign_id,
            rule=halted.rule,
            reason=halted.reason,
            recall=halted.recall,
        )
        await workflow.execute_activity_method(
            Campaigns.stop_rest, what, **options.of_many("cancel what is not sent")
        )

    async def renew(self) -> None:
        many = self.start.renew_after_events or options.RENEW_AFTER_EVENTS
        if workflow.info().get_current_history_length() > many:
            await workflow.wait_condition(workflow.all_handlers_finished)
            if self.status is not CampaignStatus.CANCELLED:
                workflow.continue_as_new(self.start)

    async def leave(self, end: CampaignEnd) -> CampaignEnd:
        """Whoever gave an order gets the answer first."""
        self.tell(f"{end.status}: {end.reason}" if end.reason else end.status)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return end

    def becomes(self, status: CampaignStatus) -> None:
        if status is not self.status or not self.opened:
            workflow.upsert_search_attributes([attributes.STAGE.value_set(status.value)])
        self.status = status

    def tell(self, what: str) -> None:
        """What the Temporal UI shows."""
        title = self.opened.title if self.opened else self.start.campaign_id
        workflow.set_current_details(f"# {title}\n\n{what}")

    def _me(self) -> CampaignRef:
        return CampaignRef(campaign_id=self.start.campaign_id)


def _who_and_why(order: Order) -> str:
    return f"by {order.by}: {order.reason}"
