"""Numbers of the groups of one owner, counted from what happened in them (contract §7.4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from simulators.state.groups import Group

COUNTS = (
    "new_chat_cnt",
    "chat_total",
    "chat_has_msg",
    "new_member_cnt",
    "member_total",
    "member_has_msg",
    "msg_total",
    "migrate_trainee_chat_cnt",
)


@dataclass(frozen=True)
class Span:
    """From the first moment to just before the last one."""

    start: datetime
    end: datetime

    def __contains__(self, at: datetime) -> bool:
        return self.start <= at < self.end


def count(groups: Sequence[Group], span: Span) -> dict[str, int]:
    """Totals are those at the end of the span. [SIM] a group counts for the owner whom it has now."""
    existing = [group for group in groups if _exists_at_end(group, span)]
    spoken = {id(group): [one for one in group.messages if one.at in span] for group in groups}
    messages = [message for some in spoken.values() for message in some]
    came = [step for group in groups for step in group.passages if step.step > 0 and step.at in span]
    return {
        "new_chat_cnt": sum(group.created_at in span for group in groups),
        "chat_total": len(existing),
        "chat_has_msg": sum(bool(some) for some in spoken.values()),
        "new_member_cnt": len(came),
        "member_total": sum(_members_at_end(group, span) for group in existing),
        "member_has_msg": sum(len({one.sender for one in some}) for some in spoken.values()),
        "msg_total": len(messages),
        "migrate_trainee_chat_cnt": 0,  # of the education edition only
    }


def _exists_at_end(group: Group, span: Span) -> bool:
    gone = group.dismissed_at is not None and group.dismissed_at < span.end
    return group.created_at < span.end and not gone


def _members_at_end(group: Group, span: Span) -> int:
    return sum(passage.step for passage in group.passages if passage.at < span.end)
