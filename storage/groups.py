"""Groups and their members as rows."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import update
from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from storage import handovers
from storage.tables import Customer, Group, GroupMember

LEFT, DISMISSED = "left the group", "the group was dismissed"


@dataclass(frozen=True)
class Change:
    """Somebody came (`joined`) or went."""

    member_id: str
    joined: bool
    at: datetime
    reason: str = ""


@dataclass(frozen=True)
class Seat:
    """One customer in a group, as WeCom says."""

    member_id: str
    joined_at: datetime
    unionid: str | None = None
    state: str | None = None


@dataclass(frozen=True)
class Roster:
    """A group as WeCom says: its customers, and how many people there are in all."""

    chat_id: str
    name: str
    owner: str
    version: str | None
    people: int
    customers: tuple[Seat, ...]


async def write_members(session: AsyncSession, roster: Roster, now: datetime) -> list[Change]:
    """Bring the rows to what WeCom says, and return the difference."""
    group = await _lock(session, roster.chat_id, now)
    known = await _members(session, roster.chat_id)
    seats = {seat.member_id: seat for seat in roster.customers}
    changes = []
    for seat in roster.customers:
        row = known.get(seat.member_id)
        came = row is None or (row.left_at is not None and seat.joined_at > row.joined_at)
        if came:
            changes.append(Change(seat.member_id, joined=True, at=seat.joined_at))
        await session.merge(
            GroupMember(
                chat_id=roster.chat_id,
                member_id=seat.member_id,
                unionid=seat.unionid,
                state=seat.state,
                joined_at=seat.joined_at,
                left_at=None,
                announced=row is not None and row.announced and not came,
            )
        )
    for member_id, row in known.items():
        if row.left_at is None and member_id not in seats:
            row.left_at, row.announced = now, False
            session.add(row)
            changes.append(Change(member_id, joined=False, at=now, reason=LEFT))
    group.owner, group.name, group.read_at = roster.owner, roster.name or group.name, now
    group.member_version, group.dismissed_at = roster.version, None
    group.customers, group.members = len(seats), roster.people
    session.add(group)
    await handovers.seen(session, roster.chat_id, roster.owner, now)
    return changes


async def version_of(session: AsyncSession, chat_id: str) -> str | None:
    """The member version that we read last."""
    group = await session.get(Group, chat_id)
    return group.member_version if group else None


async def dismiss(session: AsyncSession, chat_id: str, at: datetime) -> list[Change]:
    """The group is gone, and everybody with it."""
    group = await _lock(session, chat_id, at)
    group.dismissed_at = group.dismissed_at or at
    session.add(group)
    changes = []
    for member_id, row in (await _members(session, chat_id)).items():
        if row.left_at is None:
            row.left_at, row.announced = at, False
            session.add(row)
            changes.append(Change(member_id, joined=False, at=at, reason=DISMISSED))
    return changes


async def to_announce(
    session: AsyncSession, chat_id: str, entering_since: datetime | None = None
) -> list[Change]:
    """What customers of a group have not been told yet, whichever read of the group found it out.

    Who is no customer has no life to be told: she counts as told, and reads her groups when she becomes one.
    But where joining leads into a playbook, a life begins with every join from `entering_since` on.
    """
    waiting = [col(GroupMember.chat_id) == chat_id, col(GroupMember.announced).is_(False)]
    customer = select(Customer.external_userid).where(Customer.external_userid == GroupMember.member_id)
    nobody = [~customer.exists()]
    if entering_since:
        nobody.append(or_(col(GroupMember.joined_at) < entering_since, col(GroupMember.left_at).is_not(None)))
    await session.exec(update(GroupMember).where(*waiting, *nobody).values(announced=True))
    group = await session.get(Group, chat_id)
    query = select(GroupMember).where(*waiting).order_by(col(GroupMember.member_id))
    return [_last_change(row, group) for row in (await session.exec(query)).all()]


async def announced(session: AsyncSession, chat_id: str, change: Change) -> None:
    """Her life has been told. What has happened since has not: then the row is another one."""
    row = [col(GroupMember.chat_id) == chat_id, col(GroupMember.member_id) == change.member_id]
    if change.joined:
        row += [col(GroupMember.joined_at) == change.at, col(GroupMember.left_at).is_(None)]
    else:
        row += [col(GroupMember.left_at) == change.at]
    await session.exec(update(GroupMember).where(*row).values(announced=True))


def _last_change(row: GroupMember, group: Group | None) -> Change:
    if row.left_at is None:
        return Change(row.member_id, joined=True, at=row.joined_at)
    dismissed = group is not None and group.dismissed_at == row.left_at
    return Change(row.member_id, joined=False, at=row.left_at, reason=DISMISSED if dismissed else LEFT)


async def _lock(session: AsyncSession, chat_id: str, now: datetime) -> Group:
    query = select(Group).where(Group.chat_id == chat_id).with_for_update()
    found = (await session.exec(query)).first()
    if found is None:
        found = Group(chat_id=chat_id, created_at=now)
        session.add(found)
        await session.flush()
    return found


async def _members(session: AsyncSession, chat_id: str) -> dict[str, GroupMember]:
    query = select(GroupMember).where(GroupMember.chat_id == chat_id)
    return {m.member_id: m for m in (await session.exec(query)).all()}
