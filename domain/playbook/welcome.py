"""The first minute: what the greeting says and to which group it invites."""

from typing import Literal

from pydantic import Field

from domain.playbook.conditions import Condition, Name
from domain.playbook.sending import Attachment, CouponStep
from domain.shape import Duration, Shape


class Variant(Shape):
    """Another greeting for some; the first whose condition holds. What it leaves out is as in `welcome`."""

    when: Condition
    text: str | None = Field(None, min_length=1)
    benefit: str | None = None
    coupon: CouponStep | None = None
    attachments: list[Attachment] | None = Field(None, max_length=9)


class WelcomeMessage(Shape):
    """欢迎语. The only message to a customer that may use customer variables."""

    text: str = Field(min_length=1)
    fallback_text: str | None = Field(
        None, description="group and benefit only, for when WeCom gave us no chance to greet"
    )
    benefit: str | None = Field(None, description="what `{{ benefit }}` says")
    invite_to_group: bool = True
    coupon: CouponStep | None = Field(
        None, description="credited to her account within seconds; once per member for ever"
    )
    attachments: list[Attachment] = Field(
        default_factory=list, max_length=9, description="at most 9, the group's QR picture included"
    )
    variants: list[Variant] = Field(default_factory=list)


class Route(Shape):
    """Which group she is invited to: the first route that holds for her and has a group with room."""

    when: Condition | None = None
    kind: Name = Field("store", description="of the group, as `groups import` gives it")
    of: Literal["most_visited_store", "scanned_store", "nearest_store", "city", "chain"] = Field(
        "most_visited_store", description="whose group"
    )


class JoinReminder(Shape):
    """One reminder to her if she has not joined the group that the welcome invited her to."""

    after: Duration
    text: str = Field(min_length=1)
