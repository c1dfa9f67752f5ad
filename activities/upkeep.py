"""Finding what was left lying: facts, batches, parked lives, full groups, old pictures."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from temporalio import activity

from activities.attachments import Attachments
from activities.backfills import Backfills
from activities.coupon_upkeep import CouponUpkeep
from activities.courier import Courier, Parcel
from activities.feed_upkeep import FeedUpkeep
from activities.group_pictures import GroupPictures
from activities.group_upkeep import GroupUpkeep
from activities.guarded import guarded
from activities.overstock import Overstock
from activities.removals import Removals
from activities.rooms import Rooms
from activities.segments import Segments
from activities.strangers import Strangers
from activities.till_nights import TillNights
from activities.todo_planner import TodoPlanner
from domain.events import Event, EventKind
from domain.messages import SweepReport, SweepStart
from domain.policy import Policy
from domain.rooms import JoinRules
from integrations import pos, wecom
from playbooks.overstock_files import Rule
from settings import Clock
from storage import campaigns, inbound, lives, pictures, playbook_pictures, tasks
from storage.database import Database
from storage.leases import Leases
from storage.member_keys import MemberKeys
from storage.tables import Group, Snapshot

GRACE = timedelta(seconds=10)  # younger leftovers are somebody's work in progress
PATIENCE = timedelta(hours=1)  # after a task has expired: its last poll and what it tells everybody


class Upkeep:
    """Every piece is idempotent: two sweeps at once do no harm."""

    def __init__(
        self,
        database: Database,
        client: wecom.WeComClient,
        till: pos.PosPort,
        keys: MemberKeys,
        policy: Policy,
        courier: Courier,
        clock: Clock,
        rules: JoinRules,
        overstock: Sequence[Rule] = (),
        nights: TillNights | None = None,
    ) -> None:
        """`nights`: of the till; a chain may have none."""
        self._database, self._policy, self._courier = database, policy, courier
        self._clock, self._rules = clock, rules
        self._feed = FeedUpkeep(database, till.provider, courier, clock)
        self._strangers = Strangers(database, till, keys, courier, clock)
        self._backfills = Backfills(database, client, clock)
        self._pictures = GroupPictures(database, client, clock)
        self._attachments = Attachments(database, client, clock)
        self._rooms = Rooms(database, client, clock, rules)
        self._removals = Removals(database, self._rooms, clock, rules)
        self._todos = TodoPlanner(database, policy, courier, clock, rules)
        self._segments = Segments(database, policy, courier, clock)
        self._groups = GroupUpkeep(database, policy, courier, clock)
        self._nights = nights
        self._overstock = Overstock(database, till, overstock, clock)
        self._coupons = CouponUpkeep(database, till, courier, clock)

    @activity.defn
    async def sweep(self, what: SweepStart) -> SweepReport:
        """Mend what is found, oldest first, a few hundred at a time. A piece that fails stops no other."""
        report = SweepReport(every=self._policy.sweep_every)
        with guarded("facts"):
            report.delivered = await self._deliver()
        with guarded("pushes of the till"):
            await self._feed.look(GRACE)
        with guarded("members"):
            await self._strangers.look(GRACE)
        with guarded("batches"):
            report.orphans = await self._start_orphans()
        with guarded("parked lives"):
            report.woken = await self.wake_due_lives()
        with guarded("rooms"):
            report.rooms = await self._find_rooms()
        with guarded("removals of old groups"):
            report.rooms += await self._removals.tend()
        with guarded("pictures"):
            report.media = await self._renew_pictures()
        with guarded("to-dos"):
            report.todos = await self._todos.plan()
        with guarded("segments"):
            report.entered = await self._segments.look()
        with guarded("overstock"):
            report.overstock = await self._overstock.look()
        with guarded("coupons"):
            report.coupons = await self._coupons.look()
        with guarded("walks through the till"):
            report.walks = await self._nights.look() if self._nights else 0
        with guarded("campaigns"):
            await self._carry_campaigns_on()
        with guarded("temporary tags"):
            await self._backfills.take_off_leftovers()
        with guarded("lives of groups"):
            report.groups = await self._groups.start_lives()
        with guarded("profiles of groups"):
            report.profiles = await self._groups.write_profiles()
        with guarded("leases"):
            await Leases(self._database).tidy()
        return report

    async def _deliver(self) -> int:
        async with self._database.transaction() as session:
            subjects = await inbound.waiting_subjects(session, self._clock() - GRACE)
        delivered = 0
        for subject in subjects:
            with guarded(subject):
                delivered += await self._courier.deliver(subject)
        return delivered

    @property
    def _patience(self) -> timedelta:
        """A task that still runs then is left alone; one that has ended without settling its batch is not."""
        return self._policy.staff_task.expire_after + PATIENCE

    async def _start_orphans(self) -> int:
        async with self._database.transaction() as session:
            batches = await tasks.orphans(session, self._clock(), GRACE, self._patience)
        started = 0
        for batch in batches:
            with guarded(f"batch/{batch.id}"):
                await self._courier.start_staff_task(batch.id or 0, timedelta(0))
                started += 1
        return started

    async def _carry_campaigns_on(self) -> None:
        """One whose workflow runs is left alone; one that was lost goes on where PostgreSQL says it was."""
        async with self._database.transaction() as session:
            names = await campaigns.to_carry_on(session)
        for name in names:
            with guarded(f"campaign/{name}"):
                await self._courier.start_campaign(name)

    async def wake_due_lives(self) -> int:
        """Tell parked lives whose time has come that it has; in pages, until none is left.

        One that could not be told stays due: a page of nothing else is the last.
        """
        woken = 0
        while True:
            now = self._clock()
            async with self._database.transaction() as session:
                due = await lives.due_to_wake(session, now)
            told = 0
            for snapshot in due:
                with guarded(f"customer/{snapshot.external_userid}"):
                    await self._wake(snapshot, now)
                    told += 1
            woken += told
            if not told:
                return woken

    async def _wake(self, snapshot: Snapshot, now: datetime) -> None:
        """From here on the stored event wakes her, however often its delivery fails."""
        event = Event(id=f"wake/{snapshot.external_userid}/{snapshot.seq}", kind=EventKind.WAKE, at=now)
        subject, body = f"customer/{snapshot.external_userid}", Parcel(event=event).model_dump(mode="json")
        async with self._database.transaction() as session:
            await inbound.store(session, digest=event.id, source="sweep", subject=subject, body=body, now=now)
            await lives.forget_wake_up(session, snapshot.external_userid, snapshot.seq)
        await self._courier.deliver(subject)

    async def _find_rooms(self) -> int:
        """Give new groups their store, and lead the codes of full groups into open ones."""
        found = 0
        for group in await self._rooms.strangers():
            with guarded(f"group/{group.chat_id}"):
                found += await self._rooms.place(group)
        for way in await self._rooms.outgrown():
            with guarded(f"the join way of store {way.store_id}"):
                found += await self._rooms.rotate(way)
        for full in await self._rooms.dead_ends():
            await self._todos.group_full(full)
        return found

    async def _renew_pictures(self) -> int:
        now = self._clock()
        async with self._database.transaction() as session:
            groups = await pictures.groups_to_renew(session, now, self._rules.hand_qr_since(now))
        renewed = 0
        for group in groups:
            with guarded(f"group/{group.chat_id}"):  # its join way was deleted, for instance
                await self.upload_group_qr(group)
                renewed += 1
        async with self._database.transaction() as session:
            own = await playbook_pictures.to_bring(session, now)
        for picture in own:
            with guarded(f"picture {picture.digest[:16]}"):
                await self._attachments.bring(picture)
                renewed += 1
        return renewed

    async def upload_group_qr(self, group: Group) -> None:
        """Bring a group's QR picture to WeCom, ahead of any welcome that needs it."""
        await self._pictures.upload(group)
