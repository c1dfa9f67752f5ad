"""Groups as headquarters cares for them: what is set in them, what their people are like, who owns them."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select
from temporalio.testing import ActivityEnvironment

from activities.composition import todo_planner
from domain.events import CardTap
from domain.group_audit import State, What, checklist
from domain.group_calendar import GroupCalendar
from domain.messages import SweepStart
from domain.todos import DONE
from playbooks.group_calendars import load_calendars
from playbooks.loader import load_policy
from settings import ROOT, utc_now
from starter.groups.audit import Audited, ask, look
from starter.groups.handing_over import HandOver, Move
from starter.groups.profile import told
from starter.runtime import CommandFailed
from storage import group_profiles
from storage.database import Database
from storage.group_profiles import Wanted
from storage.tables import Employee, Group, GroupCheck, GroupHandover, GroupProfile, Order, Store, Todo
from tests.corp import Corp
from tests.starter.shell import open_shell
from tests.starter.test_apply import Operator

pytestmark = pytest.mark.anyio

TRANSFER = "externalcontact/groupchat/onjob_transfer"


@pytest.fixture
async def owned(corp: Corp) -> Corp:
    """Of groups whose owners are known."""
    async with corp.database.transaction() as session:
        for store, owner in (("S001", "chen"), ("S002", "li")):
            (await session.get_one(Group, corp.groups[store])).owner = owner
    return corp


# ---- audit


@pytest.fixture
def store_calendar() -> GroupCalendar:
    return load_calendars(ROOT / "playbooks", load_policy(ROOT / "playbooks"))["store"].calendar


class Auditor:
    """Runs `journeys groups audit --plan` as the command does."""

    def __init__(self, corp: Corp) -> None:
        self.corp = corp

    async def look(self, calendar: GroupCalendar) -> dict[str, Audited]:
        audited = await look(self.corp.database, {calendar.kind: calendar})
        return {one.group.chat_id: one for one in audited}

    async def ask(self, calendar: GroupCalendar) -> list[str]:
        corp = self.corp
        planner = todo_planner(corp.settings, corp.database, corp.env.client, corp.policy, corp.clock)
        return await ask(planner, list((await self.look(calendar)).values()))

    async def tap_all(self) -> None:
        """Every employee taps 已处理 on the cards that she has."""
        corp = self.corp

        async def waiting() -> list[Todo]:
            async with corp.database.transaction() as session:
                return list((await session.exec(select(Todo).where(Todo.status != "done"))).all())

        async def sent() -> bool:
            return all(todo.status == "sent" for todo in await waiting())

        await corp.until(sent)
        for todo in await waiting():
            handle = corp.env.client.get_workflow_handle(f"todo/{todo.id}")
            await handle.signal("tapped", CardTap(id=todo.id, at=corp.clock(), attempt=1, key=DONE))

        async def done() -> int:
            return len(await waiting())

        await corp.until(done, 0)


async def test_m40_m43_owners_are_asked_once_for_each_text_and_their_tap_is_believed(
    owned: Corp, store_calendar: GroupCalendar
) -> None:
    auditor, chat_id = Auditor(owned), owned.groups["S002"]
    states = (await auditor.look(store_calendar))[chat_id].states
    assert states[What.RULES] == states[What.ANTI_SPAM] == states[What.KEYWORDS] == State.NOT_SET
    assert sorted(await auditor.ask(store_calendar)) == sorted(owned.groups.values())
    assert await auditor.ask(store_calendar) == [], "once"
    await auditor.tap_all()
    states = (await auditor.look(store_calendar))[chat_id].states
    assert states[What.RULES] == states[What.ANTI_SPAM] == states[What.KEYWORDS] == State.SET
    async with owned.database.transaction() as session:
        said = (await session.exec(select(GroupCheck).where(GroupCheck.chat_id == chat_id))).all()
    assert {(one.what, one.by) for one in said} == {(w, "li") for w in ("rules", "anti_spam", "keywords")}

    changed = store_calendar.model_copy(update={"rules": "新群规"})
    one = (await auditor.look(changed))[chat_id]
    assert (one.states[What.RULES], one.states[What.KEYWORDS], one.due) == (
        State.CHANGED,
        State.SET,
        [What.RULES],
    )
    assert len(await auditor.ask(changed)) == 2


async def test_m39_the_welcome_is_asked_for_by_apply_and_counts_as_set_when_its_owner_says_so(
    owned: Corp, store_calendar: GroupCalendar
) -> None:
    auditor, chat_id = Auditor(owned), owned.groups["S002"]
    assert (await auditor.look(store_calendar))[chat_id].states[What.WELCOME] == State.NO_TEXT
    await Operator(owned).apply()
    assert (await auditor.look(store_calendar))[chat_id].states[What.WELCOME] == State.NOT_SET
    await auditor.tap_all()
    assert (await auditor.look(store_calendar))[chat_id].states[What.WELCOME] == State.SET


async def test_m22_m40_the_checklist_says_where_to_tap_and_what_to_type(
    owned: Corp, store_calendar: GroupCalendar
) -> None:
    await Operator(owned).apply()
    one = (await Auditor(owned).look(store_calendar))[owned.groups["S002"]]
    text = checklist(store_calendar, one.wanted, "store")
    assert "入群欢迎语：群右上角“…”→“入群欢迎语”" in text
    assert "欢迎语的发送间隔设为 10 分钟：几个人前后脚进群，只发一次，不刷屏。" in text
    assert "（客户昵称）" in text
    assert "不允许发：广告链接、二维码、小程序、名片、拉群邀请" in text
    assert "新成员不可以查看入群前的消息" in text
    assert "   营业时间、几点开门、几点关门 ｜ 每天 7:30–21:30 营业，节假日照常。具体以门店公告为准。" in text


async def test_a_group_without_an_owner_at_work_is_shown_and_nobody_is_asked(
    owned: Corp, store_calendar: GroupCalendar
) -> None:
    async with owned.database.transaction() as session:
        (await session.get_one(Employee, "li")).active = False
    auditor = Auditor(owned)
    assert (await auditor.look(store_calendar))[owned.groups["S002"]].owner is None
    assert await auditor.ask(store_calendar) == [owned.groups["S001"]]


# ---- profile


async def sweep(corp: Corp) -> Any:
    await corp.clock.look()
    return await ActivityEnvironment().run(corp.activities.upkeep.sweep, SweepStart())


async def buys(corp: Corp, member_id: str, times: int, fen: int) -> None:
    """Once a day, the last time now."""
    for number in range(times):
        paid_at = (corp.clock() - timedelta(days=number)).isoformat()
        order = {"store_id": "S002", "member_id": member_id, "amount_minor": fen, "paid_at": paid_at}
        await corp.do("till/orders", **order)


async def test_m26_a_groups_people_are_counted_daily_for_staff_store_and_headquarters(corp: Corp) -> None:
    people = [await corp.newcomer(f"客{n}") for n in range(4)]
    members = [await corp.member(she) for she in people[:3]]
    for she in people:
        await corp.scan(she)
        await corp.join(she)
    await buys(corp, members[0], 5, 2_000)
    await buys(corp, members[1], 1, 5_000)
    await corp.join(people[3], "S001")

    async def bought() -> int:
        async with corp.database.transaction() as session:
            return len((await session.exec(select(Order))).all())

    await corp.until(bought, 6)
    assert (await sweep(corp)).profiles == 2
    assert (await sweep(corp)).profiles == 0, "once a day"
    async with corp.database.transaction() as session:
        found = await group_profiles.read(session, Wanted(), "group", 1)
        stores = await group_profiles.read(session, Wanted(store_id="S002"), "store", 1)
        region = await group_profiles.read(session, Wanted(region_id="bj"), "region", 1)
        mine = await group_profiles.read(session, Wanted(owner="nobody"), "group", 1)
    row = next(told(one, "group") for one in found if one["key"] == corp.groups["S002"])
    assert row["name"] == "望京店群"
    assert (row["customers"], row["members"], row["buyers"], row["in_several"]) == (4, 3, 2, 1)
    assert (row["members_percent"], row["high_frequency_percent"]) == (75.0, 25.0)
    assert row["ticket_yuan"] == 25.0, "six orders, 150 yuan"
    assert [told(one, "store")["customers"] for one in stores] == [4]
    assert [told(one, "region")["customers"] for one in region] == [5]
    assert mine == []
    await corp.sleep(days=1)
    assert (await sweep(corp)).profiles == 2
    async with corp.database.transaction() as session:
        assert len((await session.exec(select(GroupProfile))).all()) == 4
        assert len(await group_profiles.read(session, Wanted(), "group", 2)) == 4


# ---- hand-over


def hand_over(corp: Corp, to: str = "chen") -> HandOver:
    return HandOver(corp.database, corp.client, corp.clock, to)


async def handed(corp: Corp, *chat_ids: str, to: str = "chen") -> list[Move]:
    work = hand_over(corp, to)
    return await work.carry_out(await work.preview(chat_ids), "总部", "换店")


def at_wecom(corp: Corp, chat_id: str) -> str:
    return corp.world.groups.known(chat_id).owner


async def owner(corp: Corp, chat_id: str) -> str | None:
    async with corp.database.transaction() as session:
        return (await session.get_one(Group, chat_id)).owner


async def statuses(corp: Corp, chat_id: str) -> list[str]:
    async with corp.database.transaction() as session:
        query = select(GroupHandover).where(GroupHandover.chat_id == chat_id).order_by(GroupHandover.id)  # type: ignore[arg-type]
        return [row.status for row in (await session.exec(query)).all()]


async def test_a_group_passes_to_a_colleague_and_only_what_can_be_is_tried(owned: Corp) -> None:
    first, second = owned.groups["S002"], owned.groups["S001"]
    preview = await hand_over(owned).preview([first, second, "wrNone", first])
    assert [bool(move.problem) for move in preview] == [False, True, True]
    assert owned.world.traffic.counts[TRANSFER] == 0
    moved, theirs, unknown = await handed(owned, first, second, "wrNone")
    assert (moved.status, moved.problem, theirs.problem) == ("done", "", "it is theirs already")
    assert "there is no such group here" in unknown.problem
    assert (at_wecom(owned, first), await owner(owned, first)) == ("chen", "chen")
    assert owned.world.traffic.counts[TRANSFER] == 1
    with pytest.raises(CommandFailed, match="no active employee 'nobody'"):
        await hand_over(owned, "nobody").preview([first])


async def test_a_third_time_in_90_days_is_not_even_asked(owned: Corp) -> None:
    chat_id = owned.groups["S002"]
    for to in ("chen", "li"):
        [move] = await handed(owned, chat_id, to=to)
        assert move.status == "done"
    [third] = await handed(owned, chat_id)
    assert third.problem == "it changed hands twice in the last 90 days"
    assert owned.world.traffic.counts[TRANSFER] == 2
    await owned.sleep(days=91)
    [again] = await handed(owned, chat_id)
    assert again.status == "done"


async def test_no_more_than_300_a_day(owned: Corp) -> None:
    chat_id = owned.groups["S002"]
    async with owned.database.transaction() as session:
        for number in range(300):
            session.add(Group(chat_id=f"wr{number}", owner="chen", created_at=owned.clock()))
        await session.flush()
        for number in range(300):
            session.add(
                GroupHandover(
                    chat_id=f"wr{number}",
                    old_owner="li",
                    new_owner="wang",
                    on_job=True,
                    status="done",
                    by="总部",
                    why="换店",
                    claimed_at=owned.clock(),
                )
            )
    [move] = await hand_over(owned).preview([chat_id])
    assert "300 groups a day" in move.problem


async def test_the_groups_of_who_has_left_go_by_the_other_api_whatever_we_believed(owned: Corp) -> None:
    chat_id = owned.groups["S002"]
    await owned.do("employees/li/resign")
    async with owned.database.transaction() as session:
        (await session.get_one(Employee, "li")).active = True  # nobody has told us yet
    [move] = await handed(owned, chat_id)
    assert (move.status, move.on_job) == ("done", False)
    assert at_wecom(owned, chat_id) == "chen"
    assert await statuses(owned, chat_id) == ["refused", "done"]


@pytest.mark.parametrize(("kind", "calls"), [("timeout_after", 1), ("timeout_before", 2)])
async def test_a_lost_answer_is_looked_up_and_nothing_is_done_twice(
    owned: Corp, kind: str, calls: int
) -> None:
    chat_id = owned.groups["S002"]
    await owned.street.do("faults", api=TRANSFER, kind=kind, seconds=0, times=1)
    [move] = await handed(owned, chat_id)
    assert move.status == "unknown"
    [waits] = await handed(owned, chat_id)
    if kind == "timeout_before":
        assert "wait a minute" in waits.problem
        await owned.sleep(minutes=2)
        [waits] = await handed(owned, chat_id)
        assert waits.status == "done"
    else:
        assert waits.problem == "it is theirs already"
    assert owned.world.traffic.counts[TRANSFER] == calls
    assert (await owner(owned, chat_id), at_wecom(owned, chat_id)) == ("chen", "chen")


# ---- as commands


async def test_the_commands_speak_to_people_and_to_programs(database_url: str, tmp_path: Path) -> None:
    async with open_shell(database_url, tmp_path) as shell:
        for userid in ("li", "chen"):
            await shell.street.do("employees", userid=userid, name=userid)
        chat = (await shell.street.do("groups", name="一群", owner="li"))["chat_id"]
        database = Database(shell.settings.sqlalchemy_url)
        async with database.transaction() as session:
            session.add(Store(id="S1", name="甲店"))
            session.add_all(
                [Employee(userid="li", name="李", active=False), Employee(userid="chen", name="陈")]
            )
            await session.flush()
            session.add(Group(chat_id=chat, store_id="S1", owner="li", name="一群", created_at=utc_now()))
        await database.close()
        text = (await shell.run("groups", "checklist", "store")).out
        assert text.startswith("《群设置清单》门店群")
        assert "关键词 ｜ 回复" in text
        nothing = await shell.run("groups", "checklist", "stroe")
        assert (nothing.code, "write groups/stroe.yaml" in nothing.err) == (1, True)
        [row] = json.loads((await shell.run("groups", "audit", "--json")).out)["groups"]
        assert (row["owner"], row["welcome"], row["rules"]) == (None, "no text", "not set")
        assert json.loads((await shell.run("groups", "profile", "--by", "store", "--json")).out) == []
        why = ("--to", "Chen", "--by", "总部", "--reason", "李已离职")
        dry = await shell.run("groups", "hand-over", chat, "wrNone", *why, "--dry-run", "--json")
        assert dry.code == 1
        assert [one["status"] for one in json.loads(dry.out)] == ["planned", "not tried"]
        done = json.loads((await shell.run("groups", "hand-over", chat, *why, "--json")).out)
        assert [(one["status"], one["to"]) for one in done] == [("done", "chen")]
        [listed] = json.loads((await shell.run("groups", "list", "--json")).out)
        assert (listed["owner"], listed["owner_at_work"]) == ("chen", True)
