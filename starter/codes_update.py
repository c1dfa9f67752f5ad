"""Who is behind the codes: brings existing contact ways to their stores' active employees."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from integrations import wecom
from settings import Clock
from starter.codes import ANSWER_SECONDS, AT_ONCE, BUSY
from starter.patience import patiently
from starter.progress import each
from starter.runtime import CommandFailed
from starter.ways import UNKNOWN_WAY, WayMaker
from storage import chain, codes
from storage.codes import key_of
from storage.database import Database
from storage.tables import EntryCode, EntryCodeWay

GONE = "WeCom has no such code any more: its prints are dead. Make one for another placement"


@dataclass
class Change:
    """Of one code. `own`: it has ways of single employees, which follow."""

    code: EntryCode
    users: list[str]
    own: list[EntryCodeWay] = field(default_factory=list)
    problem: str = ""

    @property
    def added(self) -> list[str]:
        return sorted(set(self.users) - set(self.code.userids))

    @property
    def removed(self) -> list[str]:
        return sorted(set(self.code.userids) - set(self.users))

    @property
    def missing_own(self) -> list[str]:
        there = {way.userid for way in self.own if way.config_id}
        return sorted(set(self.users) - there) if self.own else []

    @property
    def needed(self) -> bool:
        stale = {way.userid for way in self.own} - set(self.users)
        return bool(self.added or self.removed or self.missing_own or stale)


class Updater:
    def __init__(
        self, database: Database, client: wecom.WeComClient, clock: Clock, *, at_once: int = AT_ONCE
    ) -> None:
        self._database, self._client, self._clock, self._at_once = database, client, clock, at_once

    async def plan(self, chosen: Sequence[EntryCode]) -> list[Change]:
        """What is to be changed; a code that nobody would be behind is a problem, and stays as it is."""
        made = [code for code in chosen if code.config_id]
        async with self._database.transaction() as session:
            staff = await chain.staff_of(session)
            known = await codes.known(session, [code.state for code in made])
        own: dict[str, list[EntryCodeWay]] = {}
        for way in known.values():
            if isinstance(way, EntryCodeWay):
                own.setdefault(way.state, []).append(way)
        changes = []
        for code in made:
            users = staff.get(code.store_id, [])
            change = Change(code, users or list(code.userids), own.get(code.state, []))
            if not users:
                change.problem = f"store {code.store_id} has no active employee: the code stays as it is"
            if change.needed or change.problem:
                changes.append(change)
        return changes

    async def apply(self, changes: Sequence[Change]) -> None:
        """Settles every change, or gives it a problem. Raises CommandFailed when somebody else is at it."""
        async with codes.only_maker(self._database) as alone:
            if not alone:
                raise CommandFailed(BUSY)
            todo = [change for change in changes if not change.problem]
            await each(todo, self._bring, label="updating codes", at_once=self._at_once)
            await self._make_own([change for change in todo if not change.problem])

    async def _bring(self, change: Change) -> None:
        code = change.code
        try:
            if change.added or change.removed:
                await patiently(
                    lambda: self._client.update_contact_way(code.config_id or "", user=change.users)
                )
                async with self._database.transaction() as session:
                    await codes.set_users(session, code, change.users)
            for way in [way for way in change.own if way.userid not in change.users]:
                await self._drop(way)
        except wecom.WeComError as error:
            change.problem = GONE if error.errcode == UNKNOWN_WAY else str(error)
        except wecom.InvalidMessage as error:
            change.problem = str(error)

    async def _drop(self, way: EntryCodeWay) -> None:
        """An employee who is no longer behind the code must not be shown; her way is deleted in WeCom too."""
        if way.config_id:
            config_id = way.config_id
            try:
                await patiently(lambda: self._client.delete_contact_way(config_id))
            except wecom.WeComError as error:
                if error.errcode != UNKNOWN_WAY:
                    raise
        async with self._database.transaction() as session:
            await codes.forget(session, way)

    async def _make_own(self, changes: Sequence[Change]) -> None:
        claimed = {
            (way.state, way.userid): way for change in changes for way in change.own if not way.config_id
        }
        missing = [
            claimed.get((c.code.state, userid))
            or EntryCodeWay(state=c.code.state, userid=userid, created_at=self._clock())
            for c in changes
            for userid in c.missing_own
        ]
        maker = WayMaker(
            self._database,
            self._client,
            self._clock,
            at_once=self._at_once,
            answer_seconds=ANSWER_SECONDS,
        )
        keys = {key_of(way) for way in missing} & set(claimed)
        made = await maker.make(missing, keys, "employees' own codes")
        by_state = {change.code.state: change for change in changes}
        for (state, _), failure in made.failures.items():
            by_state[state].problem = failure.reason
