"""What may go to a whole group: what it is about, and how often. Pure; no member's caps have a say here."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import Field

from domain.calendar import NO_HOLIDAYS, Holidays, opens
from domain.caps import Caps, Reserved
from domain.playbook import ContentClass
from domain.policy import NEVER_OPEN, GroupKind, Policy, held_by, shut_for
from domain.shape import Shape, spell
from domain.touches import Planned, TouchStatus, Verdict


class Room(Shape):
    """What policy must know of one group."""

    kind: str
    zone: str = "Asia/Shanghai"
    reserved: list[Reserved] = Field(default_factory=list, description="what it had, or may get")
    knowledge: dict[str, int] = Field(
        default_factory=dict,
        description="by playbook: its `knowledge` messages to it since its last `discount` one",
    )


def forbidden(kind: str, content: ContentClass, policy: Policy) -> str | None:
    """Why such a message may never be told in groups of this kind (M20); None if it may."""
    if content is not ContentClass.DISCOUNT or _rules(kind, policy).discount:
        return None
    return (
        f"no discounts in groups of the kind {kind}: its people are not price-sensitive (policy.yaml, groups)"
    )


def judge_room(
    room: Room, planned: Sequence[Planned], policy: Policy, now: datetime, holidays: Holidays = NO_HOLIDAYS
) -> list[Verdict]:
    """A verdict for all that is planned for one group; the higher priority wins, then the smaller key."""
    frequency, winner, verdicts = _rules(room.kind, policy).frequency, "", []
    caps = Caps(room.reserved, room.knowledge, now)
    for touch in sorted(planned, key=lambda t: (-t.priority, t.key)):
        verdict = _content(room, touch, policy) or _shut(room, touch, policy, now, holidays)
        taken = caps.taken(frequency)
        if verdict is None and touch.kind is not ContentClass.SERVICE and taken >= frequency.most:
            had = f"{winner} went first" if winner else f"{taken} in the last {spell(frequency.per)}"
            words = f"{had}, {frequency.most} allowed in groups of the kind {room.kind}"
            verdict = _verdict(touch, TouchStatus.REFUSED, "group_frequency", words)
        if verdict is None and (against := caps.against(touch)):
            verdict = _verdict(touch, TouchStatus.REFUSED, *against)
        if verdict is None:
            verdict = Verdict(key=touch.key, status=TouchStatus.CLAIMED)
            caps.went(touch)
            winner = touch.key if touch.kind is not ContentClass.SERVICE else winner
        verdicts.append(verdict)
    return verdicts


def _rules(kind: str, policy: Policy) -> GroupKind:
    return policy.groups.get(kind, GroupKind())


def _content(room: Room, touch: Planned, policy: Policy) -> Verdict | None:
    why = forbidden(room.kind, touch.kind, policy)
    return _verdict(touch, TouchStatus.REFUSED, "group_content", why) if why else None


def _shut(room: Room, touch: Planned, policy: Policy, now: datetime, holidays: Holidays) -> Verdict | None:
    """Quiet hours and holidays put off, by the clock of the group's store; those that never end refuse."""
    shut = shut_for(policy, touch.limits, touch.kind, room.zone, holidays)
    if (why := held_by(shut, now)) is None:
        return None
    if opens(now, shut) is None:
        return _verdict(touch, TouchStatus.REFUSED, "never_open", NEVER_OPEN)
    return _verdict(touch, TouchStatus.PLANNED, *why)


def _verdict(touch: Planned, status: TouchStatus, rule: str, reason: str) -> Verdict:
    return Verdict(key=touch.key, status=status, rule=rule, reason=reason)
