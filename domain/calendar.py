"""Times of day and windows. All results are aware UTC."""

import hashlib
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from pydantic import Field

from domain.shape import Shape


class QuietHours(Shape):
    """勿扰时段: no message reaches anyone between `start` and `end`, by the customer's own clock."""

    start: time = Field(description="local, e.g. 21:30")
    end: time = Field(description="local, e.g. 08:30; may be past midnight")


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
    that would close in quiet hours closes one window after them.
    """
    offset = spread(spread_key, window)
    passed = (now - datetime.min.replace(tzinfo=UTC) - offset) % window
    end = now + (window - passed)
    return end if not is_quiet(end, zone, quiet) else next_open(end, zone, quiet) + offset


def spread(key: str, over: timedelta) -> timedelta:
    """A stable share of `over` for a key: jitter that is the same on every replay."""
    share = int.from_bytes(hashlib.sha256(key.encode()).digest()[:4], "big") / 2**32
    return over * share


def _next(now: datetime, zone: str, at: time) -> datetime:
    """The next time the local clock shows `at`, strictly after `now`."""
    local = now.astimezone(ZoneInfo(zone))
    candidate = datetime.combine(local.date(), at, tzinfo=ZoneInfo(zone))
    if candidate <= local:
        candidate = datetime.combine(local.date() + timedelta(days=1), at, tzinfo=ZoneInfo(zone))
    return candidate.astimezone(UTC)
