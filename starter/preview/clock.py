"""The clock of a preview: that of the time-skipping server, as activities and simulators see it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio.api.testservice.v1 import SleepRequest
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

# The server begins at the real time and can only go forward, so an outline that is the same on every day
# begins at a fixed moment that is years away: midnight before a Monday of spring in China, no holiday near.
ANCHOR = datetime(2035, 3, 4, 16, tzinfo=UTC)

LONGEST = timedelta(hours=12)  # of real time, for a whole population


class SkippingClock:
    """Follows the time-skipping server: brought up to its time before every activity and every request."""

    def __init__(self, env: WorkflowEnvironment, now: datetime = ANCHOR) -> None:
        self._env, self._now = env, now

    def __call__(self) -> datetime:
        return self._now

    async def look(self) -> datetime:
        """Ask the server, and remember its answer."""
        self._now = (await self._env.get_current_time()).astimezone(UTC)
        return self._now


class ClockInterceptor(Interceptor):
    """Lets every activity see the server's time."""

    def __init__(self, clock: SkippingClock) -> None:
        self.clock = clock

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        clock = self.clock

        class Inbound(ActivityInboundInterceptor):
            async def execute_activity(self, input: ExecuteActivityInput) -> Any:
                await clock.look()
                return await super().execute_activity(input)

        return Inbound(next)


async def skip_to(env: WorkflowEnvironment, moment: datetime) -> None:
    """Let the server's time pass until `moment`, at once if nothing is due before."""
    request = SleepRequest()
    request.duration.FromTimedelta(max(moment - await env.get_current_time(), timedelta(0)))
    # Not env.sleep(): that gives up after 30 seconds of real time.
    await env.client.test_service.unlock_time_skipping_with_sleep(request, timeout=LONGEST)
