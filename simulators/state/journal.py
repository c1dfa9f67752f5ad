"""What happened between employees and customers, one line each: what statistics are computed from."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from simulators.clock import Clock

Kind = Literal[
    "applied",  # the employee asked to be friends
    "added",
    "heard",  # the customer wrote
    "spoke",  # the employee wrote
    "lost",  # the customer deleted or blocked the employee
]


@dataclass(frozen=True)
class Line:
    at: datetime
    kind: Kind
    userid: str
    external_userid: str


class Journal:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.lines: list[Line] = []

    def note(self, kind: Kind, userid: str, external_userid: str) -> None:
        self.lines.append(Line(self._clock(), kind, userid, external_userid))

    def between(self, userids: set[str], start: datetime, end: datetime) -> list[Line]:
        """Of these employees (userids in lower case), the end excluded."""
        return [line for line in self.lines if start <= line.at < end and line.userid.lower() in userids]
