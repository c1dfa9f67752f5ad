"""Out of personal-WeChat groups: a code for each, notices as to-dos, and the loss told as it is."""

from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import select

from activities.todo_planner import TodoPlanner
from domain.messages import RefreshGroup, SweepStart, TodoRef
from domain.removal import Leaving, Notice, Removal
from domain.rooms import JoinRules
from integrations import wecom
from starter.removals import pictures
from starter.removals.reporting import ALL, lines
from starter.removals.starting import LOST, Started
from starter.removals.starting import Starter as RemovalStarter
from starter.runtime import CommandFailed
from storage import removals, todos
from storage.tables import Group, OldGroup, Todo
from tests.activities.shop import START, Shop

pytestmark = pytest.mark.anyio

ADD_WAY = "externalcontact/groupchat/add_join_way"
CARD = "message/send"
CHINA = ZoneInfo("Asia/Shanghai")
LAST_DAY = START.astimezone(CHINA).date() + timedelta(days=7)
REMOVAL = Removal(
    removal="spring",
    title="升级",
    benefit="拿铁券",
    dissolves_on=LAST_DAY,
    notices=[
        Notice(days_before=9, text="【服务升级通知】{{ store.name }}"),
        Notice(days_before=3, text="【新群领福利】{{ old_group }}进新群领{{ benefit }}"),
        Notice(days_before=1, text="【解散倒计时】还有{{ days_left }}天，{{ date }}解散"),
    ],
    groups=[
        Leaving(name="一群", people=10, employee="Li", store="S002"),
        Leaving(name="二群", people=5, employee="li", store="S002"),
    ],
)


async def start(shop: Shop, removal: Removal = REMOVAL, again: tuple[str, ...] = ()) -> Started:
    planner = TodoPlanner(shop.database, shop.policy, shop.courier, shop.clock, JoinRules())
    starter = RemovalStarter(shop.database, shop.client, planner, JoinRules(), shop.clock)
    return await starter.start(removal, "ann", again)


async def notices(shop: Shop) -> list[Todo]:
    async with shop.database.transaction() as session:
        rows = (await session.exec(select(Todo).where(Todo.kind == "removal_notice"))).all()
    return sorted(rows, key=lambda row: (row.due_at, row.card["lines"][0][1]))


async def old_group(shop: Shop, name: str) -> OldGroup:
    async with shop.database.transaction() as session:
        return await session.get_one(OldGroup, ("spring", name))


async def comes(shop: Shop, name: str, who: str | None = None) -> tuple[str, str]:
    """Somebody scans an old group's code; she, and the new group, which we have read."""
    she, way = who or await shop.newcomer(), (await old_group(shop, name)).config_id
    chat_id = str((await shop.street.do("join", external_userid=she, config_id=way))["chat_id"])
    await read(shop, chat_id)
    return she, chat_id


async def read(shop: Shop, chat_id: str) -> None:
    what = RefreshGroup(chat_id=chat_id, at=shop.clock())
    await shop.run(shop.activities.groups.refresh_group, what, attempt=2)


async def report(shop: Shop) -> dict[str, dict[str, object]]:
    async with shop.database.transaction() as session:
        row = await removals.find(session, "spring")
        assert row is not None
        groups = await removals.old_groups(session, "spring")
        each, whole = await removals.came(session, "spring")
    return {str(line["old_group"]): line for line in lines(row, groups, each, whole)}


async def status(shop: Shop) -> str:
    async with shop.database.transaction() as session:
        row = await removals.find(session, "spring")
    return row.status if row else ""


async def test_m33_each_old_group_has_a_code_and_its_notices_come_as_todos(shop: Shop) -> None:
    done = await start(shop)
    assert (done.codes, done.notices, done.problems, done.too_late) == (2, 4, {}, {9})
    states = [way.spec.state for way in shop.world.ways.join_ways.values()]
    assert [s for s in states if s.startswith("rm-")] == ["rm-spring-0", "rm-spring-1"]
    first = (await notices(shop))[0]
    assert first.userid == "li"
    assert first.due_at.astimezone(CHINA) == datetime(
        LAST_DAY.year, LAST_DAY.month, LAST_DAY.day, 9, 30, tzinfo=CHINA
    ) - timedelta(days=3)
    group = await old_group(shop, "一群")
    assert first.card["text"] == "【新群领福利】一群进新群领拿铁券"
    assert first.card["url"] == group.qr_code
    assert group.qr_code
    assert all(delay > timedelta(days=2) for _, delay in shop.courier.todos)


async def test_m33_an_old_member_joins_the_stores_new_group_by_her_groups_code(shop: Shop) -> None:
    await start(shop)
    _, chat_id = await comes(shop, "一群")
    assert chat_id == shop.groups["S002"]
    found = await report(shop)
    assert (found["一群"]["joined"], found["二群"]["joined"]) == (1, 0)
    assert (found["一群"]["migrated"], found["一群"]["lost"]) == (0.1, 9)


async def test_m34_the_loss_is_told_as_it_is(shop: Shop) -> None:
    """Two by one code, one of whom leaves again; one by both codes is one person of the total."""
    await start(shop)
    await comes(shop, "一群")
    gone, chat_id = await comes(shop, "一群")
    await shop.street.do("leave", external_userid=gone, chat_id=chat_id)
    await read(shop, chat_id)
    both, _ = await comes(shop, "一群")
    second = str((await shop.street.do("groups", name="二群", owner="li"))["chat_id"])
    await shop.put(Group(chat_id=second, store_id="S002", owner="li", created_at=shop.clock()))
    other = await old_group(shop, "二群")
    way = await shop.client.get_join_way(other.config_id or "")
    fields = way.model_dump() | {"chat_id_list": (second,), "room_base_id": None}
    await shop.client.update_join_way(way.config_id, wecom.NewJoinWay.model_validate(fields))
    await comes(shop, "二群", both)
    found = await report(shop)
    one, two, whole = found["一群"], found["二群"], found[ALL]
    assert (one["joined"], one["left_again"], one["lost"], one["migrated"]) == (3, 1, 8, 0.2)
    assert (two["joined"], two["lost"]) == (1, 4)
    assert (whole["people"], whole["joined"], whole["inside"], whole["lost"]) == (15, 3, 2, 13)
    assert whole["lost_share"] == round(13 / 15, 4)


async def test_m34_nothing_is_posted_twice_and_starting_again_makes_nothing(shop: Shop) -> None:
    await start(shop)
    again = await start(shop)
    assert (again.codes, again.notices, again.problems) == (0, 0, {})
    assert shop.calls(ADD_WAY) == 2
    assert len(await notices(shop)) == 4


async def test_a_lost_answer_is_reported_and_no_second_code_is_made_unasked(shop: Shop) -> None:
    await shop.fault(ADD_WAY, "timeout_after")
    done = await start(shop)
    assert done.problems == {"一群": LOST}
    assert (await start(shop)).problems == {"一群": LOST}
    assert shop.calls(ADD_WAY) == 2
    assert (await start(shop, again=("一群",))).problems == {}
    assert len(await notices(shop)) == 4


async def test_what_wecom_refuses_can_be_tried_again(shop: Shop) -> None:
    await shop.fault(ADD_WAY, "errcode", errcode=41091)
    assert "41091" in (await start(shop)).problems["一群"]
    assert (await start(shop)).problems == {}


async def test_another_file_of_the_same_name_is_refused(shop: Shop) -> None:
    await start(shop)
    with pytest.raises(CommandFailed, match="another file"):
        await start(shop, REMOVAL.model_copy(update={"title": "另一个"}))


async def test_nobody_posts_who_is_not_there(shop: Shop) -> None:
    groups = [Leaving(name="一群", people=1, employee="nobody", store="S009")]
    with pytest.raises(CommandFailed, match=r"no store 'S009'\n.*no active employee 'nobody'"):
        await start(shop, REMOVAL.model_copy(update={"groups": groups}))
    assert shop.calls(ADD_WAY) == 0


async def test_cancelled_notices_are_not_sent(shop: Shop) -> None:
    await start(shop)
    async with shop.database.transaction() as session:
        assert await removals.end(session, "spring", removals.CANCELLED, "ann: later", shop.clock())
        assert await todos.drop(session, removals.subject("spring"), "cancelled", shop.clock()) == 4
    shop.clock.forward(days=8)
    for row in await notices(shop):
        state = await shop.run(shop.activities.todos.send_todo, TodoRef(todo_id=row.id))
        assert state.status == "refused"
    assert shop.calls(CARD) == 0


async def test_a_full_group_leaves_the_codes_of_old_groups(shop: Shop) -> None:
    await start(shop)
    full = shop.groups["S002"]
    second = str((await shop.street.do("groups", name="新二群", owner="li"))["chat_id"])
    await shop.put(Group(chat_id=second, store_id="S002", owner="li", created_at=shop.clock()))
    async with shop.database.transaction() as session:
        (await session.get_one(Group, full)).members = 200
    await shop.run(shop.activities.upkeep.sweep, SweepStart())
    assert (await old_group(shop, "一群")).chat_ids == [second]
    assert (await comes(shop, "一群"))[1] == second


async def test_a_group_that_wecom_made_behind_an_old_groups_code_is_the_stores(shop: Shop) -> None:
    await start(shop)
    await shop.street.do("settings", qr_join_cap=2, auto_room_listed=False)
    await comes(shop, "一群")
    _, made = await comes(shop, "一群")
    assert made != shop.groups["S002"]
    async with shop.database.transaction() as session:
        assert (await session.get_one(Group, made)).store_id == "S002"


async def test_it_ends_by_itself_the_day_after_the_last_day(shop: Shop) -> None:
    await start(shop)
    shop.clock.forward(days=7)
    await shop.run(shop.activities.upkeep.sweep, SweepStart())
    assert await status(shop) == removals.RUNNING
    shop.clock.forward(days=1)
    await shop.run(shop.activities.upkeep.sweep, SweepStart())
    assert await status(shop) == removals.FINISHED


async def test_the_codes_are_written_as_pictures_to_post(shop: Shop, tmp_path: Path) -> None:
    done = await start(shop)
    async with shop.database.transaction() as session:
        stores = await removals.stores(session, REMOVAL)
    assert await pictures.write(shop.client, REMOVAL, done.groups, stores, tmp_path / "out") == 2
    written = sorted((tmp_path / "out").iterdir())
    assert [file.name for file in written] == ["rm-spring-0-一群.png", "rm-spring-1-二群.png"]
    assert all(file.read_bytes().startswith(b"\x89PNG") for file in written)
