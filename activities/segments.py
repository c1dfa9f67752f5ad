"""人群: once a day every playbook with a segment is held against all customers; who matches may enter."""

from collections.abc import Sequence

from sqlmodel.ext.asyncio.session import AsyncSession

from activities.courier import Courier, Parcel
from activities.guarded import guarded
from domain.addresses import customer_id
from domain.conditions import holds
from domain.days import local_day
from domain.events import Event, EventKind
from domain.life import why_not_again
from domain.playbook import Playbook
from domain.policy import Policy
from settings import Clock
from storage import inbound, segments
from storage.database import Database
from storage.directory import DEFAULT_ZONE
from storage.facts import facts_of
from storage.tables import Customer, PlaybookVersion, SegmentRun

PAGE = 500  # customers in memory at once
PAGES = 20  # of one playbook in one sweep: others wait behind it
ENTERING = 1_000  # enough for one sweep: every one of them is a signal


class Segments:
    """A piece of the sweep. What it finds is a stored fact before anybody hears of it."""

    def __init__(self, database: Database, policy: Policy, courier: Courier, clock: Clock) -> None:
        self._database, self._policy, self._courier, self._clock = database, policy, courier, clock

    async def look(self) -> int:
        """Go on where the last sweep stopped; returns how many enter."""
        async with self._database.transaction() as session:
            books = await segments.with_segment(session)
        entered = 0
        for book in books:
            with guarded(f"the segment of {book.playbook}"):
                entered += await self._look_for(book)
        return entered

    async def _look_for(self, book: PlaybookVersion) -> int:
        entered = 0
        for _ in range(PAGES):
            found = await self._page(book)
            for subject in found or ():
                with guarded(subject):
                    await self._courier.deliver(subject)
            if found is None:
                break
            entered += len(found)
            if entered >= ENTERING:
                break
        return entered

    async def _page(self, book: PlaybookVersion) -> list[str] | None:
        """Subjects of new facts, written together with how far we came. None: there is nothing left to do."""
        async with self._database.transaction() as session:
            run = await segments.open_run(session, book, local_day(self._clock(), DEFAULT_ZONE))
            if run is None:
                return None
            customers = await segments.page(session, book.playbook, run.cursor, PAGE)
            found = await self._enter(session, book, run, customers)
            run.found += len(found)
            if customers:
                run.cursor = customers[-1].external_userid
            if len(customers) < PAGE:
                run.done_at = self._clock()
            session.add(run)
        return found

    async def _enter(
        self, session: AsyncSession, book: PlaybookVersion, run: SegmentRun, customers: Sequence[Customer]
    ) -> list[str]:
        subjects = []
        for external_userid in await self._matching(session, book, customers):
            event = Event(
                id=f"segment/{run.playbook}/{run.day}/{external_userid}",
                kind=EventKind.ENROLLED,
                at=self._clock(),
                playbook=run.playbook,
            )
            subject, body = customer_id(external_userid), Parcel(event=event).model_dump(mode="json")
            if await inbound.store(
                session, digest=event.id, source="segment", subject=subject, body=body, now=event.at
            ):
                subjects.append(subject)
        return subjects

    async def _matching(
        self, session: AsyncSession, book: PlaybookVersion, customers: Sequence[Customer]
    ) -> list[str]:
        """Who matches and may enter. Her life looks at the re-entry rule once more: it knows the latest."""
        playbook, now = Playbook.model_validate(book.body), self._clock()
        wanted = playbook.enter.segment
        assert wanted is not None
        ids = [customer.external_userid for customer in customers]
        earlier = await segments.last_standings(session, book.playbook, ids)
        episodes = {customer.external_userid: customer.episode for customer in customers}
        free = [
            one
            for one in ids
            if (last := earlier.get(one)) is None
            or not why_not_again(playbook, last.episode, last.ended_at, episodes[one], now)
        ]
        facts = await facts_of(session, free, now)
        return [one for one in free if holds(wanted, facts[one], self._policy.tiers, now)]
