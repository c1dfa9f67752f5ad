"""Messages to whole groups: one row per group, content and window, heard by whoever is a member then."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, case, func, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.playbook import ContentClass
from domain.touches import RESERVED, Channel
from storage.tables import GroupMember, Touch


def recipient() -> ColumnElement[str]:
    """To whom WeCom is to bring a touch: the group, or the customer."""
    return case((col(Touch.channel) == Channel.GROUP, col(Touch.chat_id)), else_=col(Touch.external_userid))


async def heard(
    session: AsyncSession, external_userids: Sequence[str], since: datetime, now: datetime
) -> dict[str, list[tuple[datetime, ContentClass, str | None]]]:
    """What customers have had as members of groups: when, what it was about, and of which playbook.

    A message counts for whoever was a member when it was sent. What is claimed or tasked counts as `now`:
    it may be sent at any moment.
    """
    at = func.coalesce(Touch.settled_at, now)
    query = (
        select(GroupMember.member_id, at, Touch.kind, Touch.playbook)
        .join(Touch, col(Touch.chat_id) == col(GroupMember.chat_id))
        .where(col(GroupMember.member_id).in_(external_userids), Touch.channel == Channel.GROUP)
        .where(col(Touch.status).in_(RESERVED), at > since)
        .where(col(GroupMember.joined_at) <= at)
        .where(or_(col(GroupMember.left_at).is_(None), col(GroupMember.left_at) > at))
    )
    found: dict[str, list[tuple[datetime, ContentClass, str | None]]] = defaultdict(list)
    for member_id, when, kind, playbook in (await session.exec(query)).all():
        found[member_id].append((when, ContentClass(kind), playbook))
    return found
