"""The story of a population so far, and what happens next: plain data, which is saved with the world.

Everybody has dice of their own, so that one story does not hang on who else threw before.
"""

import asyncio
import heapq
from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Literal

from simulators.population.plan import Plan

Mood = Literal["looking", "waiting", "friend", "drifted", "gone"]
What = Literal[
    "arrive",
    "buy",
    "chat",
    "drift",
    "return",
    "complain",
    "leave",
    "confirm_half_add",
    "confirm_task",
    "publish_moment",
]
LOG_LENGTH = 20_000


@dataclass
class Person:
    number: int
    nickname: str
    external_userid: str
    unionid: str
    dice: Random
    mood: Mood = "looking"
    userid: str | None = None  # the employee
    member_id: str | None = None
    chat_id: str | None = None
    thought: int | None = None  # the number of what is due next; anything else was thought of in another mood


@dataclass(order=True)
class Due:
    at: datetime
    number: int  # of two at the same time the earlier thought comes first
    what: What = field(compare=False)
    person: int | None = field(default=None, compare=False)
    task: str | None = field(default=None, compare=False)  # msgid or moment_id
    userid: str | None = field(default=None, compare=False)


@dataclass
class Happening:
    at: datetime
    who: str  # nickname, or userid of an employee
    what: str
    detail: str = ""


@dataclass
class Story:
    plan: Plan
    seed: int
    run: int  # the how-manieth population of this world: the same seed again makes other people
    now: datetime  # of the last deed
    dice: Random
    people: dict[int, Person] = field(default_factory=dict)
    due: list[Due] = field(default_factory=list)  # a heap
    thoughts: int = 0
    tasks_seen: int = 0  # so many mass tasks, and moments, employees have made up their minds about
    moments_seen: int = 0
    deeds: Counter[str] = field(default_factory=Counter)
    log: deque[Happening] = field(default_factory=lambda: deque(maxlen=LOG_LENGTH))

    def expect(
        self,
        at: datetime,
        what: What,
        *,
        person: int | None = None,
        task: str | None = None,
        userid: str | None = None,
    ) -> int:
        self.thoughts += 1
        heapq.heappush(self.due, Due(at, self.thoughts, what, person, task, userid))
        return self.thoughts

    def next_until(self, end: datetime) -> Due | None:
        return heapq.heappop(self.due) if self.due and self.due[0].at <= end else None

    def tell(self, who: str, what: str, detail: str = "") -> None:
        self.deeds[what] += 1
        self.log.append(Happening(self.now, who, what, detail))


class Population:
    """The one population of a world."""

    TRANSIENT = frozenset({"task", "turn"})

    def __init__(self) -> None:
        self.story: Story | None = None
        self.runs = 0
        self.task: asyncio.Task[None] | None = None  # while it lives in real time
        self.turn = asyncio.Lock()  # one at a time moves the story

    def cancel(self) -> None:
        if self.task is not None:
            self.task.cancel()
            self.task = None
