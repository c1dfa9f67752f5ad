"""Tasks whose employee can send them no more: she has left, or the friendship has ended."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.policy import Policy
from domain.touches import UNDER_WAY, Channel, TouchStatus
from storage import ledger, tasks
from storage.friends import friends_of, whole_friend
from storage.open_tasks import HOLDER
from storage.tables import Batch, Employee, Follow, Group, Touch

GONE = ("employee_gone", "the employee who was to send it is gone, and no other is her friend")
NO_OWNER = ("employee_gone", "the group's owner is gone, and nobody of ours owns it")


async def stranded(session: AsyncSession, batch: Batch) -> Sequence[Touch]:
    """What of a task is open and must go by somebody else.

    Who is a friend of nobody else stays while the employee is there: WeCom itself will say so.
    """
    left = select(Employee.userid).where(Employee.userid == HOLDER, col(Employee.active).is_(False)).exists()
    lost = _other_owner() if batch.channel == Channel.GROUP else _only_others()
    query = select(Touch).where(Touch.batch_id == batch.id, col(Touch.status).in_(UNDER_WAY), or_(left, lost))
    return (await session.exec(query.order_by(col(Touch.key)))).all()


def _only_others() -> ColumnElement[bool]:
    """She is a friend of another employee, and of the holder no more."""
    friends = (
        select(Follow.userid)
        .join(Employee, col(Employee.userid) == col(Follow.userid))
        .where(Follow.external_userid == Touch.external_userid, *whole_friend(), col(Employee.active))
        .correlate(Touch)
    )
    held = friends.where(col(Follow.userid) == HOLDER).exists()
    return and_(~held, friends.where(col(Follow.userid) != HOLDER).exists())


def _other_owner() -> ColumnElement[bool]:
    owned = select(Group.chat_id).join(Employee, col(Employee.userid) == col(Group.owner))
    others = owned.where(Group.chat_id == Touch.chat_id, Group.owner != Touch.userid, col(Employee.active))
    return others.exists()


async def reassign(session: AsyncSession, batch_id: int, policy: Policy, now: datetime) -> set[int]:
    """Plan what is stranded anew, by somebody who can send it, or settle it; returns their batches.

    WeCom must have cancelled it before.
    """
    batch = await tasks.batch_of(session, batch_id, lock=True)
    touches, later = await stranded(session, batch), ledger.Later(session, batch, policy, now)
    moved: set[int | None] = set()
    friends = await friends_of(session, [touch.external_userid for touch in touches])
    for touch in touches:
        touch.holder = None
        if batch.channel == Channel.GROUP:
            owner = await _owner(session, touch)
            moved |= {await later.take(touch, owner)} if owner else set()
            _settle(touch, None if owner else NO_OWNER, now)
        else:
            hers = friends[touch.external_userid]
            moved |= {await ledger.move(touch, hers, later)} if hers else set()
            _settle(touch, None if hers else GONE, now)
        session.add(touch)
    return {other for other in moved if other}


async def _owner(session: AsyncSession, touch: Touch) -> str | None:
    query = select(Group.owner).join(Employee, col(Employee.userid) == col(Group.owner))
    return (await session.exec(query.where(Group.chat_id == touch.chat_id, col(Employee.active)))).first()


def _settle(touch: Touch, why: tuple[str, str] | None, now: datetime) -> None:
    if why:
        touch.status, touch.settled_at = TouchStatus.NOT_FRIEND, now
        touch.rule, touch.reason = why
