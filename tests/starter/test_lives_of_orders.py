"""What starts a life from the command line, without a server: its label, and what a refusal looks like."""

from typing import Any, cast

import pytest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from activities.attributes import STAGE
from activities.courier import Courier, Parcel
from domain.customer import Command, CommandKind
from domain.messages import CommandAnswer
from settings import utc_now
from starter import enrol, lifelines
from starter.runtime import CommandFailed
from storage.database import Database

pytestmark = pytest.mark.anyio


class RecordingClient:
    """Answers every order and writes down what it would start."""

    def __init__(self) -> None:
        self.starts: list[Any] = []

    async def execute_update_with_start_workflow(self, *args: Any, **options: Any) -> CommandAnswer:
        self.starts.append(options["start_workflow_operation"])
        return CommandAnswer(id="1", answer="done")


class RefusingCourier(Courier):
    """Temporal takes one fact and then no more."""

    def __init__(self, database: Database) -> None:
        super().__init__(cast(Client, None), database, utc_now)
        self.sent = 0

    async def send(self, subject: str, parcel: Parcel) -> None:
        if self.sent:
            raise RPCError("namespace is over its limit", RPCStatusCode.RESOURCE_EXHAUSTED, b"")
        self.sent += 1


async def test_a_life_that_an_order_starts_is_found_by_its_stage() -> None:
    client = RecordingClient()
    command = Command(id="1", kind=CommandKind.PAUSE, by="tester")
    await lifelines.order(cast(Client, client), "wm1", command)
    [start] = client.starts
    assert start._start_workflow_input.search_attributes[STAGE] == "new"


async def test_what_temporal_does_not_take_is_said_with_what_to_do(database: Database) -> None:
    order = enrol.Enrolment(playbook="extra", reference="june", customers=["wm1", "wm2", "wm3"])
    with pytest.raises(CommandFailed) as failed:
        await enrol.enrol(database, RefusingCourier(database), utc_now, order, per_second=1000)
    said = str(failed.value)
    assert "customer/wm2: namespace is over its limit" in said
    assert "1 of 3 customers" in said
    assert "--reference june" in said
