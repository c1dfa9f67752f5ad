"""Who hears of an unconfirmed task: the employees who hold it, and the manager of their store."""

from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import func, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.todos import TodoKind
from storage import directory
from storage.tables import Batch, Employee, Store, Todo


@dataclass(frozen=True)
class Responsible:
    """The store of an employee, its manager if it has one, and today's date there."""

    store: Store | None
    manager: str | None
    today: datetime


async def responsible(session: AsyncSession, userid: str, now: datetime) -> Responsible:
    employee = await session.get(Employee, userid)
    store = await session.get(Store, employee.store_id) if employee and employee.store_id else None
    manager = await session.get(Employee, store.manager) if store and store.manager else None
    zone = ZoneInfo(store.zone if store else directory.DEFAULT_ZONE)
    midnight = datetime.combine(now.astimezone(zone).date(), time(), zone)
    gone = manager is not None and not manager.active
    return Responsible(store, None if gone or not store else store.manager, midnight)


async def settled_cards(session: AsyncSession, userid: str, since: datetime) -> int:
    """How many cards about waiting tasks an employee has done with since then."""
    query = select(func.count()).where(
        Todo.userid == userid,
        Todo.kind == TodoKind.TASKS,
        col(Todo.due_at) >= since,
        col(Todo.settled_at).is_not(None),
    )
    return (await session.exec(query)).one()


async def told(session: AsyncSession, batch_id: int, now: datetime) -> None:
    await session.exec(update(Batch).where(col(Batch.id) == batch_id).values(told_at=now))


async def escalated(session: AsyncSession, batch_id: int, to: str | None, now: datetime) -> None:
    """To nobody where a store has no manager: that is kept as well."""
    await session.exec(
        update(Batch).where(col(Batch.id) == batch_id).values(escalated_at=now, escalated_to=to)
    )
