"""The calendar of groups (群内容日历): what all groups of one kind are told, and what is set in them by hand.

The shapes of its file; `playbooks/groups/README.md` explains every field to its authors.
"""

import hashlib
from datetime import date, timedelta
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from domain.hours import LocalTime, Weekday
from domain.playbook import Attachment, ContentClass, Limits
from domain.playbook.conditions import Name, Names, as_list
from domain.shape import Period, Shape

LEAP_YEAR = 2000  # every day of a year has a date in it
PREFIX = "groups/"  # no playbook's name holds a slash


def _day_of_a_year(value: str) -> str:
    try:
        date.fromisoformat(f"{LEAP_YEAR}-{value}")
    except ValueError:
        raise ValueError('a day of every year is "mm-dd", in quotes, e.g. "06-01"') from None
    return value


YearDay = Annotated[str, AfterValidator(_day_of_a_year)]
Weekdays = Annotated[list[Weekday], BeforeValidator(as_list), Field(min_length=1)]


class Season(Shape):
    """A part of every year, both days included; over New Year's Eve when `last` is the earlier day."""

    first: YearDay
    last: YearDay

    def holds(self, day: date) -> bool:
        today = f"{day:%m-%d}"
        if self.first <= self.last:
            return self.first <= today <= self.last
        return today >= self.first or today <= self.last


class Said(Shape):
    """One message."""

    text: str = Field(min_length=1, description="Liquid over store, employee, date and benefit")
    attachments: list[Attachment] = Field(default_factory=list, max_length=9)


class Entry(Shape):
    """What is told on some days: its messages take turns."""

    id: str = Field(pattern=r"^[a-z0-9_-]{1,40}$", description="its name, for ever")
    weekdays: Weekdays | None = None
    every: int | None = Field(None, ge=1, le=30, description="days, the same days for all groups")
    at: LocalTime = Field(description="by the clock of the group's store")
    season: Season | None = Field(None, description="only then; the whole year when absent")
    content: ContentClass = ContentClass.GENERAL
    benefit: str | None = Field(None, min_length=1, description="what `{{ benefit }}` says")
    priority: int = Field(50, ge=0, le=100, description="the higher wins when two messages meet")
    within: Period = Field(timedelta(hours=6), description="of use only so long after `at` (M37)")
    messages: list[Said] = Field(min_length=1, description="one after the other, then again from the first")

    @model_validator(mode="after")
    def _has_days(self) -> "Entry":
        if (self.weekdays is None) == (self.every is None):
            raise ValueError("give `weekdays` or `every`, one of them")
        return self


class AntiSpam(Shape):
    """防骚扰: what the owner forbids in the group's settings (M43)."""

    forbid: Names = Field(description="what nobody may post: 广告链接, 二维码, 小程序 …")
    words: list[Name] = Field(default_factory=list, description="words that are blocked")
    newcomers_read_history: bool = Field(False, description="whether newcomers see earlier messages")


class Keyword(Shape):
    """关键词自动回复: what the group's own robot answers (M40)."""

    words: Names
    answer: str = Field(min_length=1, max_length=500)


class GroupCalendar(Shape):
    """A whole file: the playbook of all groups of one kind."""

    kind: Name = Field(description="of groups, as in policy.yaml")
    title: Name
    purpose: Name = Field(description="what such groups are for: whatever is told in them serves that")
    active: bool = Field(True, description="false: nothing of `entries` is planned")
    limits: Limits = Field(Limits(), description="narrower than the policy, as of a playbook")
    repeat_after: Period = Field(timedelta(days=7), description="no text comes again sooner")
    entries: list[Entry] = Field(default_factory=list)
    welcome_every: Period | None = Field(
        None, description="入群欢迎语 at most once in so long: who comes together is greeted together (M22)"
    )
    rules: str | None = Field(None, min_length=1, max_length=1000, description="群规")
    anti_spam: AntiSpam | None = None
    keywords: list[Keyword] = Field(default_factory=list)

    @property
    def playbook(self) -> str:
        """By which name its messages count in caps, mixes and results."""
        return f"{PREFIX}{self.kind}"


def digest_of(text: str) -> str:
    """Of what is set in a group by hand: when it changes, it is to be set again."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]
