"""`journeys employees …`: who serves customers, in which store and when."""

from pathlib import Path
from typing import Annotated

import typer
from sqlmodel import col, select

from settings import utc_now
from starter import context
from starter.chain import templates
from starter.chain.importing import Importer
from starter.chain.printing import DeactivateMissing, DryRun, File, NewFile, Xlsx, report
from starter.chain.rows import EmployeeRow
from starter.chain.sync_employees import What, sync_employees
from starter.output import JsonOption, print_json, show
from starter.runtime import console, run
from storage.tables import Employee

app = typer.Typer(no_args_is_help=True, help="Employees: import from a spreadsheet, sync from WeCom, list.")


@app.command(name="import")
def import_employees(
    file: File,
    dry_run: DryRun = False,
    deactivate_missing: DeactivateMissing = False,
    as_json: JsonOption = False,
) -> None:
    """Bring the employees to what a file says: new ones are added, known ones changed. All, or nothing."""
    run(_import(file, dry_run, deactivate_missing, as_json))


@app.command()
def template(file: NewFile, xlsx: Xlsx = False) -> None:
    """Write an empty file with all columns and one example line."""
    run(_template(file, xlsx))


@app.command()
def sync(dry_run: DryRun = False, as_json: JsonOption = False) -> None:
    """Add those who may have customers in WeCom; who has left becomes inactive. Stores are kept."""
    run(_sync(dry_run, as_json))


@app.command(name="list")
def list_employees(
    store: Annotated[str | None, typer.Option(help="only this store's")] = None, as_json: JsonOption = False
) -> None:
    """Show all employees."""
    run(_list(store, as_json))


async def _import(file: Path, dry_run: bool, deactivate_missing: bool, as_json: bool) -> int:
    async with context.database() as database:
        importer = Importer(database, utc_now, dry_run=dry_run)
        done = await report(importer.employees(file, deactivate_missing=deactivate_missing), as_json)
    if not (done or dry_run or as_json):
        console.print("`journeys codes update --dry-run` shows which codes the changes concern")
    return done


async def _template(file: Path, xlsx: bool) -> None:
    templates.write(EmployeeRow, file, xlsx=xlsx)
    console.print(f"{file}: delete the example line when you fill it in", markup=False)


async def _sync(dry_run: bool, as_json: bool) -> None:
    async with context.wecom() as (database, client):
        rows = await sync_employees(database, client, dry_run=dry_run)
    if as_json:
        print_json({"dry_run": dry_run, "employees": rows})
        return
    show([row for row in rows if row["what"] != "unchanged"], False, empty="all is as it is in WeCom")
    at_work = {What.NEW, What.CHANGED, What.UNCHANGED}
    waiting = [str(row["userid"]) for row in rows if row["store"] is None and row["what"] in at_work]
    if waiting:
        text = f"to assign to a store (import a file with 员工账号 and 门店编号): {', '.join(waiting)}"
        console.print(text, markup=False)
    if dry_run:
        console.print("nothing was changed (--dry-run)")


async def _list(store: str | None, as_json: bool) -> None:
    query = select(Employee).order_by(col(Employee.store_id), col(Employee.userid))
    if store:
        query = query.where(Employee.store_id == store)
    async with context.database() as database, database.transaction() as session:
        await context.known(session, stores=[store])
        found = (await session.exec(query)).all()
    show([_row(employee) for employee in found], as_json, empty="no employees")


def _row(employee: Employee) -> dict[str, object]:
    return {
        "userid": employee.userid,
        "name": employee.name,
        "store": employee.store_id,
        "shifts": "; ".join(employee.shifts),
        "daily_adds": employee.daily_adds,
        "active": employee.active,
    }
