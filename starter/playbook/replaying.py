"""What really happened to customers, played again under two versions of a playbook. Reads only."""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import zip_longest
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from domain.caps import Reserved
from domain.events import Event
from domain.facts import Facts
from domain.policy import Policy
from domain.rehearsal import Happening, Her, rehearse
from starter.playbook.references import Named
from storage import rehearsals
from storage.database import Database
from storage.facts import facts_of
from storage.holidays import days_off
from storage.rehearsals import Friendship
from storage.tables import Standing

PAGE = 200  # enrolments in memory at once, with all that happened to those customers
HOLDOUT = "holdout"  # the rule by which nothing reaches her
SHOWN = 40  # characters of a message


@dataclass(frozen=True)
class Changed:
    """One enrolment that would have gone otherwise; counts of messages sent."""

    customer: str
    old: int
    new: int
    first: str


@dataclass
class Totals:
    enrolments: int = 0
    more: int = 0
    fewer: int = 0
    other: int = 0  # as many messages, but not the same or not at the same time
    old: Counter[str] = field(default_factory=Counter)
    new: Counter[str] = field(default_factory=Counter)

    def add(self, old: Sequence[Happening], new: Sequence[Happening]) -> None:
        self.enrolments += 1
        for counter, happened in ((self.old, old), (self.new, new)):
            counter.update(
                f"refused: {one.rule}" if one.verdict == "refused" else one.verdict for one in happened
            )
        before, after = sent(old), sent(new)
        self.more += after > before
        self.fewer += after < before
        self.other += after == before and first_difference(old, new) is not None


async def replay(
    database: Database,
    old: Named,
    new: Named,
    policy: Policy,
    since: datetime,
    now: datetime,
    totals: Totals,
) -> AsyncIterator[Changed]:
    """Everybody for whom something differs; `totals` counts them all. Memory stays flat."""
    holidays, after = days_off(policy.holidays), ("", 0)
    while True:
        async with rehearsals.reading(database) as session:
            page = await rehearsals.enrolments(session, old.playbook.playbook, since, after, PAGE)
            told = await _known(session, page, old.playbook.playbook, since, now) if page else {}
        if not page:
            return
        after = page[-1].external_userid, page[-1].number
        for row in (row for row in page if row.external_userid in told):
            known = told[row.external_userid]
            both = [
                _since(
                    rehearse(
                        n.pinned, known.her(row), known.events, row.since, known.until, policy, holidays
                    ),
                    since,
                )
                for n in (old, new)
            ]
            totals.add(*both)
            if (first := first_difference(*both)) is not None:
                yield Changed(row.external_userid, sent(both[0]), sent(both[1]), first)


def first_difference(old: Sequence[Happening], new: Sequence[Happening]) -> str | None:
    """Where two rehearsals part, in words; None where they do not, or she is held out of both."""
    if all(one.rule == HOLDOUT for one in (*old, *new)):
        return None
    for before, after in zip_longest(old, new):
        if before is None or after is None or _identity(before) != _identity(after):
            return f"old: {_words(before)} | new: {_words(after)}"
    return None


def sent(happened: Sequence[Happening]) -> int:
    return sum(one.kind == "send" and one.verdict == "sent" for one in happened)


def _identity(one: Happening) -> tuple[Any, ...]:
    """Without its path: the same message elsewhere in the file is no difference to her."""
    return one.at, one.kind, one.verdict, one.rule, one.text


def _words(one: Happening | None) -> str:
    if one is None:
        return "nothing more"
    text = one.text if len(one.text) <= SHOWN else f"{one.text[:SHOWN]}…"
    why = ": ".join(part for part in (one.rule, one.reason) if part)
    parts = [f"{one.at:%F %H:%M}Z", one.path, one.kind, f"“{text.strip()}”" if text else "", one.verdict]
    return " ".join([*filter(None, parts), *([f"({why})"] if why else [])])


def _since(happened: Sequence[Happening], since: datetime) -> list[Happening]:
    return [one for one in happened if one.at >= since]


@dataclass(frozen=True)
class Known:
    """What is recorded of one customer."""

    facts: Facts
    events: Sequence[Event]
    friendships: Sequence[Friendship]
    reserved: Sequence[Reserved]
    until: datetime

    def her(self, row: Standing) -> Her:
        """As she was when that enrolment began, as far as it is recorded."""
        friends = [
            userid
            for userid, since, lost in self.friendships
            if (since is None or since <= row.since) and (lost is None or lost > row.since)
        ]
        return Her(self.facts, friends=friends, reserved=self.reserved)


async def _known(
    session: AsyncSession, page: Sequence[Standing], playbook: str, since: datetime, now: datetime
) -> dict[str, Known]:
    ids = sorted({row.external_userid for row in page})
    begin = min([since, *(row.since for row in page)])
    facts = await facts_of(session, ids, now)
    events = await rehearsals.events_of(session, ids, begin)
    friendships = await rehearsals.friendships(session, ids)
    reserved = await rehearsals.others(session, ids, playbook, begin, now)
    opted_out = await rehearsals.opted_out(session, ids)
    return {
        she: Known(
            facts[she],
            events.get(she, []),
            friendships.get(she, []),
            reserved.get(she, []),
            min(now, opted_out.get(she) or now),
        )
        for she in ids
        if she in facts
    }
