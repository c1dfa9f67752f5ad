"""Groups and their members as rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from storage.tables import Customer, Group, GroupMember


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
        if row is None or (row.left_at is not None and seat.joined_at > row.joined_at):
            changes.append(Change(seat.member_id, joined=True, at=seat.joined_at))
        await session.merge(
            GroupMember(
                chat_id=roster.chat_id,
                member_id=seat.member_id,
                unionid=seat.unionid,
                state=seat.state,
                joined_at=seat.joined_at,
                left_at=None,
            )
        )
    for member_id, row in known.items():
        if row.left_at is None and member_id not in seats:
            row.left_at = now
            session.add(row)
            changes.append(Change(member_id, joined=False, at=now, reason="left the group"))
    group.owner, group.name = roster.owner, roster.name or group.name
    group.member_version, group.dismissed_at = roster.version, None
    group.customers, group.members = len(seats), roster.people
    session.add(group)
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
            row.left_at = at
            session.add(row)
            changes.append(Change(member_id, joined=False, at=at, reason="the group was dismissed"))
    return changes


async def with_a_life(session: AsyncSession, member_ids: Sequence[str]) -> set[str]:
    """Members who are more than a row here: customers whose workflow wants to know."""
    query = select(Customer.external_userid).where(col(Customer.external_userid).in_(member_ids))
    return set((await session.exec(query)).all())


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
