"""What a customer buys: counters that follow her orders one by one, and what they say of her.

The counters of a set of orders are the same in whatever order they came, changed and went. What depends on
the time is worked out when it is asked for: nothing has to be counted again because time passes.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field

from domain.facts import Bought
from domain.visits import RECENT, Visit, most_visited_store

YEAR = timedelta(days=365)
MONTH = timedelta(days=30)

# Where the scores 5, 4, 3 and 2 begin; anything else is 1. They are ours: 5 is who comes every week, 2 who
# came back at all. They compare customers of one chain; what a playbook needs exactly, its conditions count.
RECENCY_DAYS = (7, 30, 90, 180)  # at most so long ago
FREQUENCY_DAYS = (52, 24, 12, 2)  # at least so many days with a visit in a year
MONEY_FEN = (300_000, 100_000, 50_000, 10_000)  # at least so much paid in a year


class Buying(BaseModel):
    """The counters. `visits`: by store and time of payment (ISO, UTC), how many orders and what was paid."""

    visits: dict[str, dict[str, tuple[int, int]]] = Field(default_factory=dict)
    categories: dict[str, int] = Field(default_factory=dict, description="orders with something paid of it")
    coupons: int = 0
    with_coupon: int = Field(0, description="orders")

    def add(self, order: Bought) -> None:
        self._count(order, 1)

    def remove(self, order: Bought) -> None:
        """As it was added: an order that changed is removed as it was and added as it is."""
        self._count(order, -1)

    def _count(self, order: Bought, sign: int) -> None:
        times, at = self.visits.setdefault(order.store_id, {}), order.at.astimezone(UTC).isoformat()
        orders, paid = times.get(at, (0, 0))
        times[at] = (orders + sign, paid + sign * order.paid_minor)
        if not times[at][0]:
            del times[at]
        if not times:
            del self.visits[order.store_id]
        for category in (name for name, paid in order.categories.items() if paid > 0):
            self.categories[category] = self.categories.get(category, 0) + sign
            if not self.categories[category]:
                del self.categories[category]
        self.coupons += sign * order.coupons
        self.with_coupon += sign * (order.coupons > 0)

    @classmethod
    def of(cls, orders: Iterable[Bought]) -> "Buying":
        counted = cls()
        for order in orders:
            counted.add(order)
        return counted


@dataclass(frozen=True)
class Rfm:
    """Recency, frequency and money, each from 1 to 5."""

    recency: int
    frequency: int
    money: int


@dataclass(frozen=True)
class Habits:
    """What her orders say of her at one moment. Who never bought has none."""

    orders: int
    last_at: datetime
    favourite_store: str | None  # None: she was nowhere in the last RECENT
    visits_a_month: float  # days with a visit in 30, over RECENT, or since her first if that is later
    rfm: Rfm
    coupon_share: float  # of her orders, those with a coupon: 0 to 1
    categories: tuple[str, ...]  # in most orders first, then by name
    ticket_minor: int  # paid per order, refunds taken off


def habits(buying: Buying, now: datetime, zone: str = "Asia/Shanghai") -> Habits | None:
    """`zone`: whose days count as visits. Orders that the till dates after `now` count as well."""
    paid = list(_paid(buying))
    if not paid:
        return None
    orders, last = sum(one.orders for one in paid), max(one.at for one in paid)
    recent = [Visit(one.store_id, one.at) for one in paid if one.at > now - RECENT]
    in_a_year = [one for one in paid if one.at > now - YEAR]
    names = sorted(buying.categories, key=lambda name: (-buying.categories[name], name))
    return Habits(
        orders=orders,
        last_at=last,
        favourite_store=most_visited_store(recent, zone),
        visits_a_month=_a_month(recent, min(one.at for one in paid), now, zone),
        rfm=Rfm(
            recency=_score(-((now - last).days), [-days for days in RECENCY_DAYS]),
            frequency=_score(_days((one.at for one in in_a_year), zone), FREQUENCY_DAYS),
            money=_score(sum(one.minor for one in in_a_year), MONEY_FEN),
        ),
        coupon_share=buying.with_coupon / orders,
        categories=tuple(names),
        ticket_minor=sum(one.minor for one in paid) // orders,
    )


@dataclass(frozen=True)
class _Paid:
    store_id: str
    at: datetime
    orders: int
    minor: int


def _paid(buying: Buying) -> Iterator[_Paid]:
    for store, times in buying.visits.items():
        for at, (orders, minor) in times.items():
            yield _Paid(store, datetime.fromisoformat(at), orders, minor)


def _days(times: Iterable[datetime], zone: str) -> int:
    return len({at.astimezone(ZoneInfo(zone)).date() for at in times})


def _a_month(recent: list[Visit], first: datetime, now: datetime, zone: str) -> float:
    """Over a month at least: who came yesterday for the first time does not come every day."""
    known = max(MONTH, min(RECENT, now - first))
    return round(_days((visit.at for visit in recent), zone) * (MONTH / known), 2)


def _score(value: int, bounds: Iterable[int]) -> int:
    return next((score for score, bound in zip((5, 4, 3, 2), bounds, strict=True) if value >= bound), 1)
