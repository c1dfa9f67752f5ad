"""How facts reach Temporal; what the gateway's tests see on the real server is not repeated here."""

from datetime import timedelta
from typing import Any, cast

import pytest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from activities.courier import Courier
from storage.database import Database
from tests.activities.shop import ToldClock

pytestmark = pytest.mark.anyio


class RecordingClient:
    """Writes down what would be started; raises what it is told to."""

    def __init__(self) -> None:
        self.started: list[dict[str, Any]] = []
        self.signal_error: RPCError | None = None

    async def start_workflow(self, workflow: str, *args: Any, **options: Any) -> None:
        self.started.append(options)

    def get_workflow_handle(self, workflow_id: str) -> "RecordingClient":
        return self

    async def signal(self, name: str, what: Any) -> None:
        if self.signal_error:
            raise self.signal_error


@pytest.fixture
def client() -> RecordingClient:
    return RecordingClient()


@pytest.fixture
def courier(client: RecordingClient, database: Database) -> Courier:
    return Courier(cast(Client, client), database, ToldClock())


@pytest.mark.parametrize(("delay", "wanted"), [(-300, 0), (0, 0), (300, 300)])
async def test_the_task_of_a_window_that_is_over_starts_at_once(
    courier: Courier, client: RecordingClient, delay: int, wanted: int
) -> None:
    """The server refuses a negative delay, and a touch may be planned again after its window."""
    await courier.start_staff_task(7, timedelta(seconds=delay))
    [started] = client.started
    assert (started["id"], started["start_delay"]) == ("staff-task/7", timedelta(seconds=wanted))


async def test_a_task_that_has_ended_has_nothing_to_recall(courier: Courier, client: RecordingClient) -> None:
    client.signal_error = RPCError("it has ended", RPCStatusCode.NOT_FOUND, b"")
    await courier.withdraw(7, "wm1", "opted out")


async def test_a_withdrawal_that_did_not_get_through_is_an_error(
    courier: Courier, client: RecordingClient
) -> None:
    client.signal_error = RPCError("nobody answers", RPCStatusCode.UNAVAILABLE, b"")
    with pytest.raises(RPCError):
        await courier.withdraw(7, "wm1", "opted out")
