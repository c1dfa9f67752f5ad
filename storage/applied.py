"""What `journeys apply` has made in WeCom, and as what."""

from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from storage.tables import AppliedObject


async def of_kind(session: AsyncSession, kind: str) -> dict[str, AppliedObject]:
    """By our key; `wecom_id` None: its creation was never answered."""
    query = select(AppliedObject).where(AppliedObject.kind == kind)
    return {row.key: row for row in (await session.exec(query)).all()}


async def note(
    session: AsyncSession, kind: str, key: str, wecom_id: str | None, body: dict[str, Any], now: datetime
) -> None:
    """Nothing of ours has followed it yet."""
    await session.merge(AppliedObject(kind=kind, key=key, wecom_id=wecom_id, body=body, applied_at=now))


async def follow(session: AsyncSession, kind: str, key: str, *, done: bool) -> None:
    """Whether what it means for our own rows and to-dos is done; of one that is not noted, nothing."""
    this = col(AppliedObject.kind) == kind, col(AppliedObject.key) == key
    await session.exec(update(AppliedObject).where(*this).values(followed=done))
