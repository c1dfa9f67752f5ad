"""One customer group (客户群). Thin for now: it keeps the members true and tells the customers concerned."""

from temporalio import workflow

from domain import addresses
from domain.events import GroupChange
from domain.messages import GroupStart, RefreshedGroup, RefreshGroup
from workflows import options

with workflow.unsafe.imports_passed_through():
    from activities.groups import Groups


@workflow.defn(name=addresses.GROUP_LIFECYCLE)
class GroupLifecycle:
    """Reads the group once per burst of events, and ends when there is nothing more to read.

    The read itself waits for a burst to be over, in its first attempt. What comes meanwhile is in it if the
    version that was read is the last one announced; else the group is read once more.
    """

    @workflow.init
    def __init__(self, start: GroupStart) -> None:
        self.changes: list[GroupChange] = list(start.changes)

    @workflow.run
    async def run(self, start: GroupStart) -> RefreshedGroup:
        await workflow.wait_condition(lambda: bool(self.changes))
        while True:
            seen = await self.refresh(start.chat_id)
            if not self.changes or self.all_in(seen):
                return seen
            if workflow.info().get_current_history_length() > options.RENEW_AFTER_EVENTS:
                workflow.continue_as_new(GroupStart(chat_id=start.chat_id, changes=self.changes))

    @workflow.signal(name=addresses.CHANGED)
    def changed(self, change: GroupChange) -> None:
        """Something about the group changed."""
        self.changes.append(change)

    def all_in(self, seen: RefreshedGroup) -> bool:
        """Whether the changes that came during the read are part of what was read."""
        dismissed = any(change.dismissed for change in self.changes)
        return not dismissed and self.changes[-1].member_version == seen.member_version

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
        return await workflow.execute_activity_method(
            Groups.refresh_group, what, **options.group_read(f"read the group, {len(burst)} changes")
        )
