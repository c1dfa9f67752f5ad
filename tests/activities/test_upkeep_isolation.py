"""The sweep: neither a broken item nor a broken piece keeps anything else waiting."""

import logging
from datetime import timedelta
from typing import Any

import pytest
from temporalio.testing import ActivityEnvironment

from domain.customer import CustomerState
from domain.events import EventKind
from domain.messages import ParkLife, SweepStart
from storage import group_lives, group_profiles, inbound, lives, pictures, segments, tasks
from storage.tables import InboundEvent
from tests.activities.shop import Shop
from tests.activities.test_upkeep import delivered, left, planned, sweep

pytestmark = pytest.mark.anyio

PIECES = [
    (inbound, "waiting_subjects", "delivered"),
    (inbound, "waiting_members", None),
    (tasks, "orphans", "orphans"),
    (lives, "due_to_wake", "woken"),
    (pictures, "groups_to_renew", "media"),
    (segments, "with_segment", None),
    (group_lives, "to_start", "groups"),
    (group_profiles, "write_page", "profiles"),
]


async def one_of_everything(shop: Shop) -> None:
    """A fact to deliver, a batch without a task, a life to wake, and pictures that are too old."""
    she = await shop.friend()
    await left(shop, "customer/wm1")
    await planned(shop, she)
    state = CustomerState(external_userid=she, snapshots=1)
    due = shop.clock() + timedelta(days=1)
    await shop.run(shop.activities.lives.park_life, ParkLife(state=state, wake_at=due))
    shop.clock.forward(days=3)


async def broken(*args: Any, **options: Any) -> Any:
    raise RuntimeError("what a customer's row holds")


@pytest.mark.parametrize(("module", "query", "piece"), PIECES, ids=[query for _, query, _ in PIECES])
async def test_a_broken_piece_stops_no_other(
    shop: Shop,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    module: Any,
    query: str,
    piece: str | None,
) -> None:
    await one_of_everything(shop)
    monkeypatch.setattr(module, query, broken)
    with caplog.at_level(logging.WARNING):
        report = (await sweep(shop)).model_dump(exclude={"every"})
    counted = {name for name, count in report.items() if count}
    assert counted == {"delivered", "orphans", "woken", "media", "groups", "profiles"} - {piece}
    assert "RuntimeError" in caplog.text
    assert "row holds" not in caplog.text


async def test_a_batch_that_cannot_start_does_not_keep_the_others_waiting(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await planned(shop, await shop.friend())
    shop.clock.forward(minutes=31)
    second = await planned(shop, await shop.friend())
    shop.clock.forward(minutes=31)
    start = shop.courier.start_staff_task

    async def refuse_the_first(batch_id: int, delay: timedelta) -> None:
        await (broken() if batch_id == first else start(batch_id, delay))

    shop.courier.staff_tasks.clear()
    monkeypatch.setattr(shop.courier, "start_staff_task", refuse_the_first)
    assert (await sweep(shop)).orphans == 1
    assert shop.courier.staff_tasks == [second]


async def test_a_life_that_cannot_be_woken_does_not_keep_the_others_asleep(shop: Shop) -> None:
    friends = [await shop.friend() for _ in range(3)]
    due = shop.clock() + timedelta(days=1)
    for she in friends:
        state = CustomerState(external_userid=she, snapshots=1)
        await shop.run(shop.activities.lives.park_life, ParkLife(state=state, wake_at=due))
    shop.courier.broken_for.add(f"customer/{friends[1]}")
    shop.clock.forward(days=2)
    assert await shop.activities.upkeep.wake_due_lives() == 2
    shop.courier.broken_for.clear()
    shop.clock.forward(seconds=11)
    assert (await sweep(shop)).delivered == 1, "from then on it is a fact that waits"
    assert len(shop.courier.events(EventKind.WAKE)) == 3


async def test_a_wake_up_that_fails_for_ever_ends_the_round(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    she = await shop.friend()
    due = shop.clock() + timedelta(days=1)
    what = ParkLife(state=CustomerState(external_userid=she, snapshots=1), wake_at=due)
    await shop.run(shop.activities.lives.park_life, what)
    monkeypatch.setattr(inbound, "store", broken)
    shop.clock.forward(days=2)
    assert await shop.activities.upkeep.wake_due_lives() == 0


async def test_a_fact_that_cannot_be_read_holds_back_nothing(shop: Shop) -> None:
    for number, who in enumerate(("wm1", "wm1", "wm2")):
        await left(shop, f"customer/{who}", f"event-{number}")
    async with shop.database.transaction() as session:
        (await session.get_one(InboundEvent, 1)).body = {"event": {"kind": "of a later release"}}
    shop.clock.forward(seconds=11)
    assert (await sweep(shop)).delivered == 2
    assert delivered(shop) == [("customer/wm1", "event-1"), ("customer/wm2", "event-2")]
    async with shop.database.transaction() as session:
        assert (await session.get_one(InboundEvent, 1)).delivered_at is None, "a release that can may yet"


async def test_every_item_is_a_sign_of_life(shop: Shop) -> None:
    for number in range(3):
        await left(shop, f"customer/wm{number}", f"event-{number}")
    shop.clock.forward(days=3)
    beats: list[tuple[Any, ...]] = []
    env = ActivityEnvironment()
    env.on_heartbeat = lambda *details: beats.append(details)
    await env.run(shop.activities.upkeep.sweep, SweepStart())
    assert len(beats) == 18 + 3 + 2 + 2, "eighteen pieces, three facts, two pictures, two lives of groups"
