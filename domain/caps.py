"""What a playbook allows itself towards one customer or group: how often, and in which mix. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from domain.playbook import ContentClass, Frequency
from domain.shape import Shape, UtcTime, spell
from domain.touches import Planned


class Reserved(Shape):
    """A message that she or the group has had, or may get at any moment."""

    at: UtcTime
    playbook: str | None = None
    kind: ContentClass = ContentClass.GENERAL


class Caps:
    """Counts what went out; whatever is let through `went` and counts for what comes after it."""

    def __init__(self, had: Sequence[Reserved], knowledge: Mapping[str, int], now: datetime) -> None:
        """`knowledge`: by playbook, its `knowledge` messages since its last `discount` one."""
        self._had = [t for t in had if t.kind is not ContentClass.SERVICE]
        self._knowledge, self._now = dict(knowledge), now

    def taken(self, frequency: Frequency, playbook: str | None = None) -> int:
        """How many of all messages, or of one playbook's, still count."""
        ours = [t.at for t in self._had if playbook is None or t.playbook == playbook]
        # What this window let through counts even if `per` is 0s.
        return len([at for at in ours if at > self._now - frequency.per or at >= self._now])

    def against(self, touch: Planned) -> tuple[str, str] | None:
        """The rule of its own playbook that refuses a message, and the reason; None if it may go."""
        limits = touch.limits
        if limits is None or touch.kind is ContentClass.SERVICE:
            return None
        own, wanted = limits.frequency, limits.knowledge_per_discount
        if own and (taken := self.taken(own, touch.playbook)) >= own.most:
            return "playbook_frequency", f"of {touch.playbook}: {too_many(taken, own)}"
        had = self._knowledge.get(touch.playbook or "", 0)
        if wanted and touch.kind is ContentClass.DISCOUNT and had < wanted:
            return "mix", f"{had} knowledge messages since the last discount, {wanted} come before the next"
        return None

    def went(self, touch: Planned) -> None:
        """Let through now."""
        if touch.kind is ContentClass.SERVICE:
            return
        self._had.append(Reserved(at=self._now, playbook=touch.playbook, kind=touch.kind))
        book = touch.playbook or ""
        if touch.kind is ContentClass.DISCOUNT:
            self._knowledge[book] = 0
        elif touch.kind is ContentClass.KNOWLEDGE:
            self._knowledge[book] = self._knowledge.get(book, 0) + 1


def too_many(taken: int, frequency: Frequency) -> str:
    return f"{taken} in the last {spell(frequency.per)}, {frequency.most} allowed"
