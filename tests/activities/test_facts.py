"""Looking up what a playbook asks about her: the answer travels, the facts stay."""

from datetime import timedelta
from typing import Any

import pytest

from domain.events import FormName
from domain.playbook import Condition, Day, Wait
from domain.policy import Policy
from domain.questions import Answer, Experiment, Question, StageDay, Stages
from domain.stages import Stage
from domain.step_messages import LookUp
from domain.touches import Channel, TouchStatus
from integrations import pos
from storage import answers, member_links
from storage.tables import Exposure, Touch
from tests.activities.shop import START, Shop

pytestmark = pytest.mark.anyio


async def ask(shop: Shop, she: str, question: Question, **more: Any) -> Answer:
    fields = {"playbook": "coffee", "enrolment": 1, "stage": Stage.WELCOMED, "since": shop.clock()} | more
    what = LookUp(external_userid=she, question=question, **fields)
    return await shop.run(shop.activities.facts.look_up, what)


def cases(*conditions: dict[str, Any]) -> Question:
    return Question(cases=[Condition.model_validate(one) for one in conditions])


async def chosen(shop: Shop, she: str, *conditions: dict[str, Any], **more: Any) -> str | None:
    return (await ask(shop, she, cases(*conditions), **more)).chosen


async def told(shop: Shop, she: str, form: FormName, **what: Any) -> None:
    async with shop.database.transaction() as session:
        await answers.keep(session, she, form, what, digest=f"{she}{form}", now=shop.clock())


async def exposure(shop: Shop, she: str) -> Exposure:
    async with shop.database.transaction() as session:
        return await session.get_one(Exposure, (she, "words"))


async def test_what_she_bought_at_the_till_decides(shop: Shop) -> None:
    she = await shop.friend()
    member_id = await shop.member(she)
    async with shop.database.transaction() as session:
        await member_links.place(session, she, "generic", "external_userid", [member_id], START)
    line = {"product_id": "p", "name": "拿铁", "category": "拿铁", "paid": {"amount_minor": 2800}}
    for days in (1, 3):
        order_id = await shop.buys(member_id, days_ago=days, lines=[line], other_coupon_ids=["paper"])
        await shop.pushed(pos.EventKind.ORDER_PAID, order_id=order_id)
    found = await ask(shop, she, cases({"orders": {"least": 3}}, {"orders": {"least": 2}, "prefers": "拿铁"}))
    assert (found.chosen, found.why) == ("1", "orders ≥ 2 and prefers 拿铁")
    assert await chosen(shop, she, {"coupon_share": {"least": 1}}) == "0"
    assert await chosen(shop, she, {"store": "S002", "member": True, "reachable": "private"}) == "0"


async def test_what_only_her_life_knows_comes_with_the_question(shop: Shop) -> None:
    she = await shop.friend()
    assert await chosen(shop, she, {"stage": "back", "life_stage": "孕期"}) is None
    assert (
        await chosen(shop, she, {"stage": "back", "life_stage": "孕期"}, stage=Stage.BACK, life_stage="孕期")
        == "0"
    )


async def test_an_outcome_is_that_of_the_asking_enrolment(shop: Shop) -> None:
    she = await shop.friend()
    message: dict[str, Any] = {"external_userid": she, "playbook": "coffee", "enrolment": 1, "step": "hello"}
    sent: dict[str, Any] = {
        "channel": Channel.PRIVATE,
        "status": TouchStatus.SENT,
        "planned_at": shop.clock(),
    }
    await shop.put(Touch(key="t", **message, **sent))
    wanted = {"outcome": {"step": "hello", "was": "sent"}}
    assert await chosen(shop, she, wanted) == "0"
    assert await chosen(shop, she, wanted, enrolment=2) is None


async def test_a_day_of_hers_is_waited_for_and_never_told(shop: Shop) -> None:
    she = await shop.friend()
    question = Question(wait=Wait(day=Day(date="birthday", offset="-3d")))
    unknown = await ask(shop, she, question)
    assert (unknown.at, unknown.why) == (None, "birthday is not known")
    await told(shop, she, FormName.BIRTHDAY, month=5, day=20)
    found = await ask(shop, she, question)
    assert found.at is not None
    assert f"{found.at + timedelta(hours=8):%m-%d %H:%M}" == "05-17 00:00"
    assert found.why == "birthday -3d"


async def test_her_life_stage_and_when_the_next_one_begins(shop: Shop) -> None:
    she = await shop.friend()
    stages = [
        StageDay(stage="备孕"),
        StageDay(stage="孕期", begins=Day(date="due_date", offset="-280d")),
        StageDay(stage="宝宝", begins=Day(date="child_born")),
    ]
    question = Question(stages=Stages(stages=stages))
    assert (await ask(shop, she, question)).chosen == "备孕"
    await told(shop, she, FormName.DUE_DATE, due_date="2026-06-01", agreed=True)
    found = await ask(shop, she, question)
    assert found.chosen == "孕期"
    assert found.at is not None
    assert f"{found.at + timedelta(hours=8):%F %H:%M}" == "2026-06-01 00:00"


HALVES = Question(split=Experiment(name="words", shares={"a": 50, "b": 50}))


async def test_her_arm_is_on_record_and_stays_when_the_shares_change(shop: Shop) -> None:
    she = await shop.friend()
    first = await ask(shop, she, HALVES)
    row = await exposure(shop, she)
    assert (row.arm, row.playbook) == (first.chosen, "coffee")
    shop.clock.forward(days=30)
    other = "b" if first.chosen == "a" else "a"
    turned = Question(split=Experiment(name="words", shares={other: 99, str(first.chosen): 1}))
    again = await ask(shop, she, turned)
    assert (again.chosen, again.why) == (first.chosen, "experiment words, 1 %")
    assert (await exposure(shop, she)).at == row.at


async def test_an_arm_that_there_is_no_more_is_drawn_again(shop: Shop) -> None:
    she = await shop.friend()
    await ask(shop, she, HALVES)
    found = await ask(shop, she, Question(split=Experiment(name="words", shares={"c": 100})))
    assert found.chosen == "c"
    assert (await exposure(shop, she)).arm == "c"


async def test_her_tier_comes_along(shop: Shop) -> None:
    she = await shop.friend()
    shop.policy.tiers = {}
    assert (await ask(shop, she, HALVES)).tier is None
    tiers = {"reachable": {"reachable": "private"}, "everybody": {"member": False}}
    shop.policy.tiers = Policy.model_validate({"default_playbook": "coffee", "tiers": tiers}).tiers
    found = await ask(shop, she, HALVES)
    assert found.tier == "reachable"
    assert await chosen(shop, she, {"tier": "everybody"}) == "0"
