"""Which store is hers: the one she visits most (M11)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

RECENT = timedelta(days=180)  # visits older than this say nothing about where she goes now


@dataclass(frozen=True)
class Visit:
    """One paid order at a store."""

    store_id: str
    at: datetime


def most_visited_store(visits: Iterable[Visit], zone: str = "Asia/Shanghai") -> str | None:
    """The store with the most distinct local days; the more recent visit breaks a tie, then the id.

    Days, not tickets: three coffees bought at one desk in one hour are one visit.
    """
    days: dict[str, set[date]] = {}
    last: dict[str, datetime] = {}
    for visit in visits:
        days.setdefault(visit.store_id, set()).add(visit.at.astimezone(ZoneInfo(zone)).date())
        last[visit.store_id] = max(visit.at, last.get(visit.store_id, visit.at))
    return max(days, key=lambda store: (len(days[store]), last[store], store), default=None)
