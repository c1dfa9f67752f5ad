"""Inputs and outputs of workflows and activities: one shape in, one shape out."""

from pydantic import Field

from domain.customer import CustomerState, Entry, WelcomeOutcome
from domain.events import Event, GroupChange
from domain.playbook import (
    CouponStep,
    PinnedJourney,
)
from domain.shape import Duration, Shape, UtcTime
from domain.stages import Stage


class LifeStart(Shape):
    """Start of CustomerLifecycle. `state` is set only when a run continues as new."""

    external_userid: str
    state: CustomerState | None = None
    renew_after_events: int | None = Field(None, description="for tests: continue as new this early")


class WelcomeStart(Shape):
    """Start of Welcome. The code is worth nothing after 20 seconds, so it may travel in the input."""

    external_userid: str
    event: Event
    code: str | None = Field(None, repr=False)


class WelcomeSettled(Shape):
    """What became of a greeting."""

    outcome: WelcomeOutcome
    reason: str = ""
    chat_id: str | None = Field(None, description="the group it invited to")
    coupon: CouponStep | None = Field(None, description="that it promises")


class GroupStart(Shape):
    """Start of GroupLifecycle; `changes` and `next_at` are carried over when a run continues as new."""

    chat_id: str
    changes: list[GroupChange] = Field(default_factory=list)
    lives: bool = Field(False, description="goes on after what it was started for: looks after the group")
    next_at: UtcTime | None = Field(None, description="when it looks at the group next")
    renew_after_events: int | None = Field(None, description="for tests: continue as new this early")


class OpenLife(Shape):
    external_userid: str


class OpenedLife(Shape):
    """The parked state, if there is one, and the rhythm of parking."""

    state: CustomerState | None = None
    park_after: Duration


class Arrive(Shape):
    """She became the friend of an employee: what do the entry code and the directory say?"""

    external_userid: str
    event: Event


class Arrival(Shape):
    entry: Entry
    pinned: PinnedJourney | None = None
    groups: dict[str, UtcTime] = Field(default_factory=dict, description="groups she is in already")
    opted_out_at: UtcTime | None = None


class Enrolling(Shape):
    """Which playbook does an operator put her into?"""

    playbook: str


class Enrolled(Shape):
    pinned: PinnedJourney | None = None


class SaveLife(Shape):
    """Mirror the state into its row; the story's new lines go to the log."""

    state: CustomerState
    next_at: UtcTime | None = None
    next_what: str = ""


class ParkLife(Shape):
    state: CustomerState
    wake_at: UtcTime | None = None
    history: int = Field(0, description="events in the history of the run so far")


class TagPair(Shape):
    """Tags belong to a pair (contract §5.2)."""

    userid: str
    external_userid: str
    tags: list[str]


class Tagged(Shape):
    tagged: bool
    reason: str = ""


class Withdrawal(Shape):
    """Stop what is on its way to her: all of it, or one playbook's."""

    external_userid: str
    reason: str
    playbook: str | None = None
    opted_out_by: str | None = Field(
        None, description="set when she opted out: recorded as consent withdrawn"
    )


class FeedStart(Shape):
    """Start of TillFeed, and its signal: a push of this till was kept."""

    provider: str
    renew_after_events: int | None = Field(None, description="for tests: continue as new this early")


class SettleHints(Shape):
    """Read what is due."""

    provider: str


class SettledHints(Shape):
    """`put_off`: asked in vain, to be asked again. `next_at`: something is due then; None: nothing is."""

    settled: int = 0
    put_off: int = 0
    next_at: UtcTime | None = None


class RefreshGroup(Shape):
    chat_id: str
    member_version: str | None = Field(None, description="the version that the last event announced")
    dismissed: bool = False
    at: UtcTime
    daily: bool = Field(False, description="nothing was heard of it: there is no burst to wait for")


class LiveGroup(Shape):
    """The daily look at a group."""

    chat_id: str


class LivedGroup(Shape):
    """`next_at`: the next look is due; None: the group needs none. `read`: nobody has read it for a day."""

    next_at: UtcTime | None = None
    read: bool = False


class Parked(Shape):
    """Why a run of CustomerLifecycle ended: she rests, and PostgreSQL keeps her."""

    stage: Stage
    wake_at: UtcTime | None = None


class RefreshedGroup(Shape):
    joined: int = 0
    left: int = 0
    members: int = 0
    member_version: str | None = None
    dismissed: bool = False


class SweepStart(Shape):
    """Start of Sweep: nothing to know."""


class SweepReport(Shape):
    """What one sweep found and mended, and when the next is due."""

    every: Duration
    delivered: int = 0
    orphans: int = 0
    woken: int = 0
    rooms: int = 0
    media: int = 0
    todos: int = 0
    entered: int = Field(0, description="customers whom a segment means")
    overstock: int = Field(0, description="campaigns that stock started")
    coupons: int = Field(0, description="that came to an end and nobody had told")
    groups: int = Field(0, description="whose lives were started")
    profiles: int = Field(0, description="of groups, written for their day")
    walks: int = Field(0, description="through the till, under way")


class CommandAnswer(Shape):
    """What an operator's update gets back."""

    id: str
    answer: str


class TodoStart(Shape):
    """Start of Todo."""

    todo_id: str


class TodoRef(Shape):
    todo_id: str


class CloseTodo(Shape):
    """The button that the employee tapped; None when she tapped none in time."""

    todo_id: str
    answer: str | None = None


class TodoState(Shape):
    """Where a to-do stands. `open_until`: her card waits for a tap; `again_at`: the next card is due."""

    status: str
    reason: str = ""
    attempt: int = 1
    open_until: UtcTime | None = None
    again_at: UtcTime | None = None
