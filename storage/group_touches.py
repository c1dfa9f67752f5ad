"""Messages to whole groups: one row per group, content and window, heard by whoever is a member then."""

from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, or_
from sqlmodel import col

from domain.touches import Channel
from storage.tables import GroupMember, Touch


def recipient() -> ColumnElement[str]:
    """To whom WeCom is to bring a touch: the group, or the customer."""
    return case((col(Touch.channel) == Channel.GROUP, col(Touch.chat_id)), else_=col(Touch.external_userid))


def was_member(at: ColumnElement[datetime]) -> ColumnElement[bool]:
    """Whether a row of `group_members` says that she was one at a moment."""
    left_later = or_(col(GroupMember.left_at).is_(None), col(GroupMember.left_at) > at)
    return and_(col(GroupMember.joined_at) <= at, left_later)
