"""What the columns of stores, employees and groups become in the database."""

from abc import ABC, abstractmethod
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.geo import to_wgs84
from starter.chain.reading import Table
from starter.chain.rows import EmployeeRow, GroupRow, Row, StoreRow
from storage import chain
from storage.chain import Given
from storage.directory import DEFAULT_ZONE
from storage.tables import Employee, Group, Region, Store

PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")  # PNG, JPEG
MAX_PICTURE_BYTES = 2 * 2**20  # more is no QR picture
SEVENTH_DIGIT = 7  # of a degree: a centimetre


class Subject(ABC):
    """One kind of file, for one import."""

    model: type[Row]
    table: type[SQLModel]

    @abstractmethod
    async def given(self, session: AsyncSession, table: Table[Any]) -> list[Given]:
        """The columns of every row, the key first; adds problems to the table."""

    def check_new(self, table: Table[Any], new: set[str]) -> None:  # noqa: B027 - most need nothing more
        """Adds a problem for every new row that lacks something. By default its key is enough."""

    def complete(self, row: Given) -> Given:
        """A new row, with what it needs beside the columns of the file."""
        return row

    async def before(self, session: AsyncSession) -> None:  # noqa: B027 - most refer to nothing new
        """Write what the rows refer to."""


class Stores(Subject):
    model, table = StoreRow, Store

    def __init__(self) -> None:
        self.new_regions: list[Region] = []

    async def given(self, session: AsyncSession, table: Table[StoreRow]) -> list[Given]:
        regions = await chain.regions(session)
        return [self._columns(table, one.line, one.row, regions) for one in table.rows]

    def _columns(
        self, table: Table[StoreRow], line: int, row: StoreRow, regions: dict[str, list[str]]
    ) -> Given:
        values = _set(row, "name", "city", "address", "manager", "wifi", "zone", "active")
        if "region" in row.model_fields_set:
            values["region_id"] = self._region(table, line, row.region, regions)
        if {"latitude", "longitude"} & row.model_fields_set:
            values["latitude"] = values["longitude"] = None
            if row.latitude is not None and row.longitude is not None and row.coordinates is not None:
                latitude, longitude = to_wgs84(row.latitude, row.longitude, row.coordinates)
                values["latitude"] = round(latitude, SEVENTH_DIGIT)
                values["longitude"] = round(longitude, SEVENTH_DIGIT)
        return {"id": row.store_id, **values}

    def _region(
        self, table: Table[StoreRow], line: int, name: str | None, regions: dict[str, list[str]]
    ) -> str | None:
        if name is None:
            return None
        ids = regions.setdefault(name, [])
        if not ids:
            ids.append(name)
            self.new_regions.append(Region(id=name, name=name))
        if len(ids) > 1:
            table.problem(line, "region", f"{name!r} is the name of {', '.join(ids)}", "write the id")
        return ids[0]

    def check_new(self, table: Table[StoreRow], new: set[str]) -> None:
        for one in table.rows:
            if one.row.store_id in new and not one.row.name:
                table.problem(one.line, "name", f"of the new store {one.row.store_id} is empty", "fill it in")

    async def before(self, session: AsyncSession) -> None:
        session.add_all(self.new_regions)
        await session.flush()


class Employees(Subject):
    model, table = EmployeeRow, Employee

    async def given(self, session: AsyncSession, table: Table[EmployeeRow]) -> list[Given]:
        await _check_stores(session, table)
        rows: list[Given] = []
        for one in table.rows:
            values = _set(one.row, "name", "store_id", "shifts", "daily_adds", "active")
            rows.append({"userid": one.row.userid, **values})
        return rows

    def complete(self, row: Given) -> Given:
        return {"name": row["userid"], **row}


class Groups(Subject):
    model, table = GroupRow, Group

    def __init__(self, folder: Path, hand_qr_days: float, now: datetime) -> None:
        self._folder, self._life, self._now = folder, timedelta(days=hand_qr_days), now

    async def given(self, session: AsyncSession, table: Table[GroupRow]) -> list[Given]:
        await _check_stores(session, table)
        known = await chain.stores_of_groups(session)
        stores = [one.row.store_id or known.get(one.row.chat_id, "") for one in table.rows]
        zones = await chain.zones(session, set(stores))
        rows: list[Given] = []
        for one, store_id in zip(table.rows, stores, strict=True):
            values = _set(one.row, "name", "store_id", "kind", "owner")
            if {"qr_picture", "exported_at"} & one.row.model_fields_set:
                zone = zones.get(store_id, DEFAULT_ZONE)
                values |= self._picture(table, one.line, one.row, zone)
            rows.append({"chat_id": one.row.chat_id, **values})
        return rows

    def _picture(self, table: Table[GroupRow], line: int, row: GroupRow, zone: str) -> dict[str, Any]:
        if row.qr_picture is None or row.exported_at is None:
            return {"hand_qr": None, "hand_qr_exported_at": None}
        exported = row.exported_at.replace(tzinfo=ZoneInfo(zone))
        if exported > self._now:
            table.problem(line, "exported_at", "lies in the future", "write the day of the export")
        elif exported + self._life <= self._now:
            remedy = "export it again, or leave picture and day empty"
            table.problem(line, "exported_at", "is so long ago that the picture is dead", remedy)
        return {"hand_qr": self._bytes(table, line, row.qr_picture), "hand_qr_exported_at": exported}

    def _bytes(self, table: Table[GroupRow], line: int, name: str) -> bytes:
        path, remedy = self._folder / name, f"the path is relative to the folder of {table.sheet.path.name}"
        try:
            with path.open("rb") as file:
                content = file.read(MAX_PICTURE_BYTES + 1)
        except FileNotFoundError:
            content = b""
        except OSError as error:  # a folder, a name that is too long, somebody else's
            table.problem(line, "qr_picture", f"{name!r} cannot be read: {error.strerror}", remedy)
            return b""
        if not content:
            table.problem(line, "qr_picture", f"{name!r} is not there", remedy)
        elif not content.startswith(PICTURES):
            table.problem(line, "qr_picture", f"{name!r} is neither PNG nor JPEG", "export it again")
        elif len(content) > MAX_PICTURE_BYTES:
            table.problem(line, "qr_picture", f"{name!r} is larger than 2 MiB", "export it smaller")
        return content

    def complete(self, row: Given) -> Given:
        return {**row, "created_at": self._now}


async def _check_stores(session: AsyncSession, table: Table[EmployeeRow] | Table[GroupRow]) -> None:
    wanted = {one.row.store_id for one in table.rows if one.row.store_id}
    known = await chain.existing(session, Store, wanted)
    for one in table.rows:
        if one.row.store_id and one.row.store_id not in known:
            remedy = "import the stores first, or mend the id"
            table.problem(one.line, "store_id", f"{one.row.store_id} is no store", remedy)


def _set(row: Row, *names: str) -> dict[str, Any]:
    """What the file says. An empty name says nothing."""
    values = row.model_dump(include={name for name in names if name in row.model_fields_set})
    return {name: value for name, value in values.items() if not (name == "name" and not value)}
