"""Public holidays, from a package that carries them: no network, no table to keep up by hand.

The State Council announces each year's holidays in the November before. Until a release of the package knows
them it gives the holidays themselves, by sun and moon up to 2100, and the days that stand in for those on a
weekend: only the weekends that will be swapped for bridge days are missing then.
"""

from collections.abc import Set
from datetime import date, datetime, timedelta
from functools import cache
from typing import Literal

from domain.calendar import NO_HOLIDAYS, Holidays

DAY = timedelta(days=1)


def days_off(calendar: Literal["cn", "none"]) -> Holidays:
    """What the policy's field `holidays` names."""
    return ChinesePublicHolidays() if calendar == "cn" else NO_HOLIDAYS


class ChinesePublicHolidays:
    """法定节假日: every day of a holiday, its bridge days and the weekends joined to it (调休).

    Neither an ordinary weekend nor one that is worked in exchange belongs to it.
    """

    def __contains__(self, day: object, /) -> bool:
        day = day.date() if isinstance(day, datetime) else day
        return isinstance(day, date) and day in _closed(day.year)


@cache
def _closed(year: int) -> Set[date]:
    # Imported late: it costs a tenth of a second, which commands without touches need not pay.
    from holidays import country_holidays

    # The neighbours, too: New Year can be joined to a weekend, or worked for, in the year before.
    named = country_holidays("CN", years=range(year - 1, year + 2))
    first, off = date(year - 1, 12, 1), set(named)
    for number in range(31 + 366 + 31):
        day = first + number * DAY
        if day.weekday() >= 5 and day not in named.weekend_workdays:
            off.add(day)
    closed = set(named)
    for ahead in (DAY, -DAY):
        for day in named:
            while (day := day + ahead) in off:
                closed.add(day)
    return frozenset(day for day in closed if day.year == year)
