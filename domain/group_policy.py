"""What may go to a whole group: what it is about, and how often. Pure; no member's caps have a say here."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import Field

from domain.calendar import NO_HOLIDAYS, Holidays
from domain.caps import Caps, Reserved
from domain.playbook import ContentClass
from domain.policy import GroupKind, Policy, must_wait, refused
from domain.shape import Shape, UtcTime, spell
from domain.touches import Channel, Planned, TouchStatus, Verdict


class Leave(Shape):
    """A name and a reason for telling a group what its kind forbids (M20)."""

    content: ContentClass
    by: str
    reason: str
    until: UtcTime

    @property
    def words(self) -> str:
        return f"{self.content} allowed here by {self.by}: {self.reason}"


class Room(Shape):
    """What policy must know of one group."""

    kind: str
    zone: str = "Asia/Shanghai"
    leaves: list[Leave] = Field(default_factory=list, description="given to it, and not over")
    reserved: list[Reserved] = Field(default_factory=list, description="what it had, or may get")
    knowledge: dict[str, int] = Field(
        default_factory=dict,
        description="by playbook: its `knowledge` messages to it since its last `discount` one",
    )


def forbidden(kind: str, content: ContentClass, policy: Policy) -> str | None:
    """Why such a message may not be told in groups of this kind (M20); None if it may."""
    if content is not ContentClass.DISCOUNT or _rules(kind, policy).discount:
        return None
    return (
        f"no discounts in groups of the kind {kind}: its people are not price-sensitive (policy.yaml, groups)"
    )


def leave_for(content: ContentClass, leaves: Sequence[Leave]) -> Leave | None:
    """Who allowed it in this group all the same: the one whose word holds longest."""
    given = [leave for leave in leaves if leave.content is content]
    return max(given, key=lambda leave: (leave.until, leave.by), default=None)


def judge_room(
    room: Room, planned: Sequence[Planned], policy: Policy, now: datetime, holidays: Holidays = NO_HOLIDAYS
) -> list[Verdict]:
    """A verdict for all that is planned for one group; the higher priority wins, then the smaller key."""
    winner, verdicts = "", []
    caps = Caps(room.reserved, room.knowledge, now, policy.weights)
    for touch in sorted(planned, key=lambda t: (-t.priority, t.key)):
        verdict = (
            _content(room, touch, policy)
            or must_wait(touch, policy, room.zone, now, holidays)
            or _too_often(room, touch, policy, caps, winner)
        )
        if verdict is None:
            verdict = Verdict(key=touch.key, status=TouchStatus.CLAIMED, reason=_allowed(room, touch, policy))
            caps.went(touch)
            winner = touch.key if touch.kind is not ContentClass.SERVICE else winner
        verdicts.append(verdict)
    return verdicts


def _rules(kind: str, policy: Policy) -> GroupKind:
    return policy.groups.get(kind, GroupKind())


def _content(room: Room, touch: Planned, policy: Policy) -> Verdict | None:
    why = forbidden(room.kind, touch.kind, policy)
    if why is None or leave_for(touch.kind, room.leaves):
        return None
    return refused(touch, "group_content", why)


def _allowed(room: Room, touch: Planned, policy: Policy) -> str:
    """Under whose name it goes where the kind of the group forbids it."""
    leave = leave_for(touch.kind, room.leaves) if forbidden(room.kind, touch.kind, policy) else None
    return leave.words if leave else ""


def _too_often(room: Room, touch: Planned, policy: Policy, caps: Caps, winner: str) -> Verdict | None:
    """WeCom's quota of the group, its kind's own frequency, and what the playbook allows itself."""
    if full := caps.over_quota(Channel.GROUP, policy.quotas.groups):
        return refused(touch, "wecom_quota", full)
    frequency = _rules(room.kind, policy).frequency
    taken = caps.taken(frequency)
    if touch.kind is not ContentClass.SERVICE and taken >= frequency.most:
        had = f"{winner} went first" if winner else f"{taken} in the last {spell(frequency.per)}"
        words = f"{had}, {frequency.most} allowed in groups of the kind {room.kind}"
        return refused(touch, "group_frequency", words)
    against = caps.against(touch)
    return refused(touch, *against) if against else None
