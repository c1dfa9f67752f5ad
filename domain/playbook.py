"""The shape of a playbook: a journey as data. `playbooks/README.md` explains every field to its authors.

Files are read strictly (`playbooks.loader` refuses unknown fields); pinned copies are read leniently, so that
an older worker can carry a newer journey.
"""

from enum import StrEnum
from typing import Any, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from domain.events import EventKind, FormName
from domain.shape import Duration, Period, Shape


class ContentClass(StrEnum):
    """What a message is about; group policies and caps look at it (M20)."""

    GENERAL = "general"
    DISCOUNT = "discount"
    SERVICE = "service"


class Send(Shape):
    """One message to her, through the employee who confirms it (企业群发)."""

    text: str = Field(min_length=1, description="Liquid; may use store, employee and date, which all share")
    content: ContentClass = ContentClass.GENERAL
    priority: int = Field(50, ge=0, le=100, description="the higher wins when two meet in one window")
    wait_for_delivery: bool = Field(False, description="go on only when the message has an outcome")


class CouponStep(Shape):
    """A coupon credited to her member account at the till. No personal code ever travels."""

    template: str = Field(min_length=1, description="the till's coupon template")
    name: str = Field(min_length=1, description="what messages and operators call it")


Awaitable = Literal[
    EventKind.ORDER_PAID, EventKind.COUPON_REDEEMED, EventKind.GROUP_JOINED, EventKind.FORM_ANSWERED
]


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


class Step(Shape):
    """Exactly one of its fields is set; the field's name is the kind of the step."""

    send: Send | None = None
    wait: Duration | None = None
    wait_for: WaitFor | None = None
    coupon: CouponStep | None = None
    exit: str | None = Field(None, min_length=1, description="end the journey here, for this reason")

    @model_validator(mode="after")
    def _exactly_one(self) -> "Step":
        if len(kinds := [k for k in type(self).model_fields if getattr(self, k) is not None]) != 1:
            wanted = " | ".join(type(self).model_fields)
            raise ValueError(f"a step is exactly one of {wanted}, found: {', '.join(kinds) or 'nothing'}")
        return self

    @property
    def kind(self) -> str:
        return next(k for k in type(self).model_fields if getattr(self, k) is not None)


class JoinReminder(Shape):
    """One reminder to her if she has not joined the group that the welcome invited her to."""

    after: Duration
    text: str = Field(min_length=1)


class WelcomeMessage(Shape):
    """欢迎语. The only message that may use customer variables."""

    text: str = Field(min_length=1)
    fallback_text: str | None = Field(
        None, description="group and benefit only, for when WeCom gave us no chance to greet"
    )
    benefit: str | None = Field(None, description="what `{{ benefit }}` says")
    invite_to_group: bool = True


class Reactivation(Shape):
    """What to do for a customer who has drifted away."""

    dormant_after: Period = Field(description="since her last order, or since the journey began")
    steps: list[Step] = Field(min_length=1)


class Reentry(StrEnum):
    """What a second enrolment in the same playbook does."""

    NEVER = "never"
    NEW_EPISODE = "new_episode"  # only after she was lost and came back
    ALWAYS = "always"


class Journey(Shape):
    """The part of a playbook that a customer carries with her, pinned by value."""

    fallback_text: str | None = None
    benefit: str | None = None
    join_reminder: JoinReminder | None = None
    nurture: list[Step] = Field(default_factory=list)
    reactivation: Reactivation | None = None


class Playbook(Shape):
    """A whole file."""

    playbook: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{1,38}$", description="its name, also in explain")
    title: str
    link: Literal["friend_then_group"] = "friend_then_group"
    welcome: WelcomeMessage
    group_welcome: str | None = Field(
        None, min_length=1, description="入群欢迎语 of the store's groups; `journeys apply` makes it in WeCom"
    )
    reentry: Reentry = Reentry.NEW_EPISODE
    join_reminder: JoinReminder | None = None
    nurture: list[Step] = Field(default_factory=list)
    reactivation: Reactivation | None = None

    @property
    def journey(self) -> Journey:
        return Journey(
            fallback_text=self.welcome.fallback_text,
            benefit=self.welcome.benefit,
            join_reminder=self.join_reminder,
            nurture=self.nurture,
            reactivation=self.reactivation,
        )


class PinnedJourney(Shape):
    """One published version, as it is pinned at enrolment."""

    playbook: str
    version: str = Field(description="hash of the published body; also the key to find it again")
    number: int = Field(description="1, 2, 3 … as published")
    reentry: Reentry = Reentry.NEW_EPISODE
    journey: Journey


def json_schema() -> dict[str, Any]:
    """For editors: completes and checks playbook files while typing, as strictly as the loader."""
    schema = Playbook.model_json_schema()
    for part in (schema, *schema["$defs"].values()):
        if "properties" in part:
            part["additionalProperties"] = False
    schema["$defs"]["Step"] |= {"minProperties": 1, "maxProperties": 1}
    return schema
