"""M37: what is of use for three hours is sent within them or not at all; and nothing is put off for ever."""

from datetime import datetime, time, timedelta

import pytest
from sqlmodel import col, update

from domain.hours import QuietHours
from domain.touches import Content, TouchStatus
from storage import verdicts
from storage.tables import Customer, Employee, Store, Touch
from tests.storage.chain import LATER, NOON, POLICY, Chain

pytestmark = pytest.mark.anyio

SOON = Content(text="您刚看的那款还有", within=timedelta(hours=3))
THREE_HOURS = NOON + timedelta(hours=3)
NAP = QuietHours(start=time(11), end=time(16))


async def plan(chain: Chain, send_by: datetime = THREE_HOURS, **more: object) -> Touch:
    await chain.befriend("wm1", "chen", "li")
    return await chain.plan("wm1", content=SOON, send_by=send_by, key="k", **more)  # type: ignore[arg-type]


async def ends(chain: Chain, touch: Touch, now: datetime = LATER) -> datetime:
    batch = await chain.batch(touch.batch_id)
    async with chain.database.transaction() as session:
        return await verdicts.task_ends(session, batch, "Asia/Shanghai", chain.policy, now)


async def test_its_window_is_an_ordinary_one_while_there_is_time(chain: Chain) -> None:
    touch = await plan(chain)
    other = await chain.plan("wm2", content=Content(text="else"))
    windows = {(await chain.batch(t.batch_id)).window_ends_at for t in (touch, other)}
    assert len(windows) == 1


async def test_it_takes_a_nearer_window_so_that_half_of_its_time_is_the_employees(chain: Chain) -> None:
    touch = await plan(chain, NOON + timedelta(minutes=2))
    batch = await chain.batch(touch.batch_id)
    assert NOON <= batch.window_ends_at <= NOON + timedelta(minutes=1)


async def test_its_task_ends_when_it_is_of_no_use_any_more(chain: Chain) -> None:
    touch = await plan(chain)
    await chain.flush(touch.batch_id)
    assert await ends(chain, touch) == THREE_HOURS


async def test_it_shares_no_task_with_what_has_more_time(chain: Chain) -> None:
    touch = await plan(chain)
    other = await chain.plan("wm2", content=SOON.model_copy(update={"within": None}))
    assert other.batch_id != touch.batch_id
    assert await ends(chain, other, NOON) == NOON + POLICY.staff_task.expire_after


async def test_who_would_have_to_wait_too_long_is_told_so_at_once(chain: Chain) -> None:
    chain.policy = POLICY.model_copy(update={"quiet_hours": NAP})
    touch = await plan(chain)
    assert (touch.status, touch.rule, touch.batch_id) == (TouchStatus.REFUSED, "too_late", None)
    assert touch.reason == "of no use after 2026-03-02 15:00"


async def test_a_window_that_closes_too_late_refuses_it(chain: Chain) -> None:
    touch = await plan(chain)
    await chain.flush(touch.batch_id, THREE_HOURS)
    late = await chain.touch("k")
    assert (late.status, late.rule, late.settled_at) == (TouchStatus.REFUSED, "too_late", THREE_HOURS)


async def test_a_new_employee_has_no_more_time_than_the_old_one(chain: Chain) -> None:
    touch = await plan(chain, NOON + timedelta(hours=1))
    async with chain.database.transaction() as session:
        await session.exec(update(Employee).where(col(Employee.userid) == "chen").values(active=False))
    await chain.flush(touch.batch_id)
    moved = await chain.touch("k")
    assert (moved.status, moved.userid, moved.put_off_since) == (TouchStatus.PLANNED, "li", LATER)
    assert (moved.rule, moved.reason) == ("moved", "to the next window of li")
    assert (await chain.batch(moved.batch_id)).window_ends_at < NOON + timedelta(hours=1)


async def test_two_clocks_that_never_agree_put_nothing_off_for_ever(chain: Chain) -> None:
    """It is quiet at the employee's store by day, and at the customer's by night."""
    async with chain.database.transaction() as session:
        session.add(Store(id="far", name="far", zone="America/New_York"))
    nights, patience = QuietHours(start=time(18), end=time(8)), timedelta(days=2)
    chain.policy = POLICY.model_copy(update={"quiet_hours": nights, "give_up_after": patience})
    await chain.befriend("wm1", "chen")
    async with chain.database.transaction() as session:
        await session.exec(update(Customer).values(store_id="far"))
    touch, now = await chain.plan("wm1", key="k"), NOON
    windows = 0
    while touch.status == TouchStatus.PLANNED:
        now = (await chain.batch(touch.batch_id)).window_ends_at
        await chain.flush(touch.batch_id, now)
        touch, windows = await chain.touch("k"), windows + 1
    assert (touch.status, touch.rule) == (TouchStatus.REFUSED, "given_up")
    assert touch.reason == "put off again and again for 2d, now by quiet_hours: nobody waits for it any more"
    assert patience <= now - NOON < patience + timedelta(days=1)
    assert windows > 10
