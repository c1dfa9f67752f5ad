"""`/t/{token}`: what waits for an employee's confirmation, or for that of everybody in a store.

Whoever has the link may look, so it names no customer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Response
from sqlmodel.ext.asyncio.session import AsyncSession

from domain import task_links, todos
from domain.days import begin_of, local_day
from domain.sealing import BadLink
from domain.task_links import TaskLink, Whose
from domain.touches import Channel
from gateway.metrics import Metrics
from gateway.pages import rendering
from gateway.pages.refusing import or_refused
from settings import Clock
from storage import open_tasks
from storage.database import Database
from storage.directory import DEFAULT_ZONE
from storage.open_tasks import DoneTask, WaitingTask
from storage.tables import Employee, Store

_WAYS = {Channel.PRIVATE: "群发给顾客", Channel.GROUP: "群发到群", Channel.MOMENTS: "发朋友圈"}
_NOTES = {
    Whose.EMPLOYEE: "请在企业微信里打开群发或朋友圈的通知，确认发送。",
    Whose.STORE: "请提醒他们在企业微信里打开群发或朋友圈的通知，确认发送。",
}


def task_routes(database: Database, clock: Clock, key: bytes, metrics: Metrics) -> APIRouter:
    """The lists. `key` signs their links."""
    router, board = APIRouter(include_in_schema=False), TaskBoard(database, clock, key)

    @router.api_route("/t/{token}", methods=["GET", "HEAD"])
    async def tasks(token: str) -> Response:
        """What waits, and what an employee has done today."""
        return await or_refused(board.shown(token), metrics, "tasks")

    return router


@dataclass(frozen=True)
class TaskBoard:
    """Shows lists."""

    database: Database
    clock: Clock
    key: bytes

    async def shown(self, token: str) -> Response:
        """Raises BadLink, ExpiredLink, and what PostgreSQL raises."""
        link = task_links.read(token, self.key, self.clock())
        async with self.database.transaction() as session:
            store = await _store(session, link)
            zone = store.zone if store else DEFAULT_ZONE
            if link.whose is Whose.STORE:
                waiting, done = await open_tasks.waiting(session, store_id=link.id), list[DoneTask]()
            else:
                today = begin_of(local_day(self.clock(), zone), zone)
                waiting = await open_tasks.waiting(session, userid=link.id)
                done = await open_tasks.done(session, link.id, today)
        return rendering.page(
            "tasks.html",
            title="等待确认的消息",
            store=store.name if store else None,
            people=_people(waiting, zone, named=link.whose is Whose.STORE),
            note=_NOTES[link.whose],
            done=[_said(task.channel, task.text, task.recipients, zone, at=task.at) for task in done],
        )


async def _store(session: AsyncSession, link: TaskLink) -> Store | None:
    """The store that the link is about. Raises BadLink for a store or an employee that we do not know."""
    if link.whose is Whose.STORE:
        store = await session.get(Store, link.id)
        if store is None:
            raise BadLink("for no store of ours")
        return store
    employee = await session.get(Employee, link.id)
    if employee is None:
        raise BadLink("for no employee of ours")
    return await session.get(Store, employee.store_id) if employee.store_id else None


def _people(waiting: Sequence[WaitingTask], zone: str, *, named: bool) -> list[dict[str, Any]]:
    """Who holds which tasks; their names are for the manager."""
    by_person = groupby(sorted(waiting, key=lambda t: (t.employee, t.userid)), lambda t: t.userid)
    people = [list(tasks) for _, tasks in by_person]
    return [
        {
            "name": tasks[0].employee if named else None,
            "tasks": [_said(t.channel, t.text, t.recipients, zone, until=t.expires_at) for t in tasks],
        }
        for tasks in people
    ]


def _said(
    channel: Channel, text: str, recipients: int, zone: str, **times: datetime | None
) -> dict[str, Any]:
    """One message; `times` by the clock of the store."""
    spoken = {
        name: f"{at.astimezone(ZoneInfo(zone)):%-m月%-d日 %H:%M}" if at else None
        for name, at in times.items()
    }
    count = f"{recipients} {todos.UNITS[channel]}"
    return {"text": text, "way": _WAYS[channel], "recipients": count, **spoken}
