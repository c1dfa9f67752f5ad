"""Inputs and outputs of the activities that carry out steps: messages, coupons, facts, tags, to-dos."""

from typing import Literal

from pydantic import Field

from domain.playbook import (
    Attachment,
    ContentClass,
    CouponStep,
    Holdout,
    Limits,
    Missed,
    NotifyStaff,
    TagRule,
    TagStep,
    Way,
)
from domain.questions import Question
from domain.shape import Period, Shape, UtcTime
from domain.stages import Stage
from domain.touches import OPEN, Channel, TouchStatus


class LookUp(Shape):
    """A question of the interpreter about her, with what only her life knows."""

    external_userid: str
    playbook: str
    enrolment: int = Field(description="its number; `outcome` means messages of this one")
    stage: Stage
    life_stage: str | None = None
    since: UtcTime = Field(description="when she came to the step, or to the journey")
    question: Question


class ChangeTags(Shape):
    """Add and remove tags on her, at every employee who is her friend."""

    key: str
    external_userid: str
    tags: TagStep


class ReadTags(Shape):
    """See which tags employees have changed by hand."""

    external_userid: str


class ApplyRules(Shape):
    """Look at tag rules for her; a condition sees what `LookUp` sees."""

    key: str
    external_userid: str
    playbook: str
    enrolment: int
    stage: Stage
    life_stage: str | None = None
    rules: list[TagRule]


class Notify(Shape):
    """A to-do with her name, for the employee who is her friend or for the manager of her store."""

    key: str
    external_userid: str
    userid: str | None = Field(None, description="the friend she made last")
    notice: NotifyStaff
    benefit: str | None = None
    playbook: str | None = None
    holdout: Holdout | None = None


class Notified(Shape):
    told: bool
    reason: str = ""


class PlanTouch(Shape):
    """One intended message. `userid` is the employee who shall confirm it; None when she has no friend."""

    key: str
    external_userid: str
    userid: str | None = None
    text: str
    kind: ContentClass = ContentClass.GENERAL
    invite_to: str | None = Field(None, description="chat_id of the group whose QR picture is attached")
    benefit: str | None = None
    playbook: str | None = None
    priority: int = 50
    notify: bool = False
    ways: list[Way] = Field(default_factory=lambda: [Way.PRIVATE], description="the first that reaches her")
    group: str = Field("store", description="the kind of her group, for the way `group`")
    tag: str | None = Field(None, description="who sees it, for the way `moments`")
    invites: Literal["group", "friend"] | None = Field(None, description="which QR picture to attach")
    attachments: list[Attachment] = Field(default_factory=list)
    missed: Missed | None = Field(None, description="in Moments, for whom the way `private` missed")
    step: str | None = Field(None, description="the `id` of its step, for the condition `outcome`")
    enrolment: int | None = Field(None, description="its number")
    limits: Limits | None = None
    holdout: Holdout | None = None
    within: Period | None = Field(None, description="of use only so long …")
    since: UtcTime | None = Field(None, description="… after this (M37)")

    @property
    def send_by(self) -> UtcTime | None:
        """Of no use from then on."""
        return self.since + self.within if self.since and self.within else None


class PlannedTouch(Shape):
    status: TouchStatus
    rule: str | None = None
    batch_id: int | None = None
    channel: Channel = Channel.PRIVATE

    @property
    def settles_for_her(self) -> bool:
        """Whether she will hear of its outcome: not of a message to her group, nor of one that has it."""
        return self.status in OPEN and self.channel is not Channel.GROUP


class GiveCoupon(Shape):
    """Under a business key; with `once_per_member` under that of her account, so there is one for ever."""

    key: str
    external_userid: str
    coupon: CouponStep
    once_per_member: bool = False
    playbook: str | None = None
    step: str | None = Field(None, description="the `id` of its step, for the condition `outcome`")
    holdout: Holdout | None = None


class GivenCoupon(Shape):
    issued: bool
    reason: str = ""
    held_out: bool = Field(False, description="not for her, and her journey goes on as if it were")
