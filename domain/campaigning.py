"""The rules of a running campaign: which orders it takes, whom a wave means, what its pace allows. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain import experiments
from domain.campaign import Campaign, CampaignStatus, Failures, Pace, RegionWords
from domain.campaign_messages import Order, OrderKind
from domain.touches import TouchStatus

# WeCom was asked to send them and did not, for a reason that may be ours.
FAILED = (TouchStatus.NOT_FRIEND, TouchStatus.CAPPED, TouchStatus.FAILED, TouchStatus.UNKNOWN)
ENDED = (CampaignStatus.CANCELLED, CampaignStatus.FINISHED)
RUNS = (CampaignStatus.APPROVED, CampaignStatus.RUNNING)
LIVES = (*RUNS, CampaignStatus.PAUSED)  # approved, and not ended
RECALLED = "campaign_recalled"  # the rule of what a pause takes back


def refused(order: Order, status: CampaignStatus, *, asks: bool) -> str | None:
    """Why a campaign does not take an order; None when it does. `asks`: it waits for `go`."""
    if problem := malformed(order):
        return problem
    if status in ENDED:
        return f"the campaign is {status}: there is nothing to {order.kind}"
    if status == CampaignStatus.DRAFT:
        return "the campaign is a draft: somebody else than its author has to approve it first"
    match order.kind:
        case OrderKind.PAUSE if status == CampaignStatus.PAUSED and not order.recall:
            return "the campaign is paused already"
        case OrderKind.RESUME if status != CampaignStatus.PAUSED:
            return f"the campaign is {status}, not paused"
        case OrderKind.GO if not asks:
            return "the campaign does not wait for `go` yet; every few minutes it looks how its wave stands"
    return None


def malformed(order: Order) -> str | None:
    """What is wrong with an order whatever the campaign's state; None when it is well-formed."""
    if not order.by.strip():
        return f"{order.kind} needs a name: it is what the campaign's record will show"
    if order.kind in (OrderKind.PAUSE, OrderKind.CANCEL) and not order.reason.strip():
        return f"{order.kind} needs a reason: it is what the campaign's record will show"
    return None


def answer(order: Order) -> str:
    """What the operator is told once it is carried out."""
    held = (
        "what employees hold and have not confirmed is being taken back"
        if order.recall
        else "what employees hold already stays with them"
    )
    match order.kind:
        case OrderKind.PAUSE:
            return f"paused: nothing more is written down or handed over; {held}"
        case OrderKind.RESUME:
            return "it goes on"
        case OrderKind.CANCEL:
            return f"cancelled: nothing more is handed over; {held}"
        case OrderKind.GO:
            return "the next wave begins"


def key(campaign_id: str, external_userid: str) -> str:
    """The business key of a customer's message: one campaign, one message."""
    return f"campaign/{campaign_id}/{external_userid}"


def group_key(campaign_id: str, chat_id: str) -> str:
    """The business key of a group's message, whichever wave its members are in."""
    return f"campaign/{campaign_id}/group/{chat_id}"


def experiment(campaign_id: str) -> str:
    """What the control group of a campaign is drawn by, and its exposures are found under."""
    return f"campaign-{campaign_id}"


def in_wave(campaign: Campaign, number: int, external_userid: str) -> bool:
    """Whether she is in a wave that takes a share. Each share is a part of its own, beside earlier ones."""
    share = campaign.rollout[number].share
    if share is None:
        return True
    begins = sum(wave.share or 0 for wave in campaign.rollout[:number])
    return begins <= experiments.percentile(f"wave/{campaign.campaign}/{external_userid}") < begins + share


def sends_at(campaign: Campaign, region: RegionWords | None, began_at: datetime) -> datetime:
    """When it goes out in a region."""
    shift = timedelta(minutes=region.shift_minutes) if region else timedelta(0)
    return (campaign.send_at or began_at) + shift


def begins_at(campaign: Campaign, regions: Sequence[RegionWords], approved_at: datetime) -> datetime:
    """When the first region wants it: the waves are written down from then on."""
    wanted = [sends_at(campaign, region, approved_at) for region in (None, *regions)]
    return max(min(wanted), approved_at)


@dataclass(frozen=True)
class Waiting:
    """A batch that waits for its release: so many customers of one employee."""

    batch_id: int
    size: int


def within_pace(
    waiting: Sequence[Waiting], handed: Sequence[tuple[datetime, int]], pace: Pace | None, now: datetime
) -> list[Waiting]:
    """Which of the waiting may be handed over now, in their order; `handed`: when, and to how many.

    An employee's batch is never split, so one that is larger than the pace goes alone.
    """
    if pace is None:
        return list(waiting)
    taken = sum(size for at, size in handed if at > now - pace.per)
    going: list[Waiting] = []
    for parcel in waiting:
        if taken and taken + parcel.size > pace.customers:
            break
        going.append(parcel)
        taken += parcel.size
    return going


def goes_on_at(handed: Sequence[tuple[datetime, int]], pace: Pace, now: datetime) -> datetime:
    """When the pace allows more: the oldest of what still counts is forgotten then."""
    return min((at + pace.per for at, _ in handed if at > now - pace.per), default=now)


def too_many_failures(failed: int, settled: int, limit: Failures) -> str | None:
    """Why a campaign pauses by itself; None while it may go on."""
    if settled < limit.at_least or failed * 100 <= limit.share * settled:
        return None
    return f"{failed} of {settled} messages failed, more than {limit.share} %"
