"""A whole playbook (剧本): a journey as data. `playbooks/README.md` explains every field to its authors.

Files are read strictly (`playbooks.loader` refuses unknown fields); pinned copies are read leniently, so that
an older worker can carry a newer journey.
"""

from datetime import timedelta
from enum import StrEnum
from typing import Literal

from pydantic import Field, field_validator, model_validator

from domain.hours import QuietHours
from domain.playbook.conditions import Condition, Name, Names
from domain.playbook.steps import Awaitable, Day, Step
from domain.playbook.welcome import JoinReminder, Route, WelcomeMessage
from domain.shape import Duration, Period, Shape

EVERYDAY_PRIORITY = 50


class LinkKind(StrEnum):
    """How the two channels follow each other (M1–M10)."""

    FRIEND_ONLY = "friend_only"  # 加好友但不拉群
    GROUP_ONLY = "group_only"  # 拉群但不一定加好友
    FRIEND_THEN_GROUP = "friend_then_group"  # 先加好友再拉群
    GROUP_THEN_FRIEND = "group_then_friend"  # 先拉群再加好友


class CodeRule(Shape):
    """Entry codes (渠道活码) that lead here; what is given must all match."""

    stores: Names | None = Field(None, description="ids")
    placements: Names | None = None
    campaigns: Names | None = None


class Enter(Shape):
    """Who comes into this journey, beside those whose entry code names it."""

    codes: list[CodeRule] = Field(default_factory=list)
    group_join: list[Name] = Field(
        default_factory=list, description="kinds of groups: whoever joins one of the chain enters"
    )
    segment: Condition | None = Field(None, description="looked for once a day among all customers")
    operator: bool = Field(True, description="`journeys enrol` may put people in")


class TagRule(Shape):
    """A tag that she has because of what she does. Employees' own edits are kept (M24)."""

    when: Condition
    tag: Name
    group: Name = "顾客旅程"
    while_true: bool = Field(False, description="taken off again when it holds no longer")


class LifeStage(Shape):
    """A time of her life (M56): begins by itself on its day, whatever the one before still waits for."""

    stage: Name
    begins: Day | None = Field(None, description="nobody's day: for those whose date is not known")
    tag: Name | None = Field(None, description="a tag as long as the stage lasts")
    steps: list[Step] = Field(default_factory=list)

    @field_validator("begins")
    @classmethod
    def _comes_once(cls, begins: Day | None) -> Day | None:
        if begins and begins.date == "birthday":
            raise ValueError("a birthday comes every year, and a life stage begins once: take another date")
        return begins


class Goal(Shape):
    """What the journey is for: reached at the event, if the condition holds then."""

    name: Name
    event: Awaitable
    when: Condition | None = None
    ends: bool = Field(True, description="the journey ends; what is on its way is stopped")


class Exit(Shape):
    """Why to leave early: at the event, or as soon as the condition holds when something is to be sent."""

    reason: Name
    event: Awaitable | None = None
    when: Condition | None = None

    @model_validator(mode="after")
    def _has_a_cause(self) -> "Exit":
        if self.event is None and self.when is None:
            raise ValueError("give `event`, `when` or both: else everybody leaves at once")
        return self


class Frequency(Shape):
    """触达频次: at most `most` touches per person in `per`, over all channels (M21: one in 24–48 hours)."""

    most: int = Field(1, ge=1)
    per: Duration = timedelta(hours=36)


class Limits(Shape):
    """Narrower than the corp's policy, never wider."""

    frequency: Frequency | None = Field(None, description="of this playbook's own messages")
    quiet_hours: QuietHours | None = None
    holidays: Literal["send", "skip"] = Field("send", description="skip: wait for the first working day")
    priority: int | None = Field(None, ge=0, le=100, description="of its messages; 50 when absent")
    knowledge_per_discount: int | None = Field(
        None, ge=1, description="so many `knowledge` messages before each `discount` one (M59)"
    )


class Holdout(Shape):
    """对照组: a share of customers who get none of its messages, to see what the journey is worth."""

    experiment: str = Field(pattern=r"^[a-z0-9-]{1,40}$")
    share: int = Field(ge=1, le=50, description="percent")


class Reactivation(Shape):
    """What to do for a customer who has drifted away."""

    dormant_after: Period = Field(description="since her last order, or since the journey began")
    steps: list[Step] = Field(min_length=1)


class Reentry(StrEnum):
    """What a second enrolment in the same playbook does."""

    NEVER = "never"
    NEW_EPISODE = "new_episode"  # only after she was lost and came back
    ALWAYS = "always"


class Course(Shape):
    """What the author writes and the customer carries alike."""

    link: LinkKind = LinkKind.FRIEND_THEN_GROUP
    join_reminder: JoinReminder | None = None
    tags: list[TagRule] = Field(default_factory=list)
    goals: list[Goal] = Field(default_factory=list)
    exits: list[Exit] = Field(default_factory=list)
    limits: Limits | None = None
    holdout: Holdout | None = None
    nurture: list[Step] = Field(default_factory=list)
    life_stages: list[LifeStage] = Field(default_factory=list)
    reactivation: Reactivation | None = None


class Journey(Course):
    """The part of a playbook that a customer carries with her, pinned by value."""

    fallback_text: str | None = None
    benefit: str | None = None

    @property
    def priority(self) -> int:
        """Of its messages that name none of their own."""
        own = self.limits.priority if self.limits else None
        return EVERYDAY_PRIORITY if own is None else own


class Playbook(Course):
    """A whole file."""

    playbook: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{1,38}$", description="its name, also in explain")
    title: str
    fits: list[Name] = Field(default_factory=list, description="kinds of stores that it suits (M2, M5, M7)")
    enter: Enter = Enter()
    reentry: Reentry = Reentry.NEW_EPISODE
    reentry_after: Duration | None = Field(None, description="and not sooner than this after it ended")
    welcome: WelcomeMessage | None = None
    group_welcome: str | None = Field(
        None, min_length=1, description="入群欢迎语 of the store's groups; `journeys apply` makes it in WeCom"
    )
    groups: list[Route] = Field(default_factory=list, description="to which group the greeting invites")

    @property
    def benefit(self) -> str | None:
        return self.welcome.benefit if self.welcome else None

    @property
    def fallback_text(self) -> str | None:
        return self.welcome.fallback_text if self.welcome else None

    @property
    def journey(self) -> Journey:
        return Journey(**{name: getattr(self, name) for name in Journey.model_fields})


class PinnedJourney(Shape):
    """One published version, as it is pinned at enrolment."""

    playbook: str
    version: str = Field(description="hash of the published body; also the key to find it again")
    number: int = Field(description="1, 2, 3 … as published")
    reentry: Reentry = Reentry.NEW_EPISODE
    reentry_after: Duration | None = None
    journey: Journey
