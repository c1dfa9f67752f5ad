"""A playbook with a control group, over the whole corp: the same way through it, with nothing on the way."""

from datetime import timedelta

import pytest

from domain.experiments import held_out
from domain.playbook import Frequency, Holdout
from domain.policy import Policy, StaffTaskRhythm
from tests.corp import Corp
from tests.workflows.conftest import CorpWith, playbook

pytestmark = pytest.mark.anyio

POLICY = Policy(
    default_playbook="small",
    window=timedelta(minutes=10),
    frequency=Frequency(most=5, per=timedelta(hours=1)),
    staff_task=StaffTaskRhythm(poll_every=timedelta(hours=8)),  # nobody confirms here
)
HALF = Holdout(experiment="worth", share=50)
STEPS = [
    {"coupon": {"template": "T5", "name": "五元券"}},
    {"notify_staff": {"title": "请回访"}},
    {"send": {"text": "新品", "coupon": {"template": "T8", "name": "八元券"}, "priority": 80}},
    {"wait": "1d"},
]


async def _member(corp: Corp, *, held: bool) -> str:
    while held_out(she := await corp.newcomer(), HALF) is not held:
        pass
    await corp.member(she)
    await corp.scan(she)
    return she


async def test_who_is_held_out_goes_the_same_way_and_gets_nothing_of_its_steps(corp_with: CorpWith) -> None:
    book = playbook(nurture=STEPS, holdout=HALF.model_dump(), limits={"priority": 70})
    async with corp_with(playbooks=[book], policy=POLICY) as corp:
        held, treated = await _member(corp, held=True), await _member(corp, held=False)
        for _ in range(4):
            await corp.sleep(days=1)
        stories = {}
        for she in (held, treated):
            await corp.until_logged(she, "small ended")
            stories[she] = {line.what: line.reason for line in await corp.story(she)}
            assert stories[she]["welcome sent"] is not None
        why = "she is in the control group of worth"
        mine = stories[held]
        assert (
            mine["coupon 五元券 refused"] == mine["coupon 八元券 refused"] == mine["to-do not planned"] == why
        )
        assert "coupon 五元券 credited" in stories[treated]
        assert stories[treated]["to-do planned"]
        assert [t.rule for t in await corp.touches(held)] == ["holdout", "holdout"]
        # The reminder has the priority of its playbook, and a message the one that it names itself.
        assert [t.priority for t in await corp.touches(treated)] == [70, 80]
