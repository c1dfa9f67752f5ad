"""Random playbooks and random lives through them, for the bounds that `domain.analysis` promises."""

import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from domain import actions as doing
from domain import days, journey, life
from domain.customer import CustomerState, Membership
from domain.events import Event, EventKind
from domain.playbook import Condition, PinnedJourney, Playbook
from domain.questions import Answer, Question
from domain.shape import earliest

START = datetime(2026, 1, 1, 1, tzinfo=UTC)
ZONE = "Asia/Shanghai"
TOO_MANY = 300


def any_playbook(lots: random.Random) -> Playbook:
    """A playbook of every kind of step; it may be nonsense, but it has the right shape."""
    stages = [f"s{n}" for n in range(lots.randint(0, 3))]
    body: dict[str, Any] = {"playbook": "any", "title": "t", "welcome": {"text": "hi"}}
    body["nurture"] = _steps(lots, stages, 3)
    body["life_stages"] = [
        {
            "stage": name,
            "begins": lots.choice(
                [None, {"date": "due_date", "offset": lots.choice(["-4w", "0d", "6d", "1mo"])}]
            ),
            "steps": _steps(lots, stages[number + 1 :], 3),
        }
        for number, name in enumerate(stages)
    ]
    if lots.random() < 0.6:
        body["reactivation"] = {
            "dormant_after": lots.choice(["5d", "20d", "45d"]),
            "steps": _steps(lots, stages, 2) or [{"wait": "1d"}],
        }
    return Playbook.model_validate(body)


def _steps(lots: random.Random, stages: list[str], deep: int) -> list[dict[str, Any]]:
    return [_step(lots, stages, deep) for _ in range(lots.randint(0, 3))]


def _step(lots: random.Random, stages: list[str], deep: int) -> dict[str, Any]:
    send = {"text": "x", "content": lots.choice(["general", "service", "discount"])}
    plain: list[dict[str, Any]] = [
        {"send": send},
        {"send": send | {"wait_for_delivery": True}},
        {"send": send | {"coupon": {"template": "T", "name": "t"}}},
        {"wait": lots.choice(["1d", "36h", "9d", "0s"])},
        {"wait": {"weekday": "mon"}},
        {"wait": {"day": {"date": lots.choice(["birthday", "due_date"])}}},
        {"coupon": {"template": "T", "name": "t"}},
        {"notify_staff": {"title": "call"}},
    ]
    if stages and lots.random() < 0.2:
        return {"goto_stage": lots.choice(stages)}
    if not deep or lots.random() < 0.6:
        return lots.choice(plain)
    event = lots.choice(["order_paid", "group_joined", "form_answered"])
    inner = [_steps(lots, stages, deep - 1) for _ in range(2)]
    waiting = {"event": event, "timeout": lots.choice(["2d", "14d"]), "then": inner[0], "otherwise": inner[1]}
    case = {"when": {"member": True}, "steps": inner[0]}
    arms = [{"arm": arm, "share": 50, "steps": steps} for arm, steps in zip("ab", inner, strict=True)]
    return lots.choice(
        [
            {"wait_for": waiting},
            {"branch": [case, {"steps": inner[1]}]},
            {"branch": [case]},
            {"split": {"experiment": "e", "arms": arms}},
        ]
    )


@dataclass
class Life:
    """One life; facts are drawn by lot, dates stay."""

    book: Playbook
    lots: random.Random
    touches: list[datetime] = field(default_factory=list)
    by_hand: list[datetime] = field(default_factory=list)

    def run(self, lasting: timedelta) -> "Life":
        told = date(2026, 1, 1) + timedelta(days=self.lots.randint(-60, 200))
        dates = {"birthday": date(1990, 1, self.lots.randint(1, 28)), "due_date": told}
        self.dates: Any = dates if self.lots.random() < 0.7 else {}
        state = CustomerState(external_userid="wm1")
        state.groups["g"] = Membership(joined_at=START)
        pinned = PinnedJourney(playbook="any", version="v", number=1, journey=self.book.journey)
        journey.enrol(state, pinned, START, onboarded=True)
        events, now = self._events(lasting), START
        while now < START + lasting:
            while events and events[0].at <= now:
                life.happened(state, events.pop(0), now)
            deadline = self._act(state, now)
            coming = earliest(deadline, events[0].at if events else None)
            if coming is None:
                break
            now = coming
        return self

    def _events(self, lasting: timedelta) -> list[Event]:
        """Orders at any time; one form, because the bound allows for two in a window."""
        kinds = [EventKind.ORDER_PAID] * self.lots.randint(0, 12) + [EventKind.FORM_ANSWERED]
        seconds = lasting.total_seconds()
        made = [
            Event(
                id=f"e{n}",
                kind=kind,
                at=START + timedelta(seconds=int(self.lots.random() * seconds)),
                form="feedback",
            )
            for n, kind in enumerate(kinds)
        ]
        return sorted(made, key=lambda event: event.at)

    def _act(self, state: CustomerState, now: datetime) -> datetime | None:
        for _ in range(TOO_MANY):
            journey.advance(state, now)
            action = doing.next_action(state, now)
            if isinstance(action, doing.Rest):
                return action.until
            if isinstance(action, doing.Ask):
                doing.answered(state, action, self._answer(action.question, state, now), now)
                continue
            if isinstance(action, doing.SendTouch):
                self.touches.append(now)
            if isinstance(action, doing.SendTouch | doing.TellStaff):
                self.by_hand.append(now)
            doing.done(state, action, now, refused=self.lots.random() < 0.2)
        raise AssertionError("it never comes to rest")

    def _answer(self, question: Question, state: CustomerState, now: datetime) -> Answer:
        if question.cases is not None:
            ways: list[Condition | None] = question.cases
            chosen = self.lots.choice([n for n, _ in enumerate(ways)] + [None] * (ways[-1] is not None))
            return Answer(chosen=None if chosen is None else str(chosen))
        if question.split:
            return Answer(chosen=self.lots.choice(list(question.split.shares)))
        if question.wait:
            return Answer(at=days.wait_until(question.wait, self.dates, ZONE, now))
        assert question.stages is not None
        name, coming = days.stage_at(question.stages, self.dates, ZONE, now)
        return Answer(chosen=name, at=coming)


def most_within(times: list[datetime], window: timedelta) -> int:
    """The most of them that any window holds."""
    return max((sum(1 for t in times if first <= t < first + window) for first in times), default=0)
