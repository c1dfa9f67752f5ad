"""All kinds of steps in one life, with and without a cache, its runs renewed on the way."""

from datetime import timedelta

import pytest
from sqlmodel import col, select

from domain.addresses import customer_id
from domain.playbook import Frequency
from domain.policy import Policy, StaffTaskRhythm
from storage.tables import Exposure, Todo
from tests.corp import Corp
from tests.workflows.conftest import CorpWith, playbook
from tests.workflows.test_steps_of_a_playbook import send, tell_due_date, texts

pytestmark = pytest.mark.anyio

POLICY = Policy(
    default_playbook="small",
    window=timedelta(minutes=10),
    frequency=Frequency(most=1, per=timedelta(hours=1)),
    quiet_hours=None,
    park_after=timedelta(days=400),  # one chain of runs, all of which can be read
    staff_task=StaffTaskRhythm(poll_every=timedelta(hours=8)),  # nobody confirms here
)
ARM = [{"tag": {"add": "试验"}}, {"wait": "2h"}, send("问候")]
EVERYTHING = playbook(
    welcome={"text": "{{ customer.nickname }}，您好\n{{ forms.due_date }}"},
    join_reminder=None,
    tags=[{"when": {"answered": ["due_date"]}, "tag": "留了预产期"}],
    goals=[{"name": "复购", "event": "order_paid", "when": {"orders": {"least": 2}}}],
    exits=[{"reason": "联系不上", "when": {"none": [{"reachable": ["private"]}]}}],
    nurture=[
        {"branch": [{"when": {"orders": {"least": 9}}}, {"steps": [{"tag": {"add": "新客"}}]}]},
        {
            "split": {
                "experiment": "words",
                "arms": [{"arm": a, "share": 50, "steps": ARM} for a in ("a", "b")],
            }
        },
        {"notify_staff": {"title": "请回访新客", "text": "{{ customer.nickname }}刚加您"}},
        {"wait": {"duration": "2h", "until": "10:00"}},
    ],
    life_stages=[
        {"stage": "备孕", "tag": "备孕", "steps": [{"wait": "2d"}, send("备孕知识"), {"wait": "300d"}]},
        {
            "stage": "孕期",
            "begins": {"date": "due_date", "offset": "-280d"},
            "tag": "孕期",
            "steps": [{"wait": "1d"}, send("待产包"), {"wait": "1d"}, {"goto_stage": "宝宝"}],
        },
        {"stage": "宝宝", "begins": {"date": "child_born"}, "steps": [{"wait": "1d"}, send("恭喜")]},
    ],
)
NICKNAME = "隐秘的名字"


async def _planned(corp: Corp, she: str) -> int:
    return len(await corp.touches(she))


@pytest.mark.parametrize("cached", [1000, 0], ids=["cache", "no cache"])
async def test_every_step_through_continue_as_new(corp_with: CorpWith, cached: int) -> None:
    """Every run is short, so that each part of the state travels from run to run in the middle of things."""
    options = {} if cached else {"max_cached_workflows": 0}
    async with corp_with(playbooks=[EVERYTHING], policy=POLICY, renew_after_events=12, **options) as corp:
        she = await corp.newcomer(NICKNAME)
        await corp.scan(she)
        await corp.until_logged(she, "welcome sent")
        await corp.sleep(hours=3)
        await corp.until_logged(she, "to-do planned")
        await corp.sleep(days=2)
        await corp.until_logged(she, "life stage 备孕")
        await corp.sleep(days=3)
        await corp.until(lambda: _planned(corp, she), 2)
        due = (corp.clock() + timedelta(days=100)).date()
        await tell_due_date(corp, she, due)
        await corp.until_logged(she, "life stage 孕期")
        await corp.sleep(days=2)
        await corp.until(lambda: _planned(corp, she), 3)
        await corp.sleep(days=2)
        await corp.until_logged(she, "life stage 宝宝")
        await corp.sleep(days=2)
        await corp.until_logged(she, "small ended")
        await _nothing_is_lost_or_done_twice(corp, she)
        runs = await _histories(corp, she)
        assert len(runs) > 5, "continued as new on the way"
        assert any("待产包" in run for run in runs), "what is searched is readable"
        for personal in (NICKNAME, due.isoformat(), f"{due.year}年{due.month}月"):
            assert not [run for run in runs if personal in run], "no personal data in a history"


async def _nothing_is_lost_or_done_twice(corp: Corp, she: str) -> None:
    assert await texts(corp, she) == ["问候", "备孕知识", "待产包", "恭喜"]
    told = [line.what for line in await corp.story(she)]
    for once in ("life stage 备孕", "life stage 孕期", "life stage 宝宝", "to-do planned", "small ended"):
        assert told.count(once) == 1, told
    async with corp.database.transaction() as session:
        assert await session.get(Exposure, (she, "words"))
        todos = (await session.exec(select(Todo).where(col(Todo.external_userid) == she))).all()
    assert len(todos) == 1


async def _histories(corp: Corp, she: str) -> list[str]:
    """Every run of her life as text, the latest first. Payloads are in the clear: tests have no key."""
    client, found = corp.env.client, []
    run_id: str | None = (await client.get_workflow_handle(customer_id(she)).describe()).run_id
    while run_id:
        history = await client.get_workflow_handle(customer_id(she), run_id=run_id).fetch_history()
        found.append(
            b"\n".join(event.SerializeToString() for event in history.events).decode("utf-8", "replace")
        )
        started = history.events[0].workflow_execution_started_event_attributes
        run_id = started.continued_execution_run_id or None
    return found
