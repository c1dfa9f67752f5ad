"""Steps (步骤): a tree that reads from top to bottom."""

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, field_validator, model_validator

from domain.events import EventKind, FormName
from domain.hours import LocalTime, Weekday
from domain.playbook.conditions import Condition, Name, Names, as_list
from domain.playbook.sending import CouponStep, Send
from domain.shape import Duration, Shape

Awaitable = Literal[
    EventKind.ORDER_PAID,
    EventKind.COUPON_REDEEMED,
    EventKind.COUPON_EXPIRED,
    EventKind.COUPON_EXPIRED,
    EventKind.GROUP_JOINED,
    EventKind.GROUP_LEFT,
    EventKind.FRIEND_ADDED,
    EventKind.FORM_ANSWERED,
]
# birthday comes round every year; the others are one day each. child_born: the child's birthday, and until
# she has told it, the due date
DateName = Literal["birthday", "due_date", "child_born", "friend_since", "first_order", "last_order"]


FARTHEST_DAYS = 36_525
_DAYS = {"d": 1, "w": 7, "mo": 30, "y": 365}


def _offset(value: Any) -> Any:
    if not isinstance(value, str) or not re.fullmatch(r"[+-]?\d{1,4}(d|w|mo|y)", value):
        raise ValueError("days, weeks, months or years before (-) or after (+) a date: -3d, +2w, 6mo, 1y")
    if int(value.strip("+-dwmoy")) * _DAYS[value.lstrip("+-0123456789")] > FARTHEST_DAYS:
        raise ValueError("more than a hundred years apart")
    return value


Offset = Annotated[str, BeforeValidator(_offset)]


class Day(Shape):
    """A day of her own: a date that she told or that we know, and so long before or after it."""

    date: DateName
    offset: Offset = "0d"


class Wait(Shape):
    """`wait: 3d`, or until a time of day, a weekday or a day of her own; together, until all of it is so."""

    duration: Duration | None = None
    until: LocalTime | None = Field(None, description="the next time her clock shows it")
    weekday: Annotated[list[Weekday], BeforeValidator(as_list)] | None = Field(None, min_length=1)
    day: Day | None = None

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        return value if isinstance(value, dict) else {"duration": value}

    @model_validator(mode="after")
    def _waits(self) -> "Wait":
        if not any(getattr(self, name) is not None for name in type(self).model_fields):
            raise ValueError("wait for what? give a duration, `until`, `weekday` or `day`")
        return self

    @property
    def plain(self) -> bool:
        """Whether nothing but the clock has to be known."""
        return self.until is None and self.weekday is None and self.day is None


class WaitFor(Shape):
    """Wait until something happens, at most `timeout`; then one of two branches."""

    event: Awaitable
    form: FormName | None = Field(None, description="of form_answered: only this form; any when absent")
    timeout: Duration
    then: "list[Step]" = Field(default_factory=list)
    otherwise: "list[Step]" = Field(default_factory=list)

    @field_validator("form")
    @classmethod
    def _belongs(cls, form: FormName | None, info: ValidationInfo) -> FormName | None:
        if form is not None and info.data.get("event") != EventKind.FORM_ANSWERED:
            raise ValueError(f"only {EventKind.FORM_ANSWERED} has a form")
        return form

    @property
    def awaited(self) -> str:
        """What an enrolment's `waits_for` holds meanwhile."""
        return f"{self.event}/{self.form}" if self.form else self.event.value


class Case(Shape):
    """One way of a branch."""

    when: Condition | None = Field(None, description="everybody who is left; only in the last case")
    steps: "list[Step]" = Field(default_factory=list)


def _only_the_last_is_for_all(cases: list[Case]) -> list[Case]:
    for number, case in enumerate(cases[:-1]):
        if case.when is None:
            raise ValueError(f"case {number} has no `when`: nobody comes to the cases behind it")
    return cases


Cases = Annotated[list[Case], Field(min_length=1), AfterValidator(_only_the_last_is_for_all)]


class Arm(Shape):
    """One way of an experiment."""

    arm: str = Field(pattern=r"^[a-z0-9_]{1,20}$")
    share: int = Field(ge=1, le=100, description="percent")
    steps: "list[Step]" = Field(default_factory=list)


class Split(Shape):
    """A/B: by the hash of customer and experiment, so she is in the same arm for ever."""

    experiment: str = Field(pattern=r"^[a-z0-9-]{1,40}$")
    arms: list[Arm] = Field(min_length=2)

    @field_validator("arms")
    @classmethod
    def _whole(cls, arms: list[Arm]) -> list[Arm]:
        if (total := sum(arm.share for arm in arms)) != 100:
            raise ValueError(f"the shares make {total} %, not 100 %")
        if len({arm.arm for arm in arms}) != len(arms):
            raise ValueError("two arms have one name")
        return arms


class TagStep(Shape):
    """Corp tags (企业标签) on her, at every employee of hers. What employees did by hand is kept (M24)."""

    add: Names | None = None
    remove: Names | None = None
    group: Name = Field("顾客旅程", description="the tag group (标签组) of the corp")

    @model_validator(mode="after")
    def _does_something(self) -> "TagStep":
        if not self.add and not self.remove:
            raise ValueError("give `add`, `remove` or both")
        return self


class NotifyStaff(Shape):
    """待办: a to-do with her name for the employee who is her friend, or for the store's manager."""

    title: str = Field(min_length=1, description="Liquid like `text`; with its names at most 26 characters")
    text: str = Field(
        "", description="Liquid; may use customer, store, employee, date and benefit; 112 characters"
    )
    to: Literal["employee", "manager"] = "employee"


class Step(Shape):
    """Exactly one of its fields beside `id` is set; the field's name is the kind of the step."""

    id: str | None = Field(
        None, pattern=r"^[a-z0-9_-]{1,40}$", description="its own name, for `outcome` and for `migrate`"
    )
    send: Send | None = None
    wait: Wait | None = None
    wait_for: WaitFor | None = None
    branch: Cases | None = None
    split: Split | None = None
    tag: TagStep | None = None
    coupon: CouponStep | None = None
    notify_staff: NotifyStaff | None = None
    goto_stage: str | None = Field(None, min_length=1, description="go to this life stage now")
    exit: str | None = Field(None, min_length=1, description="end the journey here, for this reason")

    @model_validator(mode="after")
    def _exactly_one(self) -> "Step":
        kinds = [k for k in KINDS if getattr(self, k) is not None]
        if len(kinds) != 1:
            wanted = " | ".join(KINDS)
            raise ValueError(f"a step is exactly one of {wanted}, found: {', '.join(kinds) or 'nothing'}")
        return self

    @property
    def kind(self) -> str:
        return next(k for k in KINDS if getattr(self, k) is not None)

    @property
    def branches(self) -> "dict[str, list[Step]]":
        """The lists of steps inside this one, by the name that a cursor uses."""
        if self.wait_for:
            return {"then": self.wait_for.then, "otherwise": self.wait_for.otherwise}
        if self.branch:
            return {str(number): case.steps for number, case in enumerate(self.branch)}
        if self.split:
            return {arm.arm: arm.steps for arm in self.split.arms}
        return {}


KINDS = tuple(name for name in Step.model_fields if name != "id")
