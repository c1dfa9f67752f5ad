"""What `journeys doctor` asks of the tables. Read-only."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, tuple_
from sqlmodel import SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from storage.rooms import joinable
from storage.tables import (
    Employee,
    EntryCode,
    EntryCodeWay,
    Follow,
    Group,
    InboundEvent,
    MemberKey,
    PlaybookVersion,
    Store,
    TillHint,
    TillWalk,
)

WEEK = timedelta(days=7)


async def how_many(session: AsyncSession, table: type[SQLModel]) -> int:
    return (await session.exec(select(func.count()).select_from(table))).one()


async def active_employees(session: AsyncSession) -> list[str]:
    """Their userids in lower case, as WeCom's are compared (contract §0.3)."""
    query = select(Employee.userid).where(Employee.active).order_by(col(Employee.userid))
    return [userid.lower() for userid in (await session.exec(query)).all()]


async def open_codes(session: AsyncSession) -> Sequence[EntryCode]:
    """Codes that hang somewhere, whether WeCom has made them or not."""
    query = select(EntryCode).where(col(EntryCode.closed_at).is_(None))
    return (await session.exec(query.order_by(col(EntryCode.state)))).all()


async def open_ways(session: AsyncSession) -> Sequence[EntryCodeWay]:
    """The employees' own contact ways of those codes."""
    query = select(EntryCodeWay).join(EntryCode).where(col(EntryCode.closed_at).is_(None))
    return (await session.exec(query.order_by(col(EntryCodeWay.state), col(EntryCodeWay.userid)))).all()


async def unstaffed_stores(session: AsyncSession) -> list[str]:
    """Active stores in which nobody works who is active."""
    staffed = select(Employee.store_id).where(Employee.active, col(Employee.store_id).is_not(None))
    query = select(Store.id).where(Store.active, col(Store.id).not_in(staffed)).order_by(col(Store.id))
    return list((await session.exec(query)).all())


async def store_ids(session: AsyncSession) -> list[str]:
    query = select(Store.id).where(Store.active).order_by(col(Store.id))
    return list((await session.exec(query)).all())


async def published(session: AsyncSession) -> tuple[set[str], datetime | None]:
    """The names of all published playbooks, and when the first was published: when a worker first ran."""
    names = (await session.exec(select(PlaybookVersion.playbook).distinct())).all()
    first = (await session.exec(select(func.min(PlaybookVersion.published_at)))).one()
    return set(names), first


async def hand_exported(session: AsyncSession) -> list[tuple[str, datetime]]:
    """Living groups that only a picture leads into, and when it was exported by hand."""
    exported = col(Group.hand_qr_exported_at)
    query = select(Group.chat_id, exported).where(
        col(Group.dismissed_at).is_(None), col(Group.join_config_id).is_(None), exported.is_not(None)
    )
    rows = (await session.exec(query.order_by(exported))).all()
    return [(chat_id, at) for chat_id, at in rows if at]


async def stores_by_room(
    session: AsyncSession, cap: int, hand_qr_since: datetime
) -> tuple[list[str], list[str]]:
    """Stores with a living group: those where one can be joined by QR, and those where none can."""
    query = select(Group.store_id).where(col(Group.dismissed_at).is_(None), col(Group.store_id).is_not(None))
    all_of_them = {s for s in (await session.exec(query)).all() if s}
    open_ones = query.where(Group.members < cap, joinable(hand_qr_since))
    roomy = {s for s in (await session.exec(open_ones)).all() if s}
    return sorted(roomy), sorted(all_of_them - roomy)


async def newest_event(session: AsyncSession, source: str) -> datetime | None:
    """When a source last told us anything; None: never."""
    query = select(func.max(InboundEvent.received_at)).where(InboundEvent.source == source)
    return (await session.exec(query)).one()


async def unknown_friends(session: AsyncSession, pairs: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    """Which of these (userid, external_userid) we have never heard of."""
    both = tuple_(col(Follow.userid), col(Follow.external_userid))
    query = select(Follow.userid, Follow.external_userid).where(both.in_(list(pairs)))
    return set(pairs) - set((await session.exec(query)).all())


async def late_hints(session: AsyncSession, before: datetime) -> tuple[int, int]:
    """Pushes of the till that are due since then, and those of the week that the till knows nothing of."""
    waits = col(TillHint.settled_at).is_(None) & (col(TillHint.due_at) < before)
    lost = col(TillHint.outcome).startswith("not_found") & (col(TillHint.received_at) > before - WEEK)
    query = select(func.count().filter(waits), func.count().filter(lost)).select_from(TillHint)
    return (await session.exec(query)).one()


async def last_walk(session: AsyncSession, kind: str) -> datetime | None:
    """When such a walk was last finished."""
    query = select(func.max(TillWalk.ended_at)).where(TillWalk.kind == kind, TillWalk.status == "done")
    return (await session.exec(query)).one()


async def member_keys(session: AsyncSession, provider: str) -> int:
    query = select(func.count()).select_from(MemberKey).where(MemberKey.provider == provider)
    return (await session.exec(query)).one()
