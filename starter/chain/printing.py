"""How the commands of stores, employees and groups tell what they did."""

from collections.abc import Awaitable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from starter.chain.importing import Report
from starter.chain.problems import Problems
from starter.output import print_json
from starter.runtime import EXIT_FAILED, console

IDS_SHOWN = 20

File = Annotated[
    Path, typer.Argument(help="a CSV or XLSX file; `template` writes one to fill in", dir_okay=False)
]
NewFile = Annotated[Path, typer.Argument(help="the file to write", dir_okay=False)]
DryRun = Annotated[bool, typer.Option("--dry-run", help="show what would change, and change nothing")]
Xlsx = Annotated[
    bool, typer.Option("--xlsx", help="a workbook with explanations; default: by the file's name")
]
DeactivateMissing = Annotated[
    bool, typer.Option("--deactivate-missing", help="those who are not in the file become inactive")
]


async def report(work: Awaitable[Report], as_json: bool) -> int:
    """Print the outcome of an import; its problems go into the JSON, or to standard error."""
    try:
        done = await work
    except Problems as problems:
        if not as_json:
            raise
        print_json({"problems": problems.as_json()})
        return EXIT_FAILED
    if as_json:
        print_json(asdict(done))
    else:
        _print(done)
    return 0


def _print(done: Report) -> None:
    would = "would be " if done.dry_run else ""
    console.print(f"{escape(done.file)} ({done.read_as})")
    if done.ignored_columns:
        console.print(f"  ignored columns: {escape(', '.join(done.ignored_columns))}")
    for what, ids in (("new", done.new), ("changed", list(done.changed)), ("deactivated", done.deactivated)):
        if ids or what != "deactivated":
            console.print(f"  {len(ids)} {would}{what}{_some(ids)}")
    for key, columns in list(done.changed.items())[:IDS_SHOWN]:
        console.print(f"    {escape(key)}: {', '.join(columns)}")
    console.print(f"  {done.unchanged} unchanged")
    if done.new_regions:
        console.print(f"  new regions: {escape(', '.join(done.new_regions))}")
    left = [key for key in done.missing if key not in set(done.deactivated)]
    if left:
        console.print(f"  {len(left)} in use, but not in the file{_some(left)}: left as they are")
    if done.dry_run:
        console.print("nothing was changed (--dry-run)")


def _some(ids: list[str]) -> str:
    if not ids:
        return ""
    more = f", … and {len(ids) - IDS_SHOWN} more" if len(ids) > IDS_SHOWN else ""
    return escape(f": {', '.join(ids[:IDS_SHOWN])}{more}")
