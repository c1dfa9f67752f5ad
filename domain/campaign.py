"""A campaign (活动): one message to everybody whom a segment means, by the employees who confirm it.

The shapes of its file; `playbooks/campaigns/README.md` explains every field to its authors.
"""

from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag, model_validator

from domain.playbook import Attachment, Condition, ContentClass, Way
from domain.playbook.conditions import Name, Names
from domain.playbook.sending import Missed, Ways
from domain.shape import Duration, Period, Shape, UtcTime

ID = r"^[a-z0-9][a-z0-9-]{1,59}$"


def _named_or_said(value: Any) -> str:
    """So that a mistake in a condition is told of the condition alone, and not of a name as well."""
    return "[name]" if isinstance(value, str) else "[condition]"


Who = Annotated[
    Annotated[Name, Tag("[name]")] | Annotated[Condition, Tag("[condition]")], Discriminator(_named_or_said)
]


class CampaignStatus(StrEnum):
    """draft → approved → running ⇄ paused → finished; cancelled from anywhere before that."""

    DRAFT = "draft"
    APPROVED = "approved"  # by somebody else than the author; its workflow waits for its time
    RUNNING = "running"
    PAUSED = "paused"  # by an operator, or by itself: too many failures, `reason` says which
    CANCELLED = "cancelled"
    FINISHED = "finished"


class Words(Shape):
    """What it says by one channel."""

    text: str = Field(min_length=1, description="Liquid over store, employee, date and benefit")
    attachments: list[Attachment] = Field(default_factory=list, max_length=9)


class Wave(Shape):
    """One part of the rollout (M66). The last wave of a campaign takes everybody who is left."""

    name: str = Field(pattern=r"^[a-z0-9_-]{1,20}$")
    customers: Names | None = Field(
        None, description="ids of our own people's test contacts; no segment asked"
    )
    stores: Names | None = Field(None, description="ids: the segment, of these stores only")
    share: int | None = Field(None, ge=1, le=99, description="percent of the segment, by hash")
    then_wait: Duration = Field(timedelta(0), description="before the next wave")
    confirm: bool = Field(False, description="the next wave waits for `journeys campaign go`")

    @model_validator(mode="after")
    def _one_audience(self) -> "Wave":
        if sum(x is not None for x in (self.customers, self.stores, self.share)) > 1:
            raise ValueError(
                "give one of `customers`, `stores` and `share`, or none: then it takes all the rest"
            )
        return self

    @property
    def takes_the_rest(self) -> bool:
        return self.customers is None and self.stores is None and self.share is None


class Pace(Shape):
    """So many customers are handed to their employees in so long."""

    customers: int = Field(ge=1)
    per: Period = timedelta(hours=1)


class Failures(Shape):
    """It pauses by itself when so many of its settled messages were not_friend, capped, failed or unknown."""

    share: int = Field(20, ge=1, le=100, description="percent")
    at_least: int = Field(50, ge=1, description="settled messages before the share means anything")


class StockTarget(Shape):
    """Stop when the store has sold enough of it (M51)."""

    store: Name
    product: Names = Field(description="the till's product ids; of several the sum counts")
    down_to: int = Field(ge=0)
    expires_by: date | None = Field(None, description="only lots that go off by then count; all when absent")


class Adapt(Shape):
    """What regions may change of it (M53: headquarters plans, the region adapts, the store sends)."""

    words: bool = False
    shift: Duration = Field(timedelta(0), description="earlier or later by at most this")
    skip: bool = Field(False, description="a region may leave it out")


class Campaign(Shape):
    """A whole file."""

    campaign: str = Field(pattern=ID, description="its name, for ever")
    title: Name
    segment: Who = Field(description="a condition, or the name of one in segments.yaml")
    content: ContentClass = ContentClass.GENERAL
    channel: Ways = Field(description="in the order of preference; the first that reaches her")
    words: dict[Way, Words] = Field(description="by channel, for each of `channel`")
    group: str = Field("store", min_length=1, description="the kind of her group that `group` means")
    tag: str | None = Field(None, min_length=1, description="who sees it in Moments: who has this tag")
    benefit: str | None = Field(None, min_length=1)
    send_at: UtcTime | None = Field(None, description="with a zone; at once when absent")
    until: UtcTime | None = Field(None, description="nothing is sent after; what is unconfirmed is cancelled")
    rollout: list[Wave] = Field(default_factory=lambda: [Wave(name="all")], min_length=1)
    pace: Pace | None = None
    holdout: int | None = Field(
        None, ge=1, le=50, description="percent who get nothing, to see what it is worth"
    )
    pause_at: Failures = Failures()
    stock: StockTarget | None = None
    backfill: Missed | None = Field(None, description="Moments for whom 1:1 missed (M52)")
    adapt: Adapt = Adapt()
    priority: int = Field(50, ge=0, le=100, description="the higher wins when two messages meet in a window")
    attribution: Period = Field(
        timedelta(days=7), description="orders so long after count as its result (M36)"
    )


class RegionWords(Shape):
    """What one region made of it, within `adapt`."""

    words: dict[Way, Words] = Field(default_factory=dict)
    shift_minutes: int = Field(0, description="later; negative: earlier")
    skip: bool = False
