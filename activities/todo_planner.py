"""Finds what only a person can do, and writes it down as to-dos. A piece of the sweep."""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from temporalio.service import RPCError

from activities.courier import Courier
from domain import calendar, todos
from domain.policy import Policy
from domain.rooms import JoinRules, subject_of_rooms
from domain.todos import Card, Draft, TodoKind
from settings import Clock
from storage import chain, directory
from storage import todos as rows
from storage.database import Database
from storage.tables import Employee, Group

BEFORE_EXPIRY = timedelta(days=2)  # time for the owner to export a picture and for headquarters to import it
ORPHAN_AFTER = timedelta(minutes=1)

log = logging.getLogger(__name__)


class TodoPlanner:
    """Planning again plans nothing twice: a to-do is its kind, its subject and its occasion."""

    def __init__(
        self,
        database: Database,
        policy: Policy,
        courier: Courier,
        clock: Clock,
        rules: JoinRules,
    ) -> None:
        self._database, self._policy, self._courier, self._clock = database, policy, courier, clock
        self._rules, self._qr_life = rules, timedelta(days=rules.hand_qr_days)

    async def plan(self) -> int:
        """Plan what is needed now and start whatever is due and not running; how many were new."""
        new = await self._full_groups() + await self._old_pictures()
        async with self._database.transaction() as session:
            waiting = await rows.orphans(session, self._clock() - ORPHAN_AFTER)
        for todo_id in waiting:
            await self._courier.start_todo(todo_id, timedelta(0))
        return new

    async def want(
        self,
        kind: TodoKind,
        subject: str,
        occasion: str,
        userid: str,
        card: Card | Draft,
        *,
        external_userid: str | None = None,
        touch_key: str | None = None,
        checks: Mapping[str, str] | None = None,
        not_before: datetime | None = None,
    ) -> str | None:
        """Write one to-do down and start it, outside the quiet hours of the employee's store.

        `checks`: what is set in a group when she taps 已处理, with its digest. Its id when it is new. While
        Temporal does not answer it waits for the next sweep.
        """
        now = self._clock()
        async with self._database.transaction() as session:
            employee = await session.get(Employee, userid)
            zone = await directory.zone_of(session, employee.store_id if employee else None)
            due_at = calendar.next_open(max(now, not_before or now), zone, self._policy.quiet_hours)
            todo_id = await rows.want(
                session,
                kind=kind,
                subject=subject,
                occasion=occasion,
                userid=userid,
                card=card,
                due_at=due_at,
                external_userid=external_userid,
                touch_key=touch_key,
                checks=checks,
            )
        if todo_id:
            try:
                await self._courier.start_todo(todo_id, due_at - now)
            except RPCError as error:
                log.warning("to-do %s is started by the next sweep: %s", todo_id, type(error).__name__)
        return todo_id

    async def _full_groups(self) -> int:
        async with self._database.transaction() as session:
            full = await rows.full_stores(session, self._rules.early)
        return sum([await self.group_full(group) is not None for group in full])

    async def group_full(self, group: Group) -> str | None:
        """Ask the owner for a new group; again every week, until there is one."""
        card = todos.group_full(group.name, group.members, self._rules.cap)
        subject = subject_of_rooms(group.store_id or "", group.kind)
        occasion = f"{group.chat_id}/{self._clock():%G-W%V}"
        return await self.want(TodoKind.GROUP_FULL, subject, occasion, group.owner or "", card)

    async def _old_pictures(self) -> int:
        now = self._clock()
        async with self._database.transaction() as session:
            old = await rows.expiring_pictures(session, now - self._qr_life + BEFORE_EXPIRY)
            zones = await chain.zones(session, {group.store_id or "" for group in old})
        new = 0
        for group in old:
            zone = zones.get(group.store_id or "", directory.DEFAULT_ZONE)
            new += await self._picture(group, zone) is not None
        return new

    async def _picture(self, group: Group, zone: str) -> str | None:
        """The card names the day by the clock of the group's store."""
        exported: datetime | None = group.hand_qr_exported_at
        assert exported is not None
        last = exported + self._qr_life - timedelta.resolution
        card = todos.qr_expires(group.name, last.astimezone(ZoneInfo(zone)).date())
        subject = f"group/{group.chat_id}"
        return await self.want(TodoKind.QR_EXPIRES, subject, exported.isoformat(), group.owner or "", card)
