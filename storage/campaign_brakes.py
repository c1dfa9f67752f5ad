"""What stops a campaign by itself: too much failed, sold enough, out of time; and when a wave is through."""

from datetime import datetime

from sqlalchemy import case, exists, func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain import campaigning
from domain.campaign import Campaign
from domain.campaign_messages import OrderKind, WatchedWave, WaveEnd
from domain.touches import OPEN, TouchStatus
from storage import stocks
from storage.campaign_orders import DONE
from storage.tables import CampaignOrder, CampaignWave, Touch

ANSWERED = (*campaigning.FAILED, TouchStatus.SENT)  # what nobody confirmed says nothing of failures


async def pulled(session: AsyncSession, body: Campaign, now: datetime) -> WatchedWave | None:
    """Why a running campaign hands nothing more over; None while it may."""
    if body.until and now >= body.until:
        return WatchedWave(end=WaveEnd.OVER, reason=f"nothing is sent after {body.until:%F %H:%M}Z")
    if sold := await _sold(session, body):
        return WatchedWave(end=WaveEnd.STOCK, reason=sold)
    if why := await _failures(session, body):
        return WatchedWave(end=WaveEnd.FAILURES, reason=why)
    return None


async def settled(session: AsyncSession, campaign_id: str, number: int) -> bool:
    """Whether a wave is handed over, and all the campaign's messages so far have an outcome."""
    wave = await session.get_one(CampaignWave, (campaign_id, number))
    way = exists().where(col(Touch.campaign_id) == campaign_id, col(Touch.status).in_(OPEN))
    return wave.released_at is not None and not (await session.exec(select(way))).one()


async def _sold(session: AsyncSession, body: Campaign) -> str | None:
    target = body.stock
    if target is None:
        return None
    left = await stocks.quantity(session, target.store, target.product, target.expires_by)
    if left is None or left > target.down_to:
        return None
    return f"{left} left at {target.store}, wanted at most {target.down_to}"


async def _failures(session: AsyncSession, body: Campaign) -> str | None:
    """Of what was settled since somebody last looked at the failures and resumed it."""
    resumed = select(func.max(CampaignOrder.at)).where(
        CampaignOrder.campaign_id == body.campaign, CampaignOrder.what == DONE[OrderKind.RESUME]
    )
    since = (await session.exec(resumed)).one()
    failed = func.sum(case((col(Touch.status).in_(campaigning.FAILED), 1), else_=0))
    query = select(func.coalesce(failed, 0), func.count()).where(
        col(Touch.campaign_id) == body.campaign, col(Touch.status).in_(ANSWERED)
    )
    if since:
        query = query.where(col(Touch.settled_at) > since)
    bad, answered = (await session.exec(query)).one()
    return campaigning.too_many_failures(bad, answered, body.pause_at)
