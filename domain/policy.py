"""The corp's sending policy: who gets what of all that is planned in one window. Pure; one place."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from pydantic import Field, field_validator

from domain.calendar import NO_HOLIDAYS, Holidays, Shut, is_holiday, is_quiet, opens
from domain.caps import Caps, Reserved, too_many
from domain.conditions import parts
from domain.hours import QuietHours
from domain.playbook import Condition, ContentClass, Frequency, Limits
from domain.shape import Duration, Period, Shape
from domain.touches import Planned, TouchStatus, Verdict

NEVER_OPEN = "the quiet hours of the corp and of the playbook leave no time of the day"


class GroupKind(Shape):
    """What may be said in groups of one kind."""

    discount: bool = Field(False, description="price-sensitive people are in it: discounts may be told (M20)")
    frequency: Frequency = Frequency(most=1, per=timedelta(hours=24))


class StaffTaskRhythm(Shape):
    """How an unconfirmed task is followed up."""

    poll_every: Period = timedelta(minutes=5)
    remind_after: Duration = timedelta(hours=2)
    expire_after: Duration = timedelta(hours=24)


class Policy(Shape):
    """The file `policy.yaml`: every cap, window and rhythm of one corp."""

    default_playbook: str = Field(description="for friends whose entry code is unknown")
    window: Period = Field(timedelta(minutes=30), description="touches of one window become one task")
    frequency: Frequency = Frequency()
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
    return max(frequency.per for frequency in (policy.frequency, *groups, *own))


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
        self.caps = Caps(person.reserved, person.knowledge, now)
        self.winner: str | None = None

    def judge(self, touch: Planned) -> Verdict:
        verdict = self._forbidden(touch) or self._shut(touch)
        if touch.kind is ContentClass.SERVICE:
            return verdict or _yes(touch)
        verdict = verdict or self._capped(touch)
        if verdict is None:
            self.caps.went(touch)
            self.winner = touch.key
        return verdict or _yes(touch)

    def _forbidden(self, touch: Planned) -> Verdict | None:
        if self.person.opted_out and touch.kind is not ContentClass.SERVICE:
            return _no(touch, "opted_out", "she asked for no more messages")
        if not self.person.is_friend:
            return _no(touch, "not_friend", "no employee of ours is her friend any more")
        return None

    def _shut(self, touch: Planned) -> Verdict | None:
        """Quiet hours and holidays put off; those that never end refuse."""
        shut = shut_for(self.policy, touch.limits, touch.kind, self.person.zone, self.holidays)
        if (why := held_by(shut, self.now)) is None:
            return None
        if opens(self.now, shut) is None:
            return _no(touch, "never_open", NEVER_OPEN)
        return Verdict(key=touch.key, status=TouchStatus.PLANNED, rule=why[0], reason=why[1])

    def _capped(self, touch: Planned) -> Verdict | None:
        """The corp's cap on all messages, then what the playbook allows itself."""
        corp = self.policy.frequency
        taken = self.caps.taken(corp)
        if taken >= corp.most and self.winner:
            return _no(touch, "priority", f"{self.winner} went first in the same window")
        if taken >= corp.most:
            return _no(touch, "frequency", too_many(taken, corp))
        against = self.caps.against(touch)
        return _no(touch, *against) if against else None


def _yes(touch: Planned) -> Verdict:
    return Verdict(key=touch.key, status=TouchStatus.CLAIMED)


def _no(touch: Planned, rule: str, reason: str) -> Verdict:
    return Verdict(key=touch.key, status=TouchStatus.REFUSED, rule=rule, reason=reason)
