"""`journeys campaign pause | resume | cancel | go`: orders to a campaign that was approved."""

from typing import Annotated
from uuid import uuid4

import typer
from temporalio.client import (
    Client,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.service import RPCError, RPCStatusCode

from activities.courier import Courier
from domain import addresses
from domain.campaign_messages import ObeyedOrder, Order, OrderKind
from domain.campaigning import ENDED, malformed
from settings import utc_now
from starter import context
from starter.campaign.references import By, Name, row_of
from starter.lifelines import ANSWER_WITHIN
from starter.output import JsonOption, print_json
from starter.runtime import CommandFailed, console, run
from storage import campaign_drafts as drafts
from storage.database import Database
from storage.tables import CampaignRow
from workflows.connection import connect

Reason = Annotated[str, typer.Option(help="why; it is recorded")]
Recall = Annotated[
    bool, typer.Option("--recall", help="also take back what employees hold and have not confirmed")
]


def pause(name: Name, by: By, reason: Reason, recall: Recall = False, as_json: JsonOption = False) -> None:
    """Hand nothing more over to employees until `resume`; nobody is lost."""
    run(_give(name, OrderKind.PAUSE, by, reason, recall, as_json))


def resume(name: Name, by: By, reason: Reason = "", as_json: JsonOption = False) -> None:
    """Go on after a pause, also after one that the campaign made by itself."""
    run(_give(name, OrderKind.RESUME, by, reason, False, as_json))


def cancel(name: Name, by: By, reason: Reason, recall: Recall = False, as_json: JsonOption = False) -> None:
    """End a campaign for ever: what is not with an employee yet is cancelled. A draft is discarded."""
    run(_give(name, OrderKind.CANCEL, by, reason, recall, as_json))


def go(name: Name, by: By, reason: Reason = "", as_json: JsonOption = False) -> None:
    """Let the next wave begin, where the one before has `confirm: true`."""
    run(_give(name, OrderKind.GO, by, reason, False, as_json))


async def _give(name: str, kind: OrderKind, by: str, reason: str, recall: bool, as_json: bool) -> None:
    order = Order(id=f"{kind}-{uuid4()}", kind=kind, by=by, reason=reason, recall=recall)
    async with context.database() as database:
        row = await row_of(database, name)
        if problem := malformed(order) or _over(row, order):
            raise CommandFailed(problem)
        if kind is OrderKind.CANCEL and await _discarded(database, name, order):
            answer = "the draft is discarded"
        else:
            client = await connect(context.quiet_settings())
            answer = await give(client, database, name, order)
    if as_json:
        print_json({"campaign": name, "order": kind, "answer": answer})
    else:
        console.print(answer, markup=False)


def _over(row: CampaignRow, order: Order) -> str | None:
    """Said here, because its workflow is gone."""
    return f"{row.id} is {row.status}: there is nothing to {order.kind}" if row.status in ENDED else None


async def _discarded(database: Database, name: str, order: Order) -> bool:
    async with database.transaction() as session:
        return await drafts.discard(session, name, by=order.by, reason=order.reason, now=utc_now())


async def give(client: Client, database: Database, name: str, order: Order) -> str:
    """Give an order to a campaign's workflow, and start that first where it should run and does not.

    Raises CommandFailed.
    """
    await Courier(client, database, utc_now).start_campaign(name)
    handle = client.get_workflow_handle(addresses.campaign_id(name))
    try:
        answer: ObeyedOrder = await handle.execute_update(
            addresses.ORDER, order, id=order.id, result_type=ObeyedOrder, rpc_timeout=ANSWER_WITHIN
        )
    except WorkflowUpdateFailedError as error:
        raise CommandFailed(getattr(error.cause, "message", str(error.cause))) from None
    except WorkflowUpdateRPCTimeoutOrCancelledError:
        raise CommandFailed(_NO_WORKER) from None
    except RPCError as error:
        if error.status in (RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED):
            raise CommandFailed(_NO_WORKER) from None
        raise CommandFailed(
            f"Temporal refused: {error.message}; see `journeys campaign show {name}`"
        ) from None
    return answer.answer


_NO_WORKER = (
    f"no worker answered within {ANSWER_WITHIN.seconds} s; the order may still be carried out. "
    "Is a worker running? `journeys campaign show` tells whether it was."
)
