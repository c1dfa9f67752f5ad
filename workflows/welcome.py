"""The greeting of one new friendship, within WeCom's 20 seconds."""

from temporalio import workflow
from temporalio.exceptions import ActivityError

from domain import addresses
from domain.messages import WelcomeSettled, WelcomeStart
from workflows import options

with workflow.unsafe.imports_passed_through():
    from activities.welcomes import Welcomes


@workflow.defn(name=addresses.WELCOME_WORKFLOW)
class Welcome:
    """Greet her, and if WeCom never answers say so. Her own workflow hears the outcome as an event.

    It runs on its own task queue, so that no storm of timers, no campaign and no slow till can cost the
    20 seconds. Every greeting ends in exactly one named outcome.
    """

    @workflow.run
    async def run(self, start: WelcomeStart) -> WelcomeSettled:
        try:
            return await workflow.execute_activity_method(
                Welcomes.greet, start, **options.greeting("greet within 20 s")
            )
        except ActivityError:
            return await workflow.execute_activity_method(
                Welcomes.give_up, start, **options.last_word("no answer: settle")
            )
