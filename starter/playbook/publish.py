"""`journeys playbook publish`: makes files the versions that new customers get."""

from pathlib import Path
from typing import Annotated

import typer
from sqlmodel.ext.asyncio.session import AsyncSession

from activities.publishing import Published
from activities.publishing import publish as publish_file
from domain.playbook import Playbook
from playbooks.loader import (
    POLICY_FILE,
    PlaybookError,
    Written,
    policy_problems,
    read_corp,
    read_playbook,
    read_policy,
)
from settings import utc_now
from starter import context, till_needs
from starter.output import JsonOption, print_json
from starter.playbook.references import By, Note
from starter.runtime import CommandFailed, console, run
from starter.till_needs import Till
from storage import chain


def publish(
    files: Annotated[
        list[Path], typer.Argument(help="playbook files; all are checked before the first is published")
    ],
    by: By,
    note: Note,
    as_json: JsonOption = False,
) -> None:
    """Publish playbooks: each that changed gets the next number, for customers who enter from now on.

    Nobody who is inside is touched: `journeys playbook migrate` moves them, if you want that.
    """
    run(_publish(files, by, note, as_json))


async def _publish(files: list[Path], by: str, note: str, as_json: bool) -> None:
    if not by.strip() or not note.strip():
        raise CommandFailed("--by and --note must say something: a published version is for ever")
    books = read(files)
    now = utc_now()
    async with context.database() as database, database.transaction() as session:
        await _refuse_what_the_till_cannot(session, books)
        done = [await publish_file(session, book, by=by, note=note, now=now) for book in books]
    if as_json:
        print_json([_row(one) for one in done])
        return
    for one in done:
        name, number = one.version.playbook, one.version.number
        what = (
            f"published {name} as version {number}"
            if one.new
            else f"{name} is as in version {number}: unchanged"
        )
        console.print(what, markup=False)


async def _refuse_what_the_till_cannot(session: AsyncSession, books: list[Written[Playbook]]) -> None:
    till, placed = Till.of(context.quiet_settings()), await chain.any_store_is_placed(session)
    problems = [
        book.source.problem(*one)
        for book in books
        for one in till_needs.of_playbook(book.model, till, stores_placed=placed)
    ]
    if problems:
        raise PlaybookError("\n".join(problems))


def read(files: list[Path]) -> list[Written[Playbook]]:
    """The files by name, checked with what stands beside them; else with the policy in force.

    Raises PlaybookError, and CommandFailed for two of one name.
    """
    found: list[Written[Playbook]] = []
    for path in files:
        if (path.parent / POLICY_FILE).exists():
            books, _ = read_corp(path.parent)
            beside = [book for book in books if book.source.path.resolve() == path.resolve()]
            if not beside:
                raise CommandFailed(f"{path}: there is no such playbook file")
            found += beside
        else:
            found.append(_with_policy_in_force(path))
    names = [book.model.playbook for book in found]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise CommandFailed(f"two of these files call themselves {', '.join(twice)}: publish one of them")
    return sorted(found, key=lambda book: book.model.playbook)  # two commands take locks in one order


def _with_policy_in_force(path: Path) -> Written[Playbook]:
    book = read_playbook(path)
    policy = read_policy(context.quiet_settings().playbooks_dir / POLICY_FILE)
    if problems := policy_problems(book, policy.model):
        raise PlaybookError("\n".join(problems))
    return book


def _row(one: Published) -> dict[str, object]:
    version = one.version
    return {"file": one.file, "playbook": version.playbook, "number": version.number, "new": one.new}
