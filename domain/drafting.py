"""Who may do what to a campaign before it begins (M53): one plans, regions adapt, somebody else approves.

Pure. Each rule answers why not, or None.
"""

import hashlib
import json
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from domain.campaign import Campaign, CampaignStatus, RegionWords
from domain.campaigning import begins_at
from domain.playbook import Condition
from domain.shape import spell

VERSION_CHARS = 8


def version_of(campaign: Campaign, who: Condition, regions: Mapping[str, RegionWords]) -> str:
    """What an approver has read, in one word: it changes with every change."""
    parts = [campaign, who, *(regions[region] for region in sorted(regions))]
    said = json.dumps([sorted(regions), *(part.model_dump(mode="json") for part in parts)], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()[:VERSION_CHARS]


def nameless(by: str) -> str | None:
    return None if by.strip() else "--by must be a name: it is what the campaign's record will show"


def moments_over(campaign: Campaign, now: datetime) -> list[str]:
    """The fields whose moment is over."""
    moments = {"send_at": campaign.send_at, "until": campaign.until}
    return [field for field, at in moments.items() if at is not None and at <= now]


def why_not_revised(status: CampaignStatus) -> str | None:
    if status is CampaignStatus.DRAFT:
        return None
    return f"it is {status}: only a draft is revised. Cancel it, and create another under a new name"


def why_not_approved(
    campaign: Campaign, status: CampaignStatus, authors: Collection[str], by: str, now: datetime
) -> str | None:
    """`authors`: everybody who wrote any of it."""
    if problem := nameless(by):
        return problem
    if status is not CampaignStatus.DRAFT:
        return f"it is {status}: only a draft is approved"
    if _folded(by) in map(_folded, authors):
        return f"{by.strip()} wrote it: somebody else has to approve it"
    if over := moments_over(campaign, now):
        return f"its `{over[0]}` is over: revise it first"
    return None


def why_not_adapted(
    campaign: Campaign, status: CampaignStatus, began_at: datetime | None, wanted: RegionWords, by: str
) -> str | None:
    """Whether a region may make this of it."""
    allowed = campaign.adapt
    if problem := nameless(by):
        return problem
    if began_at is not None or status not in (CampaignStatus.DRAFT, CampaignStatus.APPROVED):
        return f"it is {status}: a region adapts a campaign before it begins"
    if wanted.words and not allowed.words:
        return "its `adapt` lets no region say it in other words"
    if other := [way for way in wanted.words if way not in campaign.channel]:
        return f"it does not go by `{other[0]}`"
    if wanted.skip and not allowed.skip:
        return "its `adapt` lets no region leave it out"
    shift = timedelta(minutes=wanted.shift_minutes)
    if abs(shift) > allowed.shift:
        return f"its `adapt` lets a region shift it by at most {spell(allowed.shift)}"
    if shift and campaign.send_at and campaign.until and campaign.send_at + shift >= campaign.until:
        return "nothing of it could be sent: it would begin when its `until` is over"
    return None


def begins_sooner(
    campaign: Campaign,
    before: Collection[RegionWords],
    after: Collection[RegionWords],
    approved_at: datetime,
) -> str | None:
    """Whether an approved campaign, which sleeps until it begins, would have to begin sooner."""
    wakes, wanted = (begins_at(campaign, list(regions), approved_at) for regions in (before, after))
    return (
        None if wanted >= wakes else f"it is approved and begins at {wakes:%Y-%m-%d %H:%M}Z: shift it later"
    )


def _folded(name: str) -> str:
    return name.strip().casefold()
