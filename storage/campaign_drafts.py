"""Campaigns before they begin: each change is one transaction that holds the row, and stands on record."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain import campaigning, drafting
from domain.campaign import Campaign, CampaignStatus, RegionWords
from domain.errors import Explained
from domain.playbook import Condition
from storage import campaigns
from storage.tables import CampaignOrder, CampaignRegion, CampaignRow, Region, Store

WROTE = ("created", "revised", "adapted")  # who did is an author of it


class NotAllowed(Explained):
    """It cannot be done to this campaign; the text says why and what to do."""


@dataclass(frozen=True)
class Approval:
    """`new` is False when somebody was first: the approval is theirs."""

    row: CampaignRow
    new: bool


async def create(
    session: AsyncSession, campaign: Campaign, who: Condition, *, by: str, now: datetime
) -> CampaignRow:
    """A new draft; `who` is its segment, whatever becomes of a saved one. Raises NotAllowed."""
    _refuse(drafting.nameless(by))
    await _known_stores(session, campaign)
    row = CampaignRow(
        id=campaign.campaign,
        body=campaign.model_dump(mode="json"),
        who=who.model_dump(mode="json"),
        status=CampaignStatus.DRAFT,
        author=by.strip(),
        created_at=now,
    )
    fresh = insert(CampaignRow).values(row.model_dump()).on_conflict_do_nothing()
    if not (await session.exec(fresh.returning(col(CampaignRow.id)))).first():
        raise NotAllowed(
            f"there is a campaign {row.id!r} already, and its name is for ever: choose another, or "
            "`journeys campaign revise` while it is a draft"
        )
    campaigns.note(session, row.id, "created", by=row.author, reason="", now=now)
    return row


async def revise(
    session: AsyncSession, campaign: Campaign, who: Condition, *, by: str, now: datetime
) -> CampaignRow:
    """Other contents for a draft. What regions made of it stays if it still may. Raises NotAllowed."""
    _refuse(drafting.nameless(by))
    row = await held(session, campaign.campaign)
    _refuse(drafting.why_not_revised(CampaignStatus(row.status)))
    await _known_stores(session, campaign)
    for region, made in (await campaigns.regions(session, row.id)).items():
        if why := drafting.why_not_adapted(campaign, CampaignStatus.DRAFT, None, made, by):
            raise NotAllowed(f"region {region} adapted it, and now could not: {why}")
    row.body, row.who = campaign.model_dump(mode="json"), who.model_dump(mode="json")
    session.add(row)
    campaigns.note(session, row.id, "revised", by=by.strip(), reason="", now=now)
    return row


async def adapt(
    session: AsyncSession, campaign_id: str, region_id: str, made: RegionWords, *, by: str, now: datetime
) -> None:
    """What a region makes of it from now on, all of it. Raises NotAllowed."""
    row = await held(session, campaign_id)
    if await session.get(Region, region_id) is None:
        raise NotAllowed(f"there is no region {region_id!r}; see `journeys stores list`")
    body, status = campaigns.body_of(row), CampaignStatus(row.status)
    _refuse(drafting.why_not_adapted(body, status, row.began_at, made, by))
    before = await campaigns.regions(session, campaign_id)
    if row.approved_at:
        after = before | {region_id: made}
        _refuse(drafting.begins_sooner(body, before.values(), after.values(), row.approved_at))
    fresh = CampaignRegion(
        campaign_id=campaign_id,
        region_id=region_id,
        body=made.model_dump(mode="json"),
        by=by.strip(),
        at=now,
    )
    await session.merge(fresh)
    campaigns.note(session, campaign_id, "adapted", by=fresh.by, reason=region_id, now=now)


async def approve(
    session: AsyncSession,
    campaign_id: str,
    *,
    by: str,
    now: datetime,
    note: str = "",
    version: str | None = None,
) -> Approval:
    """From now on nothing of its body changes. Of two at once the first approves. Raises NotAllowed.

    `version`: what the approver has read; another one is refused.
    """
    row = await held(session, campaign_id)
    if row.approved_at and row.status not in campaigning.ENDED:
        return Approval(row, new=False)
    body, status = campaigns.body_of(row), CampaignStatus(row.status)
    authors = [row.author, *await _authors(session, campaign_id)]
    _refuse(drafting.why_not_approved(body, status, authors, by, now))
    if version is not None and version != (current := await version_of(session, row)):
        raise NotAllowed(f"it was changed meanwhile and is {current} now: look at it again")
    row.status, row.approved_by, row.approved_at = CampaignStatus.APPROVED, by.strip(), now
    session.add(row)
    campaigns.note(session, campaign_id, "approved", by=row.approved_by, reason=note, now=now)
    return Approval(row, new=True)


async def discard(session: AsyncSession, campaign_id: str, *, by: str, reason: str, now: datetime) -> bool:
    """Cancel a draft, which no workflow knows. False when it is none. Raises NotAllowed."""
    row = await held(session, campaign_id)
    if row.status != CampaignStatus.DRAFT:
        return False
    _refuse(drafting.nameless(by))
    row.status, row.reason, row.ended_at = CampaignStatus.CANCELLED, reason, now
    session.add(row)
    campaigns.note(session, campaign_id, "cancelled", by=by.strip(), reason=reason, now=now)
    return True


async def held(session: AsyncSession, campaign_id: str) -> CampaignRow:
    """The campaign, locked until the transaction ends. Raises NotAllowed."""
    row = await campaigns.find(session, campaign_id, lock=True)
    if row is None:
        raise NotAllowed(f"there is no campaign {campaign_id!r}; see `journeys campaign list`")
    return row


async def version_of(session: AsyncSession, row: CampaignRow) -> str:
    """What an approver reads now, in one word."""
    regions = await campaigns.regions(session, row.id)
    return drafting.version_of(campaigns.body_of(row), Condition.model_validate(row.who), regions)


async def every(session: AsyncSession) -> Sequence[CampaignRow]:
    """All campaigns, the newest first."""
    newest = col(CampaignRow.created_at).desc(), col(CampaignRow.id)
    return (await session.exec(select(CampaignRow).order_by(*newest))).all()


async def _authors(session: AsyncSession, campaign_id: str) -> Sequence[str]:
    query = select(CampaignOrder.by).where(CampaignOrder.campaign_id == campaign_id)
    return (await session.exec(query.where(col(CampaignOrder.what).in_(WROTE)))).all()


async def _known_stores(session: AsyncSession, campaign: Campaign) -> None:
    wanted = {store for wave in campaign.rollout for store in wave.stores or ()}
    wanted |= {campaign.stock.store} if campaign.stock else set()
    known = (await session.exec(select(Store.id).where(col(Store.id).in_(wanted)))).all()
    if unknown := sorted(wanted - set(known)):
        raise NotAllowed(f"there is no store {unknown[0]!r}; see `journeys stores list`")


def _refuse(why: str | None) -> None:
    if why:
        raise NotAllowed(why)
