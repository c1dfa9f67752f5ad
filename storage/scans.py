"""Scan pages: what an entry code shows, who is behind it, how often it is opened, where others are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, exists, func
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import Select

from domain.geo import Place
from domain.nearby import HALFWAY_ROUND_METRES, box, nearest
from domain.reception import Candidate
from storage import entries
from storage.tables import Employee, EntryCode, EntryCodeWay, Follow, PlaybookVersion, ScanCount, Store

SEARCH_METRES = (10_000, 100_000, HALFWAY_ROUND_METRES)  # most people stand near a store


@dataclass(frozen=True)
class Scanned:
    """A code with its store and what its playbook's greeting promises."""

    code: EntryCode
    store: Store
    benefit: str | None

    def open_at(self, now: datetime) -> bool:
        return self.store.active and (self.code.closed_at is None or self.code.closed_at > now)

    def day(self, now: datetime) -> date:
        return now.astimezone(ZoneInfo(self.store.zone)).date()


@dataclass(frozen=True)
class Receiver:
    """An employee behind a code, and what the page shows of her."""

    candidate: Candidate
    name: str | None
    qr_code: str | None


@dataclass(frozen=True)
class Elsewhere:
    """The same code in another store. `metres` only if we know where she is."""

    state: str
    store: str
    address: str | None
    metres: float | None = None


async def find(session: AsyncSession, state: str) -> Scanned | None:
    """What a code is; None for one that is not ours."""
    query = select(EntryCode, Store).join(Store).where(EntryCode.state == state)
    row = (await session.exec(query)).first()
    if row is None:
        return None
    benefit = (
        select(col(PlaybookVersion.body)["welcome"]["benefit"].astext)
        .where(col(PlaybookVersion.playbook) == await entries.playbook_of(session, row[0]))
        .order_by(col(PlaybookVersion.number).desc())
        .limit(1)
    )
    return Scanned(*row, (await session.exec(benefit)).first())


async def receivers(session: AsyncSession, scanned: Scanned, now: datetime) -> list[Receiver]:
    """Who is behind a code, with today's new friends by the store's clock; without who has left.

    Somebody whom the directory has not told us of yet may receive customers like everybody else.
    """
    midnight = datetime.combine(scanned.day(now), time(), tzinfo=ZoneInfo(scanned.store.zone))
    added = (
        select(func.count())
        .where(col(Follow.userid) == Employee.userid, col(Follow.since) >= midnight)
        .scalar_subquery()
    )
    mine = (col(EntryCodeWay.userid) == Employee.userid) & (EntryCodeWay.state == scanned.code.state)
    query = select(Employee, col(EntryCodeWay.qr_code), added).join(EntryCodeWay, mine, isouter=True)
    rows = await session.exec(query.where(col(Employee.userid).in_(scanned.code.userids)))
    known = {employee.userid: (employee, qr_code, count) for employee, qr_code, count in rows.all()}
    unknown = [Receiver(Candidate(u), None, None) for u in scanned.code.userids if u not in known]
    return [_receiver(*row) for row in known.values() if row[0].active] + unknown


async def count(session: AsyncSession, state: str, day: date) -> int:
    """One more opening of a code's page; returns how many it were that day."""
    statement = insert(ScanCount).values(state=state, day=day, scans=1)
    more = {"scans": col(ScanCount.scans) + 1}
    statement = statement.on_conflict_do_update(index_elements=["state", "day"], set_=more)
    return int((await session.exec(statement.returning(col(ScanCount.scans)))).one()[0])


async def nearby(
    session: AsyncSession, code: EntryCode, here: Place, now: datetime, most: int
) -> list[Elsewhere]:
    """Open codes of the same placement and playbook, the nearest first."""
    found: list[tuple[float, tuple[EntryCode, Store]]] = []
    for metres in SEARCH_METRES:
        south, north, west, east = box(here, metres)
        inside = (col(Store.latitude).between(south, north), col(Store.longitude).between(west, east))
        rows = (await session.exec(_open_like(code, now).where(*inside))).all()
        ordered = nearest(here, [((c, s), (s.latitude or 0.0, s.longitude or 0.0)) for c, s in rows])
        found = [one for one in ordered if one[0] <= metres]
        if len(found) >= most:
            break
    return [_elsewhere(*row, metres) for metres, row in found[:most]]


async def in_town(session: AsyncSession, scanned: Scanned, now: datetime, most: int) -> list[Elsewhere]:
    """Open codes like this one in other stores: of the same city, else of the same region, else anywhere."""
    store = scanned.store
    for near in _circles(store):
        query = _open_like(scanned.code, now).where(Store.id != store.id, *near)
        rows = (await session.exec(query.order_by(col(Store.name)).limit(most))).all()
        if rows:
            return [_elsewhere(*row) for row in rows]
    return []


def _circles(store: Store) -> Sequence[tuple[ColumnElement[bool], ...]]:
    city = [(col(Store.city) == store.city,)] if store.city else []
    region = [(col(Store.region_id) == store.region_id,)] if store.region_id else []
    return [*city, *region, ()]


def _open_like(code: EntryCode, now: datetime) -> Select[EntryCode, Store]:
    own_way = exists().where(
        col(EntryCodeWay.state) == EntryCode.state, col(EntryCodeWay.qr_code).is_not(None)
    )
    return (
        select(EntryCode, Store)
        .join(Store)
        .where(EntryCode.placement == code.placement)
        .where(col(EntryCode.playbook).is_not_distinct_from(code.playbook))  # None is one's own rules, too
        .where(or_(col(EntryCode.closed_at).is_(None), col(EntryCode.closed_at) > now), col(Store.active))
        .where(or_(col(EntryCode.qr_code).is_not(None), own_way))
    )


def _receiver(employee: Employee, qr_code: str | None, added: int) -> Receiver:
    candidate = Candidate(
        employee.userid,
        shifts=tuple(employee.shifts),
        added=added,
        most=employee.daily_adds,
        own_way=qr_code is not None,
    )
    # One who was only heard of by her id has no name yet; the id is nobody's business.
    return Receiver(candidate, employee.name if employee.name != employee.userid else None, qr_code)


def _elsewhere(code: EntryCode, store: Store, metres: float | None = None) -> Elsewhere:
    return Elsewhere(code.state, store.name, store.address, metres)
