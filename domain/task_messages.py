"""Inputs and outputs of StaffTask and its activities: one task that an employee confirms."""

from enum import StrEnum

from pydantic import Field

from domain.shape import Duration, Shape, UtcTime
from domain.touches import TouchStatus


class StaffTaskStart(Shape):
    """Start of StaffTask."""

    batch_id: int


class FlushBatch(Shape):
    batch_id: int


class FollowUpKind(StrEnum):
    """What is done about a task that is not confirmed, from the gentlest on."""

    REMIND = "remind"  # by WeCom itself
    TODO = "todo"  # a to-do of ours for the employee, with a link to all that waits for her
    ESCALATE = "escalate"  # one for the manager of her store


class FollowUp(Shape):
    """One of them, due at a time."""

    kind: FollowUpKind
    at: UtcTime


class FlushedBatch(Shape):
    """How many of a batch may be sent, the deadlines of its task, and what they cost whom it misses."""

    claimed: int
    poll_every: Duration
    follow_ups: list[FollowUp] = Field(default_factory=list, description="in the order of their times")
    expire_at: UtcTime
    attempts: int = Field(0, description="tasks claimed so far: by a run that failed")
    backfills: bool = Field(False, description="its customers have a tag while it is shown")
    tag_calls: int = Field(0, description="calls of mark_tag: of a backfill, or of the one it may come to")


class TaskRef(Shape):
    """One task of one batch; `attempt` counts how often it was created."""

    batch_id: int
    attempt: int = 1
    until: UtcTime | None = Field(None, description="not to be created at or after this")


class TaskState(Shape):
    """`open` are recipients whose outcome is not known yet."""

    msgid: str | None = None
    open: int = 0
    stranded: int = Field(0, description="of them, whose employee can send them no more")
    reason: str = ""


class PeopleTold(Shape):
    """Who heard of an open task."""

    userids: list[str] = Field(default_factory=list)


class TagsChanged(Shape):
    """How many customers' temporary tags were put on, or taken off."""

    customers: int


class WithdrawFromTask(Shape):
    batch_id: int
    external_userid: str
    reason: str = ""


class StopTask(Shape):
    """Signal of StaffTask: what is not sent yet is cancelled, and settled under this rule."""

    rule: str
    reason: str


class FinishTask(Shape):
    batch_id: int
    status: TouchStatus
    rule: str
    reason: str
