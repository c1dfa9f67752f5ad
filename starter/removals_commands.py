"""`journeys removals …`: out of personal-WeChat groups, into WeCom groups (个微群迁移)."""

from pathlib import Path
from typing import Annotated

import typer

from activities.composition import join_rules, todo_planner
from domain.removal import Removal
from playbooks.loader import load_policy
from playbooks.removals import load_removal
from settings import utc_now
from starter import context
from starter.output import CsvOption, JsonOption, print_json, show
from starter.removals import pictures, reporting
from starter.removals.starting import Started
from starter.removals.starting import Starter as RemovalStarter
from starter.runtime import EXIT_FAILED, CommandFailed, console, run
from storage import removals as rows
from storage import todos
from storage.database import Database
from storage.tables import Removal as RemovalRow
from workflows.connection import connect

app = typer.Typer(
    no_args_is_help=True,
    help="Removals (个微群迁移): lead the members of personal-WeChat groups into new ones.",
)

File = Annotated[Path, typer.Argument(help="the removal's file", exists=True, dir_okay=False)]
Name = Annotated[str, typer.Argument(help="of the removal")]
By = Annotated[str, typer.Option(help="your name; it is recorded")]


@app.command()
def check(file: File) -> None:
    """Check a removal's file. Needs neither a database nor WeCom."""
    run(_check(file))


@app.command()
def start(
    file: File,
    by: By,
    again: Annotated[
        list[str] | None,
        typer.Option(help="an old group whose code is made once more: WeCom's answer was lost"),
    ] = None,
    pictures: Annotated[
        Path | None, typer.Option(help="write each code as a picture into this folder", file_okay=False)
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Make a code for every old group and plan its notices as to-dos. Run it again after any failure: it goes
    on where it was.
    """
    run(_start(file, by, again or [], pictures, as_json))


@app.command(name="list")
def list_removals(as_json: JsonOption = False) -> None:
    """List all removals."""
    run(_list(as_json))


@app.command(name="show")
def show_removal(name: Name, csv: CsvOption = None, as_json: JsonOption = False) -> None:
    """Show a removal's old groups with their codes, and how its notices stand."""
    run(_show(name, csv, as_json))


@app.command()
def report(name: Name, csv: CsvOption = None, as_json: JsonOption = False) -> None:
    """Show for every old group who came, who left again and who is lost."""
    run(_report(name, csv, as_json))


@app.command()
def cancel(name: Name, by: By, reason: Annotated[str, typer.Option(help="it is recorded")]) -> None:
    """Stop a removal: notices that were not sent are dropped. Codes that are posted go on working."""
    run(_cancel(name, by, reason))


async def _check(file: Path) -> None:
    removal = load_removal(file).model
    people = sum(group.people for group in removal.groups)
    console.print(f"{file}: {len(removal.groups)} old groups, {people} people", markup=False)


async def _start(file: Path, by: str, again: list[str], out: Path | None, as_json: bool) -> int:
    settings, removal = context.quiet_settings(), load_removal(file).model
    if unknown := set(again) - {group.name for group in removal.groups}:
        raise CommandFailed(f"the file has no old group {min(unknown)!r}")
    async with context.wecom() as (database, client):
        policy = load_policy(settings.playbooks_dir)
        planner = todo_planner(settings, database, await connect(settings), policy, utc_now)
        starter = RemovalStarter(database, client, planner, join_rules(settings), utc_now)
        done = await starter.start(removal, by, again)
        if out:
            async with database.transaction() as session:
                stores = await rows.stores(session, removal)
            number = await pictures.write(client, removal, done.groups, stores, out)
            if not as_json:
                console.print(f"{number} pictures in {out}", markup=False)
    _tell(removal, done, as_json)
    return EXIT_FAILED if done.problems else 0


def _tell(removal: Removal, done: Started, as_json: bool) -> None:
    lines = [
        {
            "old_group": group.name,
            "state": group.state,
            "picture": group.qr_code,
            "problem": done.problems.get(group.name, ""),
        }
        for group in done.groups
    ]
    if as_json:
        late = sorted(done.too_late, reverse=True)
        print_json({"codes": done.codes, "notices": done.notices, "too_late": late, "groups": lines})
        return
    show(lines, False)
    console.print(f"{done.codes} codes made, {done.notices} notices planned as to-dos")
    for days in sorted(done.too_late, reverse=True):
        console.print(f"not planned, its day is over: the notice {days} days before {removal.dissolves_on}")


async def _list(as_json: bool) -> None:
    async with context.database() as database, database.transaction() as session:
        found = await rows.all_of_them(session)
    show([_row(row) for row in found], as_json, empty="no removals")


def _row(row: RemovalRow) -> dict[str, object]:
    body = rows.body_of(row)
    return {
        "removal": row.id,
        "title": body.title,
        "status": row.status,
        "reason": row.reason,
        "old_groups": len(body.groups),
        "dissolves_on": body.dissolves_on,
        "by": row.by,
        "started": row.created_at,
        "ended": row.ended_at,
    }


async def _show(name: str, csv: Path | None, as_json: bool) -> None:
    async with context.database() as database:
        row = await _found(database, name)
        async with database.transaction() as session:
            groups = await rows.old_groups(session, name)
            notices = await todos.counted(session, rows.subject(name))
    lines = [
        {
            "old_group": group.name,
            "people": group.people,
            "employee": group.userid,
            "store": group.store_id,
            "state": group.state,
            "leads_to": ",".join(group.chat_ids),
            "picture": group.qr_code,
        }
        for group in groups
    ]
    if as_json:
        print_json(_row(row) | {"groups": lines, "notices": notices})
        return
    show(lines, False, csv=csv)
    said = ", ".join(f"{status} {number}" for status, number in notices.items()) or "none"
    console.print(f"{name} is {row.status}; notices: {said}")


async def _report(name: str, csv: Path | None, as_json: bool) -> None:
    async with context.database() as database:
        row = await _found(database, name)
        async with database.transaction() as session:
            groups = await rows.old_groups(session, name)
            each, whole = await rows.came(session, name)
    show(reporting.lines(row, groups, each, whole), as_json, csv=csv)


async def _cancel(name: str, by: str, reason: str) -> None:
    now, words = utc_now(), f"{by}: {reason}"
    async with context.database() as database:
        await _found(database, name)
        async with database.transaction() as session:
            if not await rows.end(session, name, rows.CANCELLED, words, now):
                raise CommandFailed(f"{name} has ended already; see `journeys removals list`")
            dropped = await todos.drop(
                session, rows.subject(name), f"the removal was cancelled by {words}", now
            )
    console.print(f"{name} is cancelled, {dropped} notices are not sent")


async def _found(database: Database, name: str) -> RemovalRow:
    async with database.transaction() as session:
        row = await rows.find(session, name)
    if row is None:
        raise CommandFailed(f"there is no removal {name!r}; see `journeys removals list`")
    return row
