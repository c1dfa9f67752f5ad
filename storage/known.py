"""What the statements of `storage.facts` bring of one customer, and what follows from it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from domain.events import FormName
from domain.facts import Bought, Facts
from domain.forms import LEAP_YEAR
from domain.playbook import DateName
from domain.stages import Stage
from domain.visits import RECENT, Visit, most_visited_store
from storage.directory import DEFAULT_ZONE
from storage.tables import Customer, Follow, Store

CHANNELS_OF_A_FRIEND = ("private", "moments")


@dataclass(frozen=True)
class Friendship:
    """One follow, and by which entry code it began. `active`: the employee is."""

    follow: Follow
    active: bool
    placement: str | None
    campaign: str | None

    @property
    def whole(self) -> bool:
        return self.follow.lost_at is None and not self.follow.half and self.follow.since is not None

    @property
    def since(self) -> datetime:
        """Of a friendship whose beginning we were not told, its end."""
        since = self.follow.since or self.follow.lost_at
        assert since is not None
        return since


@dataclass
class Known:
    """`orders` are those that count, oldest first; `answers` the last ones, by form."""

    customer: Customer
    friendships: list[Friendship] = field(default_factory=list)
    kinds: set[str] = field(default_factory=set)
    tags: set[str] = field(default_factory=set)
    orders: list[Bought] = field(default_factory=list)
    reached: list[datetime] = field(default_factory=list)
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    outcomes: dict[str, str] = field(default_factory=dict)

    def store_id(self, now: datetime) -> str | None:
        """Where she went most in the last months, else where she scanned."""
        visits = [Visit(order.store_id, order.at) for order in self.orders if order.at > now - RECENT]
        return most_visited_store(visits) or self.customer.store_id

    def facts(self, stores: Mapping[str, Store], now: datetime) -> Facts:
        hers, scanned = stores.get(self.store_id(now) or ""), stores.get(self.customer.store_id or "")
        zone = scanned.zone if scanned else DEFAULT_ZONE  # the one by which quiet hours are kept, too
        friend = any(one.whole and one.active for one in self.friendships)
        ways = [*(CHANNELS_OF_A_FRIEND if friend else ()), *(["group"] if self.kinds else ())]
        placement, campaign = self._entry()
        return Facts(
            external_userid=self.customer.external_userid,
            zone=zone,
            placement=placement,
            campaign=campaign,
            store_id=self.store_id(now),
            region_id=hers.region_id if hers else None,
            city=hers.city if hers else None,
            member=self.customer.member_id is not None,
            reachable=frozenset(ways),
            group_kinds=frozenset(self.kinds),
            tags=frozenset(self.tags),
            stage=Stage(self.customer.stage),
            answered=frozenset(FormName(form) for form in self.answers),
            rating=self.answers.get(FormName.FEEDBACK, {}).get("rating"),
            dates=self._dates(ZoneInfo(zone)),
            orders=self.orders,
            reached=sorted(self.reached),
            outcomes=self.outcomes,
        )

    def _entry(self) -> tuple[str | None, str | None]:
        """By which code she came: that of the friendship she made last and still has, if any has one."""
        coded = [one for one in self.friendships if one.placement is not None]
        last = max(coded, key=lambda one: (one.whole, one.since, one.follow.userid), default=None)
        return (last.placement, last.campaign) if last else (None, None)

    def _dates(self, zone: ZoneInfo) -> dict[DateName, date]:
        found: dict[DateName, date] = {}
        if birthday := self.answers.get(FormName.BIRTHDAY):
            found["birthday"] = date(birthday.get("year", LEAP_YEAR), birthday["month"], birthday["day"])
        if due := self.answers.get(FormName.DUE_DATE):
            found["due_date"] = date.fromisoformat(due["due_date"])
        if born := self.answers.get(FormName.CHILD_BIRTHDAY):
            found["child_born"] = date.fromisoformat(born["child_birthday"])
        elif "due_date" in found:
            found["child_born"] = found["due_date"]  # until she has told it
        if friendships := [one.since for one in self.friendships if one.whole]:
            found["friend_since"] = min(friendships).astimezone(zone).date()
        if self.orders:
            found["first_order"] = self.orders[0].at.astimezone(zone).date()
            found["last_order"] = self.orders[-1].at.astimezone(zone).date()
        return found
