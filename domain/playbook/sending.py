"""What a message is, and by which ways it may go."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from domain.playbook.conditions import Name, as_list
from domain.shape import Period, Shape


class ContentClass(StrEnum):
    """What a message is about; group policies and caps look at it (M20, M59)."""

    GENERAL = "general"
    KNOWLEDGE = "knowledge"  # 知识
    DISCOUNT = "discount"  # 优惠
    SERVICE = "service"


class Way(StrEnum):
    """By which way a step reaches her (M49)."""

    PRIVATE = "private"  # 单聊: 企业群发 to her, confirmed by the employee
    GROUP = "group"  # 群聊: 企业群发 to her group, confirmed by its owner
    MOMENTS = "moments"  # 朋友圈 of the employee, seen by those who have a tag
    STAFF = "staff"  # 待办: the employee writes to her by hand


Ways = Annotated[list[Way], BeforeValidator(as_list), Field(min_length=1)]


class CouponStep(Shape):
    """A coupon credited to her member account at the till. No personal code ever travels."""

    template: str = Field(min_length=1, description="the till's coupon template")
    name: str = Field(min_length=1, description="what messages and operators call it")


class Link(Shape):
    """图文链接."""

    title: str = Field(min_length=1)
    url: str = Field(pattern=r"^https?://")
    desc: str | None = None
    picture: str | None = Field(None, pattern=r"^https?://", description="address of a small picture")


class MiniProgram(Shape):
    """小程序."""

    title: str = Field(min_length=1)
    appid: Name
    page: Name
    picture: Name = Field(description="a file beside the playbook; WeCom wants one")
    digest: str | None = Field(None, description="sha256 of the picture; written when it is published")


class Picture(Shape):
    """图片."""

    file: Name = Field(description="a file beside the playbook")
    digest: str | None = Field(None, description="its sha256; written when it is published")


class Attachment(Shape):
    """Exactly one of its fields is set."""

    picture: Picture | None = None
    link: Link | None = None
    miniprogram: MiniProgram | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> "Attachment":
        if len([k for k in type(self).model_fields if getattr(self, k) is not None]) != 1:
            raise ValueError("an attachment is exactly one of picture | link | miniprogram")
        return self


class Missed(Shape):
    """补漏 (M52): whom an unconfirmed, or capped, 1:1 message missed sees this in Moments.

    She is found there by a tag that she has only meanwhile.
    """

    text: str = Field(min_length=1, description="Liquid like `text` of a message")
    attachments: list[Attachment] = Field(default_factory=list, max_length=9)
    most: int = Field(2_000, ge=1, description="customers of one task: each costs two calls to tag her")


class Send(Shape):
    """One message, by the first of its ways that reaches her."""

    text: str = Field(min_length=1, description="Liquid; may use store, employee and date, which all share")
    channel: Ways = Field(default_factory=lambda: [Way.PRIVATE], description="in the order of preference")
    group: str = Field("store", min_length=1, description="the kind of her group that `group` means")
    tag: str | None = Field(None, min_length=1, description="who sees it in Moments: who has this tag")
    invite_to: Literal["group", "friend"] | None = Field(
        None, description="attach the QR picture of her store's group, or of the code to become a friend"
    )
    attachments: list[Attachment] = Field(default_factory=list, max_length=9)
    coupon: CouponStep | None = Field(None, description="credited first; refused, the message is left out")
    content: ContentClass = ContentClass.GENERAL
    priority: int | None = Field(
        None, ge=0, le=100, description="the higher wins when two meet; 50 unless the playbook says otherwise"
    )
    missed: Missed | None = Field(None, description="in Moments, for whom the 1:1 message missed")
    within: Period | None = Field(None, description="of use only so long: sent by then or not at all (M37)")
    wait_for_delivery: bool = Field(False, description="go on only when the message has an outcome")
