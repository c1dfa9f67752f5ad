"""The sweep's look at pushes of the till: those that nobody reads although due, those too old to keep."""

from datetime import timedelta

from activities.courier import Courier
from settings import Clock
from storage import hints
from storage.database import Database

KEPT = timedelta(days=30)  # pushes as they came, for tracing what went wrong (contract §4)


class FeedUpkeep:
    def __init__(self, database: Database, provider: str, courier: Courier, clock: Clock) -> None:
        self._database, self._provider, self._courier, self._clock = database, provider, courier, clock

    async def look(self, grace: timedelta) -> None:
        """Temporal could not be told when it was kept, or lost who slept until it is due."""
        now = self._clock()
        async with self._database.transaction() as session:
            await hints.forget_bodies(session, now - KEPT)
            waiting = await hints.due(session, self._provider, now - grace, limit=1)
        if waiting:
            await self._courier.start_feed(self._provider)
