"""积压 (M51): a rule finds stock that will not keep, and says who shall hear of it, and what. Pure.

`playbooks/overstock/README.md` explains every field to its authors.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from pydantic import Field

from domain.campaign import Campaign, Pace, StockTarget, Words
from domain.hours import Hours
from domain.playbook import Condition, ContentClass, Way
from domain.playbook.conditions import Goods, Name, Names
from domain.playbook.sending import Missed, Ways
from domain.shape import Period, Shape

WEEK = timedelta(days=7)
_STORE_CHARACTERS = 20  # of a store's id in a campaign's name


class OverstockRule(Shape):
    """A whole file."""

    overstock: str = Field(pattern=r"^[a-z0-9-]{1,20}$", description="its name, for ever")
    title: Name
    active: bool = Field(True, description="false: it starts nothing")
    product: Names = Field(description="the till's product ids; lots of one day are counted together")
    store: Names | None = Field(None, description="ids; every active store when absent")
    at_least: int = Field(ge=1, description="units that go off on one day")
    days_left: int = Field(ge=0, description="at most, to the last day of sale; 0: only on that day")
    down_to: int = Field(ge=0, description="so few need no message: the campaign stops")
    hours: Hours = Field(
        description="of the store: a lot waits for them; on its last day they end its campaign"
    )
    every: Period = Field(timedelta(hours=1), description="how often the till is asked about a store")
    per_week: int = Field(2, ge=1, description="campaigns of all rules in one store in seven days")
    likes: Goods = Field(description="what she has bought, how often, in what time")
    who: Condition | Name | None = Field(None, description="besides: a condition, or a saved segment's name")
    content: ContentClass = ContentClass.GENERAL
    channel: Ways = Field(default_factory=lambda: [Way.PRIVATE], description="1:1 first")
    words: dict[Way, Words] = Field(description="by channel, for each of `channel`")
    tag: str | None = Field(None, min_length=1, description="who sees it in Moments: who has this tag")
    benefit: str | None = Field(None, min_length=1)
    backfill: Missed | None = Field(None, description="Moments for whom 1:1 missed (M52)")
    pace: Pace | None = None
    priority: int = Field(60, ge=0, le=100, description="above 50, because it does not keep")
    author: Name
    approver: Name = Field(description="approves every campaign that the rule will start; not the author")


@dataclass(frozen=True)
class Lot:
    """What a store has of one delivery, as the till last said. `expires_on`: date.max when it keeps."""

    product_id: str
    name: str
    expires_on: date
    quantity: int


@dataclass(frozen=True)
class Pile:
    """All lots of a rule's products that a store must have sold by one day."""

    expires_on: date
    quantity: int
    names: tuple[str, ...]


@dataclass(frozen=True)
class Site:
    """The store that the lots lie in."""

    store_id: str
    name: str
    zone: str


def piles(rule: OverstockRule, lots: Iterable[Lot]) -> list[Pile]:
    """What there is of a rule's products, by the day on which it goes off. What keeps is no pile."""
    by_day: dict[date, list[Lot]] = defaultdict(list)
    for lot in lots:
        if lot.product_id in rule.product and lot.expires_on != date.max:
            by_day[lot.expires_on].append(lot)
    return [
        Pile(
            expires_on=day,
            quantity=sum(lot.quantity for lot in together),
            names=tuple(sorted({lot.name for lot in together})),
        )
        for day, together in sorted(by_day.items())
    ]


def why_not(
    rule: OverstockRule, pile: Pile, site: Site, now: datetime, this_week: int
) -> tuple[str, str] | None:
    """A word and a sentence why no campaign is started about a pile now; None: it is.

    `this_week`: campaigns about overstock that the store has had in seven days.
    """
    if not rule.active:
        return "off", "the rule says `active: false`"
    local = now.astimezone(ZoneInfo(site.zone))
    days = (pile.expires_on - local.date()).days
    if days < 0 or (days == 0 and local.time() >= rule.hours.end):
        return "over", f"its last day was {pile.expires_on}"
    if pile.quantity < rule.at_least:
        return "little", f"{pile.quantity} is less than {rule.at_least}"
    if days > rule.days_left:
        return "keeps", f"it keeps {days} days more, {rule.days_left} would be few"
    if this_week >= rule.per_week:
        return "often", f"the store has had {this_week} in seven days, {rule.per_week} are allowed"
    if not rule.hours.hold(local.time()):
        return "closed", f"it waits for {rule.hours.start:%H:%M} at the store"
    return None


def campaign_name(rule: OverstockRule, store_id: str, expires_on: date) -> str:
    """One lot, one campaign, for ever: this is its key.

    A store's id that no campaign's name may hold is spelt otherwise, with a digest that keeps it apart.
    """
    spelt = re.sub(r"[^a-z0-9-]", "-", store_id.lower())
    if spelt != store_id or len(spelt) > _STORE_CHARACTERS:
        digest = hashlib.sha256(store_id.encode()).hexdigest()[:6]
        spelt = f"{spelt[: _STORE_CHARACTERS - 7]}-{digest}"
    return f"overstock-{rule.overstock}-{spelt}-{expires_on:%Y%m%d}"


def audience(rule: OverstockRule, store_id: str, who: Condition | None) -> Condition:
    """Who likes it and visits that store; `who` is the rule's own, a segment's name resolved."""
    return Condition(all=[Condition(store=[store_id], bought=rule.likes), *([who] if who else [])])


def campaign_of(rule: OverstockRule, site: Site, expires_on: date, who: Condition | None) -> Campaign:
    """What the rule starts about a pile: at once, and until the hours of its last day are over."""
    ends_at = datetime.combine(expires_on, rule.hours.end, tzinfo=ZoneInfo(site.zone))
    return Campaign(
        campaign=campaign_name(rule, site.store_id, expires_on),
        title=f"{rule.title} · {site.name}",
        segment=audience(rule, site.store_id, who),
        content=rule.content,
        channel=rule.channel,
        words=rule.words,
        tag=rule.tag,
        benefit=rule.benefit,
        until=ends_at.astimezone(UTC),
        stock=StockTarget(
            store=site.store_id, product=rule.product, down_to=rule.down_to, expires_by=expires_on
        ),
        backfill=rule.backfill,
        pace=rule.pace,
        priority=rule.priority,
    )


def sell_through(counted: Iterable[tuple[int, int]]) -> float | None:
    """The share that was sold before it went off, of lots with how many there were and how many were left."""
    lots = list(counted)
    there, left = sum(there for there, _ in lots), sum(left for _, left in lots)
    return round((there - left) / there, 4) if there else None


def turn_of(rule: OverstockRule, store_id: str) -> timedelta:
    """When within `every` a store's turn is: a thousand stores are not asked about in one minute."""
    digest = hashlib.sha256(f"{rule.overstock}/{store_id}".encode()).digest()
    return rule.every * (int.from_bytes(digest[:4], "big") / 2**32)


def is_due(rule: OverstockRule, store_id: str, read_at: datetime | None, now: datetime) -> bool:
    """Whether the till is to be asked again: the store's turn has come since the last reading."""
    if read_at is None:
        return True
    shift = turn_of(rule, store_id)
    epoch = datetime(2000, 1, 1, tzinfo=UTC)
    return (now - epoch - shift) // rule.every > (read_at - epoch - shift) // rule.every
