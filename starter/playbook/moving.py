"""Moving running customers to another version: one order to each life, resumable, and undone the same way."""

from collections.abc import Sequence
from dataclasses import dataclass

from temporalio.client import Client

from domain.customer import Command, CommandKind, Move, MovePolicy
from domain.playbook import PinnedJourney
from settings import Clock
from starter import lifelines, progress
from starter.runtime import CommandFailed
from storage import directory, moves
from storage.database import Database
from storage.tables import MovedCustomer, PlaybookMove

PAGE = 200
AT_ONCE = 8  # lives; a parked one is revived for its order


@dataclass
class Mover:
    """Carries out one move that is written down. What is done is recorded at once, so it may be killed."""

    database: Database
    temporal: Client
    clock: Clock
    move: PlaybookMove

    async def forward(self) -> None:
        """Tell everybody who has not been told."""
        pinned = await self._version(self.move.to_version)

        async def tell(row: MovedCustomer) -> None:
            await self._order(row, self.move.id, MovePolicy(self.move.policy), pinned, moves.ORDERED)

        await self._each((moves.PLANNED,), tell)
        await self._mark(finished_at=self.clock())

    async def back(self, by: str, note: str) -> None:
        """Everybody goes back to the version that she came from; who has not moved yet just stays."""
        await self._mark(undone_by=by, undone_note=note, undo_began_at=self.clock())
        pinned: dict[str, PinnedJourney] = {}

        async def tell(row: MovedCustomer) -> None:
            if row.from_version not in pinned:
                pinned[row.from_version] = await self._version(row.from_version)
            old = pinned[row.from_version]
            await self._order(row, f"{self.move.id}-undo", MovePolicy.NEXT_STEP, old, moves.UNDONE)

        # Whoever is only planned may have been told just before the command was killed.
        await self._each((moves.PLANNED, moves.ORDERED), tell)
        await self._mark(undone_at=self.clock())

    async def _each(self, statuses: Sequence[str], tell: progress.Work[MovedCustomer]) -> None:
        async with moves.alone(self.database, self.move.playbook) as alone:
            if not alone:
                raise CommandFailed(
                    f"customers of {self.move.playbook} are being moved by another command now"
                )
            while rows := await self._page(statuses):
                await progress.each(rows, tell, label=f"{self.move.id}: lives told", at_once=AT_ONCE)

    async def _page(self, statuses: Sequence[str]) -> Sequence[MovedCustomer]:
        async with self.database.transaction() as session:
            return await moves.page(session, self.move.id, statuses=statuses, limit=PAGE)

    async def _order(
        self, row: MovedCustomer, order_id: str, policy: MovePolicy, pinned: PinnedJourney, status: str
    ) -> None:
        command = Command(
            id=order_id,
            kind=CommandKind.MOVE,
            by=self.move.undone_by or self.move.by,
            playbook=self.move.playbook,
            move=Move(id=order_id, policy=policy, pinned=pinned),
        )
        try:
            answer = await lifelines.order(self.temporal, row.external_userid, command)
        except CommandFailed as error:
            raise CommandFailed(
                f"{row.external_userid}: {error}\nGive the same command again: it goes on where it stopped."
            ) from None
        async with self.database.transaction() as session:
            await moves.settle(session, row, status, answer.answer, self.clock())

    async def _version(self, version: str) -> PinnedJourney:
        async with self.database.transaction() as session:
            pinned = await directory.pinned(session, version)
        if pinned is None:
            raise CommandFailed(f"version {version} is not in this database: is it the right one?")
        return pinned

    async def _mark(self, **values: object) -> None:
        async with self.database.transaction() as session:
            await moves.mark(session, self.move.id, **values)
            for name, value in values.items():
                setattr(self.move, name, value)
