"""Conditions (条件): does one hold for her? `domain.wording` puts them into words."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from domain.days import local_day, weekday_of
from domain.facts import Bought, Facts
from domain.playbook import Ago, Amount, Condition, Count, Goods, Share
from domain.playbook.conditions import Rating, given
from domain.wording import words

__all__ = ["holds", "parts", "tiers_of", "words"]

FAST_TILL = timedelta(minutes=5)  # a till's clock may be ahead of ours; what is later has not happened yet
FEN = 100


def holds(condition: Condition, facts: Facts, tiers: Mapping[str, Condition], now: datetime) -> bool:
    """Whether all the fields that are given hold. `tiers`: the policy's, by name; nobody is in another."""
    case = _Case(facts, tiers, now)
    return all(_CHECKS[name](getattr(condition, name), case) for name in given(condition))


def tiers_of(facts: Facts, tiers: Mapping[str, Condition], now: datetime) -> list[str]:
    """Those of the policy's tiers that she is in, in the order of the policy. A tier looks at no tiers."""
    return [name for name, condition in tiers.items() if holds(condition, facts, {}, now)]


def parts(condition: Condition) -> Iterator[Condition]:
    """A condition and all the conditions inside it."""
    yield condition
    for inner in (*(condition.all or ()), *(condition.any or ()), *(condition.none or ())):
        yield from parts(inner)


@dataclass(frozen=True)
class _Case:
    facts: Facts
    tiers: Mapping[str, Condition]
    now: datetime

    def holds(self, condition: Condition) -> bool:
        return holds(condition, self.facts, self.tiers, self.now)

    @property
    def local(self) -> datetime:
        return self.now.astimezone(ZoneInfo(self.facts.zone))

    def orders(self, within: timedelta | None = None) -> list[Bought]:
        since = self.now - within if within else None
        past = (order for order in self.facts.orders if order.at <= self.now + FAST_TILL)
        return [order for order in past if since is None or order.at >= since]

    def ago(self, asked: Ago, times: Iterable[datetime]) -> bool:
        """Whether the last of some times is as long ago as asked."""
        last = max(times, default=None)
        if asked.within is not None:
            return last is not None and last >= self.now - asked.within
        assert asked.longer_than is not None
        return last is None or last < self.now - asked.longer_than


def _between(value: Decimal | float, asked: Count | Amount | Share | Rating) -> bool:
    least, most = asked.least, asked.most
    return (least is None or value >= least) and (most is None or value <= most)


def _visits(asked: Count, case: _Case) -> bool:
    days = {local_day(order.at, case.facts.zone) for order in case.orders(asked.within)}
    return _between(len(days), asked)


def _spend(asked: Amount, case: _Case) -> bool:
    paid = sum(order.paid_minor for order in case.orders(asked.within))
    return _between(Decimal(paid) / FEN, asked)


def _ticket(asked: Amount, case: _Case) -> bool:
    """Who has no order pays 0 per order."""
    orders = case.orders(asked.within)
    paid = sum(order.paid_minor for order in orders)
    return _between(Decimal(paid) / FEN / (len(orders) or 1), asked)


def _coupon_share(asked: Share, case: _Case) -> bool:
    """Who has no order has used no coupon: 0."""
    orders = case.orders()
    return _between(sum(order.coupons > 0 for order in orders) / (len(orders) or 1), asked)


def _bought(asked: Goods, case: _Case) -> bool:
    wanted = set(asked.product or asked.category or ())
    having = [order.products if asked.product else order.categories for order in case.orders(asked.within)]
    return sum(not wanted.isdisjoint(goods) for goods in having) >= asked.least


def _prefers(wanted: Sequence[str], case: _Case) -> bool:
    """The category that she paid most for; of equal ones the first by name."""
    paid: dict[str, int] = {}
    for order in case.orders():
        for category, amount in order.categories.items():
            paid[category] = paid.get(category, 0) + amount
    return min(paid, key=lambda category: (-paid[category], category), default=None) in wanted


def _tier(wanted: Sequence[str], case: _Case) -> bool:
    asked = {name: case.tiers[name] for name in wanted if name in case.tiers}
    return bool(tiers_of(case.facts, asked, case.now))


def _one_of(name: str) -> Callable[[Any, _Case], bool]:
    return lambda wanted, case: getattr(case.facts, name) in wanted


def _any_of(name: str) -> Callable[[Any, _Case], bool]:
    return lambda wanted, case: not getattr(case.facts, name).isdisjoint(wanted)


_CHECKS: dict[str, Callable[[Any, _Case], bool]] = {
    "all": lambda inner, case: all(case.holds(one) for one in inner),
    "any": lambda inner, case: any(case.holds(one) for one in inner),
    "none": lambda inner, case: not any(case.holds(one) for one in inner),
    "placement": _one_of("placement"),
    "campaign": _one_of("campaign"),
    "store": _one_of("store_id"),
    "region": _one_of("region_id"),
    "city": _one_of("city"),
    "member": lambda wanted, case: case.facts.member is wanted,
    "reachable": _any_of("reachable"),
    "in_group": _any_of("group_kinds"),
    "tag": _any_of("tags"),
    "tier": _tier,
    "stage": _one_of("stage"),
    "life_stage": _one_of("life_stage"),
    "answered": _any_of("answered"),
    "rating": lambda asked, case: case.facts.rating is not None and _between(case.facts.rating, asked),
    "orders": lambda asked, case: _between(len(case.orders(asked.within)), asked),
    "visits": _visits,
    "spend": _spend,
    "ticket": _ticket,
    "last_order": lambda asked, case: case.ago(asked, (order.at for order in case.orders())),
    "coupons_used": lambda asked, case: _between(sum(o.coupons for o in case.orders(asked.within)), asked),
    "coupon_share": _coupon_share,
    "prefers": _prefers,
    "bought": _bought,
    "last_message": lambda asked, case: case.ago(asked, (at for at in case.facts.reached if at <= case.now)),
    "outcome": lambda asked, case: case.facts.outcomes.get(asked.step) in asked.was,
    "hours": lambda asked, case: asked.hold(case.local.time()),
    "weekday": lambda wanted, case: weekday_of(case.local.date()) in wanted,
}
