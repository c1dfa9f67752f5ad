"""A file into the database: everything is checked first, and all of it is written or nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from settings import Clock
from starter.chain.reading import Table, understand
from starter.chain.sheets import Value, read
from starter.chain.subjects import Employees, Groups, Stores, Subject
from storage import chain
from storage.database import Database
from storage.tables import Employee, Store


@dataclass
class Report:
    """What a file changes, or would change. `missing` are in use, but not in the file."""

    file: str
    read_as: str
    dry_run: bool
    ignored_columns: list[str] = field(default_factory=list)
    new: list[str] = field(default_factory=list)
    changed: dict[str, list[str]] = field(default_factory=dict)  # id → columns
    unchanged: int = 0
    missing: list[str] = field(default_factory=list)
    deactivated: list[str] = field(default_factory=list)
    new_regions: list[str] = field(default_factory=list)


class Importer:
    """Raises Problems with everything that is wrong; then nothing was changed."""

    def __init__(self, database: Database, clock: Clock, *, dry_run: bool = False) -> None:
        self._database, self._clock, self._dry_run = database, clock, dry_run

    async def stores(
        self, path: Path, *, deactivate_missing: bool = False, coordinates: str | None = None
    ) -> Report:
        """`coordinates` is the system of those places that do not name one."""
        stores = Stores()
        defaults = {"coordinates": coordinates} if coordinates else {}
        report = await self._import(stores, path, Store if deactivate_missing else None, defaults)
        report.new_regions = [region.name for region in stores.new_regions]
        return report

    async def employees(self, path: Path, *, deactivate_missing: bool = False) -> Report:
        return await self._import(Employees(), path, Employee if deactivate_missing else None)

    async def groups(self, path: Path, *, hand_qr_days: float) -> Report:
        return await self._import(Groups(path.parent, hand_qr_days, self._clock()), path)

    async def _import(
        self,
        subject: Subject,
        path: Path,
        deactivate: type[Store] | type[Employee] | None = None,
        defaults: Mapping[str, Value] | None = None,
    ) -> Report:
        table: Table[Any] = understand(read(path), subject.model, defaults)
        async with self._database.transaction() as session:
            await chain.lock(session)
            rows = await subject.given(session, table)
            difference = await chain.compare(session, subject.table, rows)
            subject.check_new(table, {_key(row) for row in difference.new})
            table.done()
            report = _report(table, difference, self._dry_run)
            if deactivate:
                report.deactivated = difference.missing
            if not self._dry_run:
                difference.new = [subject.complete(row) for row in difference.new]
                await subject.before(session)
                await chain.apply(session, subject.table, difference)
                if deactivate:
                    await chain.deactivate(session, deactivate, difference.missing)
        return report


def _key(row: chain.Given) -> str:
    return str(next(iter(row.values())))


def _report(table: Table[Any], difference: chain.Difference, dry_run: bool) -> Report:
    return Report(
        file=str(table.sheet.path),
        read_as=table.sheet.form,
        dry_run=dry_run,
        ignored_columns=table.ignored,
        new=[_key(row) for row in difference.new],
        changed={key: sorted(changes) for key, changes in difference.changed.items()},
        unchanged=difference.unchanged,
        missing=difference.missing,
    )
