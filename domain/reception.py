"""接待: which employee a scan page shows. A scan has no identity, so this looks at the employees alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.shifts import on_shift


class Why(StrEnum):
    """What to tell her about who was chosen."""

    ON_SHIFT = "on_shift"  # at work, with room for her
    OFF_SHIFT = "off_shift"  # nobody is at work: a colleague will answer later
    BUSY = "busy"  # who is at work has had enough new friends today: a colleague will answer later
    FULL = "full"  # nobody has room today
    NOBODY = "nobody"  # there is no employee behind the code


@dataclass(frozen=True)
class Candidate:
    """An employee behind a code."""

    userid: str
    shifts: tuple[str, ...] = ()  # none: always at work
    added: int = 0  # new friends today
    most: int | None = None  # new friends a day; None: any number
    own_way: bool = False  # has a QR of her own; the others share the common one

    @property
    def has_room(self) -> bool:
        return self.most is None or self.added < self.most


@dataclass(frozen=True)
class Reception:
    """Without a userid and with room: the common code, where WeCom chooses."""

    why: Why
    userid: str | None = None

    @property
    def possible(self) -> bool:
        return self.why not in (Why.FULL, Why.NOBODY)


def choose(
    candidates: Sequence[Candidate], now: datetime, zone: str, *, turn: int = 0, common_way: bool = True
) -> Reception:
    """Who receives the next customer: at work before off work, then the fewest new friends today.

    Nobody over her cap is ever chosen, and a colleague off work is better than no answer at all: the greeting
    is sent anyway, and she answers when her shift begins. Equals take turns: friends are counted a little
    later than pages, so without `turn` a queue at the poster would all be sent to one of them.
    """
    usable = [c for c in candidates if common_way or c.own_way]
    with_room = [c for c in usable if c.has_room]
    if not with_room:
        return Reception(Why.FULL if usable else Why.NOBODY)
    at_work = [c for c in usable if _at_work(c, now, zone)]
    here = [c for c in at_work if c.has_room]
    why = Why.ON_SHIFT if here else Why.BUSY if at_work else Why.OFF_SHIFT
    own = [c for c in here or with_room if c.own_way]
    if not own:
        return Reception(why)
    least = min(c.added for c in own)
    equals = sorted(c.userid for c in own if c.added == least)
    return Reception(why, equals[turn % len(equals)])


def _at_work(candidate: Candidate, now: datetime, zone: str) -> bool:
    try:
        return on_shift(candidate.shifts, now, zone)
    except ValueError:
        return True  # the import refuses such shifts; one that got in otherwise must not close the store
