"""Looks on after every activity: callbacks have arrived, and what is new in the world is told."""

import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from domain.messages import SaveLife
from simulators.acts.due import settle
from simulators.world import World
from starter.preview.agenda import Agenda
from starter.preview.clock import SkippingClock

ACTING = timedelta(seconds=30)  # far more than a deed takes
POLLS, SENDS = "poll_", ("greet", "create_task")
Look = Callable[[], Awaitable[None]]

log = logging.getLogger(__name__)


class Watch(Interceptor):
    """Of every worker of a preview. `news` is called after each activity, `saved` with each state of a life.

    `upkeep` does what the sweep does every few minutes in production, before anything is sent: only there
    it could be seen. Polls of a task are left out as long as nobody does anything: the answer is known.
    """

    def __init__(
        self,
        world: World,
        clock: SkippingClock,
        agenda: Agenda,
        *,
        news: Look,
        saved: Callable[[SaveLife], None],
        upkeep: Callable[[object], Awaitable[None]],
    ) -> None:
        self.world, self.clock, self.agenda = world, clock, agenda
        self.news, self.saved, self.upkeep = news, saved, upkeep
        self.activities = 0

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        return _Inbound(next, self)

    async def before(self, name: str, what: object) -> None:
        await self.clock.look()
        self.activities += 1
        if name.startswith(SENDS):
            await self.upkeep(what)

    async def after(self) -> None:
        """Time stands as long as this activity is not over, so nothing is late that it has caused."""
        settle(self.world)
        await self.world.drain()
        await self.news()

    def next_poll(self, every: timedelta) -> timedelta:
        """As many polls later as nobody does anything; the last one before the task expires is kept.

        Never in the very moment when somebody acts: then it would be chance whether it sees that.
        """
        info, now = activity.info(), self.clock()
        ends = info.scheduled_time + (info.schedule_to_close_timeout or timedelta.max - timedelta(days=1))
        acts = self.agenda.next_at()
        wake = min(acts + ACTING if acts else ends, ends - every)
        return every * max(1, -((now - wake) // every))


class _Inbound(ActivityInboundInterceptor):
    def __init__(self, next: ActivityInboundInterceptor, watch: Watch) -> None:
        super().__init__(next)
        self._watch = watch

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        name = activity.info().activity_type
        await self._watch.before(name, input.args[0] if input.args else None)
        try:
            return await super().execute_activity(input)
        except ApplicationError as error:
            if not (name.startswith(POLLS) and error.type == "NotYet" and error.next_retry_delay is None):
                raise
            raise ApplicationError(
                error.message,
                type=error.type,
                category=error.category,
                next_retry_delay=self._watch.next_poll(_interval()),
            ) from None
        finally:
            if input.args and isinstance(input.args[0], SaveLife):
                self._watch.saved(input.args[0])
            await self._watch.after()


def _interval() -> timedelta:
    policy = activity.info().retry_policy
    return policy.initial_interval if policy else timedelta(minutes=5)
