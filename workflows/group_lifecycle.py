"""One customer group (客户群): keeps its members true, and looks after it once a day."""

import asyncio
import contextlib

from temporalio import workflow
from temporalio.exceptions import ActivityError

from domain import addresses
from domain.events import GroupChange
from domain.messages import GroupStart, LiveGroup, RefreshedGroup, RefreshGroup
from workflows import options

with workflow.unsafe.imports_passed_through():
    from activities.group_life import GroupLife
    from activities.groups import Groups


@workflow.defn(name=addresses.GROUP_LIFECYCLE)
class GroupLifecycle:
    """Sleeps until something is heard of the group, or its daily look is due; ends when the group is gone.

    The read itself waits for a burst of events to be over, in its first attempt. What comes meanwhile is in
    it if the version that was read is the last one announced; else the group is read once more. A run that
    an event started reads the group and ends: the sweep starts the lives of groups that should have one.
    """

    @workflow.init
    def __init__(self, start: GroupStart) -> None:
        self.changes: list[GroupChange] = list(start.changes)
        self.next_at = start.next_at

    @workflow.run
    async def run(self, start: GroupStart) -> RefreshedGroup:
        while True:
            await self.rest(start.lives)
            if self.changes:
                seen = await self.refresh(start.chat_id)
            else:
                seen = await self.look(start.chat_id)
            if seen.dismissed or not (self.changes or self.next_at):
                return seen
            self.renew(start)

    @workflow.signal(name=addresses.CHANGED)
    def changed(self, change: GroupChange) -> None:
        """Something about the group changed."""
        self.changes.append(change)

    async def rest(self, lives: bool) -> None:
        """Until there is something to do. A life begins with a look."""
        if self.next_at:
            workflow.set_current_details(f"looks at the group at {self.next_at:%F %T}Z")
            left = max(self.next_at - workflow.now(), options.SHORTEST_WAIT)
            with contextlib.suppress(asyncio.TimeoutError):
                await workflow.wait_condition(lambda: bool(self.changes), timeout=left)
        elif not lives:
            await workflow.wait_condition(lambda: bool(self.changes))

    async def refresh(self, chat_id: str) -> RefreshedGroup:
        """Read the group as it is after the newest of the collected changes."""
        burst, self.changes = self.changes, []
        newest = max(reversed(burst), key=lambda change: change.at)  # of one second, the last to arrive
        what = RefreshGroup(
            chat_id=chat_id,
            member_version=newest.member_version,
            dismissed=any(change.dismissed for change in burst),
            at=newest.at,
        )
        seen = await self.read(what, f"read the group, {len(burst)} changes")
        if self.changes and self.all_in(seen):
            self.changes = []
        return seen

    async def look(self, chat_id: str) -> RefreshedGroup:
        """Once a day. While PostgreSQL or WeCom is away the group waits for a later look."""
        try:
            lived = await workflow.execute_local_activity_method(
                GroupLife.live, LiveGroup(chat_id=chat_id), **options.database("the daily look")
            )
            self.next_at = lived.next_at
            if lived.read:
                what = RefreshGroup(chat_id=chat_id, at=workflow.now(), daily=True)
                return await self.read(what, "read the group, once a day")
        except ActivityError as error:
            workflow.logger.warning("the look at %s failed: %s", chat_id, error.cause)
            self.next_at = max(self.next_at or workflow.now(), workflow.now() + options.RETRY_LATER)
        return RefreshedGroup()

    async def read(self, what: RefreshGroup, summary: str) -> RefreshedGroup:
        return await workflow.execute_activity_method(
            Groups.refresh_group, what, **options.group_read(summary)
        )

    def all_in(self, seen: RefreshedGroup) -> bool:
        """Whether the changes that came during the read are part of what was read."""
        dismissed = any(change.dismissed for change in self.changes)
        return not dismissed and self.changes[-1].member_version == seen.member_version

    def renew(self, start: GroupStart) -> None:
        """Continue as new before the history grows long."""
        most = start.renew_after_events or options.RENEW_AFTER_EVENTS
        if workflow.info().get_current_history_length() > most:
            workflow.continue_as_new(
                start.model_copy(update={"changes": self.changes, "next_at": self.next_at})
            )
