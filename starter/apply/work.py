"""Preview and carry out: read all, decide, then one change after the other, claimed and settled."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from sqlalchemy import func
from sqlmodel import select

from integrations import wecom
from settings import Clock
from starter.apply import owners
from starter.apply.desired import Desired
from starter.apply.kinds import Kind
from starter.apply.plan import Action, Change, Known, decide, unused
from starter.runtime import CommandFailed
from storage import applied
from storage.database import Database

Settled = Callable[[Change, str], Awaitable[None]]


@dataclass(frozen=True)
class Failure:
    """A change that WeCom refused; the others go on."""

    change: Change
    reason: str


class Apply:
    """Idempotent: what it has done is `keep` the next time."""

    def __init__(self, database: Database, kinds: Sequence[Kind], clock: Clock) -> None:
        self._database, self._kinds, self._clock = database, kinds, clock

    async def preview(self, desired: Mapping[str, Desired]) -> list[Change]:
        """Every object with what would happen to it. Changes nothing, here or in WeCom."""
        changes = []
        for kind in self._kinds:
            known = await self._known(kind)
            changes += [
                await _judge(kind, key, desired[kind.name], known) for key in sorted(desired[kind.name])
            ]
            changes += [unused(kind.name, k, v) for k, v in known.items() if k not in desired[kind.name]]
        async with self._database.transaction() as session:
            return [await owners.with_unasked(session, change) for change in changes]

    async def carry_out(
        self, desired: Mapping[str, Desired], shown: Sequence[Change], settled: Settled
    ) -> list[Failure]:
        """Do what was shown; `settled` is told of every change with its id in WeCom.

        Raises CommandFailed when the world has changed since then: nobody agreed to anything else.
        """
        failures = []
        kinds = {kind.name: kind for kind in self._kinds}
        async with self._alone():
            changes = [change for change in await self.preview(desired) if change.needed]
            if changes != [change for change in shown if change.needed]:
                raise CommandFailed("WeCom or our data has changed since the preview: look at it again")
            for change in changes:
                try:
                    await settled(change, await self._do(kinds[change.kind], change))
                    await self._follow(change, done=True)
                except (wecom.WeComError, wecom.InvalidMessage) as error:
                    failures.append(Failure(change, str(error)))
        return failures

    async def _do(self, kind: Kind, change: Change) -> str:
        """Claim → call → settle. A creation without an answer leaves its claim, and the preview says so."""
        wecom_id = change.wecom_id or ""
        if change.action is Action.CREATE:
            await self._note(change, None)
            wecom_id = await kind.create(change.desired)
        elif change.action in (Action.UPDATE, Action.RESTORE):
            await self._follow(change, done=False)
            await kind.update(wecom_id, change.desired)
        await self._note(change, wecom_id)
        return wecom_id

    async def _note(self, change: Change, wecom_id: str | None) -> None:
        async with self._database.transaction() as session:
            await applied.note(
                session, change.kind, change.key, wecom_id, dict(change.desired), self._clock()
            )

    async def _follow(self, change: Change, *, done: bool) -> None:
        """Done last of all: after a crash before that the next preview says that `settled` is to come."""
        async with self._database.transaction() as session:
            await applied.follow(session, change.kind, change.key, done=done)

    async def _known(self, kind: Kind) -> dict[str, Known]:
        async with self._database.transaction() as session:
            rows = await applied.of_kind(session, kind.name)
        return {key: Known(row.wecom_id, row.body, row.followed) for key, row in rows.items()}

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        """One apply at a time per corp: two would make everything twice."""
        async with self._database.transaction() as session:
            lock = select(func.pg_try_advisory_xact_lock(func.hashtext("journeys apply")))
            if not (await session.exec(lock)).one():
                raise CommandFailed("another `journeys apply` is at work; wait until it is done")
            yield


async def _judge(kind: Kind, key: str, wanted: Desired, known: Mapping[str, Known]) -> Change:
    mine = known.get(key)
    actual = await kind.read(mine.wecom_id, wanted[key]) if mine and mine.wecom_id else None
    change = decide(kind.name, key, wanted[key], mine, actual)
    if change.action is Action.CREATE and (found := await kind.find(key, wanted[key])):
        actual = await kind.read(found, wanted[key])
        adopted = decide(kind.name, key, wanted[key], Known(found, actual or {}), actual)
        return adopted if adopted.differences else replace(adopted, action=Action.ADOPT)
    return change
