"""Giving orders to one customer's life, parked or not."""

import asyncio
import contextlib
from datetime import timedelta
from typing import Any

from temporalio.client import (
    Client,
    WithStartWorkflowOperation,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import SearchAttributePair, TypedSearchAttributes, WorkflowIDConflictPolicy
from temporalio.service import RPCError, RPCStatusCode

from activities.attributes import STAGE
from domain import addresses
from domain.customer import Command
from domain.messages import CommandAnswer, LifeStart
from domain.stages import Stage
from starter.runtime import CommandFailed

ANSWER_WITHIN = timedelta(seconds=20)
# An update that arrives in the very task in which a run completes is refused by the server; its id makes
# giving it again safe.
RACES_LOST = 10
RUN_JUST_ENDED = (RPCStatusCode.FAILED_PRECONDITION, RPCStatusCode.NOT_FOUND)


async def order(client: Client, external_userid: str, command: Command) -> CommandAnswer:
    """Carry out an operator's order; a parked life is revived for it. Raises CommandFailed."""
    for _ in range(RACES_LOST):
        try:
            return await _order_once(client, external_userid, command)
        except RPCError as error:
            if error.status not in RUN_JUST_ENDED:
                raise CommandFailed(f"Temporal refused: {error.message}") from None
        await asyncio.sleep(0.2)  # the next run is about to begin
    raise CommandFailed("the order met a life that was just being parked, again and again: try once more")


async def _order_once(client: Client, external_userid: str, command: Command) -> CommandAnswer:
    start: WithStartWorkflowOperation[Any, Any] = WithStartWorkflowOperation(
        addresses.CUSTOMER_LIFECYCLE,
        LifeStart(external_userid=external_userid),
        id=addresses.customer_id(external_userid),
        task_queue=addresses.JOURNEYS,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        static_summary=f"the life of {external_userid}",
        search_attributes=TypedSearchAttributes([SearchAttributePair(STAGE, Stage.NEW.value)]),
    )
    try:
        answer: CommandAnswer = await client.execute_update_with_start_workflow(
            addresses.COMMAND,
            command,
            id=command.id,
            start_workflow_operation=start,
            result_type=CommandAnswer,
            rpc_timeout=ANSWER_WITHIN,
        )
        return answer
    except WorkflowUpdateFailedError as error:
        raise CommandFailed(getattr(error.cause, "message", str(error.cause))) from None
    except WorkflowUpdateRPCTimeoutOrCancelledError:
        raise CommandFailed(_NO_WORKER) from None
    except RPCError as error:
        with contextlib.suppress(RPCError):  # the start failed alike; unread, asyncio would report it later
            await start.workflow_handle()
        if error.status in (RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED):
            raise CommandFailed(_NO_WORKER) from None
        raise


_NO_WORKER = (
    f"no worker answered within {ANSWER_WITHIN.seconds} s; the order may still be carried out. "
    "Is a worker running? `journeys customers explain` tells whether it was."
)
