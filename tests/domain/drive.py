"""Drives a life as its workflow does, without Temporal: events and deadlines when they are due."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from domain import actions as doing
from domain import journey, life
from domain.customer import CustomerState
from domain.events import Event
from domain.questions import OVER, Answer
from domain.shape import earliest

TOO_MANY = 500  # actions; far more than any test's playbook can want


def _same(state: CustomerState) -> CustomerState:
    return state


def by_lot(ask: doing.Ask, now: datetime) -> Answer:
    """An answer that depends on the question alone; of life stages: one after the other, every 60 days."""
    lot = int.from_bytes(hashlib.sha256(ask.model_dump_json().encode()).digest()[:4], "big")
    question = ask.question
    if question.cases is not None:
        return Answer(chosen=str(lot % len(question.cases)) if lot % 3 else None, why="by lot")
    if question.split:
        return Answer(chosen=sorted(question.split.shares)[lot % len(question.split.shares)])
    if question.wait:
        if lot % 5 == 0:
            return Answer(chosen=OVER)
        return Answer(at=now + timedelta(days=lot % 9) if lot % 4 else None)
    assert question.stages
    names = [day.stage for day in question.stages.stages]
    here = names.index(question.stages.current) if question.stages.current else -1
    there = here if question.stages.stay else min(here + 1, len(names) - 1)
    later = there + 1 < len(names)
    return Answer(chosen=names[there], at=now + timedelta(days=60) if later else None)


@dataclass
class Drive:
    """One life. `looks` are times at which it looks round for no reason; `between` is done at every wait."""

    state: CustomerState
    looks: Sequence[datetime] = ()
    between: Callable[[CustomerState], CustomerState] = _same
    answers: Callable[[doing.Ask, datetime], Answer] = by_lot
    actions: list[str] = field(default_factory=list)
    rests: list[doing.Rest] = field(default_factory=list)

    def run(self, events: Sequence[Event], start: datetime, until: datetime) -> "Drive":
        """Everything that happens from `start` on. Events are told at the times when they happen."""
        coming = sorted(events, key=lambda e: e.at)
        now = start
        while now <= until:
            while coming and coming[0].at <= now:
                self._hear(coming.pop(0), now)
            deadline = self._act(now)
            looks = [look for look in self.looks if look > now]
            told = coming[0].at if coming else None
            now = earliest(deadline, told, min(looks, default=None)) or until
            if now >= until:
                break
        return self

    def _hear(self, event: Event, now: datetime) -> None:
        if life.is_new(self.state, event.id):
            life.happened(self.state, event, now)

    def _act(self, now: datetime) -> datetime | None:
        """Do all that is to be done now; returns the deadline of the rest."""
        for _ in range(TOO_MANY):
            self.state = self.between(self.state)
            journey.advance(self.state, now)
            action = doing.next_action(self.state, now)
            if isinstance(action, doing.Rest):
                self.rests.append(action)
                assert action.until is None or action.until > now
                return action.until
            if isinstance(action, doing.Ask):
                doing.answered(self.state, action, self.answers(action, now), now)
                continue
            self.actions.append(f"{now:%F %T} {action.key}")
            doing.done(self.state, action, now)
        raise AssertionError("it never comes to rest")

    @property
    def keys(self) -> list[str]:
        return [action.split(" ", 2)[2] for action in self.actions]
