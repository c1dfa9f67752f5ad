"""The pictures of published playbooks: kept by content, and under which id WeCom holds them now."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, cast, func
from sqlalchemy.dialects.postgresql import JSONPATH, insert
from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from storage import media
from storage.tables import Media, PlaybookPicture, PlaybookVersion

_DIGEST = "strict $.**.digest ? (@ == $digest)"


async def keep(session: AsyncSession, digest: str, content_type: str, content: bytes) -> None:
    """Written once: a content never changes under its digest."""
    values = {"digest": digest, "content_type": content_type, "content": content}
    await session.exec(insert(PlaybookPicture).values(values).on_conflict_do_nothing())


async def of(session: AsyncSession, digest: str) -> PlaybookPicture | None:
    return await session.get(PlaybookPicture, digest)


async def held(session: AsyncSession, digests: Sequence[str], now: datetime) -> dict[str, str]:
    """The media_id of each picture that WeCom still knows."""
    if not digests:
        return {}
    query = select(Media.sha256, Media.media_id).where(col(Media.sha256).in_(digests))
    query = query.where(Media.kind == media.IMAGE, col(Media.uploaded_at) > now - media.USABLE)
    return dict((await session.exec(query)).all())


async def to_bring(session: AsyncSession, now: datetime, limit: int = 50) -> Sequence[PlaybookPicture]:
    """Pictures of greetings that are in use and that WeCom does not hold, or not for long enough."""
    newest = (
        select(PlaybookVersion.playbook, func.max(PlaybookVersion.number).label("number"))
        .group_by(PlaybookVersion.playbook)
        .subquery()
    )
    greets = (
        select(PlaybookVersion.version)
        .join(
            newest,
            and_(
                col(PlaybookVersion.playbook) == newest.c.playbook,
                col(PlaybookVersion.number) == newest.c.number,
            ),
        )
        .where(
            func.jsonb_path_exists(
                col(PlaybookVersion.body)["welcome"],
                cast(_DIGEST, JSONPATH),
                func.jsonb_build_object("digest", PlaybookPicture.digest),
            )
        )
    )
    query = (
        select(PlaybookPicture)
        .join(
            Media,
            and_(col(Media.sha256) == PlaybookPicture.digest, col(Media.kind) == media.IMAGE),
            isouter=True,
        )
        .where(or_(col(Media.media_id).is_(None), col(Media.uploaded_at) < now - media.RENEW_AFTER))
        .where(greets.exists())
    )
    return (await session.exec(query.order_by(PlaybookPicture.digest).limit(limit))).all()
