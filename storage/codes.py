"""Entry codes and the contact ways behind them: claimed before WeCom is asked, settled after."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import delete, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, or_, select, text
from sqlmodel.ext.asyncio.session import AsyncSession

from storage.database import Database
from storage.tables import EntryCode, EntryCodeWay, Region, ScanCount, Store

Way = EntryCode | EntryCodeWay  # the common contact way of a code, or one employee's own
Key = tuple[str, str | None]  # state, userid
PER_QUERY = 5_000
ONE_MAKER = "select pg_try_advisory_lock(hashtext('entry codes'))"
NO_MAKER = "select pg_advisory_unlock(hashtext('entry codes'))"


def key_of(way: Way) -> Key:
    return way.state, way.userid if isinstance(way, EntryCodeWay) else None


@asynccontextmanager
async def only_maker(database: Database) -> AsyncIterator[bool]:
    """Whether nobody else makes codes. A process that is killed gives this up with its connection."""
    async with database.engine.connect() as connection:
        connection = await connection.execution_options(isolation_level="AUTOCOMMIT")
        alone = bool((await connection.execute(text(ONE_MAKER))).scalar())
        try:
            yield alone
        finally:
            if alone:
                await connection.execute(text(NO_MAKER))


async def known(session: AsyncSession, states: Sequence[str]) -> dict[Key, Way]:
    """What there is of these codes, claims too."""
    found: dict[Key, Way] = {}
    for some in _chunks(states):
        codes = (await session.exec(select(EntryCode).where(col(EntryCode.state).in_(some)))).all()
        ways = (await session.exec(select(EntryCodeWay).where(col(EntryCodeWay.state).in_(some)))).all()
        rows: list[Way] = [*codes, *ways]
        found |= {key_of(row): row for row in rows}
    return found


async def config_ids(session: AsyncSession) -> set[str]:
    """Every contact way that we have on record."""
    found: set[str] = set()
    for table in (EntryCode, EntryCodeWay):
        query = select(table.config_id).where(col(table.config_id).is_not(None))
        found |= {str(one) for one in (await session.exec(query)).all()}
    return found


async def claim(session: AsyncSession, way: Way, now: datetime) -> bool:
    """Write down that it is about to be made; False when somebody else has made it meanwhile.

    An older claim was looked for before, and begins anew.
    """
    way.created_at = now
    keys = ["state", "userid"] if isinstance(way, EntryCodeWay) else ["state"]
    fresh = {"created_at": now} | _ours(way)
    statement = insert(type(way)).values(way.model_dump())
    unsettled = col(type(way).config_id).is_(None)
    statement = statement.on_conflict_do_update(index_elements=keys, set_=fresh, where=unsettled)
    return (await session.exec(statement.returning(col(type(way).state)))).first() is not None


async def settle(session: AsyncSession, way: Way, config_id: str, qr_code: str) -> None:
    way.config_id, way.qr_code = config_id, qr_code
    settled = {"config_id": config_id, "qr_code": qr_code} | _ours(way)
    await session.exec(update(type(way)).where(*_is(way)).values(settled))


async def release(session: AsyncSession, way: Way) -> None:
    """WeCom refused it: there is nothing to look for. A code that something refers to stays as a claim."""
    where = [*_is(way), col(type(way).config_id).is_(None)]
    if isinstance(way, EntryCode):
        where += [
            ~select(table.state).where(table.state == way.state).exists()
            for table in (EntryCodeWay, ScanCount)
        ]
    await session.exec(delete(type(way)).where(*where))


async def forget(session: AsyncSession, way: EntryCodeWay) -> None:
    """Its contact way is gone."""
    await session.exec(delete(EntryCodeWay).where(*_is(way)))


async def set_users(session: AsyncSession, code: EntryCode, userids: Sequence[str]) -> None:
    await session.exec(update(EntryCode).where(*_is(code)).values(userids=list(userids)))


async def close(session: AsyncSession, states: Sequence[str], at: datetime | None, reason: str) -> set[str]:
    """Close the scan pages of codes, or with `at` None open them again; returns which of them there are."""
    statement = update(EntryCode).where(col(EntryCode.state).in_(states))
    values = {"closed_at": at, "closed_reason": reason}
    return set(
        (await session.exec(statement.values(**values).returning(col(EntryCode.state)))).scalars().all()
    )


async def store_ids(session: AsyncSession, regions: Sequence[str] | None = None) -> list[str]:
    """The active stores, or those of regions, by id or name."""
    query = select(Store.id).outerjoin(Region, col(Region.id) == Store.region_id).where(Store.active)
    if regions is not None:
        query = query.where(or_(col(Region.id).in_(regions), col(Region.name).in_(regions)))
    return list((await session.exec(query.order_by(col(Store.id)))).all())


async def choose(
    session: AsyncSession,
    *,
    states: Sequence[str] | None = None,
    stores: Sequence[str] | None = None,
    placements: Sequence[str] | None = None,
) -> list[tuple[EntryCode, Store]]:
    """Codes with their stores, in order; None stands for any."""
    query = select(EntryCode, Store).join(Store).order_by(col(EntryCode.state))
    for column, wanted in (
        (EntryCode.state, states),
        (EntryCode.store_id, stores),
        (EntryCode.placement, placements),
    ):
        if wanted is not None:
            query = query.where(col(column).in_(wanted))
    return [(code, store) for code, store in (await session.exec(query)).all()]


def _ours(way: Way) -> dict[str, Any]:
    """What somebody may ask for otherwise than at the first try."""
    return {"userids": way.userids, "playbook": way.playbook} if isinstance(way, EntryCode) else {}


def _is(way: Way) -> list[Any]:
    where = [col(type(way).state) == way.state]
    return where + ([col(EntryCodeWay.userid) == way.userid] if isinstance(way, EntryCodeWay) else [])


def _chunks(items: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(items), PER_QUERY):
        yield items[start : start + PER_QUERY]
