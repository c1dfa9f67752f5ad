"""Leave to tell a group what its kind forbids (M20): nothing is ever deleted, so that it stays answerable."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.group_policy import Leave
from domain.playbook import ContentClass
from storage.tables import Group, GroupOverride


async def allow(session: AsyncSession, chat_id: str, leave: Leave, now: datetime) -> GroupOverride:
    """From now on. Raises ValueError for a time that is over."""
    if leave.until <= now:
        raise ValueError("it would be over already: give a later day")
    row = GroupOverride(
        chat_id=chat_id,
        content=leave.content,
        by=leave.by,
        reason=leave.reason,
        since=now,
        until=leave.until,
    )
    session.add(row)
    await session.flush()
    return row


async def disallow(
    session: AsyncSession, chat_id: str, content: ContentClass, by: str, reason: str, now: datetime
) -> int:
    """Take back every leave of a content that still holds; how many there were."""
    query = select(GroupOverride).where(
        GroupOverride.chat_id == chat_id, GroupOverride.content == content, *_holds(now)
    )
    rows = (await session.exec(query.with_for_update())).all()
    for row in rows:
        row.ended_at, row.ended_by, row.ended_reason = now, by, reason
        session.add(row)
    return len(rows)


async def of_groups(
    session: AsyncSession, chat_ids: Collection[str], now: datetime
) -> dict[str, list[Leave]]:
    """What holds now, by group."""
    query = select(GroupOverride).where(col(GroupOverride.chat_id).in_(chat_ids), *_holds(now))
    found: dict[str, list[Leave]] = defaultdict(list)
    for row in (await session.exec(query)).all():
        leave = Leave(content=ContentClass(row.content), by=row.by, reason=row.reason, until=row.until)
        found[row.chat_id].append(leave)
    return found


async def listed(
    session: AsyncSession, now: datetime, *, chat_id: str | None = None, all_of_them: bool = False
) -> Sequence[tuple[GroupOverride, Group]]:
    """Those that hold now, or all that were ever given, the latest first."""
    query = select(GroupOverride, Group).join(Group, col(Group.chat_id) == col(GroupOverride.chat_id))
    if chat_id:
        query = query.where(GroupOverride.chat_id == chat_id)
    if not all_of_them:
        query = query.where(*_holds(now))
    return (await session.exec(query.order_by(col(GroupOverride.id).desc()))).all()


def _holds(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        col(GroupOverride.since) <= now,
        col(GroupOverride.until) > now,
        col(GroupOverride.ended_at).is_(None),
    )
