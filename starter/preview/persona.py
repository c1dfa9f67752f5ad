"""The shapes of a persona: a made-up customer, what she does, her employees and the town around her.

One YAML file each, in `playbooks/personas/`. Chances and spans are drawn from a seed, once per copy.
"""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from domain.events import FormName
from domain.hours import LocalTime
from domain.playbook.conditions import Name, Names, Yuan, as_list
from domain.shape import Duration, Period, Shape

Days = Annotated[list[Annotated[int, Field(ge=0, le=3650)]], BeforeValidator(as_list), Field(min_length=1)]
Chance = Annotated[float, Field(ge=0, le=1)]
Occasion = Literal["greeting", "invitation", "message", "group_message", "moment", "coupon", "join"]
DEEDS = ("buy", "scan", "join", "leave_group", "chat", "answer", "delete", "opt_out", "tagged")


class Purchase(Shape):
    """She pays at the till, as a member if she is one."""

    yuan: Yuan = Field(30, validate_default=True)
    store: Name | None = Field(None, description="id; her own store when absent")
    category: str = ""
    coupon: Name | None = Field(None, description="redeems an open coupon of this template, if she has one")


class PastOrder(Shape):
    """An order from before the preview begins."""

    days_ago: int = Field(ge=1, le=3650)
    yuan: Yuan = Field(30, validate_default=True)
    store: Name | None = Field(None, description="id; her own store when absent")
    category: str = ""
    coupon: bool = False


class Answer(Shape):
    """She fills in a form: through its link, which she has from a message, or asked by hand."""

    form: FormName
    in_days: int = Field(30, description="birthday, due date: so many days after she came; may be negative")
    rating: int = Field(5, ge=1, le=5, description="feedback")
    text: str = Field("", max_length=500, description="feedback")


class Comes(Shape):
    """How she meets the chain: by a code, or by joining a group."""

    store: Name | None = Field(None, description="id; the town's first when absent")
    placement: Name | None = Field(None, description="of the code; one that the playbook names when absent")
    campaign: Name | None = Field(None, description="of the code; one that the playbook names when absent")
    group: Name | None = Field(None, description="she joins a group of this kind instead of scanning a code")
    at: LocalTime = Field("10:00", validate_default=True, description="on day 0, which is a Monday")
    latitude: float | None = Field(None, ge=-90, le=90, description="where she is, WGS-84")
    longitude: float | None = Field(None, ge=-180, le=180)

    @model_validator(mode="after")
    def _whole(self) -> "Comes":
        if (self.latitude is None) != (self.longitude is None):
            raise ValueError("give both `latitude` and `longitude`, or neither")
        return self


class Deed(Shape):
    """One thing she does: on days, again and again, or after something reached her."""

    day: Days | None = Field(None, description="so many days after she came; one or a list")
    at: LocalTime = Field("12:00", validate_default=True, description="local time, with `day` and `every`")
    every: Period | None = Field(None, description="again and again, so far apart")
    until: int | None = Field(None, ge=0, le=3650, description="the last day, with `every`")
    after: Occasion | None = Field(None, description="each time this reaches her")
    step: Name | None = Field(None, description="only after a message of the step with this `id`")
    delay: Duration | None = Field(None, description="exactly so long after; at once when absent")
    within: Period | None = Field(None, description="at a moment that is drawn, at most so long after")
    chance: Chance = Field(1, description="each time anew; drawn from the seed")
    most: int | None = Field(None, ge=1, description="at most so often")

    buy: Purchase | None = None
    scan: Comes | None = Field(None, description="a code: to come back, or from a group to a friend")
    join: Literal[True] | None = Field(None, description="the group that she was invited to")
    leave_group: Literal[True] | None = Field(None, description="every group of the chain that she is in")
    chat: Literal[True] | None = Field(None, description="she writes to her employee")
    answer: Answer | None = None
    delete: Literal[True] | None = Field(None, description="she deletes her employee")
    opt_out: Literal[True] | None = Field(None, description="she asks for no more messages")
    tagged: Names | None = Field(None, description="her employee gives her these tags by hand (M24)")

    @model_validator(mode="after")
    def _is_one_thing_at_one_time(self) -> "Deed":
        whens = [k for k in ("day", "every", "after") if getattr(self, k) is not None]
        if len(whens) != 1:
            raise ValueError(f"a deed has exactly one of day | every | after, found: {_list(whens)}")
        if len(kinds := [k for k in DEEDS if getattr(self, k) is not None]) != 1:
            raise ValueError(f"a deed is exactly one of {' | '.join(DEEDS)}, found: {_list(kinds)}")
        if self.delay is not None and self.within is not None:
            raise ValueError("give either `delay` or `within`")
        if self.after is None and self.step is not None:
            raise ValueError("`step` says after which message: give `after: message`, too")
        return self

    @property
    def kind(self) -> str:
        return next(k for k in DEEDS if getattr(self, k) is not None)


class Staff(Shape):
    """How the employees take the messages that they have to confirm, and their to-dos."""

    confirms: Chance = Field(1, description="how likely each message is confirmed; 0: never")
    after: Duration = Field("15m", validate_default=True, description="how long it takes her")
    within: Period | None = Field(None, description="at a moment that is drawn, at most so long after")
    todos: Chance = Field(1, description="how likely a to-do's button is tapped")


class TownStore(Shape):
    """门店."""

    store: str = Field(pattern=r"^[A-Za-z0-9_.-]{1,20}$", description="id")
    name: Name
    city: Name | None = None
    region: Name | None = Field(None, description="id and name of a region")
    latitude: float | None = Field(None, ge=-90, le=90, description="WGS-84")
    longitude: float | None = Field(None, ge=-180, le=180)
    wifi: str | None = None
    employees: Annotated[list[Name], BeforeValidator(as_list), Field(min_length=1)] = Field(
        default_factory=lambda: ["陈静"], description="names; the first is the manager"
    )


class TownGroup(Shape):
    """客户群."""

    kind: Name = "store"
    store: Name | None = Field(None, description="id; a group of the city or the chain when absent")
    name: Name | None = None
    full: bool = Field(False, description="its QR code takes nobody any more")


def _stores() -> list[TownStore]:
    return [
        TownStore(store="S001", name="中关村店", city="北京", latitude=39.9836, longitude=116.3165),
        TownStore(
            store="S002",
            name="望京店",
            city="北京",
            latitude=39.9967,
            longitude=116.4700,
            employees=["李薇"],
        ),
    ]


class Town(Shape):
    """The chain around her. Every store has a group of its own unless `groups` says otherwise."""

    stores: list[TownStore] = Field(default_factory=_stores, min_length=1)
    groups: list[TownGroup] | None = Field(
        None, description="when absent: one of each kind that the playbook speaks of"
    )


class Persona(Shape):
    """A whole file."""

    persona: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{1,38}$", description="its name, also of the file")
    title: Name
    nickname: Name = "小满"
    playbooks: list[Name] = Field(
        default_factory=list, description="a golden preview is kept for her with each of these"
    )
    days: int = Field(90, ge=1, le=730, description="how long the golden preview looks ahead")
    comes: Comes = Comes()
    member: bool = Field(False, description="the till knows her from the start")
    orders: list[PastOrder] = Field(default_factory=list, description="before she comes")
    does: list[Deed] = Field(default_factory=list)
    staff: Staff = Staff()
    town: Town = Field(default_factory=Town)

    @model_validator(mode="after")
    def _lives_in_her_town(self) -> "Persona":
        there = {store.store for store in self.town.stores}
        named = [self.comes.store, *(o.store for o in self.orders)]
        named += [d.buy.store for d in self.does if d.buy]
        named += [d.scan.store for d in self.does if d.scan]
        named += [g.store for g in self.town.groups or []]
        if missing := sorted({s for s in named if s is not None} - there):
            raise ValueError(
                f"no such store in `town`: {', '.join(missing)}; there is {_list(sorted(there))}"
            )
        if (self.orders or any(d.buy for d in self.does)) and not self.member:
            raise ValueError("who buys has to be known to the till: give `member: true`")
        return self


def _list(names: Any) -> str:
    return ", ".join(names) or "nothing"
