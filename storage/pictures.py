"""Pictures that WeCom holds for us. A media_id lives 3 days (contract §11.2); we renew it before."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from storage import directory
from storage.tables import Group, Media

USABLE = timedelta(days=3)
RENEW_AFTER = timedelta(days=2, hours=12)


def purpose(chat_id: str) -> str:
    return f"group-qr/{chat_id}"


async def group_qr(session: AsyncSession, chat_id: str, now: datetime) -> str | None:
    """The media_id of a group's QR picture, if WeCom still knows it."""
    row = await session.get(Media, purpose(chat_id))
    return row.media_id if row and row.uploaded_at > now - USABLE else None


async def groups_to_renew(session: AsyncSession, now: datetime, limit: int = 100) -> Sequence[Group]:
    """Groups whose picture is missing or older than 2.5 days."""
    query = (
        select(Group)
        .join(Media, col(Media.purpose) == "group-qr/" + col(Group.chat_id), isouter=True)
        .where(col(Group.dismissed_at).is_(None), col(Group.join_config_id).is_not(None))
        .where(or_(col(Media.purpose).is_(None), col(Media.uploaded_at) < now - RENEW_AFTER))
    )
    return (await session.exec(query.limit(limit))).all()


async def remember(session: AsyncSession, chat_id: str, sha256: str, media_id: str, at: datetime) -> None:
    await directory.upsert(
        session, Media(purpose=purpose(chat_id), sha256=sha256, media_id=media_id, uploaded_at=at)
    )
