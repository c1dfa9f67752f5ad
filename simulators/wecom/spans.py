"""Spans of whole days, as the statistics take them (contract §2.3, §11.1)."""

from datetime import datetime, timedelta

from simulators.clock import CHINA
from simulators.errors import WeComFault
from simulators.world import World

DAY = timedelta(days=1)


def checked_span(world: World, start_time: int, end_time: int) -> list[datetime]:
    """The midnights in China at which the days begin: at most 30 days, of the last 180."""
    first, last, today = day_of(start_time), day_of(end_time), midnight(world.clock())
    if not timedelta(0) <= last - first < timedelta(days=world.config.statistics_span_days):
        raise WeComFault(40058, "start_time and end_time")
    if first < today - timedelta(days=world.config.statistics_days) or last > today:
        raise WeComFault(40058, "start_time or end_time")
    return [first + number * DAY for number in range((last - first).days + 1)]


def day_of(unix: int) -> datetime:
    """The midnight in China before this time; a time beyond every calendar is a wrong parameter."""
    try:
        return midnight(datetime.fromtimestamp(unix, CHINA))
    except (ValueError, OverflowError, OSError) as error:
        raise WeComFault(40058, "invalid time") from error


def midnight(at: datetime) -> datetime:
    return at.astimezone(CHINA).replace(hour=0, minute=0, second=0, microsecond=0)
