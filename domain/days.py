"""Calendar arithmetic (日历): days of her own, weekdays and times by her own clock. Moments are aware UTC."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import get_args
from zoneinfo import ZoneInfo

from domain.forms import months_after
from domain.hours import Weekday
from domain.playbook import DateName, Day, Offset, Wait
from domain.questions import StageDay, Stages

WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)
YEARLY: DateName = "birthday"
Dates = Mapping[DateName, date]


def shifted(day: date, offset: Offset) -> date:
    """So long before or after a day. Months and years are the calendar's: 31 January + 1mo is 28 February."""
    sign, number, unit = re.fullmatch(r"([+-]?)(\d+)(d|w|mo|y)", offset).groups()  # type: ignore[union-attr]
    count = int(number) * (-1 if sign == "-" else 1)
    if unit in ("d", "w"):
        return day + timedelta(days=count * (7 if unit == "w" else 1))
    return months_after(day, count * (12 if unit == "y" else 1))


def local_day(moment: datetime, zone: str) -> date:
    return moment.astimezone(ZoneInfo(zone)).date()


def begin_of(day: date, zone: str) -> datetime:
    """Its midnight; where the clocks leave midnight out, the first moment after it."""
    return datetime.combine(day, time(), tzinfo=ZoneInfo(zone)).astimezone(UTC)


def weekday_of(day: date) -> Weekday:
    return WEEKDAYS[day.weekday()]


def begins(day: Day, dates: Dates, since: date) -> date | None:
    """The day of her own that is meant; None when the date is not known.

    A birthday is the next one whose day (offset included) is not before `since`; other dates come once.
    """
    known = dates.get(day.date)
    if known is None or day.date != YEARLY:
        return shifted(known, day.offset) if known else None
    first = since.year - shifted(date(2000, 1, 1), day.offset).year + 2000 - 2
    found = (shifted(birthday_in(known, year), day.offset) for year in count(first))
    return next(one for one in found if one >= since)


def birthday_in(born: date, year: int) -> date:
    """Her birthday of a year. Of 29 February it is the 28th in other years: a gift is never too late."""
    return months_after(born, (year - born.year) * 12)


def wait_until(wait: Wait, dates: Dates, zone: str, since: datetime) -> datetime | None:
    """The first moment from `since` on when all of it is so; None when a date is not known.

    `day` means from the beginning of that day on.
    """
    moment = since + (wait.duration or timedelta(0))
    if wait.day:
        day = begins(wait.day, dates, local_day(moment, zone))
        if day is None:
            return None
        moment = max(moment, begin_of(day, zone))
    return next_moment(moment, zone, wait.until, wait.weekday)


def is_over(wait: Wait, dates: Dates, zone: str, since: datetime) -> bool:
    """Whether the day that she would wait for lies behind her already."""
    first = local_day(since + (wait.duration or timedelta(0)), zone)
    day = begins(wait.day, dates, first) if wait.day else None
    return day is not None and day < first


def next_moment(since: datetime, zone: str, at: time | None, weekdays: Sequence[Weekday] | None) -> datetime:
    """The first moment from `since` on whose local weekday and time of day are wanted; None: any."""
    today = local_day(since, zone)
    for day in (today + timedelta(days=n) for n in count()):
        if weekdays and weekday_of(day) not in weekdays:
            continue
        shown = [max(since, begin_of(day, zone))] if at is None else _shown(day, at, zone)
        if moments := [moment for moment in shown if moment >= since]:
            return min(moments)
    raise AssertionError("days never end")


def _shown(day: date, at: time, zone: str) -> list[datetime]:
    """When the clock shows a time on a day: twice where clocks are set back.

    A time that is left out, because clocks are set forward, is the same span after midnight.
    """
    local = datetime.combine(day, at, tzinfo=ZoneInfo(zone))
    once, again = local.astimezone(UTC), local.replace(fold=1).astimezone(UTC)
    return [once, max(once, again)]


def stage_at(asked: Stages, dates: Dates, zone: str, now: datetime) -> tuple[str | None, datetime | None]:
    """Her life stage, and when the next one behind it begins.

    It is the last of the list whose day has come; before any has, the first one without a day. Who was sent
    to a stage stays there until one behind it begins.
    """
    begun = [_begin(stage, dates, zone) for stage in asked.stages]
    reached = [n for n, at in enumerate(begun) if at and at <= now]
    undated = [n for n, stage in enumerate(asked.stages) if stage.begins is None]
    names = [stage.stage for stage in asked.stages]
    if asked.stay and asked.current in names:
        here: int | None = names.index(asked.current)
    else:
        here = reached[-1] if reached else next(iter(undated), None)
    waiting = here is not None and not reached and not asked.stay  # any day that comes takes her from here
    behind = begun if here is None or waiting else begun[here + 1 :]
    coming = min((at for at in behind if at and at > now), default=None)
    return (names[here] if here is not None else None), coming


def _begin(stage: StageDay, dates: Dates, zone: str) -> datetime | None:
    known = dates.get(stage.begins.date) if stage.begins else None
    if stage.begins is None or known is None:
        return None
    return begin_of(shifted(known, stage.begins.offset), zone)
