"""What WeCom holds of our files, by content. A media_id lives 3 days (contract §11.2); we renew it before."""

import hashlib
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import delete
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from storage import directory
from storage.tables import Media

USABLE = timedelta(days=3)
RENEW_AFTER = timedelta(days=2, hours=12)
IMAGE: Literal["image"] = "image"
MOMENTS_IMAGE = "moments_image"  # the same content has another media_id in Moments


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


async def young(session: AsyncSession, digest: str, kind: str, now: datetime) -> str | None:
    """The media_id of a content that needs no renewal yet."""
    row = await session.get(Media, (digest, kind))
    return row.media_id if row and row.uploaded_at > now - RENEW_AFTER else None


async def remember(session: AsyncSession, digest: str, kind: str, media_id: str, at: datetime) -> None:
    row = Media(sha256=digest, kind=kind, media_id=media_id, uploaded_at=at)
    await directory.upsert(session, row)


async def forget(session: AsyncSession, media_id: str) -> None:
    """WeCom does not know it any more. What was uploaded since has another id, and stays."""
    await session.exec(delete(Media).where(col(Media.media_id) == media_id))
