"""Throws of the dice: who comes when, what a person does next, and how long an employee takes."""

import string
from datetime import datetime, timedelta
from random import Random

from simulators.clock import CHINA
from simulators.population.plan import Plan
from simulators.population.story import Person, Story, What

MONTH = timedelta(days=30)
_ID = string.ascii_letters + string.digits + "-_"
_FIRST = "小大阿老"
_SECOND = "满鱼北雨米川麦桃南舟禾竹橙柚云星"


def newcomer(story: Story) -> Person:
    number = len(story.people) + 1
    dice = Random(f"{story.seed}/{story.run}/{number}")
    nickname = f"{dice.choice(_FIRST)}{dice.choice(_SECOND)}{number}"
    external_userid = "wm" + "".join(dice.choices(_ID, k=30))
    return Person(number, nickname, external_userid, "o" + "".join(dice.choices(_ID, k=27)), dice)


def arrival(story: Story, after: datetime) -> datetime:
    gap = timedelta(days=story.dice.expovariate(story.plan.arrivals_per_day))
    return open_at(story.plan, story.dice, after + gap)


def next_deed(story: Story, person: Person, after: datetime, *, stores: bool) -> tuple[datetime, What] | None:
    """The first of all that may happen to a person in this mood; None when nothing ever will."""
    rates = {what: rate for what, rate in _rates(story.plan, person, stores).items() if rate > 0}
    if not rates:
        return None
    gap = person.dice.expovariate(sum(rates.values())) * MONTH
    (what,) = person.dice.choices(list(rates), weights=list(rates.values()))
    return open_at(story.plan, person.dice, after + gap), what


def reaction(story: Story, probability: float, occasion: str) -> timedelta | None:
    """How long until an employee taps; None when it is never."""
    dice = Random(f"{story.seed}/{story.run}/{occasion}")
    if dice.random() >= probability:
        return None
    return timedelta(minutes=dice.uniform(*story.plan.takes_minutes))


def open_at(plan: Plan, dice: Random, at: datetime) -> datetime:
    """The same moment, or some time of the next opening hours: nobody scans a code in a closed store."""
    local = at.astimezone(CHINA)
    if plan.opens_at <= local.hour < plan.closes_at:
        return at
    day = local if local.hour < plan.opens_at else local + timedelta(days=1)
    opening = day.replace(hour=plan.opens_at, minute=0, second=0, microsecond=0)
    seconds = dice.randrange((plan.closes_at - plan.opens_at) * 3600)
    return (opening + timedelta(seconds=seconds)).astimezone(at.tzinfo)


def _rates(plan: Plan, person: Person, stores: bool) -> dict[What, float]:
    leaves: dict[What, float] = {"leave": plan.leaves_per_month} if person.chat_id else {}
    match person.mood:
        case "friend":
            return leaves | {
                "buy": plan.purchases_per_month if stores else 0,
                "chat": plan.chats_per_month,
                "drift": plan.drifts_per_month,
                "complain": plan.complaints_per_month,
            }
        case "drifted":
            return leaves | {"return": plan.returns_per_month, "complain": plan.complaints_per_month}
        case "gone" | "looking":
            return leaves | {"return": plan.returns_per_month}
        case "waiting":  # for the employee to confirm the half add
            return {}
