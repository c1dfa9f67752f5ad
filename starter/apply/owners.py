"""Who gives a group its welcome: WeCom has no API for that, its owner must choose it (contract §10.3)."""

from collections.abc import Sequence
from dataclasses import replace

from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain import todos
from domain.todos import TodoKind
from starter.apply.plan import Action, Change
from storage import entries
from storage import todos as rows
from storage.tables import Group

GROUP_WELCOME = "group_welcome"


def subject_of(group: Group) -> str:
    return f"group/{group.chat_id}"


def occasion_of(change: Change, template_id: str) -> str:
    """A template with another text, or another template, is to be chosen again."""
    return f"{template_id}/{todos.todo_id(TodoKind.GROUP_WELCOME, '', str(change.desired['text']))}"


async def groups_of(session: AsyncSession, change: Change) -> Sequence[Group]:
    """The groups with an owner that lead into the welcome's playbook, or whose store's codes do."""
    stores, kinds = await entries.leading_to(session, change.key.removeprefix("playbook/"))
    query = select(Group).where(
        col(Group.dismissed_at).is_(None),
        col(Group.owner).is_not(None),
        or_(col(Group.store_id).in_(stores), col(Group.kind).in_(kinds)),
    )
    return (await session.exec(query.order_by(col(Group.chat_id)))).all()


async def with_unasked(session: AsyncSession, change: Change) -> Change:
    """A welcome that stands in WeCom is not done while the owner of a group that came later was not asked."""
    if change.kind != GROUP_WELCOME or change.action is not Action.KEEP or not change.wecom_id:
        return change
    occasion = occasion_of(change, change.wecom_id)
    wanted = {
        todos.todo_id(TodoKind.GROUP_WELCOME, subject_of(group), occasion)
        for group in await groups_of(session, change)
    }
    missing = len(wanted - await rows.written(session, wanted))
    note = f"{missing} owner{'s' * (missing != 1)} of groups to be asked for it"
    return replace(change, action=Action.FOLLOW, note=note) if missing else change
