"""What is done about a task that its employee has not confirmed yet, and when. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from domain.policy import StaffTaskRhythm
from domain.task_messages import FollowUp, FollowUpKind
from domain.touches import Channel

REMINDERS, REMINDED_WITHIN = 3, timedelta(hours=24)  # of one task (contract §8.2)


def follow_ups(
    rhythm: StaffTaskRhythm, channel: Channel, begins: datetime, expires: datetime
) -> list[FollowUp]:
    """All that comes before the task expires, the earliest first. WeCom has no reminder for Moments."""
    times = [(after, FollowUpKind.REMIND) for after in rhythm.remind_after if channel is not Channel.MOMENTS]
    times += [(rhythm.todo_after, FollowUpKind.TODO), (rhythm.escalate_after, FollowUpKind.ESCALATE)]
    found = [FollowUp(kind=kind, at=begins + after) for after, kind in times if begins + after < expires]
    return sorted(found, key=lambda one: one.at)


def may_remind(reminded: Sequence[datetime], now: datetime) -> bool:
    """Whether WeCom's quota has room for one more."""
    return len([at for at in reminded if at > now - REMINDED_WITHIN]) < REMINDERS
