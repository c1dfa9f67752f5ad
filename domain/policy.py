"""The corp's sending policy: who gets what of all that is planned in one window. Pure; one place."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, field_validator

from domain.calendar import NO_HOLIDAYS, Holidays, Shut, is_holiday, is_quiet, opens
from domain.caps import Caps, Reserved, Weights
from domain.conditions import parts
from domain.hours import QuietHours
from domain.playbook import Condition, ContentClass, Frequency, Limits
from domain.playbook.conditions import as_list
from domain.quotas import Quotas
from domain.shape import Duration, Period, Shape, spell
from domain.touches import Planned, TouchStatus, Verdict

Durations = Annotated[list[Duration], BeforeValidator(as_list)]  # one or more
NEVER_OPEN = "the quiet hours of the corp and of the playbook leave no time of the day"
LONGEST_DAY = timedelta(hours=25)  # where clocks are set back


class GroupKind(Shape):
    """What may be said in groups of one kind."""

    discount: bool = Field(False, description="price-sensitive people are in it: discounts may be told (M20)")
    frequency: Frequency = Frequency(most=1, per=timedelta(hours=24))


class StaffTaskRhythm(Shape):
    """How an unconfirmed task is followed up; every time counts from its creation."""

    poll_every: Period = timedelta(minutes=5)
    remind_after: Durations = Field(
        default_factory=lambda: [timedelta(hours=2)], description="once or more often, by WeCom itself"
    )
    todo_after: Duration = Field(timedelta(hours=4), description="the employee gets a to-do with a link")
    escalate_after: Duration = Field(timedelta(hours=8), description="the manager of her store gets one")
    expire_after: Duration = timedelta(hours=24)


class Policy(Shape):
    """The file `policy.yaml`: every cap, window and rhythm of one corp."""

    default_playbook: str = Field(description="for friends whose entry code is unknown")
    window: Period = Field(timedelta(minutes=30), description="touches of one window become one task")
    frequency: Frequency = Frequency()
    weights: Weights = Field(
        Weights(), description="what a message of a channel uses up of `frequency` (M50)"
    )
    per_day: int | None = Field(None, ge=1, description="messages to one customer on one day of her calendar")
    quotas: Quotas = Field(Quotas(), description="WeCom's own, so that it has nothing to drop (status 3)")
    give_up_after: Period = Field(timedelta(days=14), description="what is put off again and again ends then")
    quiet_hours: QuietHours | None = None
    holidays: Literal["cn", "none"] = Field("cn", description="what `holidays: skip` means")
    tiers: dict[str, Condition] = Field(default_factory=dict, description="分层, by name")
    groups: dict[str, GroupKind] = Field(default_factory=dict, description="by kind; others get no discounts")
    staff_task: StaffTaskRhythm = StaffTaskRhythm()
    park_after: Duration = Field(timedelta(days=14), description="a life that rests longer leaves Temporal")
    sweep_every: Period = Field(timedelta(minutes=5), description="how often leftovers are looked for")

    @field_validator("tiers")
    @classmethod
    def _look_at_no_tiers(cls, tiers: dict[str, Condition]) -> dict[str, Condition]:
        for name, condition in tiers.items():
            if any(part.tier for part in parts(condition)):
                raise ValueError(
                    f"{name} asks for a tier, and could come to ask for itself: say what is meant"
                )
        return tiers


class Person(Shape):
    """What policy must know of one customer."""

    external_userid: str
    zone: str = "Asia/Shanghai"
    opted_out: bool = False
    is_friend: bool = True
    reserved: list[Reserved] = Field(default_factory=list, description="what counts against the caps")
    knowledge: dict[str, int] = Field(
        default_factory=dict,
        description="by playbook: its `knowledge` messages to her since its last `discount` one",
    )


def shut_for(
    policy: Policy, limits: Limits | None, kind: ContentClass, zone: str, holidays: Holidays
) -> Shut:
    """When a message must not go out: the corp's quiet hours, its playbook's, and holidays if it skips them.

    Service messages do not wait for the first working day; stores are open on holidays.
    """
    own = limits.quiet_hours if limits else None
    skips = limits is not None and limits.holidays == "skip" and kind is not ContentClass.SERVICE
    quiet = tuple(q for q in (policy.quiet_hours, own) if q is not None)
    return Shut(zone=zone, quiet=quiet, holidays=holidays if skips else NO_HOLIDAYS)


def held_by(shut: Shut, now: datetime) -> tuple[str, str] | None:
    """The rule by which a message has to wait, and the reason; None when it may go out."""
    if is_holiday(now, shut.zone, shut.holidays):
        return "holiday", "after the holidays"
    if any(is_quiet(now, shut.zone, quiet) for quiet in shut.quiet):
        return "quiet_hours", "after quiet hours"
    return None


def longest_memory(policy: Policy, planned: Sequence[Planned]) -> timedelta:
    """How far back the caps of the corp, its groups and these touches' playbooks look."""
    own = [t.limits.frequency for t in planned if t.limits and t.limits.frequency]
    groups = [kind.frequency for kind in (GroupKind(), *policy.groups.values())]
    longest = max(frequency.per for frequency in (policy.frequency, *groups, *own))
    return max(longest, policy.quotas.memory, LONGEST_DAY if policy.per_day else timedelta(0))


def must_wait(touch: Planned, policy: Policy, zone: str, now: datetime, holidays: Holidays) -> Verdict | None:
    """Quiet hours and holidays put off; what that makes too late, or what waited long enough, is refused."""
    if touch.send_by and now >= touch.send_by:
        return refused(touch, "too_late", too_late(touch.send_by, zone))
    shut = shut_for(policy, touch.limits, touch.kind, zone, holidays)
    why = held_by(shut, now)
    since = touch.put_off_since
    if since and now >= since + policy.give_up_after:
        again = f", now by {why[0]}" if why else ""
        words = (
            f"put off again and again for {spell(policy.give_up_after)}{again}: nobody waits for it any more"
        )
        return refused(touch, "given_up", words)
    if why is None:
        return None
    opened = opens(now, shut)
    if opened is None:
        return refused(touch, "never_open", NEVER_OPEN)
    if touch.send_by and opened >= touch.send_by:
        return refused(touch, "too_late", f"{too_late(touch.send_by, zone)}, and {why[0]} last longer")
    return Verdict(key=touch.key, status=TouchStatus.PLANNED, rule=why[0], reason=why[1])


def why_no_window(send_by: datetime | None, zone: str = "Asia/Shanghai") -> tuple[str, str]:
    """The rule and the reason when there is no window for a message."""
    return ("too_late", too_late(send_by, zone)) if send_by else ("never_open", NEVER_OPEN)


def too_late(send_by: datetime, zone: str) -> str:
    return f"of no use after {send_by.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"


def judge(
    person: Person,
    planned: Sequence[Planned],
    policy: Policy,
    now: datetime,
    holidays: Holidays = NO_HOLIDAYS,
) -> list[Verdict]:
    """A verdict for every planned touch of one person; what has to wait stays planned.

    The result does not depend on the order of `planned`: the higher priority wins, then the smaller key.
    """
    window = _Window(person, policy, now, holidays)
    return [window.judge(touch) for touch in sorted(planned, key=lambda t: (-t.priority, t.key))]


class _Window:
    """One window of one person: what it has let through so far counts for what comes after."""

    def __init__(self, person: Person, policy: Policy, now: datetime, holidays: Holidays) -> None:
        self.person, self.policy, self.now, self.holidays = person, policy, now, holidays
        self.before, self.caps = (
            Caps(person.reserved, person.knowledge, now, policy.weights) for _ in range(2)
        )
        self.winner: str | None = None

    def judge(self, touch: Planned) -> Verdict:
        service = touch.kind is ContentClass.SERVICE
        verdict = (
            self._forbidden(touch)
            or must_wait(touch, self.policy, self.person.zone, self.now, self.holidays)
            or self._over_quota(touch)
            or (None if service else self._capped(touch))
        )
        if verdict is None:
            self.caps.went(touch)
            self.winner = self.winner if service else touch.key
        return verdict or Verdict(key=touch.key, status=TouchStatus.CLAIMED)

    def _forbidden(self, touch: Planned) -> Verdict | None:
        if self.person.opted_out and touch.kind is not ContentClass.SERVICE:
            return refused(touch, "opted_out", "she asked for no more messages")
        if not self.person.is_friend:
            return refused(touch, "not_friend", "no employee of ours is her friend any more")
        return None

    def _over_quota(self, touch: Planned) -> Verdict | None:
        full = self.caps.over_quota(touch.channel, self.policy.quotas.of(touch.channel))
        return refused(touch, "wecom_quota", full) if full else None

    def _capped(self, touch: Planned) -> Verdict | None:
        """The corp's caps on all messages, then what the playbook allows itself."""
        full = self._full(self.caps, touch)
        if full and not self._full(self.before, touch):
            return refused(touch, "priority", f"{self.winner} went first in the same window")
        against = full or self.caps.against(touch)
        return refused(touch, *against) if against else None

    def _full(self, caps: Caps, touch: Planned) -> tuple[str, str] | None:
        """The corp's rule that refuses one more, and the reason."""
        if too_often := caps.over(touch, self.policy.frequency):
            return "frequency", too_often
        today = caps.over_today(self.policy.per_day, self.person.zone)
        return ("per_day", today) if today else None


def refused(touch: Planned, rule: str, reason: str) -> Verdict:
    return Verdict(key=touch.key, status=TouchStatus.REFUSED, rule=rule, reason=reason)
