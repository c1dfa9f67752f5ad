"""How commands name a playbook: a file, NAME (its newest version) or NAME@N."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from domain.playbook import PinnedJourney, Playbook
from playbooks.loader import load_playbook
from starter.runtime import CommandFailed
from storage import directory, playbooks
from storage.database import Database
from storage.tables import PlaybookVersion

By = Annotated[str, typer.Option(help="your name; it is recorded")]
Note = Annotated[str, typer.Option(help="why; it is recorded")]
Reference = Annotated[str, typer.Argument(help="a file, NAME (its newest version) or NAME@N")]


@dataclass(frozen=True)
class Named:
    """A playbook as somebody named it. `pinned`: as a customer would carry it."""

    label: str
    playbook: Playbook
    pinned: PinnedJourney


async def find(database: Database, reference: str) -> Named:
    """Raises CommandFailed or PlaybookError."""
    if reference.endswith((".yaml", ".yml")) or "/" in reference:
        return _of_file(Path(reference))
    name, at, number = reference.partition("@")
    if at and not number.isdecimal():
        raise CommandFailed(f"{reference!r}: after @ comes the number of a version, e.g. {name}@2")
    row = await version(database, name, int(number) if at else None)
    return Named(f"{name}@{row.number}", Playbook.model_validate(row.body), directory.pin(row))


async def version(database: Database, name: str, number: int | None) -> PlaybookVersion:
    """A published version. Raises CommandFailed with what there is instead."""
    async with database.transaction() as session:
        row = await playbooks.version(session, name, number)
        known = [one.number for one in await playbooks.versions(session, name)]
        names = [one.playbook for one in await playbooks.newest(session)] if not known else []
    if row is not None:
        return row
    if known:
        raise CommandFailed(f"{name} has no version {number}; there is 1 to {known[0]}")
    there = f"there is: {', '.join(names)}" if names else "nothing is published yet"
    raise CommandFailed(f"no playbook {name!r} is published; {there}. A file is named with its .yaml")


def _of_file(path: Path) -> Named:
    playbook = load_playbook(path)
    pinned = PinnedJourney(
        playbook=playbook.playbook,
        version=f"file {path}",
        number=0,
        reentry=playbook.reentry,
        reentry_after=playbook.reentry_after,
        journey=playbook.journey,
    )
    return Named(str(path), playbook, pinned)
