"""Which groups a store has room in, which its join ways lead to, and groups that nobody has placed yet.

A store may have groups of several kinds (店群, 福利群 …): a way leads to groups of one kind only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, func, literal, update
from sqlalchemy.dialects.postgresql import JSONB, distinct_on
from sqlalchemy.orm import aliased, defer
from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.rooms import STORE_KIND, JoinRules, Room
from storage.tables import AppliedObject, Group, GroupMember

WAYS_OF_AN_OWNER = 20  # an employee has groups behind one way or two; a manager is not asked for without end


@dataclass(frozen=True)
class StoresWay:
    """A join way, and of which store and kind the groups are that it leads to."""

    config_id: str
    store_id: str
    kind: str = STORE_KIND


def joinable(hand_qr_since: datetime) -> ColumnElement[bool]:
    """Whether a group's QR leads into it: a join way's always, one exported by hand while it is young."""
    by_hand = and_(col(Group.hand_qr).is_not(None), col(Group.hand_qr_exported_at) >= hand_qr_since)
    return and_(col(Group.dismissed_at).is_(None), or_(col(Group.join_config_id).is_not(None), by_hand))


async def open_groups(
    session: AsyncSession,
    store_id: str | None,
    cap: int,
    hand_qr_since: datetime,
    kind: str = STORE_KIND,
) -> Sequence[Group]:
    """The store's groups that can still be joined by QR, the fullest first, so that groups fill up."""
    if store_id is None:
        return ()
    query = select(Group).where(Group.store_id == store_id, Group.kind == kind, Group.members < cap)
    query = query.where(joinable(hand_qr_since))
    query = query.options(defer(Group.hand_qr))  # type: ignore[arg-type] # a picture that nobody looks at here
    return (await session.exec(query.order_by(col(Group.members).desc(), col(Group.chat_id)))).all()


async def outgrown(session: AsyncSession, rules: JoinRules, limit: int = 100) -> Sequence[StoresWay]:
    """Join ways that lead to a full or dismissed group while their store has an open one that is free.

    A group that is soon full counts as well, while its way leads to no emptier one: the code gets the next
    group before it needs it.
    """
    other = aliased(Group)
    beside = exists().where(
        col(other.store_id) == col(Group.store_id),
        col(other.kind) == col(Group.kind),
        col(other.dismissed_at).is_(None),
    )
    unbound = col(other.join_config_id).is_(None)
    same = col(other.join_config_id) == col(Group.join_config_id)
    free = beside.where(col(other.members) < rules.cap, or_(unbound, same))
    waiting = beside.where(col(other.members) < rules.early, unbound)
    ready = beside.where(col(other.members) < rules.early, same)
    over = or_(col(Group.members) >= rules.cap, col(Group.dismissed_at).is_not(None))
    soon = and_(col(Group.members) >= rules.early, waiting, ~ready)
    query = (
        select(Group.join_config_id, Group.store_id, Group.kind)
        .where(col(Group.join_config_id).is_not(None), col(Group.store_id).is_not(None))
        .where(or_(and_(over, free), soon))
        .distinct()
    )
    rows = await session.exec(query.limit(limit))
    return [StoresWay(config_id or "", store_id or "", kind) for config_id, store_id, kind in rows]


async def full_ways(
    session: AsyncSession, cap: int, limit: int = 20
) -> Sequence[tuple[StoresWay, Group, int]]:
    """Some of the ways whose stores have no open group of their kind: the newest, and how many there are."""
    number, most_room = func.count().label("groups"), func.min(Group.members)
    alive = col(Group.dismissed_at).is_(None)
    full = (
        select(Group.store_id, Group.kind, number)
        .where(alive)
        .group_by(col(Group.store_id), col(Group.kind))
        .having(most_room >= cap)
        .subquery()
    )
    query = (
        select(Group, full.c.groups)
        .join(full, and_(full.c.store_id == Group.store_id, full.c.kind == Group.kind))
        .where(alive, col(Group.join_config_id).is_not(None), col(Group.owner).is_not(None))
        .ext(distinct_on(col(Group.join_config_id)))
        .order_by(col(Group.join_config_id), col(Group.created_at).desc())
    )
    newest = query.subquery()
    row = aliased(Group, newest)
    found = await session.exec(select(row, newest.c.groups).order_by(func.random()).limit(limit))
    return [(StoresWay(g.join_config_id or "", g.store_id or "", g.kind), g, int(n)) for g, n in found]


async def of_way(session: AsyncSession, way: StoresWay) -> list[Room]:
    """The groups that this way leads to or may lead to: the store's of its kind, without its other ways'."""
    query = select(Group.chat_id, Group.members, Group.dismissed_at).where(
        Group.store_id == way.store_id,
        Group.kind == way.kind,
        or_(Group.join_config_id == way.config_id, col(Group.join_config_id).is_(None)),
    )
    return [Room(chat_id, members, at is not None) for chat_id, members, at in await session.exec(query)]


async def bind(session: AsyncSession, way: StoresWay, chat_ids: Sequence[str]) -> None:
    """The way leads to exactly these groups now; what `apply` remembers of it follows."""
    behind = col(Group.chat_id).in_(chat_ids)
    await session.exec(
        update(Group).where(col(Group.join_config_id) == way.config_id, ~behind).values(join_config_id=None)
    )
    await session.exec(
        update(Group)
        .where(behind, col(Group.store_id) == way.store_id, col(Group.kind) == way.kind)
        .values(join_config_id=way.config_id)
    )
    body = col(AppliedObject.body).op("||")(literal({"chat_id_list": sorted(chat_ids)}, JSONB))
    await session.exec(
        update(AppliedObject).where(col(AppliedObject.wecom_id) == way.config_id).values(body=body)
    )


async def strangers(
    session: AsyncSession, since: datetime, chat_id: str | None = None, limit: int = 100
) -> Sequence[Group]:
    """Young groups that belong to no store: made by WeCom behind a join way, or an employee's own affair.

    All of them, or one group if it is such.
    """
    query = select(Group).where(
        col(Group.store_id).is_(None),
        col(Group.join_config_id).is_(None),
        col(Group.dismissed_at).is_(None),
        col(Group.created_at) > since,
    )
    query = query.where(Group.chat_id == chat_id) if chat_id else query
    return (await session.exec(query.order_by(col(Group.created_at)).limit(limit))).all()


async def ways_of(session: AsyncSession, owner: str | None) -> Sequence[StoresWay]:
    """The join ways behind an employee's groups, those with the fullest groups first."""
    query = (
        select(Group.join_config_id, Group.store_id, Group.kind)
        .where(Group.owner == owner, col(Group.join_config_id).is_not(None))
        .where(col(Group.store_id).is_not(None))
        .group_by(col(Group.join_config_id), col(Group.store_id), col(Group.kind))
        .order_by(func.max(Group.members).desc(), col(Group.join_config_id))
    )
    rows = await session.exec(query.limit(WAYS_OF_AN_OWNER))
    return [StoresWay(config_id or "", store_id or "", kind) for config_id, store_id, kind in rows]


async def states_in(session: AsyncSession, chat_id: str) -> set[str]:
    """The states of the join ways by which its members came (contract §7.1)."""
    query = select(GroupMember.state).where(GroupMember.chat_id == chat_id).distinct()
    return {state for state in await session.exec(query) if state}


async def place(
    session: AsyncSession, chat_id: str, store_id: str, kind: str, config_id: str | None = None
) -> None:
    """A group is the store's, behind its way if it is known; what somebody has decided meanwhile stays."""
    unplaced = [col(Group.chat_id) == chat_id, col(Group.store_id).is_(None)]
    values = {"store_id": store_id, "kind": kind, "join_config_id": config_id}
    await session.exec(update(Group).where(*unplaced).values(values))
