"""When messages reached customers: those to her alone, and those to a group while she was a member."""

from datetime import datetime

from sqlalchemy import ColumnElement, Select, func, select
from sqlmodel import col

from domain.touches import Channel, TouchStatus
from storage.group_touches import was_member
from storage.tables import GroupMember, Touch

# By WeCom's clock where it told us, else when we heard of it.
AT: ColumnElement[datetime] = func.coalesce(col(Touch.sent_at), col(Touch.settled_at))


def to_herself() -> Select[str, datetime]:
    """Customer and time, of every channel but groups."""
    return select(col(Touch.external_userid), AT).where(
        col(Touch.status) == TouchStatus.SENT, col(Touch.channel) != Channel.GROUP
    )


def in_groups() -> Select[str, datetime]:
    """Customer and time."""
    return (
        select(col(GroupMember.member_id), AT)
        .join(Touch, col(Touch.chat_id) == col(GroupMember.chat_id))
        .where(col(Touch.status) == TouchStatus.SENT, col(Touch.channel) == Channel.GROUP, was_member(AT))
    )
