"""Groups pass to another owner (contract §9)."""

from typing import Any

import pytest

from tests.simulators.sim import Sim
from tests.simulators.test_groups import GET, LIST, join

pytestmark = pytest.mark.anyio

ONJOB = "externalcontact/groupchat/onjob_transfer"
RESIGNED = "externalcontact/groupchat/transfer"
DAY = 24 * 3600


async def move(sim: Sim, *chat_ids: str, path: str = ONJOB, to: str = "lisi") -> dict[str, int]:
    """The failures."""
    sim.token = ""
    answer = await sim.api(path, {"chat_id_list": chat_ids, "new_owner": to})
    assert answer["errcode"] == 0, answer
    return {one["chat_id"]: one["errcode"] for one in answer["failed_chat_list"]}


async def owner(sim: Sim, chat_id: str) -> str:
    return str((await sim.api(GET, {"chat_id": chat_id}))["group_chat"]["owner"])


async def test_a_group_on_the_job_changes_hands_at_once(sim: Sim) -> None:
    chat_id = await sim.group()
    await sim.employee("lisi")
    events = len(sim.events())
    assert await move(sim, chat_id) == {}
    group = (await sim.api(GET, {"chat_id": chat_id}))["group_chat"]
    assert group["owner"] == "lisi"
    assert {one["userid"] for one in group["member_list"]} == {"zhangsan", "lisi"}
    assert len(sim.events()) == events, "calls of the API cause no events"
    assert (await sim.api(LIST, {"limit": 9}))["group_chat_list"] == [{"chat_id": chat_id, "status": 0}]


async def test_a_setting_lets_the_transfer_be_told(sim: Sim) -> None:
    await sim.control("settings", group_handover_events=True)
    chat_id = await sim.group()
    await sim.employee("lisi")
    await move(sim, chat_id)
    assert [event["UpdateDetail"] for event in sim.events()[-2:]] == ["add_member", "change_owner"]


async def test_only_the_failures_are_answered(sim: Sim) -> None:
    good, own, gone, full = [await sim.group() for _ in range(4)]
    await sim.employee("lisi")
    for _ in range(2):
        await join(sim, chat_id=full)
    await move(sim, own)
    await sim.control("dismiss", chat_id=gone)
    await sim.control("settings", group_cap=3)
    failed = await move(sim, good, own, gone, full, "wr_none")
    assert failed == {own: 90504, gone: 49008, full: 90503, "wr_none": 90501}
    assert await owner(sim, good) == "lisi"


async def test_the_third_time_in_ninety_days_is_too_often(sim: Sim) -> None:
    chat_id = await sim.group()
    await sim.employee("lisi")
    assert await move(sim, chat_id) == {}
    assert await move(sim, chat_id, to="zhangsan") == {}
    assert await move(sim, chat_id) == {chat_id: 40128}
    await sim.later(90 * DAY)
    assert await move(sim, chat_id) == {}


async def test_so_many_of_one_owners_groups_a_day(sim: Sim) -> None:
    await sim.control("settings", group_handovers_per_day=1)
    first, second = await sim.group(), await sim.group()
    await sim.employee("lisi")
    assert await move(sim, first, second) == {second: 45009}
    await sim.later(DAY)
    assert await move(sim, second) == {}


async def test_the_groups_of_one_who_left(sim: Sim) -> None:
    chat_id, active = await sim.group(), await sim.group(owner="wangwu")
    await sim.employee("lisi")
    assert await move(sim, chat_id, path=RESIGNED) == {chat_id: 90500}
    await sim.control("employees/zhangsan/resign")
    assert await move(sim, chat_id) == {chat_id: 90502}
    assert await move(sim, chat_id, active, path=RESIGNED) == {active: 90500}
    assert await owner(sim, chat_id) == "lisi"
    done = (await sim.api(LIST, {"limit": 9, "status_filter": 3}))["group_chat_list"]
    assert done == [{"chat_id": chat_id, "status": 3}]
    assert await move(sim, chat_id, path=RESIGNED, to="wangwu") == {chat_id: 90508}


async def test_a_handover_that_takes_its_time(sim: Sim) -> None:
    await sim.control("settings", group_handover_seconds=60)
    chat_id = await sim.group()
    await sim.employee("lisi")
    await sim.control("employees/zhangsan/resign")
    assert await move(sim, chat_id, path=RESIGNED) == {}
    running = (await sim.api(LIST, {"limit": 9, "status_filter": 2}))["group_chat_list"]
    assert running == [{"chat_id": chat_id, "status": 2}]
    assert await move(sim, chat_id, path=RESIGNED) == {chat_id: 90507}
    await sim.advance(60)
    assert await owner(sim, chat_id) == "lisi"


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        ({"new_owner": "nobody"}, 60111),
        ({"new_owner": "unnamed"}, 40098),
        ({"chat_id_list": []}, 40058),
        ({"chat_id_list": ["wr"] * 101}, 40058),
    ],
)
async def test_what_is_refused_as_a_whole(sim: Sim, changes: dict[str, Any], errcode: int) -> None:
    await sim.employee("unnamed", real_named=False)
    await sim.employee("lisi")
    body = {"chat_id_list": [await sim.group()], "new_owner": "lisi", **changes}
    assert [await sim.errcode(path, body) for path in (ONJOB, RESIGNED)] == [errcode] * 2
