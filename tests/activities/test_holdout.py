"""The control group: who is in it gets nothing, it is on record before, and it does not change."""

import asyncio

import pytest
from sqlmodel import select

from domain.experiments import held_out
from domain.playbook import CouponStep, Frequency, Holdout, Limits, NotifyStaff
from domain.step_messages import GiveCoupon, Notify, PlannedTouch, PlanTouch
from domain.touches import TouchStatus
from storage.story import story
from storage.tables import Coupon, Exposure, Todo, Touch
from tests.activities.shop import Shop

pytestmark = pytest.mark.anyio

HALF = Holdout(experiment="worth", share=50)


def somebody(*, held: bool) -> str:
    """A customer who is, or is not, in the half that gets nothing."""
    return next(name for n in range(99) if held_out(name := f"wm{n}", HALF) is held)


async def plan(
    shop: Shop, customer: str, number: int = 1, holdout: Holdout | None = HALF, playbook: str = "tea"
) -> PlannedTouch:
    what = PlanTouch(
        key=f"{customer}/{playbook}/{number}",
        external_userid=customer,
        userid="li",
        text=f"第{number}条",
        playbook=playbook,
        enrolment=2,
        step="news",
        limits=Limits(frequency=Frequency(most=2)),
        holdout=holdout,
    )
    return await shop.run(shop.activities.touches.plan_touch, what)


async def exposures(shop: Shop) -> list[Exposure]:
    async with shop.database.transaction() as session:
        return list((await session.exec(select(Exposure))).all())


async def test_who_is_held_out_gets_nothing_and_the_ledger_says_why(shop: Shop) -> None:
    who = somebody(held=True)
    planned = await plan(shop, who)
    assert (planned.status, planned.rule, planned.batch_id) == (TouchStatus.REFUSED, "holdout", None)
    assert shop.courier.staff_tasks == []
    async with shop.database.transaction() as session:
        lines = [(line.what, line.reason) for line in await story(session, who)]
    assert lines[-1] == ("private tea/1: refused", "holdout: she is in the control group of worth")
    [exposure] = await exposures(shop)
    assert (exposure.external_userid, exposure.experiment, exposure.arm) == (who, "worth", "holdout")
    assert exposure.playbook == "tea"


async def test_who_is_treated_is_on_record_too_and_gets_it(shop: Shop) -> None:
    who = somebody(held=False)
    planned = await plan(shop, who)
    assert (planned.status, planned.rule) == (TouchStatus.PLANNED, None)
    assert [(e.external_userid, e.arm) for e in await exposures(shop)] == [(who, "treated")]
    async with shop.database.transaction() as session:
        touch = await session.get_one(Touch, f"{who}/tea/1")
    assert (touch.enrolment, touch.step) == (2, "news")
    assert touch.limits == Limits(frequency=Frequency(most=2)).model_dump(mode="json")


async def test_the_first_arm_stays_when_the_share_changes(shop: Shop) -> None:
    held, treated = somebody(held=True), somebody(held=False)
    first = [(await plan(shop, who)).rule for who in (held, treated)]
    at = {e.external_userid: e.at for e in await exposures(shop)}
    shop.clock.forward(days=3)
    nobody, everybody = HALF.model_copy(update={"share": 0}), HALF.model_copy(update={"share": 100})
    assert (await plan(shop, held, 2, nobody)).rule == "holdout"
    assert (await plan(shop, treated, 2, everybody)).rule is None
    assert first == ["holdout", None]
    assert {e.external_userid: e.at for e in await exposures(shop)} == at


async def test_the_same_message_planned_many_times_at_once_draws_once(shop: Shop) -> None:
    who = somebody(held=True)
    planned = await asyncio.gather(*(plan(shop, who, number) for number in (1, 2, 3)))
    assert {p.rule for p in planned} == {"holdout"}
    assert await plan(shop, who) == planned[0]
    assert len(await exposures(shop)) == 1


@pytest.mark.parametrize("held", [True, False])
async def test_who_is_held_out_gets_no_coupon_and_no_call_either(shop: Shop, held: bool) -> None:
    who = somebody(held=held)
    coupon = GiveCoupon(
        key=f"{who}/tea/c",
        external_userid=who,
        coupon=CouponStep(template="T5", name="五元券"),
        playbook="tea",
        holdout=HALF,
    )
    given = await shop.run(shop.activities.coupons.issue_coupon, coupon)
    notice = Notify(
        key=f"{who}/tea/n",
        external_userid=who,
        userid="li",
        notice=NotifyStaff(title="请回访", text="她很久没来了"),
        playbook="tea",
        holdout=HALF,
    )
    told = await shop.run(shop.activities.notices.notify_staff, notice)
    [exposure] = await exposures(shop)
    async with shop.database.transaction() as session:
        claimed = (await session.exec(select(Coupon))).all()
        todos = (await session.exec(select(Todo))).all()
    assert exposure.arm == ("holdout" if held else "treated")
    assert (given.held_out, told.told, len(todos)) == (held, not held, 0 if held else 1)
    assert bool(claimed) is not held
    if held:
        assert given.reason == told.reason == "she is in the control group of worth"


async def test_without_a_control_group_nothing_is_drawn(shop: Shop) -> None:
    assert (await plan(shop, somebody(held=True), holdout=None)).status is TouchStatus.PLANNED
    assert await exposures(shop) == []
