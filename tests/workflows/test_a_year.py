"""A year of one life with nothing but Temporal: through continue-as-new, to its parking, in about a second.

The year with its whole surroundings is in test_playbook.py; here activities answer at once, so that what is
exercised is the workflow alone, also without any cache: then every task replays the run from its start.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio import activity
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.lives import Done
from domain import addresses
from domain.customer import Entry
from domain.events import Event, EventKind
from domain.messages import (
    Arrival,
    Arrive,
    LifeStart,
    OpenedLife,
    OpenLife,
    Parked,
    ParkLife,
    SaveLife,
    Tagged,
    TagPair,
)
from domain.playbook import PinnedJourney
from domain.step_messages import PlannedTouch, PlanTouch
from domain.touches import TouchStatus
from tests.workflows.conftest import playbook
from workflows.customer_lifecycle import CustomerLifecycle

pytestmark = pytest.mark.anyio

MONTHS = 12
MONTHLY = [part for n in range(MONTHS) for part in ({"wait": "30d"}, {"send": {"text": f"第{n + 1}月"}})]
JOURNEY = playbook(nurture=[*MONTHLY, {"exit": "a year is over"}], join_reminder=None)


class Answers:
    """Activities under their real names that remember what they were asked."""

    def __init__(self) -> None:
        self.planned: list[str] = []
        self.parked: list[ParkLife] = []

    @activity.defn
    async def open_life(self, what: OpenLife) -> OpenedLife:
        return OpenedLife(park_after=timedelta(days=400))

    @activity.defn
    async def arrive(self, what: Arrive) -> Arrival:
        return Arrival(
            entry=Entry(),
            pinned=PinnedJourney(playbook="small", version="v", number=1, journey=JOURNEY.journey),
        )

    @activity.defn
    async def mark_tags(self, what: TagPair) -> Tagged:
        return Tagged(tagged=True)

    @activity.defn
    async def plan_touch(self, what: PlanTouch) -> PlannedTouch:
        self.planned.append(what.text)
        return PlannedTouch(status=TouchStatus.PLANNED)

    @activity.defn
    async def save_life(self, what: SaveLife) -> Done:
        return Done()

    @activity.defn
    async def park_life(self, what: ParkLife) -> Done:
        self.parked.append(what)
        return Done()

    @property
    def local(self) -> list[Callable[..., Any]]:
        return [self.open_life, self.arrive, self.plan_touch, self.save_life, self.park_life]


def _events() -> list[Event]:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    added = Event(id="1", kind=EventKind.FRIEND_ADDED, at=at, userid="li", has_code=True)
    greeted = Event(id="2", kind=EventKind.WELCOME_SETTLED, at=at, userid="li", outcome="sent")
    return [added, greeted]


@pytest.mark.parametrize("cached", [1000, 0], ids=["cache", "no cache"])
async def test_a_year_of_one_life(skipping: WorkflowEnvironment, cached: int) -> None:
    answers = Answers()
    journeys = Worker(
        skipping.client,
        task_queue=addresses.JOURNEYS,
        workflows=[CustomerLifecycle],
        activities=answers.local,
        max_cached_workflows=cached,
    )
    wecom = Worker(skipping.client, task_queue=addresses.WECOM, activities=[answers.mark_tags])
    async with journeys, wecom:
        added, greeted = _events()
        handle = await skipping.client.start_workflow(
            CustomerLifecycle.run,
            LifeStart(external_userid="wm1", renew_after_events=40),
            id="customer/wm1",
            task_queue=addresses.JOURNEYS,
            start_signal=addresses.HAPPENED,
            start_signal_args=[added],
        )
        await handle.signal(addresses.HAPPENED, greeted)
        first_run = handle.first_execution_run_id
        ended: Parked = await handle.result()
        last_run = (await skipping.client.get_workflow_handle("customer/wm1").describe()).run_id
    assert answers.planned == [f"第{n + 1}月" for n in range(MONTHS)]
    assert ended.stage == "ended"
    assert [p.state.stage for p in answers.parked] == ["ended"]
    assert last_run != first_run, "the life went through continue-as-new"
