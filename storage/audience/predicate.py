"""A condition as one predicate over `customers`: what `domain.conditions` says of facts, by PostgreSQL."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_, select, true
from sqlmodel import col

from domain.playbook import Condition
from domain.playbook.conditions import given
from storage.audience import clock, orders, people
from storage.tables import Customer, EntryCode, Store


def matches(who: Condition, tiers: Mapping[str, Condition], now: datetime) -> ColumnElement[bool]:
    """True for those in whom `domain.conditions.holds` with the facts of `storage.facts`; else false or null.

    `tiers`: the policy's, by name.
    """
    return _Case(tiers, now).holds(who)


@dataclass(frozen=True)
class _Case:
    tiers: Mapping[str, Condition]
    now: datetime

    def holds(self, who: Condition) -> ColumnElement[bool]:
        return and_(*(_FIELDS[name](getattr(who, name), self) for name in given(who)))

    def any(self, some: list[Condition]) -> ColumnElement[bool]:
        return or_(*(self.holds(one) for one in some))

    def in_tier(self, wanted: list[str]) -> ColumnElement[bool]:
        """A tier looks at no tiers."""
        return or_(
            false(), *(_Case({}, self.now).holds(self.tiers[name]) for name in wanted if name in self.tiers)
        )

    def of_store(self, what: Any, wanted: list[str]) -> ColumnElement[bool]:
        """What is on record of her store."""
        return orders.store(self.now).in_(select(col(Store.id)).where(what.in_(wanted)))


_FIELDS: dict[str, Callable[[Any, _Case], ColumnElement[bool]]] = {
    "all": lambda inner, case: and_(*(case.holds(one) for one in inner)),
    "any": lambda inner, case: case.any(inner),
    "none": lambda inner, case: case.any(inner).is_not(true()),  # what is null does not hold
    "placement": lambda wanted, case: people.came_by(col(EntryCode.placement), wanted),
    "campaign": lambda wanted, case: people.came_by(col(EntryCode.campaign), wanted),
    "store": lambda wanted, case: orders.store(case.now).in_(wanted),
    "region": lambda wanted, case: case.of_store(col(Store.region_id), wanted),
    "city": lambda wanted, case: case.of_store(col(Store.city), wanted),
    "member": lambda wanted, case: col(Customer.member_id).is_(None) != wanted,
    "reachable": lambda wanted, case: people.reachable(wanted),
    "in_group": lambda wanted, case: people.in_group(wanted),
    "tag": lambda wanted, case: people.has_tag(wanted),
    "tier": lambda wanted, case: case.in_tier(wanted),
    "stage": lambda wanted, case: col(Customer.stage).in_(wanted),
    "life_stage": lambda wanted, case: false(),  # her life knows it, as it knows `outcome`
    "answered": lambda wanted, case: people.answered(wanted),
    "rating": lambda asked, case: people.rating(asked),
    "orders": lambda asked, case: orders.orders(asked, case.now),
    "visits": lambda asked, case: orders.visits(asked, case.now),
    "spend": lambda asked, case: orders.spend(asked, case.now),
    "ticket": lambda asked, case: orders.ticket(asked, case.now),
    "last_order": lambda asked, case: orders.last_order(asked, case.now),
    "coupons_used": lambda asked, case: orders.coupons_used(asked, case.now),
    "coupon_share": lambda asked, case: orders.coupon_share(asked, case.now),
    "prefers": lambda wanted, case: orders.prefers(wanted, case.now),
    "bought": lambda asked, case: orders.bought(asked, case.now),
    "last_message": lambda asked, case: people.last_message(asked, case.now),
    "outcome": lambda asked, case: false(),
    "hours": lambda asked, case: clock.in_hours(asked, case.now),
    "weekday": lambda wanted, case: clock.on_weekday(wanted, case.now),
}
