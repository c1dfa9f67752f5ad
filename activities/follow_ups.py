"""Telling people of an unconfirmed task: its employee by a to-do with a link, then the store's manager."""

import logging
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from temporalio import activity

from activities.todo_planner import TodoPlanner
from domain import todos
from domain.task_links import TaskLinks, Whose
from domain.task_messages import PeopleTold, TaskRef
from domain.todos import TodoKind
from settings import Clock
from storage import follow_ups, open_tasks
from storage.database import Database
from storage.follow_ups import Responsible
from storage.open_tasks import WaitingTask

log = logging.getLogger(__name__)


class FollowUps:
    """One card at a time for an employee, one a day for a store: its link shows all that waits there."""

    def __init__(self, database: Database, planner: TodoPlanner, links: TaskLinks, clock: Clock) -> None:
        self._database, self._planner, self._links, self._clock = database, planner, links, clock

    @activity.defn
    async def tell_employee(self, what: TaskRef) -> PeopleTold:
        """A card for each employee who holds some of the task.

        A card of the same day that she has not done with yet says it already.
        """
        now, holders = self._clock(), await self._holders(what.batch_id)
        for userid in holders:
            async with self._database.transaction() as session:
                place = await follow_ups.responsible(session, userid, now)
                settled = await follow_ups.settled_cards(session, userid, place.today)
                waiting = await open_tasks.waiting(session, userid=userid)
            if waiting:
                card = todos.tasks_wait(
                    _spoken(waiting),
                    waiting[0].text,
                    _until(waiting, place),
                    self._links.link(Whose.EMPLOYEE, userid, now),
                )
                occasion = f"{place.today:%F}/{settled}"
                await self._planner.want(TodoKind.TASKS, f"tasks/{userid}", occasion, userid, card)
        async with self._database.transaction() as session:
            await follow_ups.told(session, what.batch_id, now)
        return PeopleTold(userids=holders)

    @activity.defn
    async def tell_manager(self, what: TaskRef) -> PeopleTold:
        """One card a day for the manager of the store of whoever holds it."""
        now, managers = self._clock(), list[str]()
        for userid in await self._holders(what.batch_id):
            async with self._database.transaction() as session:
                place = await follow_ups.responsible(session, userid, now)
            if place.store and place.manager:
                managers.append(place.manager)
                await self._escalate(place, place.store.id, place.manager, now)
            else:
                log.warning("nobody to tell that %s does not confirm: her store has no manager", userid)
        async with self._database.transaction() as session:
            await follow_ups.escalated(session, what.batch_id, next(iter(managers), None), now)
        return PeopleTold(userids=managers)

    async def _escalate(self, place: Responsible, store_id: str, manager: str, now: datetime) -> None:
        async with self._database.transaction() as session:
            waiting = await open_tasks.waiting(session, store_id=store_id)
        names = list(dict.fromkeys(task.employee for task in waiting))
        link = self._links.link(Whose.STORE, store_id, now)
        card = todos.tasks_late(names, _spoken(waiting), link)
        await self._planner.want(TodoKind.TASKS_LATE, f"store/{store_id}", f"{place.today:%F}", manager, card)

    async def _holders(self, batch_id: int) -> list[str]:
        async with self._database.transaction() as session:
            waiting = await open_tasks.waiting(session, batch_id=batch_id)
        return list(dict.fromkeys(task.userid for task in waiting))


def _spoken(waiting: Sequence[WaitingTask]) -> str:
    """How many messages, and how many customers and groups they are for."""
    counts: defaultdict[str, int] = defaultdict(int)
    for task in waiting:
        counts[todos.UNITS[task.channel]] += task.recipients
    return f"{len(waiting)} 条消息（{'、'.join(f'{number} {unit}' for unit, number in counts.items())}）"


def _until(waiting: Sequence[WaitingTask], place: Responsible) -> str:
    """When the first of them is too late, by the clock of her store."""
    ends = [task.expires_at for task in waiting if task.expires_at]
    return f"{min(ends).astimezone(place.today.tzinfo):%-m月%-d日 %H:%M}" if ends else ""
