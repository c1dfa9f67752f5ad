"""Operators' orders to one life, awake or parked."""

import asyncio
from datetime import timedelta

import pytest

from domain.customer import Command, CommandKind
from domain.policy import Policy
from starter import lifelines
from starter.runtime import CommandFailed
from tests.corp import Corp
from tests.workflows.conftest import CorpWith, playbook

pytestmark = pytest.mark.anyio

POLICY = Policy(default_playbook="small", window=timedelta(minutes=10))
STEPS = [{"wait": "1d"}, {"send": {"text": "一"}}, {"wait": "3d"}, {"send": {"text": "二"}}]


async def _friend(corp: Corp) -> str:
    she = await corp.newcomer()
    await corp.scan(she)
    await corp.until_logged(she, "tagged")
    await corp.join(she)
    await corp.until_stage(she, "joined")
    return she


async def test_a_paused_customer_gets_nothing_until_she_is_resumed(corp_with: CorpWith) -> None:
    async with corp_with(playbooks=[playbook(nurture=STEPS)], policy=POLICY) as corp:
        she = await _friend(corp)
        await corp.order(she, CommandKind.PAUSE)
        await corp.sleep(days=3)
        assert await corp.touches(she) == []
        await corp.order(she, CommandKind.RESUME)
        await corp.until_logged(she, "message of small planned")


async def test_skip_leaves_the_current_step(corp_with: CorpWith) -> None:
    async with corp_with(playbooks=[playbook(nurture=STEPS)], policy=POLICY) as corp:
        she = await _friend(corp)
        answer = await corp.order(she, CommandKind.SKIP, playbook="small")
        assert answer.answer == "skipped nurture.0"
        await corp.until_logged(she, "message of small planned")


async def test_exit_ends_the_journey_and_cancels_what_is_planned(corp_with: CorpWith) -> None:
    async with corp_with(playbooks=[playbook(nurture=STEPS)], policy=POLICY) as corp:
        she = await _friend(corp)
        await corp.sleep(days=1, seconds=5)
        await corp.until_logged(she, "message of small planned")
        await corp.order(she, CommandKind.EXIT, reason="test")
        assert await corp.stage_of(she) == "ended"
        [touch] = await corp.touches(she)
        assert (touch.status, touch.rule) == ("cancelled", "withdrawn")


async def test_an_opt_out_is_on_record_before_it_is_answered_and_recalls_a_task(corp_with: CorpWith) -> None:
    async with corp_with(playbooks=[playbook(nurture=STEPS)], policy=POLICY) as corp:
        she, other = await _friend(corp), await _friend(corp)
        await corp.sleep(days=1, minutes=15)  # both are in one task that nobody has confirmed
        await corp.until(lambda: _status(corp, she), "tasked")
        await corp.order(she, CommandKind.OPT_OUT, reason="she asked")
        assert (await corp.customer(she)).opted_out_at is not None
        await corp.sleep(minutes=2)
        await corp.until(lambda: _status(corp, she), "cancelled")
        await corp.street.confirm_all_tasks()
        await corp.sleep(minutes=5)
        assert await _status(corp, other) == "sent"
        assert [m["channel"] for m in await corp.received(she)] == ["welcome"]
        assert [m["text"] for m in await corp.received(other) if m["channel"] == "single"] == ["一"]


async def test_a_parked_life_is_revived_by_an_order(corp_with: CorpWith) -> None:
    async with corp_with(playbooks=[playbook(nurture=[{"wait": "60d"}])], policy=POLICY) as corp:
        she = await _friend(corp)
        await corp.until_logged(she, "parked")
        await corp.order(she, CommandKind.OPT_OUT, reason="she asked")
        assert await corp.stage_of(she) == "opted_out"


async def test_the_same_order_twice_is_one_order(corp_with: CorpWith) -> None:
    async with corp_with(playbooks=[playbook(nurture=STEPS)], policy=POLICY) as corp:
        she = await _friend(corp)
        command = Command(id="once", kind=CommandKind.SKIP, by="tester", playbook="small")
        first = await lifelines.order(corp.env.client, she, command)
        second = await lifelines.order(corp.env.client, she, command)
        assert first == second
        assert sum(line.what == "skip by tester" for line in await corp.story(she)) <= 1


async def test_an_exit_without_a_reason_is_refused(corp_with: CorpWith) -> None:
    async with corp_with(playbooks=[playbook(nurture=STEPS)], policy=POLICY) as corp:
        she = await _friend(corp)
        with pytest.raises(CommandFailed, match="needs a reason"):
            await corp.order(she, CommandKind.EXIT)


async def _status(corp: Corp, she: str) -> str:
    touches = await corp.touches(she)
    return str(touches[0].status) if touches else "none"


async def test_an_order_that_meets_parking_is_answered(corp_with: CorpWith) -> None:
    """It came while WeCom kept the loop busy, and nothing else is due: the loop must not wait for it."""
    async with corp_with(playbooks=[playbook(nurture=[{"wait": "60d"}])], policy=POLICY) as corp:
        await corp.street.do("faults", api="externalcontact/mark_tag", kind="http_500", times=3)
        she = await corp.newcomer()
        await corp.scan(she)
        await corp.until(lambda: _called(corp, "externalcontact/mark_tag"))
        assert (await corp.order(she, CommandKind.PAUSE)).answer.startswith("paused")
        await corp.order(she, CommandKind.OPT_OUT, reason="she asked")
        assert (await corp.customer(she)).opted_out_at is not None


async def test_an_order_that_meets_continue_as_new_is_answered(corp_with: CorpWith) -> None:
    async with corp_with(playbooks=[playbook(nurture=STEPS)], policy=POLICY, renew_after_events=1) as corp:
        she = await _friend(corp)
        for _ in range(3):
            await corp.order(she, CommandKind.PAUSE)
            await corp.order(she, CommandKind.RESUME)
        await corp.sleep(days=1, seconds=5)
        await corp.until_logged(she, "message of small planned")


async def test_what_happens_while_she_is_being_parked_is_in_the_next_snapshot(corp_with: CorpWith) -> None:
    async with corp_with(playbooks=[playbook(nurture=[{"wait": "60d"}])], policy=POLICY) as corp:
        she = await corp.newcomer()
        member = await corp.member(she)
        await corp.scan(she)
        await corp.until_logged(she, "tagged")
        await corp.join(she)
        await corp.until_logged(she, "parked")
        for _ in range(4):  # each order revives her and a redemption or the next order meets the parking
            await asyncio.gather(
                *(
                    corp.street.do("till/orders", member_id=member, store_id="S002", amount_minor=5)
                    for _ in range(3)
                )
            )
            await corp.world.drain()
        await corp.until(lambda: _orders_in_snapshot(corp, she), 12)


async def _orders_in_snapshot(corp: Corp, she: str) -> int:
    state = await corp.state(she)
    return state.orders if state else 0


async def _called(corp: Corp, api: str) -> bool:
    return api in (await corp.street.see("calls"))["counts"]
