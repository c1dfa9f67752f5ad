"""Removals of personal-WeChat groups while they run: their codes follow the open groups, and they end.

A removal needs no workflow: its notices are to-dos with a time of their own, people come by themselves, and
what is left is to look from time to time. The sweep does.
"""

import logging

from activities.guarded import guarded
from activities.rooms import Rooms
from domain import removal as rules_of
from domain.rooms import JoinRules
from settings import Clock
from storage import chain, removals
from storage.database import Database
from storage.tables import OldGroup

log = logging.getLogger(__name__)


class Removals:
    """Everything here may be done again."""

    def __init__(self, database: Database, rooms: Rooms, clock: Clock, rules: JoinRules) -> None:
        self._database, self._rooms, self._clock, self._rules = database, rooms, clock, rules

    async def tend(self) -> int:
        """End what is over, and lead codes out of full groups; of how many codes WeCom had to be told."""
        await self._finish()
        async with self._database.transaction() as session:
            found = await removals.outgrown(session, self._rules)
        changed = 0
        for group, row in found:
            with guarded(f"the code {group.state}"):
                changed += await self._rotate(group, removals.body_of(row).kind)
        return changed

    async def _rotate(self, group: OldGroup, kind: str) -> bool:
        async with self._database.transaction() as session:
            theirs = await removals.rooms(session, group.store_id, kind)
        led = await self._rooms.lead(group.config_id or "", theirs)
        if led is None:
            return False
        async with self._database.transaction() as session:
            await removals.leads_to(session, group, led.chat_ids)
        return led.changed

    async def _finish(self) -> None:
        now = self._clock()
        async with self._database.transaction() as session:
            for row in await removals.running(session):
                body = removals.body_of(row)
                zones = await chain.zones(session, {group.store for group in body.groups})
                if rules_of.is_over(body, now, set(zones.values())):
                    await removals.end(session, row.id, removals.FINISHED, "", now)
                    log.info("the removal %s is over", row.id)
