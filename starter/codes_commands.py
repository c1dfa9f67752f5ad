"""`journeys codes …`: entry codes (渠道活码)."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

import typer
from rich.console import Console

from settings import utc_now
from starter import codes_list, context
from starter.codes import Outcome, WantedCode
from starter.codes_choice import AllCodes, AtPlacements, OfStores, States, chosen
from starter.codes_update import Updater
from starter.output import CsvOption, JsonOption, print_json, show
from starter.posters_command import poster
from starter.runtime import EXIT_FAILED, CommandFailed, console, run
from storage import codes
from storage.database import Database
from storage.tables import EntryCode

app = typer.Typer(no_args_is_help=True, help="Entry codes (渠道活码): one per store and placement.")
app.command()(poster)
SHOWN = 50  # rows of a table; more is a number

DryRun = Annotated[bool, typer.Option("--dry-run", help="show what would change, and change nothing")]


@app.command()
def create(
    placement: Annotated[list[str], typer.Option(help="where it hangs, e.g. cashier, table; several times")],
    playbook: Annotated[
        str | None,
        typer.Option(help="the playbook that its customers enter; default: whose `enter.codes` matches"),
    ] = None,
    campaign: Annotated[
        str | None,
        typer.Option(help="批次 or 活动 that it is printed for; part of its name and of `enter.codes`"),
    ] = None,
    store: Annotated[list[str] | None, typer.Option(help="store id; may be given several times")] = None,
    region: Annotated[
        list[str] | None, typer.Option(help="all active stores of a region, by id or name; several times")
    ] = None,
    all_stores: Annotated[bool, typer.Option("--all-stores", help="all active stores")] = False,
    employee: Annotated[
        list[str] | None, typer.Option(help="userid behind the code; default: the store's active employees")
    ] = None,
    per_employee: Annotated[
        bool,
        typer.Option(
            "--per-employee", help="also one code for each employee: the scan page chooses among them"
        ),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Make one code per store and placement in WeCom. What exists stays; run it again after any failure."""
    stores = (store or [], region or [], all_stores)
    wanted = [
        WantedCode("", one, playbook, tuple(employee or ()), campaign) for one in dict.fromkeys(placement)
    ]
    run(_create(stores, wanted, per_employee, as_json))


@app.command(name="list")
def list_codes(
    store: OfStores = None,
    placement: AtPlacements = None,
    days: Annotated[
        int | None,
        typer.Option(min=1, max=36_500, help="count only today and the days before, so many in all"),
    ] = None,
    csv: CsvOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show all codes with what they bring: scans of their pages, customers added, joins of groups."""
    run(codes_list.list_codes(store, placement, days, csv, as_json))


@app.command()
def update(
    state: States = None,
    everything: AllCodes = False,
    store: OfStores = None,
    placement: AtPlacements = None,
    dry_run: DryRun = False,
    as_json: JsonOption = False,
) -> None:
    """Put the active employees of its store behind a code, in WeCom too. Prints stay valid."""
    run(_update((state, store, placement, everything), dry_run, as_json))


@app.command()
def close(
    state: Annotated[list[str], typer.Argument(help="codes, by their state")],
    reason: Annotated[str, typer.Option(help="what the scan page says, in Chinese, e.g. 本店已搬迁")],
) -> None:
    """Let the scan pages of codes say that they are closed. Prints of a contact way's own QR still work."""
    run(_close(state, reason))


@app.command()
def reopen(state: Annotated[list[str], typer.Argument(help="codes, by their state")]) -> None:
    """Open the scan pages of codes again."""
    run(_close(state, None))


async def _create(
    where: tuple[list[str], list[str], bool],
    codes_of_a_store: Sequence[WantedCode],
    per_employee: bool,
    as_json: bool,
) -> int:
    async with context.database() as database:
        stores = await _stores(database, *where)
    wanted = [replace(code, store_id=store) for store in stores for code in codes_of_a_store]
    async with context.codes() as maker:
        outcome = await maker.create_all(wanted, per_employee=per_employee)
    _tell(outcome, as_json)
    return EXIT_FAILED if outcome.failures else 0


async def _stores(database: Database, stores: list[str], regions: list[str], everything: bool) -> list[str]:
    if everything == bool(stores or regions):
        raise CommandFailed("name stores with --store or --region, or take --all-stores")
    async with database.transaction() as session:
        found = [] if stores and not regions else await codes.store_ids(session, regions or None)
    if regions and not found:
        raise CommandFailed(f"no active store in {', '.join(regions)}; see `journeys stores list`")
    return list(dict.fromkeys([*stores, *found]))


def _tell(outcome: Outcome, as_json: bool) -> None:
    rows = [_row(row) | {"new": row.state in outcome.new, "problem": ""} for row in outcome.codes]
    failed = [
        {"state": failure.key[0], "employees": failure.key[1], "new": False, "problem": failure.reason}
        for failure in outcome.failures
    ]
    if as_json:
        print_json([*rows, *failed])
        return
    if 0 < len(rows) <= SHOWN:
        hidden = {"qr_code", "problem"}  # the address is long, and posters are made by `codes poster`
        show([{name: value for name, value in row.items() if name not in hidden} for row in rows], False)
    there = len(rows) - len(outcome.new)
    own = f", {outcome.ways} of single employees" if outcome.ways else ""
    lost = f" ({outcome.found} made earlier, their answers had been lost)" if outcome.found else ""
    console.print(f"{len(outcome.new)} new{own}, {there} there already{lost}, {len(failed)} failed")
    errors = Console(stderr=True, highlight=False, emoji=False)
    for failure in outcome.failures:
        name = "/".join(part for part in failure.key if part)
        errors.print(f"{name}: {failure.reason}", style="red", markup=False, soft_wrap=True)


async def _update(
    choice: tuple[list[str] | None, list[str] | None, list[str] | None, bool], dry_run: bool, as_json: bool
) -> int:
    at_once = context.quiet_settings().wecom_concurrent_writes
    async with context.wecom() as (database, client):
        updater = Updater(database, client, utc_now, at_once=at_once)
        changes = await updater.plan([code for code, _ in await chosen(database, *choice)])
        rows = [
            {
                "state": change.code.state,
                "added": ",".join(change.added),
                "removed": ",".join(change.removed),
                "own_codes": ",".join(change.missing_own),
            }
            for change in changes
        ]
        if not dry_run:
            await updater.apply(changes)
    told = [row | {"problem": change.problem} for row, change in zip(rows, changes, strict=True)]
    show(told, as_json, empty="every code has the right employees behind it")
    if dry_run and not as_json:
        console.print("nothing was changed (--dry-run)")
    return EXIT_FAILED if any(change.problem for change in changes) else 0


async def _close(states: list[str], reason: str | None) -> None:
    if reason is not None and not reason.strip():
        raise CommandFailed("--reason is what customers read: it must not be empty")
    async with context.database() as database:
        await chosen(database, states, None, None, False)
        async with database.transaction() as session:
            at = utc_now() if reason is not None else None
            await codes.close(session, states, at, (reason or "").strip())
    console.print(f"{'open' if reason is None else 'closed'}: {', '.join(states)}", markup=False)


def _row(row: EntryCode) -> dict[str, object]:
    return {
        "state": row.state,
        "store": row.store_id,
        "placement": row.placement,
        "campaign": row.campaign,
        "playbook": row.playbook,
        "employees": ",".join(row.userids),
        "qr_code": row.qr_code,
    }
