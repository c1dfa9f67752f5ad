"""The corp's sending policy: who gets what of all that is planned in one window. Pure; one place."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from pydantic import Field

from domain.calendar import QuietHours, is_quiet
from domain.playbook import ContentClass
from domain.shape import Duration, Period, Shape, UtcTime
from domain.touches import Planned, TouchStatus, Verdict


class Frequency(Shape):
    """触达频次: at most `most` touches per person in `per`, over all channels (M21: one in 24–48 hours)."""

    most: int = Field(1, ge=1)
    per: Duration = timedelta(hours=36)


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
    staff_task: StaffTaskRhythm = StaffTaskRhythm()
    park_after: Duration = Field(timedelta(days=14), description="a life that rests longer leaves Temporal")
    sweep_every: Period = Field(timedelta(minutes=5), description="how often leftovers are looked for")


class Person(Shape):
    """What policy must know of one customer."""

    external_userid: str
    zone: str = "Asia/Shanghai"
    opted_out: bool = False
    is_friend: bool = True
    reserved: list[UtcTime] = Field(default_factory=list, description="times of touches that count")


def judge(person: Person, planned: Sequence[Planned], policy: Policy, now: datetime) -> list[Verdict]:
    """A verdict for every planned touch of one person; a touch in quiet hours stays planned.

    The result does not depend on the order of `planned`: the higher priority wins, then the smaller key.
    """
    taken = [t for t in person.reserved if t > now - policy.frequency.per]
    winner: str | None = None
    verdicts = []
    for touch in sorted(planned, key=lambda t: (-t.priority, t.key)):
        verdict = _judge_one(person, touch, policy, now, len(taken), winner)
        if verdict.status is TouchStatus.CLAIMED and touch.kind is not ContentClass.SERVICE:
            taken.append(now)
            winner = touch.key
        verdicts.append(verdict)
    return verdicts


def _judge_one(
    person: Person, touch: Planned, policy: Policy, now: datetime, taken: int, winner: str | None
) -> Verdict:
    service = touch.kind is ContentClass.SERVICE
    if person.opted_out and not service:
        return _no(touch, "opted_out", "she asked for no more messages")
    if not person.is_friend:
        return _no(touch, "not_friend", "no employee of ours is her friend any more")
    if is_quiet(now, person.zone, policy.quiet_hours):
        return Verdict(
            key=touch.key, status=TouchStatus.PLANNED, rule="quiet_hours", reason="after quiet hours"
        )
    if not service and taken >= policy.frequency.most:
        if winner:
            return _no(touch, "priority", f"{winner} went first in the same window")
        return _no(
            touch, "frequency", f"{taken} in the last {policy.frequency.per}, {policy.frequency.most} allowed"
        )
    return Verdict(key=touch.key, status=TouchStatus.CLAIMED)


def _no(touch: Planned, rule: str, reason: str) -> Verdict:
    return Verdict(key=touch.key, status=TouchStatus.REFUSED, rule=rule, reason=reason)
