"""What has been sent to one customer or group, counted: the caps of the corp and of playbooks. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator

from domain.days import local_day
from domain.playbook import ContentClass, Frequency
from domain.quotas import Quota
from domain.shape import Shape, UtcTime, spell
from domain.touches import Channel, Planned


def _sane(weight: Decimal) -> Decimal:
    if not 0 < weight <= 100 or weight != round(weight, 2):
        raise ValueError("a weight lies between 0.01 and 100, with two decimals at the most")
    return weight


Weight = Annotated[Decimal, AfterValidator(_sane)]


class Weights(Shape):
    """打扰性 (M50): how much of a customer's cap one message uses up, 朋友圈 < 群聊 < 单聊."""

    private: Weight = Decimal(1)
    staff: Weight = Decimal(1)
    group: Weight = Decimal("0.5")
    moments: Weight = Decimal("0.25")

    def of(self, channel: Channel) -> Decimal:
        """Of any channel but the greeting, which counts for nothing."""
        weight: Decimal = getattr(self, channel.value)
        return weight


class Reserved(Shape):
    """A message that she or the group has had, or may get at any moment. Greetings are none."""

    at: UtcTime
    channel: Channel = Channel.PRIVATE
    playbook: str | None = None
    kind: ContentClass = ContentClass.GENERAL


class Caps:
    """Counts what went out; whatever is let through `went` and counts for what comes after it.

    Service messages count for WeCom's own quotas only.
    """

    def __init__(
        self, had: Sequence[Reserved], knowledge: Mapping[str, int], now: datetime, weights: Weights
    ) -> None:
        """`knowledge`: by playbook, its `knowledge` messages since its last `discount` one."""
        self._all = list(had)
        self._had = [t for t in had if t.kind is not ContentClass.SERVICE]
        self._knowledge, self._now, self._weights = dict(knowledge), now, weights

    def taken(self, frequency: Frequency, playbook: str | None = None) -> int:
        """How many messages still count, all or one playbook's; an author counts messages, not weights."""
        return len([t for t in self._lately(frequency) if playbook is None or t.playbook == playbook])

    def over(self, touch: Planned, frequency: Frequency) -> str | None:
        """Why a message is too much for the corp's cap, each weighing what its channel weighs (M50)."""
        weight = self._weights.of(touch.channel)
        taken = sum((self._weights.of(t.channel) for t in self._lately(frequency)), Decimal(0))
        if taken + weight <= frequency.most:
            return None
        this = "" if taken >= frequency.most else f" and this one weighs {_plain(weight)}"
        return f"{_plain(taken)} in the last {spell(frequency.per)}{this}, {frequency.most} allowed"

    def over_today(self, per_day: int | None, zone: str) -> str | None:
        """Why another message is too much for this calendar day of hers."""
        if per_day is None:
            return None
        today = local_day(self._now, zone)
        taken = len([t for t in self._had if local_day(t.at, zone) == today])
        return f"{taken} today, {per_day} allowed" if taken >= per_day else None

    def over_quota(self, channel: Channel, quota: Quota | None) -> str | None:
        """Why WeCom itself would let no more through (status 3)."""
        sent = [t.at for t in self._all if t.channel is channel]
        return quota.why_full(sent, self._now) if quota else None

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
        sent = Reserved(at=self._now, channel=touch.channel, playbook=touch.playbook, kind=touch.kind)
        self._all.append(sent)
        if touch.kind is ContentClass.SERVICE:
            return
        self._had.append(sent)
        book = touch.playbook or ""
        if touch.kind is ContentClass.DISCOUNT:
            self._knowledge[book] = 0
        elif touch.kind is ContentClass.KNOWLEDGE:
            self._knowledge[book] = self._knowledge.get(book, 0) + 1

    def _lately(self, frequency: Frequency) -> list[Reserved]:
        """What this window let through counts even if `per` is 0s."""
        return [t for t in self._had if t.at > self._now - frequency.per or t.at >= self._now]


def too_many(taken: int, frequency: Frequency) -> str:
    return f"{taken} in the last {spell(frequency.per)}, {frequency.most} allowed"


def _plain(weight: Decimal) -> str:
    """1, 0.5: as an author writes it."""
    return f"{weight.normalize():f}"
