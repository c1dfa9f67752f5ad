"""WeCom's limits, kept in PostgreSQL for all processes of the corp (contract §12)."""

import asyncio
import contextlib
import logging
import random
import secrets
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable
from datetime import datetime, timedelta
from weakref import WeakValueDictionary

from sqlalchemy.exc import SQLAlchemyError

from integrations import wecom
from settings import Clock
from storage import leases
from storage.database import Database
from storage.leases import Answer, Lease, Leases, Wanted

FIRST_LOOK, LONGEST_LOOK = 0.02, 0.2  # seconds between two looks for a place
URGENT_PATIENCE = 0.3  # seconds; a greeting has 20 for everything
ENDING_PATIENCE = 1.0  # seconds that a call's own answer may be late for its place's sake
AFTER_TIMEOUT = 5.0  # seconds; a call that we gave up may still be under way at WeCom
NARROW_FOR, ONE_MOMENT = timedelta(minutes=1), timedelta(seconds=1)
SAY_AGAIN = timedelta(minutes=1)
KEPT_FOR_GREETINGS = 4  # one reading place in so many

log = logging.getLogger(__name__)


class PostgresGovernor:
    """A wecom.Governor. One statement lets a call in and one ends it; no connection is held in between.

    Who waits stands in line within the process; the lines of different processes take turns by chance.
    `greets`: its calls may use the last reading places, too, and go on without a place rather than be late.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        writes: int,
        reads: int,
        greets: bool = False,
        after_timeout: float = AFTER_TIMEOUT,
    ) -> None:
        self._database, self._leases, self._clock = database, Leases(database), clock
        self._writes, self._reads, self._greets = writes, reads, greets
        self._after_timeout = after_timeout
        self._lines: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._pairs: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._under_way: set[asyncio.Future[None]] = set()
        self._said_at: datetime | None = None

    @contextlib.asynccontextmanager
    async def admit(self, what: wecom.Admission) -> AsyncIterator[None]:
        async with contextlib.AsyncExitStack() as held:
            lease = await self._lease(what, held)
            async with self._ending(what, lease):
                yield

    @contextlib.asynccontextmanager
    async def _ending(self, what: wecom.Admission, lease: Lease | None) -> AsyncIterator[None]:
        """Looks at how the call ends, and gives its place back."""
        try:
            yield
        except wecom.QuotaExceeded as refusal:
            if refusal.errcode == wecom.FREQUENCY:
                await self._afterwards(self._close(what.api))
            raise
        except wecom.TooConcurrent as refusal:
            if refusal.errcode == wecom.CONCURRENCY:
                await self._afterwards(self._narrow(what))
            raise
        else:
            if lease and lease.closed_until:
                await self._afterwards(self._leases.open(lease))
        finally:
            if lease:
                await self._afterwards(self._leases.give_back(lease))

    async def _lease(self, what: wecom.Admission, held: contextlib.AsyncExitStack) -> Lease | None:
        """None for an urgent call that goes without. Calls for one pair stand in line here first."""
        urgent = what.urgent or self._greets
        left = what.deadline - asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(min(left / 2, URGENT_PATIENCE) if urgent else left / 2):
                if what.pair:
                    await held.enter_async_context(self._pairs.setdefault(what.pair, asyncio.Lock()))
                return await self._wait_for(what)
        except TimeoutError:
            if not urgent:
                raise wecom.crowded(what.api) from None
            self._say_without(f"no place within {URGENT_PATIENCE} s")
        except (SQLAlchemyError, OSError) as error:
            if not urgent:
                raise wecom.Unreachable(what.api, "PostgreSQL grants no place", maybe_done=False) from error
            self._say_without(type(error).__name__)
        return None

    async def _wait_for(self, what: wecom.Admission) -> Lease:
        holder = secrets.token_hex(8)
        while True:
            async with self._lines[what.api]:  # one of this process looks, the others stand in line behind it
                lease = await self._first_free(what, holder)
            if lease:
                return lease
            await asyncio.sleep(random.uniform(FIRST_LOOK, LONGEST_LOOK))  # noqa: S311 - not a secret

    async def _first_free(self, what: wecom.Admission, holder: str) -> Lease | None:
        """None while another process works on the same pair: no reason to hold up calls for others."""
        pause, slots = FIRST_LOOK, self._slots(what)
        while True:
            seconds = what.deadline - asyncio.get_running_loop().time() + self._after_timeout
            now = self._clock()
            answer = await self._take(Wanted(what.api, slots, what.pair, holder, seconds), now)
            if answer.lease and answer.paired:
                return answer.lease
            if answer.lease:
                await self._afterwards(self._leases.give_back(answer.lease))
                return None
            if answer.closed_until and answer.closed_until > now:
                raise wecom.closed(what.api, (answer.closed_until - now).total_seconds())
            if answer.busy:
                return None
            if answer.places < slots:
                await self._leases.make(what.api, slots)
                continue
            await asyncio.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 - not a secret
            pause = min(pause * 1.5, LONGEST_LOOK)

    async def _take(self, wanted: Wanted, now: datetime) -> Answer:
        """A statement that nobody waits for any more ends all the same; what it took is given back."""
        taking = asyncio.ensure_future(self._leases.take(wanted, now))
        try:
            await asyncio.wait({taking})
        except asyncio.CancelledError:
            self._keep(self._return(taking))
            raise
        return taking.result()

    async def _return(self, taking: asyncio.Future[Answer]) -> None:
        answer = await taking
        if answer.lease:
            await self._leases.give_back(answer.lease)

    def _slots(self, what: wecom.Admission) -> int:
        if not what.reads:
            return self._writes
        return self._reads if self._greets else max(1, self._reads - self._reads // KEPT_FOR_GREETINGS)

    async def _close(self, api: str) -> None:
        now = self._clock()
        async with self._database.transaction() as session:
            row = await leases.limit_of(session, api)
            before = wecom.Closing(row.closed_until, wecom.Span(row.span)) if row.closed_until else None
            closing = wecom.closing(now, before)
            row.closed_until, row.span = closing.until, closing.span.value
        if closing != before:
            log.warning("%s: 45009, closed to everyone until %s", api, closing.until.isoformat())

    async def _narrow(self, what: wecom.Admission) -> None:
        """Half as many calls at a time, for we are not alone. Answers of one moment count once."""
        now, slots = self._clock(), self._slots(what)
        async with self._database.transaction() as session:
            row = await leases.limit_of(session, what.api)
            if row.slots and row.slots_until and now < row.slots_until:
                if now < row.slots_until - NARROW_FOR + ONE_MOMENT:
                    return
                slots = min(slots, row.slots)
            row.slots, row.slots_until = max(1, slots // 2), now + NARROW_FOR
        log.warning("%s: 45033, %d at a time for the next minute", what.api, row.slots)

    async def _afterwards(self, work: Awaitable[None]) -> None:
        """Work for the sake of other calls. It neither changes nor long delays what became of this one."""
        await asyncio.wait({self._keep(work)}, timeout=ENDING_PATIENCE)

    def _keep(self, work: Awaitable[None]) -> asyncio.Future[None]:
        task = asyncio.ensure_future(work)
        self._under_way.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Future[None]) -> None:
        self._under_way.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.warning("a place is given back only when it expires: %s", type(error).__name__)

    def _say_without(self, reason: str) -> None:
        now = self._clock()
        if self._said_at is None or now - self._said_at > SAY_AGAIN:
            self._said_at = now
            log.warning("urgent calls go on without a place: %s", reason)
