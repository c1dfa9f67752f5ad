"""A provider's daily or monthly quota, kept in PostgreSQL for all processes."""

from datetime import date, datetime, timedelta

from domain.days import begin_of, local_day
from domain.walking import ZONE
from integrations import pos
from settings import Clock
from storage import quotas
from storage.database import Database

FOR_WALKS = 0.8  # of a quota: the rest is for customers, whose pushes are read again all day long


class PostgresMeter(pos.Meter):
    """Days and months are China's. `share`: how much of a quota its calls may find used up, at most."""

    def __init__(self, database: Database, clock: Clock, *, share: float = 1.0) -> None:
        self._database, self._clock, self._share = database, clock, share

    async def spend(self, account: str, most: int, *, per: str) -> None:
        now = self._clock()
        period, ends = period_of(now, per)
        if not await quotas.spend(self._database, account, period, int(most * self._share)):
            raise pos.PosQuotaExhausted(
                f"{account}: of {most} calls a {per}, {self._share:.0%} are used up",
                retry_after_s=(ends - now).total_seconds(),
            )


def period_of(now: datetime, per: str) -> tuple[str, datetime]:
    """The name of this day or month, and when the next one begins."""
    today = local_day(now, ZONE)
    if per == "day":
        return f"{today:%Y-%m-%d}", begin_of(today + timedelta(days=1), ZONE)
    assert per == "month", per
    next_month = date(today.year + today.month // 12, today.month % 12 + 1, 1)
    return f"{today:%Y-%m}", begin_of(next_month, ZONE)
