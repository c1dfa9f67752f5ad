"""The shape of one customer's life: the whole state of her workflow, carried through every run."""

from datetime import timedelta
from enum import StrEnum

from pydantic import Field

from domain.events import Event
from domain.playbook import CouponStep, PinnedJourney
from domain.shape import Duration, Shape, UtcTime
from domain.stages import Stage


class WelcomeOutcome(StrEnum):
    """What became of a greeting. The five that WeCom can cause are kept apart (design §1.1)."""

    SENT = "sent"
    BEATEN = "beaten"  # 41051: another app or the two themselves were first
    NO_CODE = "no_code"  # the console's own greeting is set, or they had chatted already
    LATE = "late"  # 41050: the 20 seconds were over
    FAILED = "failed"  # refused or unreachable to the end
    AWAITING_CONSENT = "awaiting_consent"  # 41053: a new code comes with her consent
    UNKNOWN = "unknown"  # no outcome was reported in time
    REFUSED = "refused"  # the playbook of her entry code greets nobody


class Entry(Shape):
    """Where she came in: what the entry code (渠道活码) says, resolved once on arrival."""

    code: str | None = None
    store_id: str | None = None
    store_name: str | None = None
    region_id: str | None = None
    placement: str | None = None
    tags: list[str] = Field(default_factory=list, description="names of the tags that follow from the code")


class Follow(Shape):
    """One friendship with one employee. Tags and greetings belong to the pair, so each has its own story."""

    userid: str
    entry: Entry = Entry()
    since: UtcTime
    half: bool = False
    welcome_due: UtcTime | None = Field(None, description="when we stop waiting to hear of the greeting")
    welcome: WelcomeOutcome | None = None
    invited_to: str | None = Field(None, description="chat_id of the group in the greeting")
    coupon: CouponStep | None = Field(None, description="of the greeting, until it is credited or refused")
    tagged: bool = False
    remind_at: UtcTime | None = None
    reminded: bool = False
    reinvited: bool = Field(False, description="she left the group once and was asked back once")
    fell_back: bool = Field(False, description="the fallback for a lost greeting is planned")
    lost_at: UtcTime | None = None
    lost_reason: str | None = None


class Phase(StrEnum):
    """Where in its playbook an enrolment is."""

    ONBOARDING = "onboarding"  # before the steps: greeted, tagged, invited
    NURTURE = "nurture"
    LIFE_STAGE = "life_stage"  # the steps of the time of life she is in
    SETTLED = "settled"  # steps done; only the dormancy clock runs
    REACTIVATION = "reactivation"
    LAPSED = "lapsed"  # reactivation ended without her; the next order revives
    ENDED = "ended"


class MovePolicy(StrEnum):
    """What becomes of those who are inside when a playbook has a new version."""

    STAY = "stay"  # they keep the version that they began with
    NEXT_STEP = "next_step"  # each goes over when she leaves the step where she is
    DRAIN = "drain"  # each finishes the list of steps that she is in


class Move(Shape):
    """To another version; carried by value, as the pinned journey is."""

    id: str = Field(description="of the whole move, in playbook_moves")
    policy: MovePolicy
    pinned: PinnedJourney


class Undone(Shape):
    """A goal that had been reached by an order of which nothing is left."""

    at: UtcTime
    reason: str


class Enrolment(Shape):
    """One run through one playbook: data, not code, so that any workflow run can end and resume anywhere."""

    number: int = Field(description="counts her enrolments; part of every touch's business key")
    episode: int = Field(1, description="the episode of her life it began in; the re-entry rule looks at it")
    pinned: PinnedJourney
    since: UtcTime
    phase: Phase = Phase.ONBOARDING
    cursor: list[int | str] = Field(default_factory=list, description="path in the step tree of the phase")
    visit: int = Field(1, description="how often the phase's steps have been begun")
    entered_at: UtcTime | None = Field(None, description="when the cursor came to its step")
    due_at: UtcTime | None = Field(None, description="absolute deadline of the current wait")
    waits_for: str | None = Field(None, description="an event kind, one with its form, or a touch key")
    met: bool = Field(False, description="what it waits for has happened")
    clock_from: UtcTime | None = Field(None, description="the dormancy clock runs from here")
    revived_at: UtcTime | None = Field(None, description="when the steps of reactivation last began")
    life_stage: str | None = Field(None, description="the time of life she is in")
    stage_due: UtcTime | None = Field(None, description="when the next life stage begins")
    stage_asked: bool = Field(False, description="the dates have been looked up since they last changed")
    sent_to_stage: bool = Field(False, description="by a step, not by a date: dates go on from there")
    stage_tagged: str | None = Field(None, description="the life stage whose tag she has")
    retag: bool = Field(False, description="the tag rules are to be looked at")
    may_send: bool = Field(False, description="the exits were looked at before this send")
    coupon_given: bool = Field(False, description="the coupon of this send is credited")
    asks_goals: list[int] = Field(default_factory=list, description="goals whose event came; do they hold?")
    asks_exits: list[int] = Field(default_factory=list, description="exits whose event came; do they hold?")
    reached: list[str] = Field(default_factory=list, description="goals")
    by_order: dict[str, list[str]] = Field(
        default_factory=dict, description="the orders that reached a goal, or that one still asks about"
    )
    undone: dict[str, Undone] = Field(default_factory=dict, description="goals that are reached no more")
    been: list[list[int | str]] = Field(
        default_factory=list, description="steps of this list that reached out to her; none is done twice"
    )
    moving: Move | None = Field(None, description="the version that she goes over to, and when")
    ended_reason: str | None = None
    ended_at: UtcTime | None = None


class Membership(Shape):
    """One group she is or was in."""

    joined_at: UtcTime
    left_at: UtcTime | None = None


class LogLine(Shape):
    """One dated line of her story, for `explain`; unique by customer and number."""

    seq: int
    at: UtcTime
    what: str
    reason: str = ""


class CommandKind(StrEnum):
    """What an operator can do to one life."""

    PAUSE = "pause"
    RESUME = "resume"
    EXIT = "exit"
    OPT_OUT = "opt_out"
    SKIP = "skip"
    MOVE = "move"


class Command(Shape):
    """An operator's order. `id` makes a repeated update one update."""

    id: str = Field(min_length=1)
    kind: CommandKind
    by: str = Field(min_length=1, description="who orders it; recorded")
    reason: str = ""
    playbook: str | None = Field(None, description="only this playbook; all when absent")
    move: Move | None = Field(None, description="of `move`: to which version, and when")


class CustomerState(Shape):
    """Everything that a life carries from run to run."""

    external_userid: str
    stage: Stage = Stage.NEW
    stage_since: UtcTime | None = None
    stage_reason: str = ""
    follows: dict[str, Follow] = Field(default_factory=dict)
    groups: dict[str, Membership] = Field(default_factory=dict)
    enrolments: dict[str, Enrolment] = Field(default_factory=dict)
    enrolled: int = Field(0, description="how many enrolments there ever were")
    episode: int = Field(1, description="one more each time she comes back after she was lost")
    orders: int = 0
    last_visit_at: UtcTime | None = Field(None, description="last paid order or redeemed coupon")
    forms: dict[str, UtcTime] = Field(default_factory=dict, description="which she answered, and when last")
    tier: str | None = Field(None, description="the first tier of the policy that she is in, as last seen")
    withdrawals: dict[str, str] = Field(
        default_factory=dict, description="playbooks whose messages are to be stopped, and why"
    )
    paused_by: str | None = None
    opted_out_at: UtcTime | None = None
    inbox: list[Event] = Field(default_factory=list)
    commands: list[Command] = Field(default_factory=list)
    seen: dict[str, None] = Field(default_factory=dict, description="event ids, oldest first, bounded")
    answered: dict[str, str] = Field(default_factory=dict, description="command id -> answer, bounded")
    retry_at: dict[str, UtcTime] = Field(default_factory=dict, description="work put off after a failure")
    log: list[LogLine] = Field(default_factory=list, description="lines not yet in PostgreSQL")
    log_seq: int = 0
    loaded: bool = False
    park_after: Duration = Field(timedelta(days=14), description="from the policy; a longer rest is parked")
    snapshots: int = Field(0, description="sequence number of the last snapshot")

    @property
    def friends(self) -> list[Follow]:
        """Employees who can still reach her 1:1, the latest friendship first."""
        mine = [f for f in self.follows.values() if f.lost_at is None]
        return sorted(mine, key=lambda f: (f.half, -f.since.timestamp(), f.userid))

    @property
    def in_groups(self) -> list[str]:
        return [chat_id for chat_id, m in self.groups.items() if m.left_at is None]

    @property
    def active(self) -> list[Enrolment]:
        return [e for e in self.enrolments.values() if e.phase is not Phase.ENDED]
