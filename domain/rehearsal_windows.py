"""The windows of one rehearsed life: messages wait for them, and the policy judges when they close. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from domain import calendar
from domain.calendar import Holidays
from domain.caps import Reserved
from domain.playbook import ContentClass
from domain.policy import Person, Policy, judge, refused, shut_for, why_no_window
from domain.shape import earliest
from domain.touches import Channel, Planned, TouchStatus, Verdict


@dataclass(frozen=True)
class Waiting:
    """A message in a window that has not closed yet."""

    planned: Planned
    path: str
    step: str | None
    text: str
    zone: str = ""
    due: datetime | None = None


class Windows:
    """`reserved` and `knowledge`: what she has had when it begins; what is let through is added."""

    def __init__(
        self,
        policy: Policy,
        holidays: Holidays,
        spread_key: str,
        reserved: Sequence[Reserved],
        knowledge: Mapping[str, int],
    ) -> None:
        self._policy, self._holidays, self._spread_key = policy, holidays, spread_key
        self._reserved, self._knowledge = list(reserved), dict(knowledge)
        self._waiting: list[Waiting] = []

    def put(self, touch: Waiting, zone: str, now: datetime) -> bool:
        """Into the window that is open now; False where there is none for it."""
        shut = shut_for(self._policy, touch.planned.limits, touch.planned.kind, zone, self._holidays)
        send_by = touch.planned.send_by
        due = calendar.window_end(now, self._policy.window, self._spread_key, shut, send_by)
        if due is not None:
            self._waiting.append(replace(touch, zone=zone, due=due))
        return due is not None

    def due(self) -> datetime | None:
        return earliest(*(touch.due for touch in self._waiting))

    def empty(self) -> list[Waiting]:
        """Takes everything out that waits."""
        waiting, self._waiting = self._waiting, []
        return waiting

    def close(self, her: Person, now: datetime) -> list[tuple[Waiting, Verdict]]:
        """What becomes of the messages whose windows are over; what has to wait goes into the next one.

        A message to her group goes out whatever she herself has had, and counts for what she gets.
        """
        over = {t.planned.key: t for t in self._waiting if t.due is not None and t.due <= now}
        self._waiting = [t for t in self._waiting if t.planned.key not in over]
        to_her = [t.planned for t in over.values() if t.planned.channel is not Channel.GROUP]
        person = her.model_copy(
            update={"reserved": [r for r in self._reserved if r.at <= now], "knowledge": self._knowledge}
        )
        verdicts = [
            Verdict(key=t.planned.key, status=TouchStatus.CLAIMED)
            for t in over.values()
            if t.planned.channel is Channel.GROUP
        ]
        verdicts += judge(person, to_her, self._policy, now, self._holidays)
        settled = []
        for verdict in verdicts:
            touch, final = over[verdict.key], verdict
            if verdict.status is TouchStatus.PLANNED:
                if self.put(self._put_off(touch, now), touch.zone, now):
                    continue
                final = refused(touch.planned, *why_no_window(touch.planned.send_by, touch.zone))
            settled.append((touch, final))
            self._count(touch.planned, final, now)
        return settled

    def _put_off(self, touch: Waiting, now: datetime) -> Waiting:
        since = touch.planned.put_off_since or now
        return replace(touch, planned=touch.planned.model_copy(update={"put_off_since": since}))

    def _count(self, planned: Planned, verdict: Verdict, now: datetime) -> None:
        if verdict.status is not TouchStatus.CLAIMED:
            return
        book = planned.playbook or ""
        self._reserved.append(Reserved(at=now, channel=planned.channel, playbook=book, kind=planned.kind))
        if planned.kind is ContentClass.DISCOUNT:
            self._knowledge[book] = 0
        elif planned.kind is ContentClass.KNOWLEDGE:
            self._knowledge[book] = self._knowledge.get(book, 0) + 1
