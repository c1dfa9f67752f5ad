"""Once a night the till is walked through, for what no push has told."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel.ext.asyncio.session import AsyncSession

from activities.courier import Courier
from activities.guarded import guarded
from domain.addresses import till_walk_id
from domain.walk_messages import WalkKind
from domain.walking import IN_TIME, NIGHTLY, due, night_of, window
from integrations import pos
from settings import Clock
from storage import till_walks
from storage.database import Database
from storage.tables import TillWalk


class TillNights:
    """A piece of the sweep: it opens the night's walks, one after another, and carries on what was lost."""

    def __init__(
        self, database: Database, till: pos.PosPort, courier: Courier, clock: Clock, *, chain: str
    ) -> None:
        """`chain`: by what its minute of the night is drawn."""
        self._database, self._courier, self._clock = database, courier, clock
        self._provider, self._can, self._chain = till.provider, till.capabilities, chain

    async def look(self) -> int:
        """Returns how many walks run."""
        async with self._database.transaction() as session:
            under_way = await till_walks.running(session, self._provider)
            if all(walk.kind == WalkKind.BACKFILL for walk in under_way):
                under_way = [*under_way, *await self._open_next(session)]
        for walk in under_way:
            with guarded(walk.id):
                await self._courier.start_till_walk(walk.id)
        return len(under_way)

    async def _open_next(self, session: AsyncSession) -> list[TillWalk]:
        """The next of this night, if it is night and one is left."""
        now, day = self._clock(), night_of(self._clock(), self._chain)
        ids = {kind: till_walk_id(self._provider, kind, f"{day}") for kind in kinds_of(self._can)}
        begun = await till_walks.begun(session, list(ids.values()))
        kind = due(begun, list(ids)) if day else None
        if kind is None:
            return []
        fresh = await fresh_walk(session, self._provider, self._can, kind, ids[kind], now)
        return [await till_walks.open_walk(session, fresh)]


def kinds_of(can: pos.Capabilities) -> Sequence[WalkKind]:
    """What of this till can be walked through each night."""
    cannot = set()
    if not can.products:
        cannot.add(WalkKind.PRODUCTS)
    if not can.list_members:
        cannot.add(WalkKind.MEMBERS)
    if not can.redemptions:
        cannot.add(WalkKind.REDEMPTIONS)
    return [kind for kind in NIGHTLY if kind not in cannot]


async def fresh_walk(
    session: AsyncSession, provider: str, can: pos.Capabilities, kind: WalkKind, walk_id: str, now: datetime
) -> TillWalk:
    """A walk that has not begun: of a list, or of the time since the last one."""
    walk = TillWalk(id=walk_id, provider=provider, kind=kind, started_at=now)
    if kind in IN_TIME:
        before = await till_walks.done_until(session, provider, kind)
        walk.since, walk.until = window(now, before, timedelta(hours=can.late_hours))
        walk.reached = walk.until
    return walk
