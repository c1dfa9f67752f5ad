"""群继承: groups on their way to a new owner; claimed before WeCom is asked, settled after it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import case, func, update
from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.days import begin_of, local_day
from storage.directory import DEFAULT_ZONE
from storage.tables import Employee, Group, GroupHandover

CLAIMED, DONE, REFUSED, UNKNOWN = "claimed", "done", "refused", "unknown"
UNCLEAR = (CLAIMED, UNKNOWN)
COUNTED = (*UNCLEAR, DONE)  # what may have happened counts as if it had
A_DAY_LATER = timedelta(days=1)  # a group of an owner who has left changes hands some time after the call
WINDOW, PER_WINDOW, PER_DAY = timedelta(days=90), 2, 300  # contract §9; days are those of China
NOT_MOVED = "WeCom did not move it"


async def owners(session: AsyncSession, chat_ids: Sequence[str]) -> dict[str, tuple[Group, bool]]:
    """Each group that we know, and whether its owner is at work."""
    query = select(Group, Employee.active).outerjoin(Employee, col(Employee.userid) == Group.owner)
    query = query.where(col(Group.chat_id).in_(chat_ids))
    return {
        group.chat_id: (group, active is not False) for group, active in (await session.exec(query)).all()
    }


async def too_often(session: AsyncSession, chat_ids: Sequence[str], now: datetime) -> set[str]:
    """Groups that WeCom would refuse with 40128 while their owners are at work."""
    since = _midnight(now) - WINDOW + timedelta(days=1)
    query = (
        select(GroupHandover.chat_id)
        .where(col(GroupHandover.chat_id).in_(chat_ids), col(GroupHandover.on_job))
        .where(col(GroupHandover.status).in_(COUNTED), col(GroupHandover.claimed_at) >= since)
        .group_by(col(GroupHandover.chat_id))
        .having(func.count() >= PER_WINDOW)
    )
    return set((await session.exec(query)).all())


async def today(session: AsyncSession, userid: str, now: datetime) -> int:
    """How many groups a person has given or taken today."""
    query = select(func.count()).where(
        or_(GroupHandover.old_owner == userid, GroupHandover.new_owner == userid),
        col(GroupHandover.status).in_(COUNTED),
        col(GroupHandover.claimed_at) >= _midnight(now),
    )
    return int((await session.exec(query)).one())


async def unclear(session: AsyncSession, chat_ids: Sequence[str]) -> Sequence[str]:
    """Groups of which nobody knows yet whether they were moved."""
    query = select(GroupHandover.chat_id).where(
        col(GroupHandover.chat_id).in_(chat_ids), col(GroupHandover.status).in_(UNCLEAR)
    )
    return (await session.exec(query.distinct())).all()


async def claim(
    session: AsyncSession,
    chat_ids: Sequence[str],
    new_owner: str,
    by: str,
    why: str,
    *,
    on_job: bool,
    now: datetime,
) -> dict[str, GroupHandover]:
    """Write down that they are to change hands; those that somebody else is just moving are left out."""
    query = select(Group).where(col(Group.chat_id).in_(chat_ids)).order_by(col(Group.chat_id))
    groups = (await session.exec(query.with_for_update())).all()
    busy = set(await unclear(session, chat_ids))
    rows = [
        GroupHandover(
            chat_id=group.chat_id,
            old_owner=group.owner or "",
            new_owner=new_owner,
            on_job=on_job,
            status=CLAIMED,
            by=by,
            why=why,
            claimed_at=now,
        )
        for group in groups
        if group.chat_id not in busy
    ]
    session.add_all(rows)
    await session.flush()
    return {row.chat_id: row for row in rows}


async def settle(session: AsyncSession, row: GroupHandover, status: str, reason: str, now: datetime) -> None:
    """What came of one; a group that was moved is its new owner's from now on."""
    values = {"status": status, "reason": reason, "settled_at": None if status == UNKNOWN else now}
    await session.exec(update(GroupHandover).where(col(GroupHandover.id) == row.id).values(values))
    if status == DONE:
        owned = update(Group).where(col(Group.chat_id) == row.chat_id)
        await session.exec(owned.values(owner=row.new_owner))


async def seen(
    session: AsyncSession, chat_id: str, owner: str, now: datetime, patience: timedelta = A_DAY_LATER
) -> None:
    """The group was read: an owner who was to get it has it; one who has not after `patience` gets it not."""
    arrived = col(GroupHandover.new_owner) == owner
    await session.exec(
        update(GroupHandover)
        .where(col(GroupHandover.chat_id) == chat_id, col(GroupHandover.status).in_(UNCLEAR))
        .where(or_(arrived, col(GroupHandover.claimed_at) <= now - patience))
        .values(
            status=case((arrived, DONE), else_=REFUSED),
            reason=case((arrived, ""), else_=NOT_MOVED),
            settled_at=now,
        )
    )


def _midnight(now: datetime) -> datetime:
    return begin_of(local_day(now, DEFAULT_ZONE), DEFAULT_ZONE)
