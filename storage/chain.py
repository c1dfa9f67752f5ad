"""Master data in bulk: what a list of stores, employees or groups would change, and changing just that."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import func, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import SQLModel, col, exists, select
from sqlmodel.ext.asyncio.session import AsyncSession

from storage.tables import Employee, Group, Region, Store

PER_QUERY = 1_000
Given = Mapping[str, Any]  # column → value, with the key; a column that is not given is left as it is
T = TypeVar("T", bound=SQLModel)


@dataclass
class Difference:
    """Between a list and a table. `changed`: key → the columns that differ; `missing` are keys in use."""

    new: list[Given] = field(default_factory=list)
    changed: dict[str, Given] = field(default_factory=dict)
    unchanged: int = 0
    missing: list[str] = field(default_factory=list)


async def lock(session: AsyncSession) -> None:
    """One list at a time, until the transaction ends."""
    await session.exec(select(func.pg_advisory_xact_lock(func.hashtext("master data"))))


async def compare(session: AsyncSession, table: type[T], rows: Sequence[Given]) -> Difference:
    """Every row has the key. Of rows with the same key the last would win: callers refuse them."""
    key = _key(table)
    found = Difference()
    for some in _chunks(rows):
        known = await _known(session, table, [row[key] for row in some])
        for row in some:
            old = known.get(row[key])
            if old is None:
                found.new.append(row)
                continue
            changes = {name: value for name, value in row.items() if getattr(old, name) != value}
            if changes:
                found.changed[row[key]] = changes
            else:
                found.unchanged += 1
    found.missing = await _missing(session, table, {row[key] for row in rows})
    return found


async def apply(session: AsyncSession, table: type[T], difference: Difference) -> None:
    """What somebody else inserted meanwhile is brought up to date."""
    key = getattr(table, _key(table))
    shapes: dict[tuple[str, ...], list[Given]] = {}
    for given in difference.new:
        shapes.setdefault(tuple(sorted(given)), []).append(given)
    connection = await session.connection()
    for names, rows in shapes.items():
        statement = insert(table)
        changed = {name: statement.excluded[name] for name in names}
        statement = statement.on_conflict_do_update(index_elements=[key], set_=changed)
        await connection.execute(statement, [table(**row).model_dump() for row in rows])
    for identity, changes in difference.changed.items():
        await session.exec(update(table).where(key == identity).values(**changes))


async def deactivate(session: AsyncSession, table: type[Store] | type[Employee], keys: Sequence[str]) -> None:
    """They stay on record; nothing new is planned with them."""
    key = getattr(table, _key(table))
    for some in _chunks(keys):
        await session.exec(update(table).where(key.in_(some)).values(active=False))


async def existing(session: AsyncSession, table: type[SQLModel], keys: set[str]) -> set[str]:
    """Which of these keys the table has."""
    key = getattr(table, _key(table))
    found: set[str] = set()
    for some in _chunks(sorted(keys)):
        found |= set((await session.exec(select(key).where(key.in_(some)))).all())
    return found


async def regions(session: AsyncSession) -> dict[str, list[str]]:
    """What people call a region → the ids that may be meant: an id is itself, a name may be several."""
    rows = (await session.exec(select(Region))).all()
    by_name: dict[str, list[str]] = {}
    for row in rows:
        by_name.setdefault(row.name, []).append(row.id)
    return by_name | {row.id: [row.id] for row in rows}


async def zones(session: AsyncSession, store_ids: set[str]) -> dict[str, str]:
    query = select(Store.id, Store.zone).where(col(Store.id).in_(store_ids))
    return dict((await session.exec(query)).all())


async def any_store_is_placed(session: AsyncSession) -> bool:
    """Whether the nearest store can be told at all."""
    query = select(exists().where(col(Store.active), col(Store.latitude).is_not(None)))
    return bool((await session.exec(query)).one())


async def stores_of_groups(session: AsyncSession) -> dict[str, str]:
    """The store of every group that has one."""
    query = select(Group.chat_id, Group.store_id).where(col(Group.store_id).is_not(None))
    return {chat_id: str(store_id) for chat_id, store_id in (await session.exec(query)).all()}


async def staff_of(session: AsyncSession) -> dict[str, list[str]]:
    """The active employees of every store, in order."""
    query = select(Employee.store_id, Employee.userid).where(
        Employee.active, col(Employee.store_id).is_not(None)
    )
    found: dict[str, list[str]] = {}
    for store_id, userid in (await session.exec(query.order_by(col(Employee.userid)))).all():
        found.setdefault(str(store_id), []).append(userid)
    return found


async def _known(session: AsyncSession, table: type[T], keys: Sequence[str]) -> dict[str, T]:
    key = getattr(table, _key(table))
    rows = (await session.exec(select(table).where(key.in_(keys)))).all()
    return {getattr(row, key.name): row for row in rows}


async def _missing(session: AsyncSession, table: type[SQLModel], given: set[str]) -> list[str]:
    key = getattr(table, _key(table))
    in_use = col(Group.dismissed_at).is_(None) if table is Group else getattr(table, "active")  # noqa: B009
    return sorted(set((await session.exec(select(key).where(in_use))).all()) - given)


def _key(table: type[SQLModel]) -> str:
    return str(table.__table__.primary_key.columns.keys()[0])  # type: ignore[attr-defined]


def _chunks(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), PER_QUERY):
        yield items[start : start + PER_QUERY]
