"""Starting a removal: a code for every old group, its picture, and the notices as to-dos. Again goes on."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import timedelta

from activities.todo_planner import TodoPlanner
from domain.removal import Leaving, Removal, card, due_at
from domain.rooms import JoinRules, leads_to
from domain.todos import TodoKind
from integrations import wecom
from playbooks.removals import words
from settings import Clock
from starter.apply.desired import ROOM_NAME_CHARS
from starter.patience import patiently
from starter.runtime import CommandFailed
from storage import removals
from storage.database import Database
from storage.tables import OldGroup, Store

LATE = timedelta(hours=12)  # a notice of this morning may still be posted in the afternoon
LOST = "WeCom's answer was lost; no API lists such codes, and nobody has its picture: --again makes another"


@dataclass
class Started:
    """`problems` by the name of the old group; `too_late`: the `days_before` of notices whose day is over."""

    groups: list[OldGroup]
    codes: int = 0
    notices: int = 0
    problems: dict[str, str] = field(default_factory=dict)
    too_late: set[int] = field(default_factory=set)


class Starter:
    """Never two codes for one old group: each is written down before WeCom is asked."""

    def __init__(
        self,
        database: Database,
        client: wecom.WeComClient,
        planner: TodoPlanner,
        rules: JoinRules,
        clock: Clock,
    ) -> None:
        self._database, self._client, self._planner = database, client, planner
        self._rules, self._clock = rules, clock

    async def start(self, removal: Removal, by: str, again: Collection[str] = ()) -> Started:
        """`again`: old groups whose code is made once more although an answer was lost.

        Raises CommandFailed for what cannot be started at all; what one group lacks is told of it alone.
        """
        async with self._database.transaction() as session:
            stores = await removals.stores(session, removal)
            active = await removals.active_employees(session, removal)
        _check(removal, set(stores), active)
        async with self._database.transaction() as session:
            row = await removals.begin(session, removal, by, self._clock())
            known, status = removals.body_of(row), row.status
            groups = await removals.old_groups(session, removal.removal)
        if known != removal:
            raise CommandFailed(f"{removal.removal} was started with another file: give this one a new name")
        if status != removals.RUNNING:
            raise CommandFailed(f"{removal.removal} is {status}: give it a new name to do it once more")
        done = Started(groups)
        by_name = {group.name: group for group in removal.groups}
        for group in groups:
            await self._code(group, removal, stores[group.store_id].name, group.name in again, done)
            if group.qr_code:
                await self._notices(by_name[group.name], group, removal, stores[group.store_id], done)
        return done

    async def _code(self, group: OldGroup, removal: Removal, store: str, again: bool, done: Started) -> None:
        """Claim → make → settle → read its picture, as far as that is not done."""
        try:
            if group.config_id is None:
                await self._make(group, removal, store, again, done)
            if group.config_id and group.qr_code is None:
                found = await patiently(lambda: self._client.get_join_way(group.config_id or ""))
                async with self._database.transaction() as session:
                    await removals.leads_to(session, group, found.chat_id_list, found.qr_code)
        except (wecom.WeComError, wecom.InvalidMessage) as error:
            done.problems[group.name] = str(error)

    async def _make(self, group: OldGroup, removal: Removal, store: str, again: bool, done: Started) -> None:
        async with self._database.transaction() as session:
            theirs = await removals.rooms(session, group.store_id, removal.kind)
            bound = leads_to((), theirs, self._rules)
            mine = bound is not None and await removals.claim(session, group, self._clock(), again=again)
        if bound is None:
            done.problems[group.name] = f"store {group.store_id} has no open group of the kind {removal.kind}"
            return
        if not mine:
            done.problems[group.name] = LOST
            return
        way = wecom.NewJoinWay(
            chat_id_list=bound,
            state=group.state,
            remark=removal.removal,
            room_base_name=store[:ROOM_NAME_CHARS],
        )
        try:
            config_id = await patiently(lambda: self._client.add_join_way(way))
        except wecom.Unreachable as error:
            if error.maybe_done:
                done.problems[group.name] = LOST
                return
            await self._release(group)
            raise
        except (wecom.WeComError, wecom.InvalidMessage):
            await self._release(group)
            raise
        async with self._database.transaction() as session:
            await removals.made(session, group, config_id)
        done.codes += 1

    async def _release(self, group: OldGroup) -> None:
        async with self._database.transaction() as session:
            await removals.release(session, group)

    async def _notices(
        self, leaving: Leaving, group: OldGroup, removal: Removal, store: Store, done: Started
    ) -> None:
        """Each notice once for each old group, in the morning of its day."""
        for notice in removal.notices:
            at = due_at(removal, notice, store.zone)
            if at + LATE < self._clock():
                done.too_late.add(notice.days_before)
                continue
            text = words(removal, leaving, notice, store.name)
            new = await self._planner.want(
                TodoKind.REMOVAL_NOTICE,
                removals.subject(removal.removal),
                f"{group.name}/{notice.days_before}",
                group.userid,
                card(removal, leaving, text, group.qr_code or ""),
                not_before=at,
            )
            done.notices += new is not None


def _check(removal: Removal, stores: set[str], active: set[str]) -> None:
    """Raises CommandFailed for stores and employees that there are not."""
    wrong = [f"{g.name}: there is no store {g.store!r}" for g in removal.groups if g.store not in stores]
    wrong += [
        f"{g.name}: there is no active employee {g.employee!r}"
        for g in removal.groups
        if g.employee.lower() not in active
    ]
    if wrong:
        raise CommandFailed("\n".join(wrong))
