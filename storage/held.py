"""Batches that nobody closes: they wait for their release, or their campaign is paused."""

from sqlalchemy import ColumnElement, and_, exists, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.campaign import CampaignStatus
from storage.tables import Batch, CampaignRow


def held() -> ColumnElement[bool]:
    """Of `Batch`: what is in it competes with nothing. It goes on with its campaign, or ends with it."""
    paused = exists().where(
        col(CampaignRow.id) == Batch.campaign_id, col(CampaignRow.status) == CampaignStatus.PAUSED
    )
    return or_(col(Batch.status) == "filling", and_(col(Batch.status) == "open", paused))


async def is_held(session: AsyncSession, batch: Batch) -> bool:
    if batch.campaign_id is None:
        return False
    query = select(Batch.id).where(Batch.id == batch.id, held())
    return (await session.exec(query)).first() is not None
