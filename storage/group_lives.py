"""The lives of groups: which ought to run, and what a daily look at a group needs."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from storage.tables import Employee, Group

OVERDUE = timedelta(hours=1)  # a life that runs looks in time: this one has ended, or was ended


async def to_start(session: AsyncSession, now: datetime, limit: int) -> Sequence[str]:
    """Groups of stores without a life, those first that never had one."""
    query = select(Group.chat_id).where(
        col(Group.store_id).is_not(None),
        col(Group.dismissed_at).is_(None),
        or_(col(Group.next_at).is_(None), col(Group.next_at) < now - OVERDUE),
    )
    ordered = query.order_by(col(Group.next_at).asc().nulls_first(), col(Group.chat_id))
    return (await session.exec(ordered.limit(limit))).all()


async def group_of(session: AsyncSession, chat_id: str) -> Group | None:
    """The group, locked; None for one that needs no life: dismissed, or no store's."""
    query = select(Group).where(Group.chat_id == chat_id).with_for_update()
    group = (await session.exec(query)).first()
    return group if group and group.store_id and group.dismissed_at is None else None


async def owner_at_work(session: AsyncSession, group: Group) -> Employee | None:
    """The owner; None when the group has none, or she has left."""
    employee = await session.get(Employee, group.owner) if group.owner else None
    return employee if employee and employee.active else None
