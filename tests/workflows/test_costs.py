"""What a life costs in Temporal, in events and bytes: counts, so they may be asserted."""

from typing import Any

import pytest
from sqlmodel import select

from domain.addresses import welcome_id
from storage.tables import InboundEvent
from tests.corp import Corp

pytestmark = pytest.mark.anyio

ONBOARDING_EVENTS = 55
ONBOARDING_BYTES = 12_000
SEND_WAIT_SEND_EVENTS = 25


async def _cost(corp: Corp, *workflow_ids: str) -> tuple[int, int, dict[str, int]]:
    """Events, bytes of all events as protobuf, and events by workflow."""
    events, size, each = 0, 0, {}
    for workflow_id in workflow_ids:
        history: Any = await corp.history(workflow_id)
        each[workflow_id.split("/")[0]] = len(history.events)
        events += len(history.events)
        size += sum(event.ByteSize() for event in history.events)
    return events, size, each


async def _welcome_id(corp: Corp) -> str:
    """The test server cannot list workflows: the id is made as the gateway made it."""
    async with corp.database.transaction() as session:
        rows = (await session.exec(select(InboundEvent))).all()
    [row] = [r for r in rows if r.body.get("welcome_code")]
    customer = (row.subject or "").removeprefix("customer/")
    return welcome_id(row.body["event"]["userid"], customer, row.body["welcome_code"])


async def test_an_onboarding_costs_at_most_55_events_and_12_kb(corp: Corp) -> None:
    she = await corp.newcomer()
    await corp.scan(she)
    await corp.until_logged(she, "tagged")
    await corp.join(she)
    await corp.until_stage(she, "joined")
    ids = [f"customer/{she}", await _welcome_id(corp), f"group/{corp.groups['S002']}"]
    events, size, each = await _cost(corp, *ids)
    print(events, size, each)
    for workflow_id in ids:
        for e in (await corp.history(workflow_id)).events:
            print(workflow_id[:8], e.event_id, e.event_type, e.ByteSize())
    assert events <= ONBOARDING_EVENTS, each
    assert size <= ONBOARDING_BYTES, each
