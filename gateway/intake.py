"""Store once, deliver, answer: what every door does with a fact after it has been understood (design §4)."""

import asyncio
import logging

from sqlalchemy.exc import SQLAlchemyError
from temporalio.service import RPCError

from activities.courier import Courier, Parcel
from settings import Clock
from storage import inbound
from storage.database import Database

ANSWER_SECONDS = 4.0  # WeCom waits 5 (contract §3.1); who gets no answer in time repeats anyway

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
        if subject and not _unmatched(subject):
            await self._deliver(subject)
        return new

    async def _deliver(self, subject: str) -> None:
        try:
            await self._courier.deliver(subject)
        except (RPCError, SQLAlchemyError, OSError) as error:
            log.error("stored, not delivered yet (%s): %s", type(error).__name__, subject)
            raise TryAgain from None

    async def _send_directly(self, subject: str | None, parcel: Parcel) -> None:
        if subject is None or _unmatched(subject):
            raise TryAgain  # nobody to remember it: the sender has to
        try:
            await self._courier.send(subject, parcel)
        except (RPCError, SQLAlchemyError, OSError):
            raise TryAgain from None


def _unmatched(subject: str) -> bool:
    """A till member who is nobody's customer yet: the sweep looks for her."""
    return subject.startswith("member/")
