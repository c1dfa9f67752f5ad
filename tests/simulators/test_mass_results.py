"""Following mass messages up: reading, reminding, cancelling (contract §8.2, §13.11)."""

import pytest

from tests.simulators.sim import Sim
from tests.simulators.test_mass import ADD, DAY, RESULT, TASK, TEXT, send

pytestmark = pytest.mark.anyio

REMIND = "externalcontact/remind_groupmsg_send"
CANCEL = "externalcontact/cancel_groupmsg_send"


async def test_straight_after_creation_it_is_being_dispatched(sim: Sim) -> None:
    answer = await sim.api(ADD, {"external_userid": [await sim.friend()], **TEXT})
    query = {"msgid": answer["msgid"], "userid": "zhangsan"}
    assert [await sim.errcode(path, query) for path in (TASK, RESULT)] == [41063, 41063]
    await sim.advance(2)
    assert [await sim.errcode(path, query) for path in (TASK, RESULT)] == [0, 0]


async def test_reminders_are_three_a_day(sim: Sim) -> None:
    msgid = await send(sim, await sim.friend())
    assert [await sim.errcode(REMIND, {"msgid": msgid}) for _ in range(4)] == [0, 0, 0, 41094]
    await sim.advance(DAY)
    sim.token = ""
    assert await sim.errcode(REMIND, {"msgid": msgid}) == 0
    (task,) = await sim.look("tasks")
    assert task["reminded"] == 4


async def test_a_cancelled_task_is_over(sim: Sim) -> None:
    msgid = await send(sim, await sim.friend())
    assert await sim.errcode(CANCEL, {"msgid": msgid}) == 0
    query = {"msgid": msgid, "userid": "zhangsan"}
    assert [await sim.errcode(path, query) for path in (TASK, RESULT, REMIND, CANCEL)] == [41093] * 4
    assert await sim.refused("tasks/confirm", **query) == 409


@pytest.mark.parametrize("path", [TASK, RESULT, REMIND, CANCEL])
async def test_missing_and_unknown_tasks(sim: Sim, path: str) -> None:
    assert await sim.errcode(path, {"userid": "zhangsan"}) == 41046
    assert await sim.errcode(path, {"msgid": "msg_none", "userid": "zhangsan"}) == 41047


async def test_a_result_needs_its_userid_and_pages(sim: Sim) -> None:
    customers = [await sim.friend() for _ in range(3)]
    msgid = await send(sim, *customers)
    assert await sim.errcode(RESULT, {"msgid": msgid}) == 41009
    query = {"msgid": msgid, "userid": "zhangsan", "limit": 2}
    first = await sim.api(RESULT, query)
    second = await sim.api(RESULT, {**query, "cursor": first["next_cursor"]})
    listed = [record["external_userid"] for record in first["send_list"] + second["send_list"]]
    assert listed == customers
    await sim.employee("lisi")
    assert (await sim.api(RESULT, {"msgid": msgid, "userid": "lisi"}))["send_list"] == []
    assert await sim.errcode(RESULT, {"msgid": msgid, "userid": "nobody"}) == 60111


async def test_the_list_of_tasks(sim: Sim) -> None:
    msgid = await send(sim, await sim.friend())
    now = sim.world.clock.unix()
    query = {"chat_type": "single", "start_time": now - 60, "end_time": now}
    path = "externalcontact/get_groupmsg_list_v2"
    (task,) = (await sim.api(path, query))["group_msg_list"]
    assert (task["msgid"], task["create_type"], task["text"]) == (msgid, 0, TEXT["text"])
    assert "creator" not in task
    for others in ({"chat_type": "group"}, {"filter_type": 1}, {"creator": "zhangsan"}):
        assert (await sim.api(path, {**query, **others}))["group_msg_list"] == []
    assert await sim.errcode(path, {**query, "start_time": now - 32 * DAY}) == 40058
