"""个微群迁移 (M33): personal-WeChat groups that will be dissolved, and how their members are led out of them.

No program can read or write a personal-WeChat group: employees post the notices by hand, each old group has a
join way (加入群聊) of its own, and who came by it is known. `playbooks/removals/README.md` explains the file.
"""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator

from domain.playbook.conditions import Name
from domain.rooms import STORE_KIND
from domain.shape import Shape
from domain.todos import LINE_CHARS, Card, short

ID = r"^[a-z0-9][a-z0-9-]{1,20}$"  # with the number of a group it must fit into WeCom's `state`
MORNING = time(9, 30)  # by the store's clock


class Leaving(Shape):
    """One old group. How many are in it is counted by hand: nobody else can."""

    name: Name
    people: int = Field(ge=1, le=500, description="in it now, the employees not counted")
    employee: Name = Field(description="userid of who posts the notices")
    store: Name = Field(description="id of the store whose new group they are led into")


class Notice(Shape):
    """What is posted so many days before the end, once in each group (M34: nothing is sent again)."""

    days_before: int = Field(ge=0, le=60)
    text: str = Field(min_length=1, description="Liquid over store, old_group, days_left, date and benefit")


class Removal(Shape):
    """A whole file."""

    removal: str = Field(pattern=ID, description="its name, for ever")
    title: Name
    kind: str = Field(STORE_KIND, min_length=1, description="of the new groups")
    benefit: str | None = Field(None, min_length=1, description="新群福利, as `{{ benefit }}`")
    dissolves_on: date = Field(description="the last day of the old groups")
    notices: list[Notice] = Field(min_length=1, max_length=10)
    groups: list[Leaving] = Field(min_length=1, max_length=1_000)

    @field_validator("groups")
    @classmethod
    def _each_once(cls, groups: list[Leaving]) -> list[Leaving]:
        names = [group.name for group in groups]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"two groups are called {min(twice)!r}: give each a name of its own")
        return groups

    @field_validator("notices")
    @classmethod
    def _one_a_day(cls, notices: list[Notice]) -> list[Notice]:
        days = [notice.days_before for notice in notices]
        if twice := {day for day in days if days.count(day) > 1}:
            raise ValueError(f"two notices on the same day, {min(twice)} before the end: keep one of them")
        return notices

    def state_of(self, group: Leaving) -> str:
        """What comes back with everybody who joins by this group's code."""
        return f"rm-{self.removal}-{self.groups.index(group)}"


def due_at(removal: Removal, notice: Notice, zone: str) -> datetime:
    """When it is to be posted: in the morning of its day, where the store is."""
    day = removal.dissolves_on - timedelta(days=notice.days_before)
    return datetime.combine(day, MORNING, tzinfo=ZoneInfo(zone))


def is_over(removal: Removal, now: datetime, zones: set[str]) -> bool:
    """Whether the last day of the old groups has passed, wherever they are."""
    return all(now.astimezone(ZoneInfo(zone)).date() > removal.dissolves_on for zone in zones)


def card(removal: Removal, group: Leaving, text: str, picture: str) -> Card:
    """The to-do: the words to paste, and the picture that goes with them behind a tap."""
    last = removal.dissolves_on
    return Card(
        title="请发到老群：复制文字，配上图片",
        text=text,
        lines=[("老群", short(group.name, LINE_CHARS)), ("解散日", f"{last.month}月{last.day}日")],
        url=picture,
    )
