"""Playbooks walked by the production workflow: nurture, dormancy, reactivation, parking, years."""

from datetime import timedelta

import pytest

from domain.playbook import Frequency
from domain.policy import Policy
from tests.corp import Corp
from tests.workflows.conftest import CorpWith, playbook

pytestmark = pytest.mark.anyio

RELAXED = Policy(
    default_playbook="small",
    window=timedelta(minutes=10),
    frequency=Frequency(most=1, per=timedelta(hours=1)),
)
WINBACK = {
    "dormant_after": "30d",
    "steps": [
        {"coupon": {"template": "WIN10", "name": "10 元券"}},
        {"send": {"text": "券已到账", "priority": 80, "wait_for_delivery": True}},
        {"wait_for": {"event": "coupon_redeemed", "timeout": "14d"}},
    ],
}


async def _joined(corp: Corp, *, member: bool = True) -> tuple[str, str]:
    she = await corp.newcomer()
    member_id = await corp.member(she) if member else ""
    await corp.scan(she)
    await corp.until_logged(she, "tagged")
    await corp.join(she)
    await corp.until_stage(she, "joined")
    return she, member_id


async def _tap(corp: Corp) -> None:
    """The window closes, the employee confirms, the result is read."""
    await corp.sleep(minutes=15)
    await corp.street.confirm_all_tasks()
    await corp.sleep(minutes=10)


async def test_drifting_away_and_coming_back(corp_with: CorpWith) -> None:
    async with corp_with(playbooks=[playbook(reactivation=WINBACK)], policy=RELAXED) as corp:
        she, member = await _joined(corp)
        await corp.sleep(days=31)
        await corp.activities.upkeep.wake_due_lives()
        await corp.until_logged(she, "coupon 10 元券 credited")
        await _tap(corp)
        [coupon] = (await corp.street.see("till"))["coupons"]
        await corp.do(
            "till/orders",
            member_id=member,
            store_id="S002",
            amount_minor=500,
            coupon_id=coupon["coupon_id"],
        )
        await corp.until_stage(she, "back")
        assert [t.status for t in await corp.touches(she)] == ["sent"]


async def test_who_does_not_come_back_rests_until_her_next_order(corp_with: CorpWith) -> None:
    async with corp_with(playbooks=[playbook(reactivation=WINBACK)], policy=RELAXED) as corp:
        she, member = await _joined(corp)
        await corp.sleep(days=31)
        await corp.activities.upkeep.wake_due_lives()
        await corp.until_logged(she, "coupon 10 元券 credited")
        await _tap(corp)
        await corp.sleep(days=15)
        await corp.activities.upkeep.wake_due_lives()
        await corp.until_logged(she, "small rests")
        assert (await corp.state(she)) is not None, "she is parked"
        await corp.do("till/orders", member_id=member, store_id="S002", amount_minor=500)
        await corp.until_stage(she, "back")


async def test_orders_move_the_clock(corp_with: CorpWith) -> None:
    async with corp_with(playbooks=[playbook(reactivation=WINBACK)], policy=RELAXED) as corp:
        she, member = await _joined(corp)
        for _ in range(3):
            await corp.sleep(days=20)
            await corp.do("till/orders", member_id=member, store_id="S002", amount_minor=500)
            await corp.activities.upkeep.wake_due_lives()
        await corp.until_stage(she, "regular")
        assert not any(line.what == "stage dormant" for line in await corp.story(she))


async def test_day_1_and_day_3_people_get_only_their_own_content(corp_with: CorpWith) -> None:
    """peer-failures §3, check 19."""
    steps = [
        {"wait": "1d"},
        {"send": {"text": "第一天"}},
        {"wait": "2d"},
        {"send": {"text": "第三天"}},
    ]
    async with corp_with(playbooks=[playbook(nurture=steps)], policy=RELAXED) as corp:
        early, _ = await _joined(corp, member=False)
        await corp.sleep(days=1, minutes=30)
        await corp.street.confirm_all_tasks()
        await corp.sleep(hours=23, minutes=20)
        late, _ = await _joined(corp, member=False)
        await corp.sleep(days=1, minutes=30)  # early's day 3 and late's day 1 fall together
        await corp.street.confirm_all_tasks()
        await corp.sleep(minutes=30)
        mass = {
            she: [m["text"] for m in await corp.received(she) if m["channel"] == "single"]
            for she in (early, late)
        }
        assert mass == {early: ["第一天", "第三天"], late: ["第一天"]}


async def test_a_send_may_wait_for_its_delivery(corp_with: CorpWith) -> None:
    steps = [{"send": {"text": "第一", "wait_for_delivery": True}}, {"exit": "done"}]
    async with corp_with(playbooks=[playbook(nurture=steps)], policy=RELAXED) as corp:
        she, _ = await _joined(corp, member=False)
        await corp.sleep(hours=1)
        assert not any("ended" in line.what for line in await corp.story(she))
        await corp.street.confirm_all_tasks()
        await corp.sleep(minutes=5)
        await corp.until_logged(she, "small ended")


async def test_an_outcome_of_wait_for_chooses_its_branch(corp_with: CorpWith) -> None:
    steps = [
        {
            "wait_for": {
                "event": "order_paid",
                "timeout": "5d",
                "then": [{"exit": "bought"}],
                "otherwise": [{"exit": "did not buy"}],
            }
        }
    ]
    async with corp_with(playbooks=[playbook(nurture=steps)], policy=RELAXED) as corp:
        buyer, member = await _joined(corp)
        other, _ = await _joined(corp)
        await corp.do("till/orders", member_id=member, store_id="S002", amount_minor=500)
        await corp.until_logged(buyer, "small ended")
        await corp.sleep(days=6)
        await corp.until_logged(other, "small ended")
        ends = {
            she: next(line.reason for line in await corp.story(she) if line.what == "small ended")
            for she in (buyer, other)
        }
        assert ends == {buyer: "bought", other: "did not buy"}


async def test_editing_a_playbook_changes_nobody_inside(corp_with: CorpWith) -> None:
    before = playbook(nurture=[{"wait": "1d"}, {"send": {"text": "旧"}}])
    after = playbook(nurture=[{"wait": "1d"}, {"send": {"text": "新"}}])
    async with corp_with(playbooks=[before], policy=RELAXED) as corp:
        she, _ = await _joined(corp, member=False)
        await corp.publish(after)
        newer, _ = await _joined(corp, member=False)
        await corp.sleep(days=1, hours=1)
        await corp.street.confirm_all_tasks()
        await corp.sleep(minutes=30)
        texts = [
            [m["text"] for m in await corp.received(one) if m["channel"] == "single"] for one in (she, newer)
        ]
        assert texts == [["旧"], ["新"]]


@pytest.mark.parametrize("cached", [1000, 0], ids=["cache", "no cache"])
async def test_a_year_through_continue_as_new_and_parking(corp_with: CorpWith, cached: int) -> None:
    """Twelve months: a message a month, an order every second one, runs renewed and parked on the way."""
    monthly = [part for n in range(12) for part in ({"wait": "30d"}, {"send": {"text": f"第{n + 1}月"}})]
    journey = playbook(nurture=[*monthly, {"wait": "30d"}])
    options = {"max_cached_workflows": cached} if not cached else {}
    async with corp_with(playbooks=[journey], policy=RELAXED, renew_after_events=60, **options) as corp:
        she, member = await _joined(corp)
        for month in range(12):
            await corp.sleep(days=30, minutes=1)
            await corp.activities.upkeep.wake_due_lives()
            await corp.until(lambda: _planned(corp, she), month + 1)
            await _tap(corp)
            if month % 2:
                await corp.do("till/orders", member_id=member, store_id="S002", amount_minor=500)
                await corp.until(lambda: _orders(corp, she), (month + 1) // 2)
        texts = [m["text"] for m in await corp.received(she) if m["channel"] == "single"]
        assert texts == [f"第{n + 1}月" for n in range(12)]
        story = [line.what for line in await corp.story(she)]
        assert story.count("parked") >= 12, "her rests are longer than the policy keeps her in Temporal"
        assert story.count("order paid") == 6


async def _orders(corp: Corp, she: str) -> int:
    return sum(line.what == "order paid" for line in await corp.story(she))


async def _planned(corp: Corp, she: str) -> int:
    return len(await corp.touches(she))
