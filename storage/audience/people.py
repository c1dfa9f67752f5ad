"""How she came, what reaches her, what she has and told: predicates over the customer of the statement."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Integer, and_, cast, func, or_, select
from sqlmodel import col

from domain.events import FormName
from domain.playbook import Ago, Rating
from storage.audience.hers import CODE_POINTS, answer, found, she
from storage.audience.orders import ago, between
from storage.friends import whole_friend
from storage.known import CHANNELS_OF_A_FRIEND
from storage.reached import AT, in_groups, to_herself
from storage.tables import (
    CustomerTag,
    Employee,
    EntryCode,
    Follow,
    FormAnswer,
    Group,
    GroupMember,
    Touch,
)

WHOLE = and_(*whole_friend())


def came_by(what: Any, wanted: Sequence[str]) -> ColumnElement[bool]:
    """The code of the friendship that she made last and still has, if any has one (`storage.known`)."""
    since = func.coalesce(col(Follow.since), col(Follow.lost_at))
    query = select(what).join(Follow, col(Follow.state) == col(EntryCode.state))
    query = query.where(col(Follow.external_userid) == she, since.is_not(None))
    by_name = col(Follow.userid).collate(CODE_POINTS)
    return answer(query.order_by(WHOLE.desc(), since.desc(), by_name.desc()).limit(1)).in_(wanted)


def has_friend() -> ColumnElement[bool]:
    """A whole friendship with an employee who works here; one whom nobody told us of counts."""
    gone = col(Follow.userid).in_(select(col(Employee.userid)).where(~col(Employee.active)))
    return found(select(Follow).where(col(Follow.external_userid) == she, WHOLE, ~gone))


def in_group(kinds: Sequence[str] | None = None) -> ColumnElement[bool]:
    """Of one of these kinds; None: of any."""
    query = (
        select(GroupMember)
        .join(Group, col(Group.chat_id) == col(GroupMember.chat_id))
        .where(col(GroupMember.member_id) == she, col(GroupMember.left_at).is_(None))
        .where(col(Group.dismissed_at).is_(None))
    )
    return found(query.where(col(Group.kind).in_(kinds)) if kinds else query)


def reachable(channels: Sequence[str]) -> ColumnElement[bool]:
    ways = [has_friend()] if set(channels) & set(CHANNELS_OF_A_FRIEND) else []
    return or_(*ways, *([in_group()] if "group" in channels else []))


def has_tag(names: Sequence[str]) -> ColumnElement[bool]:
    """A tag belongs to a pair, and goes with the friendship (contract §5.2)."""
    pair = and_(
        col(Follow.userid) == col(CustomerTag.userid),
        col(Follow.external_userid) == col(CustomerTag.external_userid),
    )
    query = select(CustomerTag).join(Follow, pair).where(col(Follow.lost_at).is_(None))
    query = query.where(col(CustomerTag.external_userid) == she, col(CustomerTag.present))
    return found(query.where(col(CustomerTag.tag).in_(names)))


def answered(forms: Sequence[FormName]) -> ColumnElement[bool]:
    return found(
        select(FormAnswer).where(col(FormAnswer.external_userid) == she, col(FormAnswer.form).in_(forms))
    )


def rating(asked: Rating) -> ColumnElement[bool]:
    """Of her last feedback."""
    answers: Any = col(FormAnswer.answers)
    query = select(cast(answers["rating"].astext, Integer))
    query = query.where(col(FormAnswer.external_userid) == she, col(FormAnswer.form) == FormName.FEEDBACK)
    return between(answer(query.order_by(col(FormAnswer.id).desc()).limit(1)), asked)


def last_message(asked: Ago, now: datetime) -> ColumnElement[bool]:
    """By any channel, those to her groups included."""
    hers = to_herself().with_only_columns(func.max(AT)).where(col(Touch.external_userid) == she, now >= AT)
    shared = in_groups().with_only_columns(func.max(AT)).where(col(GroupMember.member_id) == she, now >= AT)
    return ago(asked, now, func.greatest(answer(hers), answer(shared)))
