"""`journeys playbook list | show | versions`: what is published."""

from typing import Annotated

import typer

from domain.playbook import Playbook
from domain.step_words import outline
from playbooks.writing import as_yaml
from starter import context
from starter.output import JsonOption, print_json, show
from starter.playbook import references
from starter.runtime import CommandFailed, console, run
from storage import playbooks, standings
from storage.tables import PlaybookVersion

Name = Annotated[str, typer.Argument(help="a published playbook")]


def list_playbooks(as_json: JsonOption = False) -> None:
    """List the current version of every playbook, and how many customers are inside. Needs no worker."""
    run(_list(as_json))


def show_playbook(
    name: Name,
    number: Annotated[int | None, typer.Option(min=1, help="of the version; the newest when absent")] = None,
    yaml: Annotated[bool, typer.Option("--yaml", help="print it as a playbook file")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show a published version: who published it, when, why, and every step. Needs no worker."""
    run(_show(name, number, yaml, as_json))


def versions(name: Name, as_json: JsonOption = False) -> None:
    """List all versions of a playbook, the newest first. Needs no worker."""
    run(_versions(name, as_json))


async def _list(as_json: bool) -> None:
    async with context.database() as database, database.transaction() as session:
        rows = [
            _row(row) | {"inside": sum(g.customers for g in await standings.groups(session, row.playbook))}
            for row in await playbooks.newest(session)
        ]
    show(
        rows,
        as_json,
        empty="nothing is published yet: a worker's first start does it, or `journeys playbook publish`",
    )


async def _show(name: str, number: int | None, yaml: bool, as_json: bool) -> None:
    async with context.database() as database:
        row = await references.version(database, name, number)
    book = Playbook.model_validate(row.body)
    if yaml:
        print(as_yaml(book), end="")
    elif as_json:
        print_json(_row(row) | {"version": row.version, "body": row.body})
    else:
        details = _row(row) | {"version": row.version, "title": book.title, "link": str(book.link)}
        show([{"field": field, "value": value} for field, value in details.items()], as_json)
        for path, words in outline(book):
            console.print(f"{path:<28} {words}", markup=False, soft_wrap=True)


async def _versions(name: str, as_json: bool) -> None:
    async with context.database() as database, database.transaction() as session:
        rows = await playbooks.versions(session, name)
    if not rows:
        raise CommandFailed(f"no playbook {name!r} is published; see `journeys playbook list`")
    show([_row(row) for row in rows], as_json)


def _row(row: PlaybookVersion) -> dict[str, object]:
    return {
        "playbook": row.playbook,
        "number": row.number,
        "published": row.published_at,
        "by": row.author,
        "note": row.note,
    }
