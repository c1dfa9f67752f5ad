"""What a change in WeCom means for us: ids to remember, to-dos for the owners of groups."""

from sqlmodel import col, update

from activities.tagging import TAG_GROUP
from activities.todo_planner import TodoPlanner
from domain import group_audit, todos
from domain.group_audit import What
from domain.group_calendar import digest_of
from domain.todos import TodoKind
from starter.apply import owners
from starter.apply.plan import Change
from storage import tags
from storage.database import Database
from storage.tables import Group


class Effects:
    """Called with every settled change; calling it again changes nothing."""

    def __init__(self, database: Database, planner: TodoPlanner) -> None:
        self._database, self._planner = database, planner
        self.todos = 0

    async def settled(self, change: Change, wecom_id: str) -> None:
        match change.kind:
            case "tag":
                async with self._database.transaction() as session:
                    await tags.remember(session, TAG_GROUP, {change.key: wecom_id})
            case "join_way":
                await self._bind(change, wecom_id)
            case owners.GROUP_WELCOME:
                await self._ask_owners(change, wecom_id)

    async def _bind(self, change: Change, config_id: str) -> None:
        """The groups of a way share its QR picture."""
        chats = list(change.desired["chat_id_list"])
        async with self._database.transaction() as session:
            await session.exec(
                update(Group).where(col(Group.chat_id).in_(chats)).values(join_config_id=config_id)
            )

    async def _ask_owners(self, change: Change, template_id: str) -> None:
        """Each group's owner once for each text."""
        async with self._database.transaction() as session:
            groups = await owners.groups_of(session, change)
        occasion = owners.occasion_of(change, template_id)
        text = group_audit.welcome_as_shown(str(change.desired["text"]))
        checks = {What.WELCOME.value: digest_of(text)}
        for group in groups:
            card = todos.group_welcome(group.name, text)
            subject = owners.subject_of(group)
            owner = group.owner or ""
            new = await self._planner.want(
                TodoKind.GROUP_WELCOME, subject, occasion, owner, card, checks=checks
            )
            self.todos += new is not None
