"""What a life costs in Temporal, in events and bytes, on the real server: counts, so they may be asserted."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select
from temporalio.testing import WorkflowEnvironment

from domain.addresses import welcome_id
from domain.playbook import Frequency
from domain.policy import Policy, StaffTaskRhythm
from playbooks.loader import load_playbook
from settings import ROOT
from storage.tables import GroupMember, InboundEvent
from tests.corp import Corp, running_corp
from tests.workflows.conftest import playbook

pytestmark = pytest.mark.anyio

ONBOARDING_EVENTS = 55
ONBOARDING_BYTES = 12_000
SEND_WAIT_SEND_EVENTS = 25
STAFF_TASK_EVENTS = 35
SECONDS = Policy(
    default_playbook="small",
    window=timedelta(seconds=1),
    frequency=Frequency(most=9, per=timedelta(seconds=1)),
    staff_task=StaffTaskRhythm(poll_every=timedelta(seconds=1)),
)


@pytest.fixture
async def real_corp(server: WorkflowEnvironment, database_url: str) -> AsyncIterator[Corp]:
    coffee = load_playbook(ROOT / "playbooks" / "coffee-welcome.yaml")
    async with running_corp(server, database_url, playbooks=[coffee]) as corp:
        yield corp


async def cost(corp: Corp, *workflow_ids: str) -> tuple[int, int, dict[str, int]]:
    """Events, bytes of all events as protobuf, and events by workflow."""
    events, size, each = 0, 0, {}
    for workflow_id in workflow_ids:
        history: Any = await corp.history(workflow_id)
        each[workflow_id.split("/")[0]] = len(history.events)
        events += len(history.events)
        size += sum(event.ByteSize() for event in history.events)
    return events, size, each


async def welcome_of(corp: Corp) -> str:
    """The id of the only greeting, made as the gateway made it."""
    async with corp.database.transaction() as session:
        rows = (await session.exec(select(InboundEvent))).all()
    [row] = [r for r in rows if r.body.get("welcome_code")]
    customer = (row.subject or "").removeprefix("customer/")
    return welcome_id(row.body["event"]["userid"], customer, row.body["welcome_code"])


async def test_an_onboarding_costs_at_most_55_events_and_12_kb(real_corp: Corp) -> None:
    """Friend added → welcomed → tagged → joined, over all its workflows."""
    corp = real_corp
    # The group's own creation has been read, so that its next run belongs to her join alone.
    await corp.env.client.get_workflow_handle(f"group/{corp.groups['S002']}").result()
    she = await corp.newcomer()
    await corp.scan(she)
    await corp.until_logged(she, "tagged")
    await corp.join(she)
    await corp.until_stage(she, "joined")
    ids = [f"customer/{she}", await welcome_of(corp), f"group/{corp.groups['S002']}"]
    events, size, each = await cost(corp, *ids)
    print(f"\nonboarding: {events} events {each}, {size} bytes")
    assert events <= ONBOARDING_EVENTS, each
    assert size <= ONBOARDING_BYTES, each


async def test_a_send_wait_send_pair_adds_at_most_25_events(
    server: WorkflowEnvironment, database_url: str
) -> None:
    pair = [
        {"wait": "2s"},
        {"send": {"text": "一"}},
        {"wait": "2s"},
        {"send": {"text": "二"}},
        {"wait": "1d"},
    ]
    async with running_corp(server, database_url, playbooks=[playbook(nurture=pair)], policy=SECONDS) as corp:
        she = await corp.newcomer()
        await corp.scan(she)
        await corp.until_logged(she, "tagged")
        await corp.join(she)
        await corp.until_stage(she, "joined")
        before, _, _ = await cost(corp, f"customer/{she}")
        await corp.until(lambda: _planned(corp, she), 2)
        after, _, _ = await cost(corp, f"customer/{she}")
        print(f"\nsend, wait, send: {after - before} events more")
        assert after - before <= SEND_WAIT_SEND_EVENTS
        [first, _] = await corp.touches(she)
        await corp.until(lambda: _tapped(corp))
        await corp.env.client.get_workflow_handle(f"staff-task/{first.batch_id}").result()
        events, size, _ = await cost(corp, f"staff-task/{first.batch_id}")
        print(f"one confirmed task: {events} events, {size} bytes, whatever the number of recipients")
        assert events <= STAFF_TASK_EVENTS


async def test_a_burst_of_joins_is_read_in_a_few_reads(real_corp: Corp) -> None:
    corp = real_corp
    people = [await corp.newcomer(f"客{n}") for n in range(20)]
    for she in people:
        await corp.street.do("join", external_userid=she, config_id=corp.join_ways["S002"])
    await corp.world.drain()
    await corp.until(lambda: _members(corp), len(people))
    calls = (await corp.street.see("calls"))["counts"]
    print(f"\n{len(people)} joins: {calls['externalcontact/groupchat/get']} reads")
    assert calls["externalcontact/groupchat/get"] <= 4


async def _tapped(corp: Corp) -> bool:
    return await corp.street.confirm_all_tasks() > 0


async def _planned(corp: Corp, she: str) -> int:
    return len(await corp.touches(she))


async def _members(corp: Corp) -> int:
    async with corp.database.transaction() as session:
        query = select(GroupMember).where(GroupMember.chat_id == corp.groups["S002"])
        return len((await session.exec(query)).all())
