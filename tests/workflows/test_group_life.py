"""The life of a group in the whole corp: its calendar is told, its members stay true, twelve events a day."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from sqlmodel import select
from temporalio.testing import ActivityEnvironment

from domain.messages import SweepStart
from domain.playbook import Frequency
from domain.policy import GroupKind, Policy, StaffTaskRhythm
from storage.tables import Employee, Group, GroupMember, GroupPlan, Store, Todo, Touch
from tests.corp import Corp
from tests.workflows.conftest import CorpWith

pytestmark = pytest.mark.anyio

GET = "externalcontact/groupchat/get"
EVENTS_A_DAY = 12
POLICY = Policy(
    default_playbook="coffee-welcome",
    window=timedelta(minutes=10),
    frequency=Frequency(most=9, per=timedelta(hours=1)),
    groups={"store": GroupKind(frequency=Frequency(most=1, per=timedelta(hours=20)))},
    staff_task=StaffTaskRhythm(poll_every=timedelta(minutes=30)),
)
CALENDAR = """
    kind: store
    title: 门店群
    purpose: 记得这家店
    repeat_after: 1d
    entries:
      - {id: daily, every: 1, at: "10:00", content: knowledge, messages: [{text: 甲}, {text: 乙}]}
"""


def calendar(folder: Path, text: str = CALENDAR) -> Path:
    (folder / "groups").mkdir(exist_ok=True)
    (folder / "groups" / "store.yaml").write_text(dedent(text), encoding="utf-8")
    return folder


async def sweep(corp: Corp) -> Any:
    await corp.clock.look()
    return await ActivityEnvironment().run(corp.activities.upkeep.sweep, SweepStart())


async def begin(corp: Corp, start: Callable[[str], Awaitable[None]] | None = None) -> str:
    """Its creation has been read; then the sweep starts its life, or whoever else is to."""
    chat_id = corp.groups["S002"]
    await corp.env.client.get_workflow_handle(f"group/{chat_id}").result()
    await (start(chat_id) if start else sweep(corp))

    async def looked() -> bool:
        return (await row(corp, chat_id)).next_at is not None

    await corp.until(looked)
    return chat_id


async def row(corp: Corp, chat_id: str) -> Group:
    async with corp.database.transaction() as session:
        return await session.get_one(Group, chat_id)


async def told(corp: Corp, chat_id: str) -> list[Touch]:
    async with corp.database.transaction() as session:
        query = select(Touch).where(Touch.chat_id == chat_id, Touch.channel == "group")
        return sorted((await session.exec(query)).all(), key=lambda touch: touch.planned_at)


async def days(corp: Corp, number: int) -> None:
    """Time passes; employees confirm within the hour what they are given."""
    for _ in range(number * 24):
        await corp.sleep(hours=1)
        await corp.street.confirm_all_tasks()


async def test_m21_a_groups_calendar_is_told_once_a_day_and_never_twice(
    corp_with: CorpWith, tmp_path: Path
) -> None:
    async with corp_with(policy=POLICY, calendars=calendar(tmp_path)) as corp:
        chat_id = await begin(corp)
        she = await corp.newcomer()
        await corp.join(she)
        await days(corp, 4)
        touches = [touch for touch in await told(corp, chat_id) if touch.status == "sent"]
        assert 3 <= len(touches) <= 5, "four days, which may begin just before the hour of the calendar"
        texts = [m["text"] for m in await corp.received(she) if m["channel"] == "group"]
        assert 3 <= len(texts) <= 5
        assert all({one, other} == {"甲", "乙"} for one, other in pairwise(texts)), "they take turns"
        async with corp.database.transaction() as session:
            plans = (
                await session.exec(select(GroupPlan.key).where(GroupPlan.playbook == "groups/store"))
            ).all()
        keys = [key for key in plans if chat_id in key]
        assert len(keys) == len({key.rsplit("/", 1)[1] for key in keys}), "one a day"
        assert {touch.playbook for touch in touches} == {"groups/store"}


async def length(corp: Corp, chat_id: str) -> int:
    return len((await corp.history(f"group/{chat_id}")).events)


@pytest.mark.parametrize("has_calendar", [True, False])
async def test_a_day_of_a_group_costs_twelve_events_and_one_read(
    corp_with: CorpWith, tmp_path: Path, has_calendar: bool
) -> None:
    folder = calendar(tmp_path) if has_calendar else None
    async with corp_with(policy=POLICY, calendars=folder) as corp:
        chat_id = await begin(corp)
        await corp.sleep(days=1)
        await corp.until(lambda: length(corp, chat_id), await length(corp, chat_id))
        before, calls = await length(corp, chat_id), corp.world.traffic.counts[GET]
        for _ in range(7):
            await corp.sleep(days=1)
        await corp.until(lambda: _settled(corp, chat_id))
        events = await length(corp, chat_id) - before
        print(f"\na day of a group: {events / 7:.1f} events, calendar: {has_calendar}")
        assert 7 <= events <= 7 * EVENTS_A_DAY
        assert corp.world.traffic.counts[GET] - calls == 7 * len(corp.groups), "each group once a day"


async def _settled(corp: Corp, chat_id: str) -> bool:
    """Nothing of it is under way: the last thing that happened is that it went to sleep."""
    last = (await corp.history(f"group/{chat_id}")).events[-1]
    return bool(last.timer_started_event_attributes.timer_id)


async def test_whom_no_callback_told_of_is_found_by_a_daily_look(corp_with: CorpWith) -> None:
    async with corp_with(policy=POLICY) as corp:
        chat_id = await begin(corp)
        she = await corp.newcomer()
        await corp.scan(she)
        await corp.street.do("callbacks", drop_rate=1.0)
        await corp.street.do("join", external_userid=she, config_id=corp.join_ways["S002"])
        await corp.world.drain()
        await corp.street.do("callbacks", drop_rate=0.0)
        assert she in corp.world.groups.known(chat_id).members
        assert await _seat(corp, chat_id, she) is False
        await corp.sleep(days=2)  # it was read when it was made: the first look finds it fresh
        await corp.until(lambda: _seat(corp, chat_id, she))
        await corp.until_stage(she, "joined")


async def _seat(corp: Corp, chat_id: str, she: str) -> bool:
    async with corp.database.transaction() as session:
        return await session.get(GroupMember, (chat_id, she)) is not None


async def test_a_changed_calendar_is_in_force_the_next_day_and_a_wrong_one_never(
    corp_with: CorpWith, tmp_path: Path
) -> None:
    async with corp_with(policy=POLICY, calendars=calendar(tmp_path)) as corp:
        chat_id = await begin(corp)
        run_id = (await corp.history(f"group/{chat_id}")).run_id
        calendar(tmp_path, CALENDAR.replace("甲", "丙").replace("乙", "丁").replace("10:00", "11:00"))
        await corp.sleep(days=1)
        calendar(tmp_path, CALENDAR.replace("every: 1", "evry: 1"))
        await days(corp, 3)
        she = await corp.newcomer()
        await corp.join(she)
        await days(corp, 2)
        assert {m["text"] for m in await corp.received(she) if m["channel"] == "group"} == {"丙", "丁"}
        assert (await corp.history(f"group/{chat_id}")).run_id == run_id, "no life began anew"


async def test_a_life_hears_events_meanwhile_goes_on_as_new_and_ends_with_its_group(
    corp_with: CorpWith, tmp_path: Path
) -> None:
    async with corp_with(policy=POLICY, calendars=calendar(tmp_path), renew_after_events=30) as corp:
        chat_id = await begin(corp, corp.courier.start_group)
        first = (await corp.history(f"group/{chat_id}")).run_id
        for _ in range(6):
            await corp.sleep(days=1)
            she = await corp.newcomer()
            await corp.join(she)
        await corp.until(lambda: _seat(corp, chat_id, she))
        assert (await corp.history(f"group/{chat_id}")).run_id != first
        assert await length(corp, chat_id) < 60
        assert (await sweep(corp)).groups == 1, "the other store's group alone has no life yet"
        await corp.do("dismiss", chat_id=chat_id)
        await corp.env.client.get_workflow_handle(f"group/{chat_id}").result()
        assert (await sweep(corp)).groups == 0, "a dismissed group needs no life"


async def test_a_life_that_was_lost_begins_anew(corp_with: CorpWith) -> None:
    async with corp_with(policy=POLICY) as corp:
        chat_id = await begin(corp)
        await corp.env.client.get_workflow_handle(f"group/{chat_id}").terminate("lost")
        await corp.sleep(days=1, hours=2)
        due = (await row(corp, chat_id)).next_at
        assert due
        assert due < corp.clock()
        await sweep(corp)

        async def looked() -> bool:
            return ((await row(corp, chat_id)).next_at or due) > due

        await corp.until(looked)


async def test_the_manager_is_told_when_an_owner_has_left_and_nothing_is_sent_for_her(
    corp_with: CorpWith, tmp_path: Path
) -> None:
    async with corp_with(policy=POLICY, calendars=calendar(tmp_path)) as corp:
        chat_id = await begin(corp)
        async with corp.database.transaction() as session:
            (await session.get_one(Employee, "li")).active = False
            (await session.get_one(Store, "S002")).manager = "chen"
        for _ in range(3):
            await corp.sleep(days=1)
        async with corp.database.transaction() as session:
            [todo] = (await session.exec(select(Todo).where(Todo.subject == f"group/{chat_id}"))).all()
        assert (todo.userid, todo.kind) == ("chen", "group_owner")
        refused = [touch for touch in await told(corp, chat_id) if touch.status == "refused"]
        assert {touch.rule for touch in refused} == {"no_owner"}
        assert len(refused) >= 2
