"""The QR pictures of groups: of join ways, which never expire, or exported by hand, which live 7 days."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func
from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from storage import directory, media
from storage.rooms import joinable
from storage.tables import Group, GroupPicture, Media


def source_of(group: Group) -> str:
    """What a group's picture shows: the QR of its join way, or the very picture that was exported by hand."""
    return (
        f"way/{group.join_config_id}"
        if group.join_config_id
        else f"hand/{media.sha256(group.hand_qr or b'')}"
    )


async def group_qr(session: AsyncSession, chat_id: str, now: datetime, hand_qr_since: datetime) -> str | None:
    """The media_id of a group's QR picture, if it leads anywhere and WeCom still knows it."""
    query = with_picture(select(Media.media_id), now, hand_qr_since).where(Group.chat_id == chat_id)
    found: str | None = (await session.exec(query)).first()
    return found


def with_picture(query: Any, now: datetime, hand_qr_since: datetime) -> Any:
    """A query over groups and Media, of those groups alone whose QR picture leads in and is held by WeCom."""
    return (
        query.select_from(Group)
        .join(GroupPicture, col(GroupPicture.chat_id) == col(Group.chat_id))
        .join(Media, _uploaded())
        .where(joinable(hand_qr_since), ~_replaced(), col(Media.uploaded_at) > now - media.USABLE)
    )


async def groups_to_renew(
    session: AsyncSession, now: datetime, hand_qr_since: datetime, limit: int = 100
) -> Sequence[Group]:
    """Groups whose picture is missing, replaced by another one, or older than 2.5 days."""
    query = (
        select(Group)
        .join(GroupPicture, col(GroupPicture.chat_id) == col(Group.chat_id), isouter=True)
        .join(Media, _uploaded(), isouter=True)
        .where(joinable(hand_qr_since))
        .where(
            or_(
                col(Media.media_id).is_(None),
                col(Media.uploaded_at) < now - media.RENEW_AFTER,
                _replaced(),
            )
        )
    )
    return (await session.exec(query.order_by(col(Media.uploaded_at)).limit(limit))).all()


async def kept(session: AsyncSession, chat_id: str) -> GroupPicture | None:
    """The picture as it was uploaded last."""
    return await session.get(GroupPicture, chat_id)


async def keep(session: AsyncSession, chat_id: str, source: str, content: bytes) -> None:
    row = GroupPicture(chat_id=chat_id, source=source, sha256=media.sha256(content), content=content)
    await directory.upsert(session, row)


def _uploaded() -> ColumnElement[bool]:
    return and_(col(Media.sha256) == col(GroupPicture.sha256), col(Media.kind) == media.IMAGE)


def _replaced() -> ColumnElement[bool]:
    """Headquarters has imported a newer export, or the group has another join way now, or none."""
    way, by_hand = col(Group.join_config_id), func.encode(func.sha256(col(Group.hand_qr)), "hex")
    source = case((way.is_not(None), "way/" + way), else_="hand/" + func.coalesce(by_hand, ""))
    return col(GroupPicture.source) != source
