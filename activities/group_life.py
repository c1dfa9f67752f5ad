"""The daily look at a group: its calendar is planned, a missing owner is told, its members are asked for."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio import activity

from activities.attachments import digests
from activities.courier import Courier
from activities.publishing import keep_pictures
from activities.todo_planner import TodoPlanner
from domain import calendar, todos
from domain.group_moments import Due, due
from domain.messages import LivedGroup, LiveGroup
from domain.policy import Policy
from domain.rooms import JoinRules
from domain.todos import TodoKind
from domain.touches import Channel, Content
from playbooks.group_calendars import Calendar, Calendars
from settings import Clock
from storage import directory, group_lives, group_windows, ledger, tasks, ways
from storage.database import Database
from storage.ledger import NewTouch, Refusal
from storage.tables import Batch, Employee, Group, Store, Touch

DAY = timedelta(days=1)
READ_AFTER = timedelta(hours=20)  # looks are a day apart, give or take the minutes that a read takes
NO_OWNER = Refusal("no_owner", "the group's owner is not at work any more: hand the group over")

log = logging.getLogger(__name__)


class GroupLife:
    """Everything here may be done again: a message is planned once for an entry, a group and a day."""

    def __init__(
        self,
        database: Database,
        policy: Policy,
        courier: Courier,
        clock: Clock,
        rules: JoinRules,
        calendars: Calendars,
    ) -> None:
        self._database, self._policy, self._courier, self._clock = database, policy, courier, clock
        self._calendars = calendars
        self._todos = TodoPlanner(database, policy, courier, clock, rules)

    @activity.defn
    async def live(self, what: LiveGroup) -> LivedGroup:
        """Plan what the calendar says until the next look; looks of all groups are spread over the day.

        A calendar that changes today is planned by tomorrow's look.
        """
        now = self._clock()
        next_at = calendar.window_end(now, DAY, what.chat_id, calendar.Shut("UTC"))
        assert next_at is not None
        async with self._database.transaction() as session:
            group = await group_lives.group_of(session, what.chat_id)
            if group is None:
                return LivedGroup()
            # A first look comes when the life begins, with many others: their reads come in their turn.
            read = group.next_at is not None and (group.read_at is None or group.read_at <= now - READ_AFTER)
            group.next_at = next_at
            session.add(group)
            owner = await group_lives.owner_at_work(session, group)
            batches = await self._plan(session, group, owner, now, next_at)
        for batch in batches:
            await self._courier.start_staff_task(batch.id or 0, batch.window_ends_at - now)
        if owner is None:
            await self._tell_of_owner(group, now)
        return LivedGroup(next_at=next_at, read=read)

    async def _plan(
        self, session: AsyncSession, group: Group, owner: Employee | None, now: datetime, until: datetime
    ) -> Sequence[Batch]:
        """Write the calendar's messages down; the batches that still wait for their window."""
        found = self._calendars.of(group.kind)
        zone = await directory.zone_of(session, group.store_id)
        batches: dict[int | None, Batch] = {}
        for one in due(found.calendar, zone, now, until) if found else ():
            assert found is not None
            touch = await ways.planned(session, one.key(group.chat_id))
            if touch is None:
                wanted = set(digests(one.said.attachments))
                await keep_pictures(session, [each for each in found.pictures if each.digest in wanted])
                touch = await self._write(session, _new(found, one, group, owner), one, now)
            if touch.batch_id:
                batch = await tasks.batch_of(session, touch.batch_id)
                batches |= {batch.id: batch} if batch.status == "open" else {}
        return list(batches.values())

    async def _write(self, session: AsyncSession, new: NewTouch, one: Due, now: datetime) -> Touch:
        """As if it were planned at its moment: the window that is open then takes it."""
        if new.refused:
            return await ledger.plan_new(session, new, self._policy, now)
        return await group_windows.plan(session, new, self._policy, max(one.at, now))

    async def _tell_of_owner(self, group: Group, now: datetime) -> None:
        """Ask the store's manager who takes the group over; again every week, until somebody has."""
        async with self._database.transaction() as session:
            store = await session.get_one(Store, group.store_id)
            left = await session.get(Employee, group.owner) if group.owner else None
        if store.manager in (None, group.owner):
            log.warning("group/%s has no owner at work, and store %s no manager", group.chat_id, store.id)
            return
        card = todos.group_owner(group.name, left.name if left else "无")
        subject, occasion = f"group/{group.chat_id}", f"{group.owner}/{now:%G-W%V}"
        await self._todos.want(TodoKind.GROUP_OWNER, subject, occasion, store.manager or "", card)


def _new(found: Calendar, one: Due, group: Group, owner: Employee | None) -> NewTouch:
    entry = one.entry
    return NewTouch(
        key=one.key(group.chat_id),
        external_userid="",
        userid=owner.userid if owner else group.owner,
        channel=Channel.GROUP,
        chat_id=group.chat_id,
        content=Content(
            text=one.said.text,
            kind=entry.content,
            benefit=entry.benefit,
            attachments=one.said.attachments,
        ),
        playbook=found.calendar.playbook,
        step=entry.id,
        limits=found.calendar.limits,
        priority=entry.priority,
        send_by=one.at + entry.within,
        refused=None if owner else NO_OWNER,
    )
