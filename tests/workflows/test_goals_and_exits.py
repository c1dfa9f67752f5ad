"""A goal or an exit is looked at in the moment of its event, wherever she stands, over the whole corp."""

from datetime import timedelta

import pytest

from domain.playbook import Frequency
from domain.policy import Policy
from tests.corp import Corp
from tests.workflows.conftest import CorpWith, playbook

pytestmark = pytest.mark.anyio

POLICY = Policy(
    default_playbook="small",
    window=timedelta(minutes=10),
    frequency=Frequency(most=5, per=timedelta(hours=1)),
)
BOOK = playbook(
    join_reminder=None,
    goals=[{"name": "到店", "event": "order_paid", "when": {"orders": {"least": 1}}}],
    exits=[{"reason": "退群", "event": "group_left"}],
    nurture=[{"send": {"text": "新品"}}, {"wait": "5d"}, {"send": {"text": "又有新品"}}],
)


async def _friend(corp: Corp) -> tuple[str, str]:
    she = await corp.newcomer()
    member_id = await corp.member(she)
    await corp.scan(she)
    await corp.until_logged(she, "message of small planned")
    return she, member_id


async def _statuses(corp: Corp, she: str) -> list[str]:
    return [touch.status for touch in await corp.touches(she)]


async def _pays(corp: Corp, member_id: str) -> None:
    await corp.do("till/orders", store_id="S002", member_id=member_id, amount_minor=2800)


async def _ended(corp: Corp, she: str, why: str) -> None:
    await corp.until_logged(she, "small ended")
    assert {line.what: line.reason for line in await corp.story(she)}["small ended"] == why


async def test_a_goal_stops_what_waits_for_its_window_or_for_a_tap(corp_with: CorpWith) -> None:
    async with corp_with(playbooks=[BOOK], policy=POLICY) as corp:
        asked, her_account = await _friend(corp)
        await corp.sleep(minutes=12)
        await corp.until(lambda: _statuses(corp, asked), ["tasked"])
        planned, her_other_account = await _friend(corp)
        for she, member_id in ((asked, her_account), (planned, her_other_account)):
            await _pays(corp, member_id)
            await _ended(corp, she, "goal reached: 到店")
        await corp.sleep(minutes=15)
        await corp.until(lambda: _statuses(corp, asked), ["cancelled"])
        await corp.street.confirm_all_tasks()
        await corp.sleep(minutes=10)
        for she in (asked, planned):
            assert [(t.status, t.rule) for t in await corp.touches(she)] == [("cancelled", "withdrawn")]
            assert [m["channel"] for m in await corp.received(she)] == ["welcome"]


async def test_an_exit_comes_in_the_middle_of_a_wait(corp_with: CorpWith) -> None:
    async with corp_with(playbooks=[BOOK], policy=POLICY) as corp:
        she, _ = await _friend(corp)
        await corp.join(she)
        await corp.sleep(minutes=12)
        await corp.street.confirm_all_tasks()
        await corp.sleep(days=1)
        await corp.do("leave", external_userid=she, chat_id=corp.groups["S002"])
        await corp.sleep(seconds=3)
        await _ended(corp, she, "退群")
        assert await _statuses(corp, she) == ["sent"]
