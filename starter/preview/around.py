"""What goes on around the people of a preview: news reach everybody, and pictures are kept fresh."""

from collections.abc import Sequence
from datetime import timedelta

from domain.messages import SweepStart
from domain.task_messages import TaskRef
from starter.preview.corp import Corp
from starter.preview.player import Player
from starter.preview.staff import Employees
from storage.tables import Batch

PICTURES_EVERY = timedelta(hours=6)  # they are renewed after 2.5 days, and WeCom keeps them for 3


class News:
    """Tells everybody what is new; with many people most of the time nothing is."""

    def __init__(self, corp: Corp, employees: Employees, players: Sequence[Player]) -> None:
        self._world, self._employees, self._players = corp.world, employees, players
        self._known = (0, 0, 0)

    async def tell(self) -> None:
        await self._employees.news()
        if len(self._players) == 1:
            self._players[0].look_at_tags()
        inboxes = self._world.inboxes.by_customer.values()
        there = (sum(map(len, inboxes)), len(self._world.till.coupons), len(self._players))
        if there != self._known:
            self._known = there
            for player in self._players:
                await player.news()


class Upkeep:
    """The sweep, where its work could be seen: what is sent finds its pictures."""

    def __init__(self, corp: Corp) -> None:
        self._corp, self._last = corp, corp.clock()

    async def before_a_send(self, what: object) -> None:
        now = self._corp.clock()
        if now - self._last >= PICTURES_EVERY and await self._invites(what):
            self._last = now
            await self._corp.activities.upkeep.sweep(SweepStart())

    async def _invites(self, what: object) -> bool:
        """A greeting may attach a group's picture; of messages the batch says so."""
        if not isinstance(what, TaskRef):
            return True
        async with self._corp.database.transaction() as session:
            batch = await session.get_one(Batch, what.batch_id)
        return bool(batch.content.get("invite_to"))
