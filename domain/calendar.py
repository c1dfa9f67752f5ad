"""Times of day, holidays and windows. All results are aware UTC."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from domain.hours import QuietHours

REACH = timedelta(days=60)  # longer than any run of holidays: what is shut that long is never open


class Holidays(Protocol):
    """The days on which offices are closed by the holiday calendar. A `frozenset` of dates is one."""

    def __contains__(self, day: object, /) -> bool: ...


NO_HOLIDAYS: Holidays = frozenset()


@dataclass(frozen=True)
class Shut:
    """When nothing goes out, by the clock of one zone: in any of the quiet hours, and on holidays."""

    zone: str
    quiet: tuple[QuietHours, ...] = ()
    holidays: Holidays = NO_HOLIDAYS


def is_quiet(now: datetime, zone: str, quiet: QuietHours | None) -> bool:
    """Whether `now` lies in the quiet hours of a zone."""
    return quiet is not None and quiet.hold(now.astimezone(ZoneInfo(zone)).time())


def is_holiday(now: datetime, zone: str, holidays: Holidays) -> bool:
    """Whether the local day of `now` is a holiday. An ordinary weekend is none."""
    return now.astimezone(ZoneInfo(zone)).date() in holidays


def next_open(now: datetime, zone: str, quiet: QuietHours | None) -> datetime:
    """The first moment from `now` on that is not quiet."""
    return _next(now, zone, quiet.end) if quiet and is_quiet(now, zone, quiet) else now


def next_quiet(now: datetime, zone: str, quiet: QuietHours | None) -> datetime | None:
    """When the next quiet hours begin; `now` itself inside them; None where there are none."""
    if quiet is None or quiet.start == quiet.end:
        return None
    return now if is_quiet(now, zone, quiet) else _next(now, zone, quiet.start)


def opens(now: datetime, shut: Shut) -> datetime | None:
    """The first moment from `now` on that is not shut; None when there is none in REACH.

    Two quiet hours can leave no minute of the day.
    """
    moment, latest = now, now + REACH
    while moment <= latest:
        holiday = is_holiday(moment, shut.zone, shut.holidays)
        later = [next_open(moment, shut.zone, quiet) for quiet in shut.quiet]
        later += [_next(moment, shut.zone, time(0))] if holiday else []
        if max(later, default=moment) == moment:
            return moment
        moment = max(later)
    return None


def shuts(now: datetime, shut: Shut, within: timedelta) -> datetime | None:
    """When it is shut next; `now` itself when it is; None when that is not `within` that time."""
    midnights, moment = [now], now
    while moment <= now + within:
        moment = _next(moment, shut.zone, time(0))
        midnights.append(moment)
    found = [m for m in midnights if is_holiday(m, shut.zone, shut.holidays)][:1]
    found += [q for quiet in shut.quiet if (q := next_quiet(now, shut.zone, quiet))]
    return min((moment for moment in found if moment <= now + within), default=None)


def window_end(
    now: datetime, window: timedelta, spread_key: str, shut: Shut, send_by: datetime | None = None
) -> datetime | None:
    """When the sending window that is open at `now` closes; None when it would never be open then.

    Windows are aligned per employee (`spread_key`), so that not all stores send in the same second. A window
    that would close while it is shut closes with the first one after that. What is of no use at `send_by`
    takes a nearer moment if it must, and None when there is none before it.
    """
    first = datetime.min.replace(tzinfo=UTC) + spread(spread_key, window)
    end = now + window - (now - first) % window
    opened = opens(end, shut)
    if opened is not None and opened != end:
        opened = opens(opened + (first - opened) % window, shut)
    return _soon_enough(opened, now, shut, send_by) if send_by else opened


def _soon_enough(end: datetime | None, now: datetime, shut: Shut, send_by: datetime) -> datetime | None:
    """At least half of the time that is left belongs to the employee, who has to confirm it."""
    opened = opens(now, shut)
    if opened is None or opened >= send_by:
        return None
    latest = opened + (send_by - opened) / 2
    if end is not None and end <= latest:
        return end
    return latest if opens(latest, shut) == latest else opened


def spread(key: str, over: timedelta) -> timedelta:
    """A stable share of `over` for a key: jitter that is the same on every replay."""
    share = int.from_bytes(hashlib.sha256(key.encode()).digest()[:4], "big") / 2**32
    return over * share


def _next(now: datetime, zone: str, at: time) -> datetime:
    """The next time the local clock shows `at`, strictly after `now`."""
    today = now.astimezone(ZoneInfo(zone)).date()
    shown = []
    for day in (today, today + timedelta(days=1)):
        local = datetime.combine(day, at, tzinfo=ZoneInfo(zone))
        once = local.astimezone(UTC)
        again = local.replace(fold=1).astimezone(UTC)  # later only where clocks are set back
        shown += [once, max(once, again)]
    return min(moment for moment in shown if moment > now)
