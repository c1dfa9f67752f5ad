"""`journeys apply`: tags, join ways and group welcomes in WeCom, as the playbooks and stores say."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from activities.composition import connections, join_rules, todo_planner, wecom_client
from playbooks.loader import load_corp
from settings import utc_now
from starter import context
from starter.apply import kinds
from starter.apply.desired import wanted
from starter.apply.effects import Effects
from starter.apply.plan import Action, Change
from starter.apply.work import Apply
from starter.output import JsonOption, print_json
from starter.runtime import EXIT_FAILED, console, run
from workflows.connection import connect

_MARKS = {
    Action.CREATE: "[green]+[/]",
    Action.ADOPT: "[green]=[/]",
    Action.FOLLOW: "[green]=[/]",
    Action.UPDATE: "[yellow]~[/]",
    Action.RESTORE: "[red]![/]",
    Action.UNUSED: "[dim]?[/]",
}


def apply(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only show what would change")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="do not ask")] = False,
    as_json: JsonOption = False,
) -> None:
    """Make tags, join ways (加入群聊) and group welcomes (入群欢迎语) in WeCom what playbooks and stores say.

    Shows every change first, with what somebody changed in WeCom by hand (drift). Run again, it changes
    nothing. Nothing is ever deleted: printed QR codes and tagged customers may still need it.
    """
    run(_apply(dry_run=dry_run, yes=yes, as_json=as_json))


async def _apply(*, dry_run: bool, yes: bool, as_json: bool) -> int:
    settings = context.quiet_settings()
    books, policy = load_corp(settings.playbooks_dir)
    async with context.database() as database, connections() as http:
        wants = await wanted(database, books, join_rules(settings))
        client = wecom_client(settings, http, database, utc_now)
        work = Apply(database, kinds.of(client, wants.ways_in_use), utc_now)
        changes = await work.preview(wants.objects)
        if as_json:
            print_json([asdict(change) for change in changes])
        else:
            _show(changes)
        needed = [change for change in changes if change.needed]
        if dry_run or not needed:
            return 0
        if not yes and not typer.confirm(f"{len(needed)} changes: carry them out in WeCom?", err=True):
            return EXIT_FAILED
        temporal = await connect(settings)
        effects = Effects(database, todo_planner(settings, database, temporal, policy, utc_now))
        failures = await work.carry_out(wants.objects, changes, effects.settled)
    told = (
        Console(stderr=True, highlight=False, emoji=False) if as_json else console
    )  # the JSON stays one document
    told.print(f"{len(needed) - len(failures)} done, {effects.todos} to-dos for owners of groups")
    for failure in failures:
        told.print(f"[red]✗[/] {failure.change.kind} {escape(failure.change.key)}: {escape(failure.reason)}")
    return EXIT_FAILED if failures else 0


def _show(changes: Sequence[Change]) -> None:
    for change in changes:
        if change.action is Action.KEEP:
            continue
        note = f"  ({change.note})" if change.note else ""
        console.print(
            f"{_MARKS[change.action]} {change.action.value:<8}{change.kind}  {escape(change.key + note)}"
        )
        for difference in change.differences:
            console.print(f"    {escape(difference)}")
    kept = sum(change.action is Action.KEEP for change in changes)
    console.print(f"{kept} as they should be")
