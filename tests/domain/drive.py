"""Drives a life as its workflow does, without Temporal: events and deadlines when they are due."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from domain import journey, life
from domain.customer import CustomerState
from domain.events import Event
from domain.shape import earliest

TOO_MANY = 500  # actions; far more than any test's playbook can want


def _same(state: CustomerState) -> CustomerState:
    return state


@dataclass
class Drive:
    """One life. `looks` are times at which it looks round for no reason; `between` is done at every wait."""

    state: CustomerState
    looks: Sequence[datetime] = ()
    between: Callable[[CustomerState], CustomerState] = _same
    actions: list[str] = field(default_factory=list)
    rests: list[journey.Rest] = field(default_factory=list)

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
            action = journey.next_action(self.state, now)
            if isinstance(action, journey.Rest):
                self.rests.append(action)
                assert action.until is None or action.until > now
                return action.until
            self.actions.append(f"{now:%F %T} {action.key}")
            journey.done(self.state, action, now)
        raise AssertionError("it never comes to rest")

    @property
    def keys(self) -> list[str]:
        return [action.split(" ", 2)[2] for action in self.actions]
