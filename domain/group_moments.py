"""When the messages of a group calendar are due, and whether they come too often. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

from domain.days import WEEKDAYS, begin_of, local_day, next_moment, weekday_of
from domain.group_calendar import Entry, GroupCalendar, Said
from domain.playbook import ContentClass

LOOKED_AT = timedelta(days=800)  # two years: whatever meets at all meets in them
FIRST = date(2024, 1, 1)
DAILY = timedelta(hours=20)  # no more than this between two: not one message a day at most (M21)


@dataclass(frozen=True)
class Due:
    """One message on one day, by the clock of the group's store."""

    entry: Entry
    day: date
    at: datetime
    said: Said

    def key(self, chat_id: str) -> str:
        """Its business key: an entry speaks to a group once a day, however often it is planned."""
        return f"calendar/{chat_id}/{self.entry.id}/{self.day}"


def due(calendar: GroupCalendar, zone: str, now: datetime, until: datetime) -> list[Due]:
    """What is told before `until`, and what is late but still of use; in order."""
    if not calendar.active:
        return []
    found = []
    for entry in calendar.entries:
        for day in _days(local_day(now - entry.within, zone), local_day(until, zone)):
            if not falls_on(entry, day):
                continue
            at = next_moment(begin_of(day, zone), zone, entry.at, None)
            if at < until and at + entry.within > now:
                found.append(Due(entry, day, at, _said(entry, day)))
    return sorted(found, key=lambda one: (one.at, one.entry.id))


def falls_on(entry: Entry, day: date) -> bool:
    if entry.season and not entry.season.holds(day):
        return False
    if entry.weekdays:
        return weekday_of(day) in entry.weekdays
    assert entry.every is not None
    return day.toordinal() % entry.every == 0


@dataclass(frozen=True)
class Spoken:
    """One message of a calendar, by its numbers in the file."""

    at: datetime
    entry: int
    said: int


def too_close(calendar: GroupCalendar, least: timedelta) -> Iterator[tuple[Spoken, Spoken]]:
    """Neighbours with no more than that between them, each two entries once; service messages apart."""
    capped = [s for s in _spoken(calendar) if calendar.entries[s.entry].content is not ContentClass.SERVICE]
    seen: set[tuple[int, int]] = set()
    for before, after in pairwise(capped):
        if after.at - before.at <= least and (before.entry, after.entry) not in seen:
            seen |= {(before.entry, after.entry), (after.entry, before.entry)}
            yield before, after


def too_soon_again(calendar: GroupCalendar) -> Iterator[tuple[Spoken, Spoken]]:
    """The same text sooner than the calendar allows; each message once."""
    last: dict[str, Spoken] = {}
    seen: set[tuple[int, int]] = set()
    for spoken in _spoken(calendar):
        text = calendar.entries[spoken.entry].messages[spoken.said].text
        before, last[text] = last.get(text), spoken
        here = (spoken.entry, spoken.said)
        if before and spoken.at - before.at < calendar.repeat_after and here not in seen:
            seen.add(here)
            yield before, spoken


def _spoken(calendar: GroupCalendar) -> Sequence[Spoken]:
    """Everything that it says in LOOKED_AT, by a clock that is never changed."""
    found = [
        Spoken(datetime.combine(day, entry.at), number, _turn(entry, day))
        for number, entry in enumerate(calendar.entries)
        for day in _days(FIRST, FIRST + LOOKED_AT)
        if falls_on(entry, day)
    ]
    return sorted(found, key=lambda spoken: (spoken.at, spoken.entry))


def _said(entry: Entry, day: date) -> Said:
    return entry.messages[_turn(entry, day)]


def _turn(entry: Entry, day: date) -> int:
    """Whose turn it is: a matter of the date alone, so that nothing has to be remembered."""
    if entry.weekdays:
        mine = [weekday for weekday in WEEKDAYS if weekday in entry.weekdays]
        number = (day.toordinal() - 1) // 7 * len(mine) + mine.index(weekday_of(day))
    else:
        number = day.toordinal() // (entry.every or 1)
    return number % len(entry.messages)


def _days(first: date, last: date) -> Iterator[date]:
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)
