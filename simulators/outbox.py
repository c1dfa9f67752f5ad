"""Deliveries to somebody else's HTTP door, repeated until they answer 200, with a log and loss buttons.

WeCom's callbacks and the till's pushes both go out this way (contract §3.1, §13.8).
"""

import asyncio
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import httpx

from simulators.clock import Clock
from simulators.config import SimulatorConfig
from simulators.mischief import Mischief

# Enough for any demo or test; an unbounded log would be the leak of a long benchmark.
LOG_LENGTH = 20_000


@dataclass
class Attempt:
    at: datetime
    status: int | None = None
    error: str | None = None


@dataclass
class Delivery:
    number: int
    at: datetime
    name: str
    content: str  # what is said, before any encryption
    agent_id: int | None = None  # of the app that hears it; the till has none
    outcome: Literal["pending", "delivered", "failed", "dropped", "no_url"] = "pending"
    attempts: list[Attempt] = field(default_factory=list)


class Outbox:
    TRANSIENT = frozenset({"_tasks", "_held"})  # what was under way is sent again
    one_by_one = False  # each waits for those before it: what happens at one moment arrives in its order

    def __init__(self, http: httpx.AsyncClient, config: SimulatorConfig, clock: Clock) -> None:
        self._http = http
        self._config = config
        self._clock = clock
        self._tasks: set[asyncio.Task[None]] = set()
        self._held: tuple[Delivery, httpx.Request] | None = None
        self.count = 0  # of all deliveries, also those that the log forgot
        self.mischief = Mischief()
        self.log: deque[Delivery] = deque(maxlen=LOG_LENGTH)

    def record(self, name: str, content: str, agent_id: int | None = None) -> Delivery:
        self.count += 1
        delivery = Delivery(self.count, self._clock(), name, content, agent_id)
        self.log.append(delivery)
        return delivery

    def send(self, delivery: Delivery, request: httpx.Request) -> None:
        """Starts the delivery and returns; a retry repeats the very same request."""
        if self.mischief.drops():
            delivery.outcome = "dropped"
            return
        if self._held is None and self.mischief.holds():
            self._held = (delivery, request)
            return
        self._start(delivery, request)
        self.release()

    def release(self) -> None:
        """What was held goes out now, overtaken or not."""
        if self._held is not None:
            self._start(*self._held)
            self._held = None
            self.mischief.overtaken()

    async def ask(self, request: httpx.Request) -> httpx.Response:
        """One request, under WeCom's limit of 5 s for the whole of it."""
        async with asyncio.timeout(self._config.callback_timeout_seconds):
            return await self._http.send(request)

    @property
    def busy(self) -> bool:
        return bool(self._tasks)

    async def drain(self) -> None:
        """Waits until nothing is under way; a delivery held for re-ordering is not."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    def cancel(self) -> None:
        for task in self._tasks:
            task.cancel()

    def _start(self, delivery: Delivery, request: httpx.Request) -> None:
        delay = self.mischief.delay()
        before = set(self._tasks) if self.one_by_one else set()
        for _ in range(self.mischief.copies()):
            task = asyncio.create_task(self._deliver(delivery, request, delay, before))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _deliver(
        self, delivery: Delivery, request: httpx.Request, delay: float, before: set[asyncio.Task[None]]
    ) -> None:
        if before:
            await asyncio.wait(before)
        for wait in (delay, *self._config.callback_retry_delays):
            await asyncio.sleep(wait)
            if await self._attempt(delivery, request):
                delivery.outcome = "delivered"
                return
        if delivery.outcome != "delivered":  # a duplicate may have got through
            delivery.outcome = "failed"

    async def _attempt(self, delivery: Delivery, request: httpx.Request) -> bool:
        attempt = Attempt(self._clock())
        delivery.attempts.append(attempt)
        try:
            response = await self.ask(request)
        except (httpx.HTTPError, TimeoutError) as error:
            attempt.error = repr(error)
            return False
        attempt.status = response.status_code
        return response.status_code == httpx.codes.OK
