"""What the sweep does for groups: it starts missing lives, and writes the profiles of the day."""

from activities.courier import Courier
from activities.guarded import guarded
from domain.policy import Policy
from settings import Clock
from storage import group_lives, group_profiles
from storage.database import Database

LIVES = 1_000  # in one sweep: each is a call to Temporal
PAGE, PAGES = 200, 10  # groups of one statement, and statements of one sweep


class GroupUpkeep:
    """Safe to run twice: a life that runs is not started again, a profile of a day is written once."""

    def __init__(self, database: Database, policy: Policy, courier: Courier, clock: Clock) -> None:
        self._database, self._policy, self._courier, self._clock = database, policy, courier, clock

    async def start_lives(self) -> int:
        async with self._database.transaction() as session:
            waiting = await group_lives.to_start(session, self._clock(), LIVES)
        started = 0
        for chat_id in waiting:
            with guarded(f"group/{chat_id}"):
                await self._courier.start_group(chat_id)
                started += 1
        return started

    async def write_profiles(self) -> int:
        """Of groups that have none of today yet; a page is one statement."""
        written = 0
        for _ in range(PAGES):
            async with self._database.transaction() as session:
                page = await group_profiles.write_page(session, self._policy.tiers, self._clock(), PAGE)
            written += len(page)
            if len(page) < PAGE:
                break
        return written
