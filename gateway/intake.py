"""Store once, deliver, answer: what every door does with a fact after it has been understood (design §4)."""

import asyncio
import logging
from collections.abc import Sequence

from sqlalchemy.exc import SQLAlchemyError
from temporalio.service import RPCError

from activities.courier import Courier, Parcel
from settings import Clock
from storage import inbound
from storage.database import Database
from storage.hints import keep
from storage.tables import TillHint

ANSWER_SECONDS = 4.0  # WeCom waits 5 (contract §3.1); who gets no answer in time repeats anyway
WAKE_SECONDS = 1.0  # with it a push is still answered in the time that tills give

log = logging.getLogger(__name__)


class TryAgain(Exception):
    """The fact is not where it has to be yet: the sender must repeat it."""


class Intake:
    """Any failure here ends in a stored fact, a delivered fact, or a request to repeat. Never in silence."""

    def __init__(self, database: Database, courier: Courier, clock: Clock) -> None:
        self._database, self._courier, self._clock = database, courier, clock

    async def take(self, source: str, digest: str, subject: str | None, parcel: Parcel) -> bool:
        """Store a fact once and deliver it; returns whether it was new. Raises TryAgain.

        With PostgreSQL down the fact is signalled directly: the workflow remembers the id. A duplicate of a
        fact that was never delivered is delivered again.
        """
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await self._take(source, digest, subject, parcel)
        except TimeoutError:
            log.error("no answer from Temporal or PostgreSQL within %g s: %s", ANSWER_SECONDS, subject)
            raise TryAgain from None

    async def take_hints(self, hints: Sequence[TillHint]) -> int:
        """Keep what a till pushed, and wake who reads it; returns how many were new. Raises TryAgain."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS), self._database.transaction() as session:
                new = await keep(session, hints)
        except (SQLAlchemyError, OSError) as error:  # a TimeoutError is an OSError
            log.error("a push of the till is not kept: %s", type(error).__name__)
            raise TryAgain from None
        if new and any(hint.settled_at is None for hint in hints):
            await self._wake_feed(hints[0].provider)
        return new

    async def _wake_feed(self, provider: str) -> None:
        """Rows are safe: what cannot be told at once is the sweep's, and the till gets its answer."""
        try:
            async with asyncio.timeout(WAKE_SECONDS):
                await self._courier.start_feed(provider)
        except (RPCError, TimeoutError) as error:
            log.error("kept, not read yet (%s): pushes of %s", type(error).__name__, provider)

    async def deliver(self, subject: str) -> None:
        """Deliver what was stored for a subject. Raises TryAgain: then the sweep delivers it."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await self._deliver(subject)
        except TimeoutError:
            log.error("stored, not delivered within %g s: %s", ANSWER_SECONDS, subject)
            raise TryAgain from None

    async def _take(self, source: str, digest: str, subject: str | None, parcel: Parcel) -> bool:
        try:
            async with self._database.transaction() as session:
                new = await inbound.store(
                    session,
                    digest=digest,
                    source=source,
                    subject=subject,
                    body=parcel.model_dump(mode="json"),
                    now=self._clock(),
                )
        except (SQLAlchemyError, OSError) as error:
            log.error("PostgreSQL is unreachable (%s): delivering without a row", type(error).__name__)
            await self._send_directly(subject, parcel)
            return True
        if subject:
            await self._deliver(subject)
        return new

    async def _deliver(self, subject: str) -> None:
        try:
            await self._courier.deliver(subject)
        except (RPCError, SQLAlchemyError, OSError) as error:
            log.error("stored, not delivered yet (%s): %s", type(error).__name__, subject)
            raise TryAgain from None

    async def _send_directly(self, subject: str | None, parcel: Parcel) -> None:
        if subject is None:
            raise TryAgain  # nobody to remember it: the sender has to
        try:
            await self._courier.send(subject, parcel)
        except (RPCError, SQLAlchemyError, OSError):
            raise TryAgain from None
