"""Campaigns: their rows, what operators order, and how far each has come."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import Field
from sqlalchemy import and_, func, or_, union_all
from sqlalchemy import select as sql_select
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain import campaigning
from domain.campaign import Campaign, CampaignStatus, RegionWords
from domain.shape import Shape
from domain.touches import TouchStatus
from storage.tables import Batch, CampaignOrder, CampaignRegion, CampaignRow, CampaignWave, GroupPlan, Touch

ON_ITS_WAY = (TouchStatus.PLANNED, TouchStatus.CLAIMED)  # neither refused, nor with WeCom, nor settled


class WaveProgress(Shape):
    """One wave, counted in customers."""

    number: int
    name: str
    targeted: int = Field(0, description="looked at so far")
    planned: int = Field(0, description="have a message, or had")
    refused: dict[str, int] = Field(default_factory=dict, description="by rule")
    released: int = Field(0, description="handed over to their employees")
    tasked: int = Field(0, description="wait for their employee's confirmation")
    sent: int = 0
    failed: dict[str, int] = Field(default_factory=dict, description="by status: not sent, and settled")
    written: bool = Field(False, description="all of it is planned")
    ended: bool = False
    asks: bool = Field(False, description="settled; the next wave waits for `go`")


class Progress(Shape):
    """A campaign, now."""

    campaign: str
    title: str
    status: CampaignStatus
    reason: str = ""
    waves: list[WaveProgress] = Field(default_factory=list)


async def find(session: AsyncSession, campaign_id: str, *, lock: bool = False) -> CampaignRow | None:
    query = select(CampaignRow).where(CampaignRow.id == campaign_id)
    locked = query.with_for_update(key_share=True)  # its batches may be written meanwhile
    return (await session.exec(locked if lock else query)).first()


def body_of(row: CampaignRow) -> Campaign:
    return Campaign.model_validate(row.body)


async def regions(session: AsyncSession, campaign_id: str) -> dict[str, RegionWords]:
    """What each region made of it, by the region's id."""
    rows = await session.exec(select(CampaignRegion).where(CampaignRegion.campaign_id == campaign_id))
    return {row.region_id: RegionWords.model_validate(row.body) for row in rows.all()}


async def waves(session: AsyncSession, campaign_id: str) -> dict[int, CampaignWave]:
    """The waves that have begun, by number."""
    query = select(CampaignWave).where(CampaignWave.campaign_id == campaign_id)
    rows = (await session.exec(query.order_by(col(CampaignWave.number)))).all()
    return {row.number: row for row in rows}


async def to_carry_on(session: AsyncSession) -> Sequence[str]:
    """Campaigns whose workflow should run: approved and not ended, or ended with batches left to cancel."""
    left = select(Batch.campaign_id).where(col(Batch.status) == "filling")
    held = select(Batch.campaign_id).where(col(Batch.status).in_(["open", "flushed"]))
    query = select(CampaignRow.id).where(
        or_(
            col(CampaignRow.status).in_(campaigning.LIVES),
            col(CampaignRow.id).in_(left),
            and_(col(CampaignRow.recall), col(CampaignRow.id).in_(held)),
        )
    )
    return (await session.exec(query.order_by(CampaignRow.id))).all()


async def why_over(session: AsyncSession, campaign_id: str | None) -> tuple[str, str] | None:
    """The rule and the reason by which nothing of a campaign is sent any more; None while it may be."""
    row = await find(session, campaign_id) if campaign_id else None
    if row is None or row.status not in campaigning.ENDED:
        return None
    return f"campaign_{row.status}", row.reason or f"the campaign is {row.status}"


async def batches_to_stop(
    session: AsyncSession, campaign_id: str, rule: str, *, recall: bool
) -> Sequence[int]:
    """Those that no employee holds yet; with `recall` also those that she may not have confirmed.

    What a pause takes back leaves alone what waits for its release: that goes on when it is resumed.
    """
    statuses = ["open", "flushed"] if recall else ["open"]
    statuses += [] if rule == campaigning.RECALLED else ["filling"]
    query = select(Batch.id).where(Batch.campaign_id == campaign_id, col(Batch.status).in_(statuses))
    return [batch or 0 for batch in (await session.exec(query.order_by(col(Batch.id)))).all()]


def note(
    session: AsyncSession,
    campaign_id: str,
    what: str,
    *,
    by: str,
    reason: str,
    now: datetime,
    key: str | None = None,
) -> None:
    """Put a decision on the campaign's record; `key` of an order that may be told twice."""
    session.add(CampaignOrder(campaign_id=campaign_id, what=what, by=by, reason=reason, at=now, key=key))


async def record(session: AsyncSession, campaign_id: str) -> Sequence[CampaignOrder]:
    """Who decided what, oldest first."""
    query = select(CampaignOrder).where(CampaignOrder.campaign_id == campaign_id)
    return (await session.exec(query.order_by(col(CampaignOrder.id)))).all()


async def progress(session: AsyncSession, campaign_id: str) -> Progress:
    """How far it has come. Raises LookupError when there is no such campaign."""
    row = await find(session, campaign_id)
    if row is None:
        raise LookupError(f"there is no campaign {campaign_id}")
    body, begun = body_of(row), await waves(session, campaign_id)
    told: dict[int, WaveProgress] = {}
    for number, wave in begun.items():
        told[number] = WaveProgress(
            number=number,
            name=wave.name,
            targeted=wave.targeted,
            planned=wave.planned,
            written=wave.planned_at is not None,
            ended=wave.ended_at is not None,
        )
    unsettled: set[int] = set()
    for number, status, rule, filling, people in await _people(session, campaign_id):
        if number not in told:
            continue
        unsettled |= {number} if status in (*ON_ITS_WAY, TouchStatus.TASKED) else set()
        _count(told[number], status, rule, filling, people)
    last = len(body.rollout) - 1
    for number, each in told.items():
        confirms = number < last and body.rollout[number].confirm
        each.asks = confirms and each.written and not each.ended and number not in unsettled
    return Progress(
        campaign=row.id, title=body.title, status=row.status, reason=row.reason, waves=list(told.values())
    )


def _count(wave: WaveProgress, status: str, rule: str | None, filling: bool | None, people: int) -> None:
    if filling is False:  # null: refused when it was planned
        wave.released += people
    if status == TouchStatus.REFUSED:
        wave.refused[rule or "policy"] = wave.refused.get(rule or "policy", 0) + people
    elif status == TouchStatus.TASKED:
        wave.tasked += people
    elif status == TouchStatus.SENT:
        wave.sent += people
    elif status not in ON_ITS_WAY:
        wave.failed[str(status)] = wave.failed.get(str(status), 0) + people


async def _people(session: AsyncSession, campaign_id: str) -> Sequence[Any]:
    """Customers by wave, status, rule and whether their batch waits for its release.

    A message to a group is counted once for each customer whom it was planned for.
    """
    hers = sql_select(col(Touch.wave), col(Touch.status), col(Touch.rule), col(Touch.batch_id)).where(
        col(Touch.campaign_id) == campaign_id, col(Touch.external_userid) != ""
    )
    in_groups = (
        sql_select(col(GroupPlan.wave), col(Touch.status), col(Touch.rule), col(Touch.batch_id))
        .join(Touch, col(Touch.key) == GroupPlan.touch_key)
        .where(col(GroupPlan.campaign_id) == campaign_id)
    )
    all_of_them = union_all(hers, in_groups).subquery()
    c = all_of_them.c
    filling = col(Batch.status) == "filling"
    counted = (
        sql_select(c.wave, c.status, c.rule, filling, func.count())
        .outerjoin(Batch, col(Batch.id) == c.batch_id)
        .where(col(Batch.backfill_of).is_(None))  # a second message to some of them
        .group_by(c.wave, c.status, c.rule, filling)
    )
    found: Sequence[Any] = (await session.exec(counted)).all()  # type: ignore[call-overload]
    return found
