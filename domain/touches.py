"""Touches: every message intended for anyone, and the words for what became of it."""

import hashlib
from enum import StrEnum

from pydantic import Field

from domain.playbook import Attachment, ContentClass, Limits, Missed
from domain.shape import Period, Shape, UtcTime


class TouchStatus(StrEnum):
    """The life of a touch (design §3).

        planned → claimed | refused
        claimed → tasked → sent · not_friend · capped · expired · cancelled · unknown

    A welcome has no employee to confirm it: planned → claimed → one of the greeting's own outcomes.
    """

    PLANNED = "planned"
    CLAIMED = "claimed"  # policy said yes; nobody else may send it
    REFUSED = "refused"  # policy said no; `rule` says which
    TASKED = "tasked"  # WeCom holds a task that the employee must confirm
    SENT = "sent"
    NOT_FRIEND = "not_friend"
    CAPPED = "capped"  # WeCom's own cap (status 3)
    EXPIRED = "expired"  # the employee did not confirm in time
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"
    BEATEN = "beaten"
    NO_CODE = "no_code"
    LATE = "late"
    FAILED = "failed"
    AWAITING_CONSENT = "awaiting_consent"


# These count against the cap; what may have been delivered counts as delivered.
RESERVED = (TouchStatus.CLAIMED, TouchStatus.TASKED, TouchStatus.SENT, TouchStatus.UNKNOWN)
OPEN = (TouchStatus.PLANNED, TouchStatus.CLAIMED, TouchStatus.TASKED)  # can still be stopped
UNDER_WAY = (TouchStatus.CLAIMED, TouchStatus.TASKED)  # policy said yes, and nothing has come of it yet


class Channel(StrEnum):
    """By which way a touch reaches her."""

    WELCOME = "welcome"  # 欢迎语
    PRIVATE = "private"  # 企业群发 to customers, confirmed by the employee
    GROUP = "group"  # 企业群发 to a whole group, confirmed by its owner
    MOMENTS = "moments"  # 朋友圈, published by the employee
    STAFF = "staff"  # 待办: the employee writes to her by hand


class Content(Shape):
    """What one batch says. Recipients share it, so it holds no customer variable."""

    text: str = Field(description="Liquid over store, employee and date")
    kind: ContentClass = ContentClass.GENERAL
    benefit: str | None = Field(None, description="what `{{ benefit }}` says")
    invite_to: str | None = Field(None, description="chat_id whose QR picture is attached")
    invite_code: str | None = Field(None, description="the entry code whose QR picture is attached")
    attachments: list[Attachment] = Field(default_factory=list)
    tag: str | None = Field(None, description="Moments: only who has it sees it")
    missed: Missed | None = Field(None, description="for whom it missed")
    campaign: str | None = Field(None, description="whose batches mix with no others")
    within: Period | None = Field(
        None, description="batched apart: their task ends when the first is too late"
    )
    backfill_of: int | None = Field(None, description="the batch whose missed customers it is for (M52)")

    @property
    def key(self) -> str:
        """Same content, same batch."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:16]


class Planned(Shape):
    """A touch that waits for its window to close; `limits` are its playbook's own."""

    key: str
    channel: Channel = Channel.PRIVATE
    priority: int = 50
    kind: ContentClass = ContentClass.GENERAL
    playbook: str | None = None
    limits: Limits | None = None
    send_by: UtcTime | None = Field(None, description="of no use from then on (M37)")
    put_off_since: UtcTime | None = Field(None, description="when it first had to wait for another window")


class Verdict(Shape):
    """What policy says of one touch."""

    key: str
    status: TouchStatus
    rule: str | None = None
    reason: str = ""
