"""What people will do later, on Temporal's own clock: nothing can be skipped, and time stands while they act.

Each deed is a workflow that starts when its time has come and carries it out in one local activity.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.common import RetryPolicy
from temporalio.worker import Interceptor, UnsandboxedWorkflowRunner, Worker

from starter.preview.clock import SkippingClock

QUEUE = "preview"
CARRY_OUT = "carry_out"
MOST_SECONDS = 60  # of real time, for one deed
Doing = Callable[[], Awaitable[None]]


@workflow.defn(name="Deed")
class DeedWorkflow:
    """Begins at the moment of a deed."""

    @workflow.run
    async def run(self, number: int) -> None:
        await workflow.execute_local_activity(
            CARRY_OUT,
            number,
            start_to_close_timeout=timedelta(seconds=MOST_SECONDS),
            retry_policy=RetryPolicy(maximum_attempts=1),
        )


class Agenda:
    """Everything that is still to be done, in the order of its time."""

    def __init__(self, client: Client, clock: SkippingClock) -> None:
        self._client, self._clock = client, clock
        self._open: dict[int, tuple[datetime, Doing]] = {}
        self._count = 0
        self.trouble: BaseException | None = None

    async def at(self, moment: datetime, doing: Doing) -> None:
        """Do it then, or at once if that is over."""
        now = await self._clock.look()
        number = self._count = self._count + 1
        self._open[number] = (max(moment, now), doing)
        await self._client.start_workflow(
            DeedWorkflow.run,
            number,
            id=f"deed/{number}",
            task_queue=QUEUE,
            start_delay=max(moment - now, timedelta(0)),
        )

    def next_at(self) -> datetime | None:
        """When somebody does something next; None when nobody ever will."""
        return min((at for at, _ in self._open.values()), default=None)

    def worker(self, interceptor: Interceptor) -> Worker:
        return Worker(
            self._client,
            task_queue=QUEUE,
            workflows=[DeedWorkflow],
            activities=[self._carry_out],
            interceptors=[interceptor],
            workflow_runner=UnsandboxedWorkflowRunner(),  # it names an activity and nothing else
        )

    @activity.defn(name=CARRY_OUT)
    async def _carry_out(self, number: int) -> None:
        _, doing = self._open.pop(number)
        try:
            await doing()
        except BaseException as error:
            self.trouble = self.trouble or error  # the preview ends with it
            raise
