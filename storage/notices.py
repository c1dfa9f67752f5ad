"""Around a to-do about a customer: whose it is, where, and the message that it stands for."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from domain.todos import TodoKind
from domain.touches import OPEN, TouchStatus
from storage import open_tasks
from storage.tables import Customer, Employee, Store, Todo, Touch
from storage.todos import Status

UNDELIVERED = "card_refused"
_OUTCOMES = {
    Status.SENT: (TouchStatus.TASKED, None),
    Status.DONE: (TouchStatus.SENT, None),
    Status.LAPSED: (TouchStatus.EXPIRED, "not_confirmed"),
    Status.REFUSED: (TouchStatus.CANCELLED, UNDELIVERED),
    Status.UNKNOWN: (TouchStatus.UNKNOWN, UNDELIVERED),
}


@dataclass(frozen=True)
class Around:
    """Her store, as far as it is known, and the employee with the to-do, as far as we know her."""

    store: Store | None
    employee: Employee | None


async def store_of(session: AsyncSession, external_userid: str) -> Store | None:
    customer = await session.get(Customer, external_userid)
    return await session.get(Store, customer.store_id) if customer and customer.store_id else None


async def around(session: AsyncSession, external_userid: str, userid: str) -> Around:
    return Around(await store_of(session, external_userid), await session.get(Employee, userid))


async def has_left(session: AsyncSession, userid: str) -> bool:
    """Whether she is known to be gone. An employee of whom we were never told may well be there."""
    employee = await session.get(Employee, userid)
    return employee is not None and not employee.active


async def drop_if_unwanted(session: AsyncSession, todo_id: str, now: datetime) -> None:
    """A card that says what is over by now need not be sent."""
    todo = await session.get(Todo, todo_id, with_for_update=True)
    if todo and todo.status == Status.PLANNED and (why := await _unwanted(session, todo)):
        todo.status, todo.reason, todo.settled_at = Status.LAPSED, why, now
        session.add(todo)


async def _unwanted(session: AsyncSession, todo: Todo) -> str:
    """Why its card is of no use any more; empty while it is."""
    match todo.kind:
        case TodoKind.TASKS:
            waiting = await open_tasks.waiting(session, userid=todo.userid)
            return "" if waiting else "all is confirmed"
        case TodoKind.TASKS_LATE:
            waiting = await open_tasks.waiting(session, store_id=todo.subject.removeprefix("store/"))
            return "" if waiting else "all is confirmed"
        case _:
            touch = await session.get(Touch, todo.touch_key) if todo.touch_key else None
            return "the message was stopped" if touch and touch.status not in OPEN else ""


async def settle_touch(session: AsyncSession, todo: Todo, now: datetime) -> None:
    """Give the message its outcome by how its to-do stands. An outcome that it has stays."""
    outcome = _OUTCOMES.get(Status(todo.status))
    if todo.touch_key is None or outcome is None:
        return
    touch = await session.get(Touch, todo.touch_key, with_for_update=True)
    if touch is None or touch.status not in OPEN:
        return
    touch.status, touch.rule = outcome
    touch.reason = todo.reason
    touch.settled_at = None if touch.status in OPEN else now
    session.add(touch)


async def awaited(session: AsyncSession, todo: Todo) -> Touch | None:
    """The message of a to-do, if it has its outcome and her life waits to hear of it."""
    touch = await session.get(Touch, todo.touch_key) if todo.touch_key else None
    return touch if touch is not None and touch.notify and touch.status not in OPEN else None
