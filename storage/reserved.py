"""What customers and groups have had, or may get at any moment: what policy counts against its caps."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.caps import Reserved
from domain.playbook import ContentClass
from domain.touches import RESERVED, Channel
from storage.group_touches import was_member
from storage.tables import GroupMember, Touch

Had = dict[str, list[Reserved]]


async def of_customers(
    session: AsyncSession, external_userids: Collection[str], since: datetime, now: datetime
) -> Had:
    """By all channels, what whole groups were told included; a greeting answers her own act and is none."""
    hers = (
        select(Touch.external_userid, *_message(now))
        .where(col(Touch.external_userid).in_(external_userids), Touch.channel != Channel.WELCOME)
        .where(_counts(since, now))
    )
    found = _by_whom((await session.exec(hers)).all())
    for who, messages in (await _heard(session, external_userids, since, now)).items():
        found[who] += messages
    return found


async def _heard(
    session: AsyncSession, external_userids: Collection[str], since: datetime, now: datetime
) -> Had:
    """What customers have had as members of groups: it counts for whoever was one when it was sent."""
    query = (
        select(GroupMember.member_id, *_message(now))
        .join(Touch, col(Touch.chat_id) == col(GroupMember.chat_id))
        .where(col(GroupMember.member_id).in_(external_userids), Touch.channel == Channel.GROUP)
        .where(_counts(since, now), was_member(_at(now)))
    )
    return _by_whom((await session.exec(query)).all())


async def of_groups(session: AsyncSession, chat_ids: Collection[str], since: datetime, now: datetime) -> Had:
    """What was told to groups themselves."""
    theirs = (
        select(col(Touch.chat_id), *_message(now))
        .where(col(Touch.chat_id).in_(chat_ids), Touch.channel == Channel.GROUP)
        .where(_counts(since, now))
    )
    return _by_whom((await session.exec(theirs)).all())


def _at(now: datetime) -> ColumnElement[datetime]:
    """By WeCom's clock if it says so; what is not settled may be delivered at any moment from now on."""
    return func.coalesce(Touch.sent_at, Touch.settled_at, now)


def _counts(since: datetime, now: datetime) -> ColumnElement[bool]:
    return col(Touch.status).in_(RESERVED) & (_at(now) > since)


def _message(now: datetime) -> tuple[Any, ...]:
    return _at(now), col(Touch.channel), col(Touch.playbook), col(Touch.kind)


def _by_whom(rows: Sequence[Any]) -> Had:
    found: Had = defaultdict(list)
    for who, at, channel, playbook, kind in rows:
        one = Reserved(at=at, channel=Channel(channel), playbook=playbook, kind=ContentClass(kind))
        found[who].append(one)
    return found
