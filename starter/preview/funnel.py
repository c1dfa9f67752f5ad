"""A synthetic population in numbers: who came how far, and what became of every message."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func
from sqlmodel import col, select

from storage.database import Database
from storage.tables import Customer, LogEntry, Touch

_STEP = re.compile(r"/(?:\d+/)?([a-z_]+[\w.]*)(?:/\d+)?$")  # of a touch's key: …/1/nurture.2.then.0/1
REFUSED = "refused"


@dataclass
class Message:
    """One step's messages, or the greeting: outcomes by word, refusals by rule."""

    outcomes: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)


@dataclass
class Funnel:
    """How many people did what."""

    people: int = 0
    steps: dict[str, int] = field(default_factory=dict)
    messages: dict[str, Message] = field(default_factory=dict)
    goals: dict[str, int] = field(default_factory=dict)
    ends: dict[str, int] = field(default_factory=dict)
    stages: dict[str, int] = field(default_factory=dict)

    def whole(self) -> dict[str, Any]:
        """For programs."""
        messages = {
            name: {"outcomes": dict(one.outcomes), "refused_by": dict(one.refused)}
            for name, one in self.messages.items()
        }
        return vars(self) | {"messages": messages}

    def page(self) -> list[str]:
        """For people, with the share of all where it says something."""
        rows = [self._row(name, number) for name, number in self.steps.items()]
        rows += ["", f"{'message':<34}{'planned':>8}{'sent':>8}{'refused':>9}  other outcomes, and rules"]
        rows += [_message(name, one) for name, one in self.messages.items()]
        for title, counted in (
            ("goals", self.goals),
            ("ended", self.ends),
            ("stages at the end", self.stages),
        ):
            if counted:
                rows += ["", title, *(self._row(f"  {name}", n) for name, n in counted.items())]
        return rows

    def _row(self, name: str, number: int) -> str:
        return f"{name:<34}{number:>8}{number / max(self.people, 1):>8.0%}"


async def count(database: Database, playbook: str) -> Funnel:
    """What the rows of one preview add up to."""
    async with database.transaction() as session:
        stages = select(Customer.stage, func.count()).group_by(col(Customer.stage))
        at_end = {str(stage): n for stage, n in (await session.exec(stages)).all()}
        log = (await session.exec(select(LogEntry.external_userid, LogEntry.what, LogEntry.reason))).all()
        touches = (await session.exec(select(Touch).order_by(col(Touch.planned_at), col(Touch.key)))).all()
    did: defaultdict[str, set[str]] = defaultdict(set)
    for who, what, why in log:
        for name in _named(what, why, playbook):
            did[name].add(who)
    people = {name: len(who) for name, who in did.items()}
    return Funnel(
        people=sum(at_end.values()),
        steps={name: people.get(name, 0) for name in ("entered", "greeted", "joined a group", "ordered")}
        | {name: people[name] for name in ("left a group", "deleted us", "opted out") if name in people},
        messages=_messages(touches),
        goals=_part(people, "goal "),
        ends=_part(people, "end "),
        stages=dict(sorted(at_end.items())),
    )


def _named(what: str, why: str, playbook: str) -> Iterator[str]:
    """Which lines of a story count as what."""
    begins = {
        f"enrolled in {playbook}": "entered",
        "welcome sent": "greeted",
        "joined group": "joined a group",
        "order paid": "ordered",
        "left group": "left a group",
        "no longer a friend": "deleted us",
        "opt_out": "opted out",
    }
    yield from (name for words, name in begins.items() if what.startswith(words))
    if what.startswith("goal ") and what.endswith(" reached"):
        yield what.removesuffix(" reached")
    if what == f"{playbook} ended":
        yield f"end {why}"


def _part(people: dict[str, int], prefix: str) -> dict[str, int]:
    return {name.removeprefix(prefix): n for name, n in sorted(people.items()) if name.startswith(prefix)}


def _messages(touches: Any) -> dict[str, Message]:
    found: defaultdict[str, Message] = defaultdict(Message)
    for touch in touches:
        if not touch.external_userid:
            continue  # one message of a whole group, which its members' touches count
        message = found[_step(touch)]
        message.outcomes[str(touch.status)] += 1
        if touch.status == REFUSED:
            message.refused[touch.rule or "no rule"] += 1
    return dict(found)


def _step(touch: Touch) -> str:
    if touch.channel == "welcome":
        return "greeting"
    key = re.sub(r"/\d{9,}", "", touch.key)
    place = _STEP.search(key)
    name = place[1] if place else key
    return f"{name} ({touch.step})" if touch.step else name


def _message(name: str, one: Message) -> str:
    others = {k: n for k, n in one.outcomes.items() if k not in ("sent", REFUSED)}
    told = [f"{k} {n}" for k, n in sorted(others.items())]
    told += [f"refused by {rule} {n}" for rule, n in sorted(one.refused.items())]
    planned, sent, refused = one.outcomes.total(), one.outcomes["sent"], one.outcomes[REFUSED]
    return f"{name:<34}{planned:>8}{sent:>8}{refused:>9}  {', '.join(told)}".rstrip()
