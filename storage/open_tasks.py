"""Tasks that employees have still to confirm, by whoever holds them; and what was confirmed lately."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.touches import Channel, TouchStatus
from storage.group_touches import recipient
from storage.tables import Batch, Employee, Store, Touch

HOLDER = func.coalesce(Touch.holder, Touch.userid)  # WeCom may give a customer to another employee than we


@dataclass(frozen=True)
class WaitingTask:
    """One employee's share of a task. `recipients`: customers, or groups."""

    batch_id: int
    userid: str
    employee: str
    store_id: str | None
    store: str | None
    channel: Channel
    text: str
    recipients: int
    since: datetime
    expires_at: datetime | None
    reminded: int
    told_at: datetime | None
    escalated_at: datetime | None


@dataclass(frozen=True)
class DoneTask:
    """A share that was confirmed."""

    channel: Channel
    text: str
    recipients: int
    at: datetime


async def waiting(
    session: AsyncSession,
    *,
    batch_id: int | None = None,
    userid: str | None = None,
    store_id: str | None = None,
    region_id: str | None = None,
) -> list[WaitingTask]:
    """The oldest first; of one task, employee, store or region, or all of them."""
    query = (
        select(Batch, HOLDER, Employee, Store, func.count(func.distinct(recipient())))  # type: ignore[call-overload]
        .join(Touch, col(Touch.batch_id) == col(Batch.id))
        .outerjoin(Employee, col(Employee.userid) == HOLDER)
        .outerjoin(Store, col(Store.id) == col(Employee.store_id))
        .where(Batch.status == "flushed", Touch.status == TouchStatus.TASKED)
        .where(*_only(batch_id, userid, store_id, region_id))
        .group_by(col(Batch.id), HOLDER, col(Employee.userid), col(Store.id))
        .order_by(col(Batch.claimed_at), col(Batch.id), HOLDER)
    )
    return [_waiting(*row) for row in (await session.exec(query)).all()]


async def done(session: AsyncSession, userid: str, since: datetime) -> list[DoneTask]:
    """What an employee confirmed since then, the latest first."""
    at = func.max(Touch.sent_at)
    query = (
        select(Batch.channel, Batch.text, func.count(), at)
        .join(Touch, col(Touch.batch_id) == col(Batch.id))
        .where(userid == HOLDER, col(Touch.sent_at) >= since, Touch.status == TouchStatus.SENT)
        .group_by(col(Batch.id))
        .order_by(at.desc(), col(Batch.id))
    )
    rows = (await session.exec(query)).all()
    return [DoneTask(Channel(way), text or "", number, when) for way, text, number, when in rows if when]


def _only(
    batch_id: int | None, userid: str | None, store_id: str | None, region_id: str | None
) -> Sequence[ColumnElement[bool]]:
    asked = [
        (batch_id, col(Batch.id)),
        (userid, HOLDER),
        (store_id, col(Employee.store_id)),
        (region_id, col(Store.region_id)),
    ]
    return [column == value for value, column in asked if value is not None]


def _waiting(
    batch: Batch, userid: str, employee: Employee | None, store: Store | None, recipients: int
) -> WaitingTask:
    return WaitingTask(
        batch_id=batch.id or 0,
        userid=userid,
        employee=employee.name if employee else userid,
        store_id=store.id if store else None,
        store=store.name if store else None,
        channel=Channel(batch.channel),
        text=batch.text or "",
        recipients=recipients,
        since=batch.claimed_at or batch.window_ends_at,
        expires_at=batch.expires_at,
        reminded=len(batch.reminded_at),
        told_at=batch.told_at,
        escalated_at=batch.escalated_at,
    )
