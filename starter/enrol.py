"""Putting existing customers into a playbook. All are checked before anyone is enrolled."""

import asyncio
import csv
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from sqlmodel import col, select
from temporalio.service import RPCError

from activities.courier import Courier, Parcel
from domain.addresses import customer_id
from domain.events import Event, EventKind
from settings import Clock
from starter.runtime import CommandFailed
from storage import directory, inbound
from storage.database import Database
from storage.tables import Customer

COLUMN = "external_userid"
BAD_LINES_SHOWN = 50
KNOWN_PER_QUERY = 5_000


@dataclass
class Enrolment:
    """A whole order: who, into what. `reference` makes it the same order when it is given again."""

    playbook: str
    reference: str
    customers: list[str] = field(default_factory=list)

    def event_id(self, external_userid: str) -> str:
        text = f"enrol/{self.playbook}/{self.reference}/{external_userid}"
        return hashlib.sha256(text.encode()).hexdigest()[:32]


def read_csv(path: Path) -> tuple[list[tuple[int, str]], list[str]]:
    """Line numbers and ids, and a text for every bad line; blank lines are skipped.

    Raises CommandFailed for a file that is no such list at all.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandFailed(f"{path} cannot be read as UTF-8 text: {error}") from None
    reader = csv.DictReader(text.splitlines())
    if COLUMN not in (reader.fieldnames or ()):
        raise CommandFailed(f"{path}:1: the first line must name the columns; {COLUMN} is missing")
    problems: list[str] = []
    seen: dict[str, int] = {}
    for row in reader:
        line, found = reader.line_num, (row.get(COLUMN) or "").strip()
        if found in seen:
            problems.append(f"{path}:{line}: {found} stands in line {seen[found]} already")
        elif found:
            seen[found] = line
        elif any(isinstance(value, str) and value.strip() for value in row.values()):
            problems.append(f"{path}:{line}: {COLUMN} is empty")
    if not seen and not problems:
        raise CommandFailed(f"{path}: no customers in it")
    return [(line, found) for found, line in seen.items()], problems


async def check(
    database: Database,
    playbook: str,
    rows: Sequence[tuple[int, str]],
    source: str,
    problems: Sequence[str] = (),
) -> None:
    """Raises CommandFailed with every problem, unless the playbook is published and all are known."""
    async with database.transaction() as session:
        found = await directory.current_playbook(session, playbook)
    if found is None:
        raise CommandFailed(f"no playbook {playbook!r} is published")
    if not found[0].enter.operator:
        raise CommandFailed(
            f"{playbook} takes nobody from operators: its `enter` says `operator: false`. "
            "Nobody was enrolled. Write `operator: true` there and publish it, or let people come "
            "by its codes, groups or segment."
        )
    known: set[str] = set()
    for start in range(0, len(rows), KNOWN_PER_QUERY):
        ids = [found for _, found in rows[start : start + KNOWN_PER_QUERY]]
        async with database.transaction() as session:
            query = select(Customer.external_userid).where(col(Customer.external_userid).in_(ids))
            known |= set((await session.exec(query)).all())
    unknown = [f"{source}:{n}: there is no customer {found!r}" for n, found in rows if found not in known]
    _raise([*problems, *unknown])


async def enrol(
    database: Database, courier: Courier, clock: Clock, order: Enrolment, per_second: float
) -> int:
    """Hand one event per customer over to her life, at a pace; returns how many were new.

    Interrupted and given again, it goes on where it stopped: the same order makes the same events. Raises
    CommandFailed when Temporal does not take one.
    """
    new = 0
    loop = asyncio.get_running_loop()
    began = loop.time()
    with Progress(console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task(f"enrolling into {order.playbook}", total=len(order.customers))
        for number, external_userid in enumerate(order.customers):
            event = Event(
                id=order.event_id(external_userid),
                kind=EventKind.ENROLLED,
                at=clock(),
                playbook=order.playbook,
            )
            subject = customer_id(external_userid)
            body = Parcel(event=event).model_dump(mode="json")
            async with database.transaction() as session:
                new += await inbound.store(
                    session, digest=event.id, source="enrol", subject=subject, body=body, now=clock()
                )
            await _deliver(courier, subject, order, done=number)
            progress.advance(bar)
            await asyncio.sleep(max(0.0, began + (number + 1) / per_second - loop.time()))
    return new


async def _deliver(courier: Courier, subject: str, order: Enrolment, done: int) -> None:
    try:
        await courier.deliver(subject)
    except RPCError as error:
        raise CommandFailed(
            f"Temporal did not take {subject}: {error.message}\n"
            f"{done} of {len(order.customers)} customers were handed over. Give the same order again with "
            f"--reference {order.reference}: it goes on from there."
        ) from None


def _raise(problems: list[str]) -> None:
    if problems:
        shown = problems[:BAD_LINES_SHOWN]
        if len(problems) > len(shown):
            shown.append(f"… and {len(problems) - len(shown)} more")
        raise CommandFailed("\n".join([*shown, "Nobody was enrolled. Mend these lines and run it again."]))
