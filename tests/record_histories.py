"""`make histories`: records the stored histories anew, from the production workflows on the real server.

Until the first tagged release a change of the workflows re-records them (and says so in the CHANGELOG);
afterwards it uses a patch with a date, and these files stay.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from temporalio.client import WorkflowHistory

from domain.addresses import (
    campaign_id,
    group_id,
    staff_task_id,
    till_feed_id,
    till_walk_id,
    todo_workflow_id,
)
from domain.campaign import CampaignStatus
from domain.campaign_messages import OrderKind
from domain.customer import CommandKind
from domain.playbook import Frequency
from domain.policy import Policy, StaffTaskRhythm
from domain.todos import DONE
from storage.tables import TillWalk
from storage.till_walks import open_walk
from tests import engines
from tests.corp import Corp, running_corp
from tests.workflows import campaigns, test_todos
from tests.workflows.conftest import playbook
from tests.workflows.test_costs import welcome_of
from worker import start_sweep

FOLDER = Path(__file__).parent / "histories"
POLICY = Policy(
    default_playbook="small",
    window=timedelta(seconds=1),
    frequency=Frequency(most=9, per=timedelta(seconds=1)),
    staff_task=StaffTaskRhythm(
        poll_every=timedelta(seconds=1), remind_after=timedelta(seconds=2), expire_after=timedelta(seconds=4)
    ),
    park_after=timedelta(seconds=20),
    sweep_every=timedelta(seconds=1),
)
JOURNEY = playbook(
    join_reminder={"after": "2s", "text": "群里还有您的位置"},
    nurture=[{"wait": "1s"}, {"send": {"text": "一", "wait_for_delivery": True}}, {"wait": "1s"}],
    reactivation={
        "dormant_after": "4s",
        "steps": [
            {"coupon": {"template": "WIN10", "name": "10 元券"}},
            {"send": {"text": "券已到账"}},
            {"wait_for": {"event": "coupon_redeemed", "timeout": "15s"}},
        ],
    },
)


EVERY_STEP = playbook(
    join_reminder=None,
    tags=[{"when": {"member": True}, "tag": "会员"}],
    goals=[{"name": "复购", "event": "order_paid", "when": {"orders": {"least": 1}}}],
    exits=[{"reason": "谁也联系不上", "when": {"none": [{"reachable": ["private", "group"]}]}}],
    nurture=[
        {"branch": [{"when": {"orders": {"least": 9}}}, {"steps": [{"tag": {"add": "新客"}}]}]},
        {
            "split": {
                "experiment": "words",
                "arms": [
                    {
                        "arm": "a",
                        "share": 50,
                        "steps": [{"send": {"text": "甲", "channel": ["group", "private"]}}],
                    },
                    {
                        "arm": "b",
                        "share": 50,
                        "steps": [{"send": {"text": "乙", "channel": ["group", "private"]}}],
                    },
                ],
            }
        },
        {"notify_staff": {"title": "请回访新客", "text": "{{ customer.nickname }}刚加您"}},
        {"wait": {"day": {"date": "birthday", "offset": "-3d"}}},
        {"send": {"text": "生日快乐"}},
    ],
    life_stages=[
        {"stage": "备孕", "tag": "备孕", "steps": [{"wait": "1s"}, {"goto_stage": "孕期"}]},
        {
            "stage": "孕期",
            "begins": {"date": "due_date", "offset": "-280d"},
            "steps": [{"wait": "2s"}, {"send": {"text": "待产包"}}, {"wait": "60s"}],
        },
    ],
)


class Recorder:
    """Writes one file per history, named after what it shows."""

    def __init__(self, corp: Corp) -> None:
        self.corp = corp

    async def save(self, name: str, workflow_id: str, run_id: str | None = None) -> None:
        handle = self.corp.env.client.get_workflow_handle(workflow_id, run_id=run_id)
        history: WorkflowHistory = await handle.fetch_history()
        text = re.sub(r'"stackTrace": "(?:[^"\\]|\\.)*"', '"stackTrace": ""', history.to_json())
        (FOLDER / f"{name}.json").write_text(text + "\n", encoding="utf-8")  # no paths of this machine
        print(f"{name}: {len(history.events)} events")

    async def save_all_runs(self, name: str, workflow_id: str) -> None:
        """Every run of one id, oldest first: renewed, parked, revived."""
        await asyncio.sleep(1)  # the list of runs is a little late
        found = self.corp.env.client.list_workflows(f'WorkflowId = "{workflow_id}"')
        runs = sorted([(r.start_time, r.run_id) async for r in found])
        for number, (_, run_id) in enumerate(runs, start=1):
            await self.save(f"{name}_run_{number}", workflow_id, run_id)


@asynccontextmanager
async def _tapping(corp: Corp) -> AsyncIterator[None]:
    async def tap() -> None:
        while True:
            await corp.street.confirm_all_tasks()
            await asyncio.sleep(0.5)

    task = asyncio.create_task(tap())
    yield
    task.cancel()


async def whole_life(corp: Corp, recorder: Recorder) -> None:
    """Greeted, joined, nurtured, bought, dormant, won back, opted out; renewed on the way."""
    she = await corp.newcomer()
    member = await corp.member(she)
    life = f"customer/{she}"
    await corp.scan(she)
    await corp.until_logged(she, "tagged")
    await recorder.save("welcome_sent", await welcome_of(corp))
    await corp.join(she)
    await corp.until_stage(she, "joined")
    await recorder.save("group_read_once", f"group/{corp.groups['S002']}")
    async with _tapping(corp):
        await corp.until_logged(she, "stage dormant")
        await corp.until_logged(she, "coupon 10 元券 credited")
        [coupon] = (await corp.street.see("till"))["coupons"]
        await corp.do(
            "till/orders", member_id=member, store_id="S002", amount_minor=5, coupon_id=coupon["coupon_id"]
        )
        await corp.until_stage(she, "back")
    await corp.order(she, CommandKind.OPT_OUT, reason="recorded")
    await corp.until_stage(she, "opted_out")
    await recorder.save_all_runs("life_won_back", life)


async def unlucky(corp: Corp, recorder: Recorder) -> None:
    """Beaten by another app, falls back, is reminded; tags put off; nobody confirms; she leaves."""
    await corp.street.do("faults", api="externalcontact/mark_tag", kind="http_500", times=2)
    she = await corp.newcomer()
    userid = await corp.scan(she, other_app_first=True)
    await corp.until_logged(she, "fallback planned")
    [touch] = await corp.touches(she)
    await asyncio.sleep(8)  # reminded, expired
    await recorder.save("staff_task_expired", f"staff-task/{touch.batch_id}")
    await corp.do("delete", userid=userid, external_userid=she, by="customer")
    await corp.until_stage(she, "lost")
    await recorder.save_all_runs("life_lost", f"customer/{she}")


async def withdrawn(corp: Corp, recorder: Recorder) -> None:
    """Two in one task; one opts out before the employee taps."""
    friends = []
    for _ in range(2):
        she = await corp.newcomer()
        await corp.scan(she)
        friends.append(she)
    for she in friends:
        await corp.until_logged(she, "message of small planned")
    [nurture] = [t for t in await corp.touches(friends[0]) if "/nurture." in t.key]

    async def status() -> str:
        return str(next(t for t in await corp.touches(friends[0]) if "/nurture." in t.key).status)

    await corp.until(status, "tasked")
    await corp.order(friends[0], CommandKind.OPT_OUT, reason="recorded")
    await corp.until(status, "cancelled")
    async with _tapping(corp):
        await corp.env.client.get_workflow_handle(f"staff-task/{nurture.batch_id}").result()
    await recorder.save("staff_task_made_anew", f"staff-task/{nurture.batch_id}")


async def asked(corp: Corp, recorder: Recorder) -> None:
    """A to-do whose card is sent, and answered."""
    todo_id = await test_todos.want(corp)
    await test_todos.until_status(corp, todo_id, "sent")
    await test_todos.tap(corp, todo_id, DONE)
    await test_todos.until_status(corp, todo_id, "done")
    await corp.env.client.get_workflow_handle(todo_workflow_id(todo_id)).result()
    await recorder.save("todo_done", todo_workflow_id(todo_id))


async def every_step(corp: Corp, recorder: Recorder) -> None:
    """All kinds of steps; then the goal is reached and stops what is on its way."""
    she = await corp.newcomer()
    member = await corp.member(she)
    await corp.scan(she)
    await corp.until_logged(she, "life stage 孕期")
    await corp.until_logged(she, "message of small planned")
    await corp.do("till/orders", member_id=member, store_id="S002", amount_minor=5)
    await corp.until_logged(she, "goal 复购 reached")
    await asyncio.sleep(2)
    await recorder.save_all_runs("life_every_step", f"customer/{she}")


async def rolled_out(corp: Corp, recorder: Recorder) -> None:
    """A campaign whose first wave nobody confirms, so Moments show it; paused, resumed, told to go on."""
    own, other = [await corp.newcomer() for _ in range(2)]
    for she in (own, other):
        await corp.scan(she)
        await corp.until_logged(she, "tagged")
    rollout = [{"name": "own", "customers": [own], "confirm": True}, {"name": "all"}]
    name = await campaigns.started(
        corp, campaigns.campaign(rollout=rollout, backfill={"text": "会员周开始了"})
    )

    async def asks() -> bool:
        return any(wave.asks for wave in (await campaigns.progress(corp, name)).waves)

    await corp.until(asks)
    [missed] = await corp.touches(own, channel="moments")
    await corp.env.client.get_workflow_handle(staff_task_id(missed.batch_id or 0)).result()
    await recorder.save("staff_task_backfill", staff_task_id(missed.batch_id or 0))
    for kind in (OrderKind.PAUSE, OrderKind.RESUME):
        await campaigns.order(corp, name, kind)
    await asyncio.sleep(3)  # it looks once a second whether its wave is settled
    await campaigns.order(corp, name, OrderKind.GO)
    async with _tapping(corp):
        await campaigns.until_status(corp, name, CampaignStatus.FINISHED)
        await corp.env.client.get_workflow_handle(campaign_id(name)).result()
    await recorder.save("campaign_finished", campaign_id(name))


async def looked_after(corp: Corp, recorder: Recorder) -> None:
    """A group's first day: its life begins, looks, and waits for the next day."""
    chat_id = corp.groups["S002"]
    await corp.courier.start_group(chat_id)
    await asyncio.sleep(4)
    await recorder.save("group_looked_after", group_id(chat_id))


async def bought(corp: Corp, recorder: Recorder) -> None:
    """Two pushes that the feed reads again, and a walk through the products."""
    provider = corp.settings.pos_provider
    for amount in (2800, 1900):
        await corp.do("till/orders", store_id="S002", amount_minor=amount)
    await asyncio.sleep(3)
    await recorder.save("till_feed", till_feed_id(provider))
    walk = TillWalk(
        id=till_walk_id(provider, "products", "2026-11-23"),
        provider=provider,
        kind="products",
        started_at=corp.clock(),
    )
    async with corp.database.transaction() as session:
        await open_walk(session, walk)
    await corp.courier.start_till_walk(walk.id)
    await corp.env.client.get_workflow_handle(walk.id).result()
    await recorder.save("till_walk", walk.id)


async def sweeping(corp: Corp, recorder: Recorder) -> None:
    await start_sweep(corp.env.client)
    await asyncio.sleep(3)
    await recorder.save("sweep", "sweep")


SCENARIOS = (whole_life, unlucky, withdrawn, asked, every_step, rolled_out, looked_after, bought, sweeping)


async def record() -> None:
    """Every scenario on a corp of its own."""
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.json"):
        old.unlink()
    with engines.postgres() as postgres:
        for scenario in SCENARIOS:
            journey = EVERY_STEP if scenario is every_step else JOURNEY
            async with engines.real_server() as env:
                with engines.fresh_database(postgres) as url:
                    async with running_corp(
                        env, url, playbooks=[journey], policy=POLICY, renew_after_events=45
                    ) as corp:
                        await scenario(corp, Recorder(corp))


if __name__ == "__main__":
    asyncio.run(record())
