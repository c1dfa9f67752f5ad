"""班次: when an employee is at work, as people write it: "周一至周五 09:00-18:00", "Mon-Fri 09:00-18:00"."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

MINUTES_A_DAY = 24 * 60
NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
HOW = 'write e.g. "周一至周五 09:00-18:00" or "Mon-Fri 09:00-18:00", several separated by ";"'

_WORDS = {
    "每天": range(7),
    "每日": range(7),
    "daily": range(7),
    "工作日": range(5),
    "weekdays": range(5),
    "周末": range(5, 7),
    "weekend": range(5, 7),
}
_DAYS = {name.lower(): day for day, name in enumerate(NAMES)}
_DAYS |= {long: day for day, long in enumerate(("monday", "tuesday", "wednesday", "thursday", "friday"))}
_DAYS |= {"saturday": 5, "sunday": 6}
_DAYS |= {f"{week}{c}": day for week in ("周", "星期") for day, c in enumerate("一二三四五六日")}
_DAYS |= {"周天": 6, "星期天": 6}
_TIMES = re.compile(r"(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})")
_DASHES = re.compile(r"\s*(?:[-–—−~]+|至|到)\s*")


@dataclass(frozen=True)
class Shift:
    """`days` 0 = Monday; `start` and `end` in minutes of the day. An end before the start is a day later."""

    days: tuple[int, ...]
    start: int
    end: int

    def __str__(self) -> str:
        """The one way in which it is kept; `parse` reads it back."""
        return f"{_days_text(self.days)} {_clock(self.start)}-{_clock(self.end)}"

    def holds(self, weekday: int, minute: int) -> bool:
        """Whether it covers a minute of a local day; start belongs to it, end does not."""
        if self.start < self.end:
            return weekday in self.days and self.start <= minute < self.end
        began_yesterday = (weekday - 1) % 7 in self.days and minute < self.end
        return began_yesterday or (weekday in self.days and minute >= self.start)


def on_shift(shifts: Sequence[str], at: datetime, zone: str) -> bool:
    """Whether somebody with these shifts is at work, by the store's clock on the wall. No shifts: always.

    Raises ValueError for a shift that cannot be read, or a time without a zone.
    """
    if at.tzinfo is None:
        raise ValueError("a time without a zone")
    local = at.astimezone(ZoneInfo(zone))
    minute = local.hour * 60 + local.minute
    return not shifts or any(s.holds(local.weekday(), minute) for text in shifts for s in parse(text))


@lru_cache(maxsize=4096)
def parse(text: str) -> tuple[Shift, ...]:
    """The shifts in one text; none for an empty one. Raises ValueError with the part and what to write."""
    plain = _DASHES.sub("-", unicodedata.normalize("NFKC", text))
    return tuple(shift for part in re.split(r"[;\n]", plain) if part.strip() for shift in _part(part.strip()))


def _part(part: str) -> list[Shift]:
    """ "周一至周五 09:00-12:00 13:00-18:00" is two shifts."""
    times = list(_TIMES.finditer(part))
    rest = _TIMES.sub(" ", part).strip(" ,、和及")
    between = part[times[0].start() :] if times else ""
    if not times or _TIMES.sub(" ", between).strip(" ,、和及"):
        raise ValueError(f"{part!r} is no shift: {HOW}")
    days = _parse_days(rest) if rest else tuple(range(7))
    return [Shift(days, *_span(part, found)) for found in times]


def _span(part: str, found: re.Match[str]) -> tuple[int, int]:
    hour1, minute1, hour2, minute2 = map(int, found.groups())
    start, end = hour1 * 60 + minute1, hour2 * 60 + minute2
    if max(minute1, minute2) > 59 or start >= MINUTES_A_DAY or end > MINUTES_A_DAY:
        raise ValueError(f"{found[0]} in {part!r} is no time of day: write 00:00 to 24:00")
    if start == end or end == 0:
        raise ValueError(f"{found[0]} in {part!r} does not say when it ends: write 24:00 for midnight")
    return start, end


def _parse_days(text: str) -> tuple[int, ...]:
    days: set[int] = set()
    for item in re.split(r"[,、和及\s]+", text.lower()):
        ends = [_day(one, text) for one in item.split("-")]
        first, last = ends[0], ends[-1]
        if len(ends) > 2 or (len(ends) == 2 and max(len(first), len(last)) > 1):
            raise ValueError(f"{text!r} is no range of days: {HOW}")
        if len(ends) == 2:
            days |= {(first[0] + n) % 7 for n in range((last[0] - first[0]) % 7 + 1)}
        else:
            days |= set(first)
    return tuple(sorted(days))


def _day(word: str, text: str) -> Sequence[int]:
    if word in _WORDS:
        return _WORDS[word]
    if word in _DAYS:
        return (_DAYS[word],)
    raise ValueError(f"{word!r} in {text!r} is no day of the week: {HOW}")


def _days_text(days: tuple[int, ...]) -> str:
    runs: list[list[int]] = []
    for day in days:
        if runs and runs[-1][-1] == day - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    return ",".join(NAMES[r[0]] if len(r) == 1 else f"{NAMES[r[0]]}-{NAMES[r[-1]]}" for r in runs)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
