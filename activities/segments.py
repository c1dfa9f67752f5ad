"""人群: once a day every playbook with a segment is held against all customers; who matches may enter."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from activities.courier import Courier, Parcel
from activities.guarded import guarded
from domain.addresses import customer_id
from domain.days import local_day
from domain.events import Event, EventKind
from domain.life import why_not_again
from domain.playbook import Playbook
from domain.policy import Policy
from settings import Clock
from storage import inbound, segments
from storage.audience import matches
from storage.database import Database
from storage.directory import DEFAULT_ZONE
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
        playbook, now = Playbook.model_validate(book.body), self._clock()
        assert playbook.enter.segment is not None
        meant = matches(playbook.enter.segment, self._policy.tiers, now)
        async with self._database.transaction() as session:
            run = await segments.open_run(session, book, local_day(now, DEFAULT_ZONE))
            if run is None:
                return None
            customers = await segments.page(session, book.playbook, meant, run.cursor, PAGE)
            free = await _free(session, playbook, customers, now)
            found = await self._enter(session, run, free)
            run.found += len(found)
            if customers:
                run.cursor = customers[-1].external_userid
            if len(customers) < PAGE:
                run.done_at = self._clock()
            session.add(run)
        return found

    async def _enter(
        self, session: AsyncSession, run: SegmentRun, external_userids: Sequence[str]
    ) -> list[str]:
        subjects = []
        for external_userid in external_userids:
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


async def _free(
    session: AsyncSession, playbook: Playbook, customers: Sequence[Customer], now: datetime
) -> list[str]:
    """Who may enter again. Her life looks at the rule once more: it knows the latest."""
    ids = [customer.external_userid for customer in customers]
    earlier = await segments.last_standings(session, playbook.playbook, ids)
    return [
        one.external_userid
        for one in customers
        if (last := earlier.get(one.external_userid)) is None
        or not why_not_again(playbook, last.episode, last.ended_at, one.episode, now)
    ]
