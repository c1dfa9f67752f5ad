"""Walks through the till: which time they cover, in which steps, what of it is news, what is due when."""

import hashlib
from collections.abc import Collection, Sequence
from datetime import date, datetime, time, timedelta

from domain.days import begin_of, local_day
from domain.walk_messages import WalkKind

ZONE = "Asia/Shanghai"  # whose days quotas and nights are counted by
NIGHT, SPREAD = time(2), timedelta(hours=3)  # shops are shut; not all chains of a provider at once
STEP = timedelta(days=1)  # of time at once: no provider refuses so short a window
SETTLING = timedelta(minutes=10)  # a push of something younger may still be on its way
NEWS_FOR = timedelta(days=7)
GAP_WORTH_A_WARNING = 0.02  # of the orders that a night has seen
NIGHTLY = tuple(kind for kind in WalkKind if kind is not WalkKind.BACKFILL)
IN_TIME = (WalkKind.ORDERS, WalkKind.REDEMPTIONS, WalkKind.BACKFILL)  # the others are lists


def is_news(at: datetime, now: datetime) -> bool:
    """Whether lives are told of it. What is older is a fact: it is counted, and starts and ends nothing.

    A week is longer than a night's window, and than a till that was away over a holiday.
    """
    return at >= now - NEWS_FOR


def window(now: datetime, before: datetime | None, late: timedelta) -> tuple[datetime, datetime]:
    """What a night covers: all since the last walk, and once more as far back as news may come late."""
    until = now - SETTLING
    return min(before or until, until - late), until


def next_step(since: datetime, reached: datetime) -> datetime:
    """Where the step begins that ends at `reached`. The newest first: recent facts are right first."""
    return max(since, reached - STEP)


def gap_share(untold: int, seen: int) -> float:
    return untold / seen if seen else 0.0


def night_of(now: datetime, chain: str) -> date | None:
    """The day whose walks may begin; None before its night. `chain`: what its minute is drawn by."""
    day = local_day(now, ZONE)
    return day if now >= _night(day, chain) else None


def next_night(now: datetime, chain: str) -> datetime:
    today = _night(day := local_day(now, ZONE), chain)
    return today if now < today else _night(day + timedelta(days=1), chain)


def due(begun: Collection[str], can: Sequence[WalkKind]) -> WalkKind | None:
    """The next of a night's walks; they go one after another, for they share one quota."""
    return next((kind for kind in can if kind not in begun), None)


def _night(day: date, chain: str) -> datetime:
    lot = int.from_bytes(hashlib.sha256(chain.encode()).digest()[:4]) / 2**32
    since_midnight = timedelta(hours=NIGHT.hour, minutes=NIGHT.minute) + SPREAD * lot
    return begin_of(day, ZONE) + since_midnight
