"""`journeys playbook dry-run`: what a playbook would do with the real customers. Sends and writes nothing."""

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Any

import typer

from domain.calendar import Holidays
from domain.conditions import holds
from domain.life import why_not_again
from domain.policy import Policy
from domain.rehearsal import Happening, Her, rehearse
from domain.step_words import outline
from playbooks.loader import load_policy
from settings import utc_now
from starter import context
from starter.output import JsonOption, print_json, show
from starter.playbook import references
from starter.playbook.references import Named, Reference
from starter.runtime import CommandFailed, console, run
from storage import rehearsals
from storage.database import Database
from storage.holidays import days_off
from storage.rehearsals import Candidate

PAGE = 500  # customers in memory at once


def dry_run(
    playbook: Reference,
    segment: Annotated[
        bool, typer.Option("--segment", help="only those for whom the playbook's `enter.segment` holds")
    ] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="look at so many customers at most")] = None,
    days: Annotated[int, typer.Option(min=1, max=730, help="how far to look ahead")] = 30,
    as_json: JsonOption = False,
) -> None:
    """Say what a playbook would do with the real customers from now on: who would enter, what each step
    would send, and what would be refused by which rule. Sends and writes nothing. Needs no worker.

    Nobody's future is known: no orders, joins or answers of theirs are assumed.
    """
    run(_dry_run(playbook, segment, limit, days, as_json))


@dataclass
class Tally:
    """Counts only: as large as the playbook, however many customers there are."""

    customers: int = 0
    entering: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    steps: dict[str, Counter[str]] = field(default_factory=dict)
    ends: Counter[str] = field(default_factory=Counter)

    def add(self, happened: list[Happening]) -> None:
        self.entering += 1
        for one in happened:
            if one.kind == "end":
                self.ends[one.rule] += 1
            else:
                outcome = f"refused: {one.rule}" if one.verdict == "refused" else one.verdict
                self.steps.setdefault(one.path, Counter())[outcome] += 1


async def _dry_run(reference: str, segment: bool, limit: int | None, days: int, as_json: bool) -> None:
    policy = load_policy(context.quiet_settings().playbooks_dir)
    async with context.database() as database:
        named = await references.find(database, reference)
        if segment and named.playbook.enter.segment is None:
            raise CommandFailed(f"{named.label} has no `enter.segment`: leave --segment out")
        tally = await count(database, named, policy, utc_now(), days=days, limit=limit, segment=segment)
    if as_json:
        print_json(_as_data(named, tally))
    else:
        _print(named, tally, days)


async def count(
    database: Database,
    named: Named,
    policy: Policy,
    now: datetime,
    *,
    days: int,
    limit: int | None = None,
    segment: bool = False,
) -> Tally:
    """Rehearse every customer who would enter now."""
    tally, holidays = Tally(), days_off(policy.holidays)
    async for page in _pages(database, named.playbook.playbook, limit, now):
        for one in page:
            tally.customers += 1
            if why := why_not(one, named, policy, now, segment=segment):
                tally.refused[why] += 1
            else:
                tally.add(_rehearsed(one, named, policy, holidays, now, days))
    return tally


def why_not(one: Candidate, named: Named, policy: Policy, now: datetime, *, segment: bool) -> str | None:
    """Why she would not enter; None when she would."""
    wanted = named.playbook.enter.segment
    if segment and wanted and not holds(wanted, one.facts, policy.tiers, now):
        return "not in the segment"
    if one.customer.opted_out_at:
        return "she opted out"
    if one.last is None:
        return None
    if one.last.ended_at is None:
        return "she is in it already"
    return why_not_again(named.pinned, one.last.episode, one.last.ended_at, one.customer.episode, now)


def _rehearsed(
    one: Candidate, named: Named, policy: Policy, holidays: Holidays, now: datetime, days: int
) -> list[Happening]:
    her = Her(one.facts, reserved=one.reserved)
    return rehearse(named.pinned, her, [], now, now + timedelta(days=days), policy, holidays)


async def _pages(
    database: Database, playbook: str, limit: int | None, now: datetime
) -> AsyncIterator[list[Candidate]]:
    after, left = "", limit
    while left is None or left > 0:
        size = PAGE if left is None else min(PAGE, left)
        async with rehearsals.reading(database) as session:
            page = await rehearsals.candidates(session, playbook, after, size, now)
        if not page:
            return
        yield page
        after = page[-1].customer.external_userid
        left = None if left is None else left - len(page)


def _rows(named: Named, tally: Tally) -> list[dict[str, Any]]:
    words = dict(outline(named.playbook))
    return [
        {
            "step": path,
            "what": words.get(path, ""),
            "planned": sum(outcomes.values()),
            "outcomes": ", ".join(f"{n} {outcome}" for outcome, n in outcomes.most_common()),
        }
        for path, outcomes in sorted(tally.steps.items(), key=lambda item: _reading_order(item[0], words))
    ]


def _reading_order(path: str, words: dict[str, str]) -> int:
    paths = list(words)
    return paths.index(path) if path in words else len(paths)


def _as_data(named: Named, tally: Tally) -> dict[str, Any]:
    return {
        "playbook": named.label,
        "customers": tally.customers,
        "entering": tally.entering,
        "not_entering": tally.refused,
        "steps": {path: dict(outcomes) for path, outcomes in tally.steps.items()},
        "ends": tally.ends,
    }


def _print(named: Named, tally: Tally, days: int) -> None:
    console.print(
        f"{named.label}, the next {days} days: {tally.entering} of {tally.customers} customers would enter"
    )
    for why, number in tally.refused.most_common():
        console.print(f"  {number} would not: {why}", markup=False)
    show(_rows(named, tally), as_json=False, empty="no step would do anything")
    for why, number in tally.ends.most_common():
        console.print(f"  {number} would end: {why}", markup=False)
