"""Times of day and windows. All results are aware UTC."""

import hashlib
from datetime import UTC, datetime, time, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field

from domain.shape import Shape


def _in_words(value: Any) -> Any:
    """Pydantic would read the number 22 as 22 seconds past midnight."""
    if not isinstance(value, str | time):
        raise ValueError('a time of day is "hh:mm", in quotes')
    return value


def _local(value: time) -> time:
    if value.tzinfo is not None:
        raise ValueError("a local time has no zone: it is each customer's own")
    return value


LocalTime = Annotated[time, BeforeValidator(_in_words), AfterValidator(_local)]


class QuietHours(Shape):
    """勿扰时段: no message reaches anyone between `start` and `end`, by the customer's own clock."""

    start: LocalTime = Field(description="local, e.g. 21:30")
    end: LocalTime = Field(description="local, e.g. 08:30; may be past midnight")


def is_quiet(now: datetime, zone: str, quiet: QuietHours | None) -> bool:
    """Whether `now` lies in the quiet hours of a zone. Start belongs to them, end does not."""
    if quiet is None or quiet.start == quiet.end:
        return False
    local = now.astimezone(ZoneInfo(zone)).time()
    if quiet.start < quiet.end:
        return quiet.start <= local < quiet.end
    return local >= quiet.start or local < quiet.end


def next_open(now: datetime, zone: str, quiet: QuietHours | None) -> datetime:
    """The first moment from `now` on that is not quiet."""
    return _next(now, zone, quiet.end) if quiet and is_quiet(now, zone, quiet) else now


def next_quiet(now: datetime, zone: str, quiet: QuietHours | None) -> datetime | None:
    """When the next quiet hours begin; `now` itself inside them; None where there are none."""
    if quiet is None or quiet.start == quiet.end:
        return None
    return now if is_quiet(now, zone, quiet) else _next(now, zone, quiet.start)


def window_end(
    now: datetime, window: timedelta, spread_key: str, zone: str, quiet: QuietHours | None
) -> datetime:
    """When the sending window that is open at `now` closes.

    Windows are aligned per employee (`spread_key`), so that not all stores send in the same second. A window
    that would close in quiet hours closes with the first one after them.
    """
    first = datetime.min.replace(tzinfo=UTC) + spread(spread_key, window)
    end = now + window - (now - first) % window
    if is_quiet(end, zone, quiet):
        opened = next_open(end, zone, quiet)
        end = opened + (first - opened) % window
    return next_open(end, zone, quiet)


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
