"""WeCom's own quotas (contract §8.1 rule 3, §8.3), counted before WeCom is asked. Pure.

What is over them WeCom drops when the employee confirms (status 3). Its windows are days of China's calendar.
"""

from calendar import monthrange
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from domain.days import begin_of, local_day
from domain.shape import Shape
from domain.touches import Channel

CHINA = "Asia/Shanghai"
Span = Literal["day", "week", "month"]
LONGEST: dict[Span, timedelta] = {
    "day": timedelta(days=1),
    "week": timedelta(days=7),
    "month": timedelta(days=31),
}


class Quota(Shape):
    """So many in each day, week or month of the calendar; a month's are its days if no number is named."""

    most: int | None = Field(None, ge=1)
    per: Span = "month"

    @model_validator(mode="after")
    def _says_how_many(self) -> "Quota":
        if self.most is None and self.per != "month":
            raise ValueError(f"say how many a {self.per}: `most`")
        return self

    def why_full(self, sent: Sequence[datetime], now: datetime) -> str | None:
        """Why WeCom lets no more through now; None if it does."""
        today = local_day(now, CHINA)
        first = _first_day(today, self.per)
        most = self.most or monthrange(today.year, today.month)[1]
        taken = len([at for at in sent if at >= begin_of(first, CHINA)])
        return f"{taken} since {first}, WeCom allows {most} a {self.per}" if taken >= most else None


def _as_quota(value: object) -> object:
    """群发助手 → 规则设置 knows three rules for mass messages, so their names are enough."""
    rules = {"month": {"per": "month"}, "week": {"most": 7, "per": "week"}, "day": {"most": 1, "per": "day"}}
    if value == "none":
        return None
    if isinstance(value, str) and value not in rules:
        raise ValueError(
            f"{value!r} is not known; one of: month, week, day, none, or {{most: 4, per: month}}"
        )
    return rules[value] if isinstance(value, str) else value


Rule = Annotated[Quota | None, BeforeValidator(_as_quota)]


class Quotas(Shape):
    """How the corp's WeCom is set; service messages count as well."""

    customers: Rule = Field(Quota(), description="mass messages to one customer")
    groups: Rule = Field(Quota(), description="mass messages to one group")
    moments: Rule = Field(
        Quota(most=3, per="day"), description="Moments of the corp that one customer is shown"
    )

    def of(self, channel: Channel) -> Quota | None:
        """What an employee writes by hand is no mass message, and has none."""
        by_channel = {
            Channel.PRIVATE: self.customers,
            Channel.GROUP: self.groups,
            Channel.MOMENTS: self.moments,
        }
        return by_channel.get(channel)

    @property
    def memory(self) -> timedelta:
        """How far back they look at the most."""
        known = [quota for quota in (self.customers, self.groups, self.moments) if quota]
        return max((LONGEST[quota.per] for quota in known), default=timedelta(0))


def _first_day(today: date, span: Span) -> date:
    if span == "month":
        return today.replace(day=1)
    return today - timedelta(days=today.weekday()) if span == "week" else today
