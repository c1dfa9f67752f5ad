"""A walk through the till: the stores, a night's orders, or the orders of years."""

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

from domain import addresses
from domain.walk_messages import GiveUp, Walked, WalkRef, WalkStart, WalkStatus
from workflows import options

with workflow.unsafe.imports_passed_through():
    from activities.till_walks import TillWalks


@workflow.defn(name=addresses.TILL_WALK)
class TillWalk:
    """Page by page until the last, or until an operator stops it; over a used-up quota it sleeps.

    How far it has come is in PostgreSQL, so a run may begin at any point, and two on one walk do no harm.
    """

    @workflow.run
    async def run(self, start: WalkStart) -> Walked:
        while True:
            walked = await self.walk(start.walk_id)
            workflow.set_current_details(walked.told)
            if walked.status is not WalkStatus.RUNNING:
                return walked
            if walked.again_at:
                await workflow.sleep(max(walked.again_at - workflow.now(), options.SHORTEST_WAIT))
            if workflow.info().get_current_history_length() > options.RENEW_AFTER_EVENTS:
                workflow.continue_as_new(start)

    async def walk(self, walk_id: str) -> Walked:
        try:
            return await workflow.execute_activity_method(
                TillWalks.walk, WalkRef(walk_id=walk_id), **options.walking("pages of the till")
            )
        except ActivityError as error:
            why = error.cause.message if isinstance(error.cause, ApplicationError) else str(error.cause)
            return await workflow.execute_activity_method(
                TillWalks.give_up,
                GiveUp(walk_id=walk_id, reason=why),
                **options.patient_database("it goes no further"),
            )
