"""Who and what the chain has: stores, employees, entry codes, published playbooks."""

import hashlib
import json
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import func, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.customer import Entry
from domain.playbook import PinnedJourney, Playbook
from storage import entries
from storage.tables import Employee, EntryCode, PlaybookVersion, Store

DEFAULT_ZONE = "Asia/Shanghai"  # of whoever belongs to no store
TAG_CHARS = 30  # of a corp tag's name (contract §5.1)


async def ensure_employee(session: AsyncSession, userid: str) -> Employee:
    """The employee; one that we have not been told of yet is recorded by id alone."""
    statement = insert(Employee).values(userid=userid, name=userid, active=True)
    await session.exec(statement.on_conflict_do_nothing())
    return (await session.exec(select(Employee).where(Employee.userid == userid))).one()


async def employee_left(session: AsyncSession, userid: str) -> None:
    """Nobody is sent to her any more; what she did stays."""
    await session.exec(update(Employee).where(col(Employee.userid) == userid).values(active=False))


async def employee_renamed(session: AsyncSession, old: str, new: str) -> None:
    """She goes on under the new userid, in the same store; what she did stays under the old one."""
    row = await session.get(Employee, old)
    if row and row.active:
        await session.merge(Employee(**row.model_dump() | {"userid": new}))
        row.active = False
    await session.exec(update(Store).where(col(Store.manager) == old).values(manager=new))


async def entry_of(session: AsyncSession, state: str | None, userid: str) -> tuple[Entry, str | None]:
    """What an entry code says, and the name of its playbook.

    An unknown code falls back to the employee's own store and no playbook; so does an add without a code.
    A code that names no playbook is that one's whose `enter.codes` matches it best.
    """
    code = await session.get(EntryCode, state) if state else None
    employee = await ensure_employee(session, userid)
    store_id = code.store_id if code else employee.store_id
    store = await session.get(Store, store_id) if store_id else None
    entry = Entry(code=state, placement=code.placement if code else None)
    if store:
        entry.store_id, entry.store_name, entry.region_id = store.id, store.name, store.region_id
    entry.tags = [t[:TAG_CHARS] for t in (entry.store_name, entry.placement) if t]
    return entry, await entries.playbook_of(session, code) if code else None


async def zone_of(session: AsyncSession, store_id: str | None) -> str:
    store = await session.get(Store, store_id) if store_id else None
    return store.zone if store else DEFAULT_ZONE


def known_zone(zone: str) -> str:
    """The zone itself. Raises ValueError with what to do."""
    try:
        return ZoneInfo(zone).key
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: it names a folder of zones
        raise ValueError(f"there is no time zone {zone!r}: give an IANA name, e.g. Asia/Shanghai") from None


async def publish(
    session: AsyncSession,
    playbook: Playbook,
    *,
    author: str,
    now: datetime,
    note: str = "",
    only_first: bool = False,
) -> PlaybookVersion:
    """Publish a playbook. What is current stays; anything else, an older text too, gets the next number.

    `only_first`: nothing is published of a playbook that has a version; that one is returned.
    """
    await session.exec(select(func.pg_advisory_xact_lock(func.hashtext(playbook.playbook))))
    body, newest = playbook.model_dump(mode="json"), await newest_version(session, playbook.playbook)
    if newest and (only_first or newest.body == body):
        return newest
    number = newest.number + 1 if newest else 1
    identity = json.dumps([playbook.playbook, number, body], sort_keys=True)
    row = PlaybookVersion(
        version=hashlib.sha256(identity.encode()).hexdigest()[:16],
        playbook=playbook.playbook,
        number=number,
        body=body,
        published_at=now,
        author=author,
        note=note,
    )
    session.add(row)
    await session.flush()
    return row


async def newest_version(session: AsyncSession, name: str) -> PlaybookVersion | None:
    query = select(PlaybookVersion).where(PlaybookVersion.playbook == name)
    return (await session.exec(query.order_by(col(PlaybookVersion.number).desc()).limit(1))).first()


async def current_playbook(session: AsyncSession, name: str) -> tuple[Playbook, PinnedJourney] | None:
    """The newest version of a playbook, whole and as it is pinned."""
    row = await newest_version(session, name)
    return (Playbook.model_validate(row.body), pin(row)) if row else None


async def pinned(session: AsyncSession, version: str) -> PinnedJourney | None:
    """A published version by its hash."""
    row = await session.get(PlaybookVersion, version)
    return pin(row) if row else None


def pin(row: PlaybookVersion) -> PinnedJourney:
    playbook = Playbook.model_validate(row.body)
    return PinnedJourney(
        playbook=row.playbook,
        version=row.version,
        number=row.number,
        reentry=playbook.reentry,
        reentry_after=playbook.reentry_after,
        journey=playbook.journey,
    )


async def upsert(session: AsyncSession, row: Any) -> None:
    """Insert a row of master data or bring it up to date, by its primary key.

    Raises ValueError for a store whose zone nobody knows: its customers could never be planned for.
    """
    if isinstance(row, Store):
        known_zone(row.zone)
    table = type(row)
    values = row.model_dump()
    keys = [c.name for c in table.__table__.primary_key]
    changed = {k: v for k, v in values.items() if k not in keys}
    await session.exec(insert(table).values(values).on_conflict_do_update(index_elements=keys, set_=changed))
