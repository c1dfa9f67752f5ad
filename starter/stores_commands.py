"""`journeys stores …`: the chain's stores."""

from pathlib import Path
from typing import Annotated

import typer
from sqlmodel import col, func, select

from domain.geo import Coordinates
from settings import utc_now
from starter import context
from starter.chain import templates
from starter.chain.importing import Importer
from starter.chain.printing import DeactivateMissing, DryRun, File, NewFile, Xlsx, report
from starter.chain.rows import StoreRow
from starter.output import JsonOption, show
from starter.runtime import console, run
from storage.tables import Employee, Region, Store

app = typer.Typer(no_args_is_help=True, help="Stores: import from a spreadsheet, list.")

Shifted = Annotated[
    Coordinates | None,
    typer.Option(
        "--coordinates", help="the system of places without one: 高德 and 腾讯 use GCJ-02, 百度 BD-09"
    ),
]


@app.command(name="import")
def import_stores(
    file: File,
    dry_run: DryRun = False,
    deactivate_missing: DeactivateMissing = False,
    coordinates: Shifted = None,
    as_json: JsonOption = False,
) -> None:
    """Bring the stores to what a file says: new ones are added, known ones changed. All of it, or nothing."""
    run(_import(file, dry_run, deactivate_missing, coordinates, as_json))


@app.command()
def template(file: NewFile, xlsx: Xlsx = False) -> None:
    """Write an empty file with all columns and one example line."""
    run(_template(file, xlsx))


@app.command(name="list")
def list_stores(as_json: JsonOption = False) -> None:
    """Show all stores."""
    run(_list(as_json))


async def _import(
    file: Path, dry_run: bool, deactivate_missing: bool, coordinates: Coordinates | None, as_json: bool
) -> int:
    async with context.database() as database:
        importer = Importer(database, utc_now, dry_run=dry_run)
        work = importer.stores(file, deactivate_missing=deactivate_missing, coordinates=coordinates)
        return await report(work, as_json)


async def _template(file: Path, xlsx: bool) -> None:
    templates.write(StoreRow, file, xlsx=xlsx)
    console.print(f"{file}: delete the example line when you fill it in", markup=False)


async def _list(as_json: bool) -> None:
    staff = select(Employee.store_id, func.count().label("employees")).where(Employee.active)
    counted = staff.group_by(col(Employee.store_id)).subquery()
    query = (
        select(Store, Region.name, func.coalesce(counted.c.employees, 0))
        .outerjoin(Region, col(Region.id) == Store.region_id)
        .outerjoin(counted, counted.c.store_id == Store.id)
        .order_by(col(Store.id))
    )
    async with context.database() as database, database.transaction() as session:
        found = (await session.exec(query)).all()
    rows = [_row(store, region, employees) for store, region, employees in found]
    show(rows if as_json else [_for_people(row) for row in rows], as_json, empty="no stores")


def _row(store: Store, region: str | None, employees: int) -> dict[str, object]:
    return {
        "store": store.id,
        "name": store.name,
        "region": region,
        "city": store.city,
        "address": store.address,
        "latitude": store.latitude,
        "longitude": store.longitude,
        "manager": store.manager,
        "wifi": store.wifi,
        "zone": store.zone,
        "employees": employees,
        "active": store.active,
    }


def _for_people(row: dict[str, object]) -> dict[str, object]:
    """What a terminal has room for; the rest is in the JSON."""
    place = "" if row["latitude"] is None else f"{row['latitude']:.4f},{row['longitude']:.4f}"
    kept = {name: row[name] for name in ("store", "name", "region", "city", "manager")}
    return kept | {"WGS-84": place, "employees": row["employees"], "active": row["active"]}
