"""Room for the next customer: full groups leave a store's join way, new ones come in (contract §7.2)."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from domain.rooms import JoinRules, Room, leads_to
from integrations import wecom
from settings import Clock
from storage import removals, rooms
from storage.database import Database
from storage.rooms import StoresWay
from storage.tables import Group

STRANGE_FOR = timedelta(hours=1)  # a new group whose way is not found by then is an employee's own

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Led:
    """Where a way leads now, and whether WeCom had to be told."""

    chat_ids: tuple[str, ...]
    changed: bool


class Rooms:
    """Everything here may be done again: it brings WeCom and our rows to what they should be."""

    def __init__(self, database: Database, client: wecom.WeComClient, clock: Clock, rules: JoinRules) -> None:
        self._database, self._client, self._clock, self._rules = database, client, clock, rules

    async def outgrown(self) -> list[StoresWay]:
        """Join ways that lead to a full group, or soon will, although the store has an open one."""
        async with self._database.transaction() as session:
            return list(await rooms.outgrown(session, self._rules))

    async def rotate(self, way: StoresWay) -> bool:
        """Take the full groups out of a way and the open ones in; whether WeCom had to be told."""
        async with self._database.transaction() as session:
            theirs = await rooms.of_way(session, way)
        led = await self.lead(way.config_id, theirs)
        if led is None:
            return False
        async with self._database.transaction() as session:
            await rooms.bind(session, way, led.chat_ids)
        return led.changed

    async def lead(self, config_id: str, theirs: Sequence[Room]) -> Led | None:
        """Make a way lead to the open ones of these groups; None when none of them is open."""
        found = await self._client.get_join_way(config_id)
        wanted = leads_to(found.chat_id_list, theirs, self._rules)
        if wanted is None:
            return None
        changed = set(wanted) != set(found.chat_id_list)
        if changed:
            await self._client.update_join_way(config_id, _changed(found, wanted))
            log.info("the join way %s leads to %d other groups", found.state, len(wanted))
        return Led(wanted, changed)

    async def dead_ends(self) -> list[Group]:
        """Full groups, or nearly, of stores without an open one, where WeCom makes no new one.

        A few each time: WeCom must be asked which ways make new groups themselves.
        """
        async with self._database.transaction() as session:
            full = await rooms.full_ways(session, self._rules.early)
        found = []
        for way, group, number in full:
            if not (await self._client.get_join_way(way.config_id)).auto_create_room:
                log.warning("store %s: all %d groups are full, or will be soon", way.store_id, number)
                found.append(group)
        return found

    async def strangers(self, chat_id: str | None = None) -> list[Group]:
        """Young groups of which we do not know yet whose they are: all, or one group if it is such."""
        async with self._database.transaction() as session:
            return list(await rooms.strangers(session, self._clock() - STRANGE_FOR, chat_id))

    async def place_if_new(self, chat_id: str) -> None:
        """A group that has just been read; what fails here is left to the sweep."""
        for group in await self.strangers(chat_id):
            try:
                await self.place(group)
            except wecom.WeComError as error:
                log.info("group/%s is placed by the next sweep: %s", chat_id, type(error).__name__)

    async def place(self, group: Group) -> bool:
        """Find the join way behind which WeCom made this group; whether there is one.

        It is in the way's list, or somebody came by the way's QR. Its owner is that of another group there.
        The code of an old group (个微群迁移) is known by its state alone.
        """
        async with self._database.transaction() as session:
            ways = await rooms.ways_of(session, group.owner)
            states = await rooms.states_in(session, group.chat_id)
            if old := await removals.by_state(session, states):
                await rooms.place(session, group.chat_id, old.store_id, old.kind)
                return True
        for way in ways:
            found = await self._client.get_join_way(way.config_id)
            if group.chat_id in found.chat_id_list or found.state in states:
                async with self._database.transaction() as session:
                    await rooms.place(session, group.chat_id, way.store_id, way.kind, way.config_id)
                log.info("group/%s was made by WeCom for store %s", group.chat_id, way.store_id)
                return True
        return False


def _changed(way: wecom.JoinWay, chat_ids: tuple[str, ...]) -> wecom.NewJoinWay:
    """An update overwrites everything: the rest as it is."""
    fields = way.model_dump() | {"chat_id_list": chat_ids, "room_base_id": way.room_base_id or None}
    return wecom.NewJoinWay.model_validate(fields)
