"""The caretaker: one workflow that looks for what was left lying, for ever."""

from temporalio import workflow
from temporalio.exceptions import ActivityError

from domain import addresses
from domain.messages import SweepStart
from workflows import options

with workflow.unsafe.imports_passed_through():
    from activities.upkeep import Upkeep

SWEEPS_PER_RUN = 100


@workflow.defn(name=addresses.SWEEP)
class Sweep:
    """Delivers undelivered facts, starts orphaned tasks, wakes parked lives that are due, renews pictures."""

    @workflow.run
    async def run(self, start: SweepStart) -> None:
        for _ in range(SWEEPS_PER_RUN):
            rest = options.RETRY_LATER
            try:
                found = await workflow.execute_activity_method(
                    Upkeep.sweep, start, **options.sweeping("sweep")
                )
                rest = found.every
                workflow.set_current_details(found.model_dump_json())
            except ActivityError as error:
                # A failing sweep must not end the sweeping: the next one tries again.
                workflow.logger.warning("sweep failed: %s", error.cause)
            await workflow.sleep(rest)
        workflow.continue_as_new(start)
