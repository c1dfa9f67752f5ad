"""知识 : 优惠 (M59): how many `knowledge` messages of a playbook came since its last `discount` one."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import CTE, func, union_all
from sqlalchemy.orm import Mapped
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import Select

from domain.playbook import ContentClass
from domain.touches import RESERVED, Channel, Planned
from storage.tables import GroupMember, Touch

Counts = dict[str, dict[str, int]]  # by customer or group, then by playbook
MIXED = (ContentClass.KNOWLEDGE, ContentClass.DISCOUNT)


async def of_customers(session: AsyncSession, planned: dict[str, dict[str, Planned]]) -> Counts:
    """Of those who are to get a discount that depends on it, in their groups too, as members of the time."""
    who, books = _wanted(planned)
    if not who:
        return {}
    hers = _mixed(col(Touch.external_userid), books).where(
        col(Touch.external_userid).in_(who), col(Touch.channel) != Channel.WELCOME
    )
    at = func.coalesce(Touch.settled_at, Touch.claimed_at)
    heard = (
        _mixed(col(GroupMember.member_id), books)
        .join(GroupMember, col(GroupMember.chat_id) == col(Touch.chat_id))
        .where(col(GroupMember.member_id).in_(who), col(Touch.channel) == Channel.GROUP)
        .where(col(GroupMember.joined_at) <= at)
        .where(col(GroupMember.left_at).is_(None) | (col(GroupMember.left_at) > at))
    )
    return await _counts(session, union_all(hers, heard).cte("had"))


async def of_groups(session: AsyncSession, planned: dict[str, dict[str, Planned]]) -> Counts:
    """Of groups that are to get a discount that depends on it: what was sent to the group itself."""
    chats, books = _wanted(planned)
    if not chats:
        return {}
    theirs = _mixed(col(Touch.chat_id), books)
    return await _counts(
        session, theirs.where(col(Touch.chat_id).in_(chats), col(Touch.channel) == Channel.GROUP).cte("had")
    )


def _wanted(planned: dict[str, dict[str, Planned]]) -> tuple[set[str], set[str]]:
    """Whose count is needed, and of which playbooks."""
    needed = [
        (whose, touch.playbook or "")
        for whose, theirs in planned.items()
        for touch in theirs.values()
        if touch.limits and touch.limits.knowledge_per_discount and touch.kind is ContentClass.DISCOUNT
    ]
    return {whose for whose, _ in needed}, {playbook for _, playbook in needed}


def _mixed(whose: Mapped[Any], playbooks: Iterable[str]) -> Select[*tuple[Any, ...]]:
    """Who was let through to have what, and when; what may have been delivered counts as delivered."""
    return (
        select(whose.label("whose"), col(Touch.playbook), col(Touch.kind), col(Touch.claimed_at))
        .where(col(Touch.playbook).in_(set(playbooks)), col(Touch.status).in_(RESERVED))
        .where(col(Touch.kind).in_(MIXED))
    )


async def _counts(session: AsyncSession, had: CTE) -> Counts:
    """A discount that was let through in the same moment came later: its knowledge is used up."""
    last = (
        select(had.c.whose, had.c.playbook, func.max(had.c.claimed_at).label("at"))
        .where(had.c.kind == ContentClass.DISCOUNT)
        .group_by(had.c.whose, had.c.playbook)
        .subquery()
    )
    query = (
        select(had.c.whose, had.c.playbook, func.count())
        .outerjoin(last, (last.c.whose == had.c.whose) & (last.c.playbook == had.c.playbook))
        .where(had.c.kind == ContentClass.KNOWLEDGE)
        .where(last.c.at.is_(None) | (had.c.claimed_at > last.c.at))
        .group_by(had.c.whose, had.c.playbook)
    )
    found: Counts = {}
    for whose, playbook, count in (await session.exec(query)).all():
        found.setdefault(whose, {})[playbook] = count
    return found
