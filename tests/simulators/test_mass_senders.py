"""Whose mass message it is: an app's, an admin's, an employee's own; and its caps (contract §8.1, §8.2)."""

from typing import Any

import pytest

from tests.simulators.sim import Sim
from tests.simulators.test_mass import ADD, DAY, RESULT, TASK, TEXT, confirm, send
from tests.simulators.test_mass_results import CANCEL, REMIND

pytestmark = pytest.mark.anyio

LIST = "externalcontact/get_groupmsg_list_v2"


async def personal(sim: Sim, *recipients: str, **more: Any) -> tuple[str, dict[str, int]]:
    body = {"userid": "zhangsan", "recipients": recipients, "text": "新品到店", **more}
    answer = await sim.control("tasks/personal", **body)
    return answer["msgid"], answer["statuses"]


async def listed(sim: Sim, **more: Any) -> list[dict[str, Any]]:
    now = sim.world.clock.unix()
    body = {"chat_type": "single", "start_time": now - DAY, "end_time": now, **more}
    found: list[dict[str, Any]] = (await sim.api(LIST, body))["group_msg_list"]
    return found


async def test_an_employee_sends_without_a_task(sim: Sim) -> None:
    person = await sim.friend()
    msgid, statuses = await personal(sim, person)
    assert statuses == {person: 1}
    (message,) = await sim.look(f"received/{person}")
    assert (message["channel"], message["text"]) == ("personal", "新品到店")
    (task,) = await listed(sim)
    assert (task["create_type"], task["creator"]) == (1, "zhangsan")
    await sim.advance(2)
    (part,) = (await sim.api(TASK, {"msgid": msgid}))["task_list"]
    assert part["status"] == 2
    (sent,) = (await sim.api(RESULT, {"msgid": msgid, "userid": "zhangsan"}))["send_list"]
    assert (sent["external_userid"], sent["status"]) == (person, 1)
    assert [await sim.errcode(path, {"msgid": msgid}) for path in (REMIND, CANCEL)] == [41047, 41047]


async def test_an_employees_own_are_one_a_day_and_customer(sim: Sim) -> None:
    one, two = await sim.friend(), await sim.friend()
    assert (await personal(sim, one))[1] == {one: 1}
    assert (await personal(sim, one, two))[1] == {one: 3, two: 1}
    await sim.later(DAY)
    assert (await personal(sim, one))[1] == {one: 1}


@pytest.mark.parametrize(("counts", "status"), [(False, 1), (True, 3)])
async def test_whether_they_use_up_the_corps_cap(sim: Sim, counts: bool, status: int) -> None:
    await sim.control("settings", mass_cap="day", personal_mass_counts=counts)
    person = await sim.friend()
    await personal(sim, person)
    assert await confirm(sim, await send(sim, person)) == {person: status}
    assert (await personal(sim, await sim.friend()))[1], "the corp's do not use up the employee's"


async def test_an_employee_writes_only_to_own_customers_and_groups(sim: Sim) -> None:
    mine, theirs = await sim.group(), await sim.group(owner="lisi")
    stranger = await sim.person()
    inside = await sim.person()
    await sim.control("join", external_userid=inside, chat_id=mine)
    for wrong in ({"recipients": [stranger]}, {"recipients": [theirs], "chat_type": "group"}):
        assert await sim.refused("tasks/personal", userid="zhangsan", text="x", **wrong) == 409
    assert (await personal(sim, mine, chat_type="group"))[1] == {mine: 1}
    (message,) = await sim.look("groups/messages", chat_id=mine)
    assert (message["kind"], message["sender"]) == ("mass", "zhangsan")
    assert len(await sim.look(f"received/{inside}")) == 1


async def test_the_list_by_kind_and_creator(sim: Sim) -> None:
    person = await sim.friend()
    await sim.employee("boss")
    by_app = await send(sim, person)
    made = await sim.control("tasks/console", creator="boss", template={"external_userid": [person], **TEXT})
    own, _ = await personal(sim, person)

    async def ids(**more: Any) -> list[str]:
        return [task["msgid"] for task in await listed(sim, **more)]

    assert await ids() == await ids(filter_type=2) == [by_app, made["msgid"], own]
    assert await ids(filter_type=0) == [by_app, made["msgid"]]
    assert await ids(filter_type=1) == [own]
    assert await ids(creator="boss") == [made["msgid"]]
    assert await ids(creator="zhangsan", filter_type=0) == []


async def test_the_list_in_pages_and_its_limits(sim: Sim) -> None:
    person = await sim.friend()
    msgids = [await send(sim, person) for _ in range(3)]
    now = sim.world.clock.unix()
    body = {"chat_type": "single", "start_time": now - 60, "end_time": now, "limit": 2}
    first = await sim.api(LIST, body)
    second = await sim.api(LIST, {**body, "cursor": first["next_cursor"]})
    pages = first["group_msg_list"] + second["group_msg_list"]
    assert [task["msgid"] for task in pages] == msgids
    assert await sim.errcode(LIST, {**body, "creator": "x", "cursor": first["next_cursor"]}) == 50100
    assert len((await sim.api(LIST, {**body, "limit": 101}))["group_msg_list"]) == 3
    assert await sim.errcode(LIST, {**body, "chat_type": "both"}) == 86214
    assert await sim.errcode(LIST, {**body, "filter_type": 3}) == 40058
    assert await sim.errcode(LIST, {**body, "start_time": now + 1}) == 40058


async def test_employees_see_a_task_and_every_reminder_until_they_have_sent(sim: Sim) -> None:
    one, two = await sim.friend("zhangsan"), await sim.friend("lisi")
    msgid = await send(sim, one, two)
    await confirm(sim, msgid, "lisi")
    assert await sim.errcode(REMIND, {"msgid": msgid}) == 0
    kinds = [(one["userid"], one["kind"]) for one in await sim.look("notices")]
    assert kinds == [("zhangsan", "mass_task"), ("lisi", "mass_task"), ("zhangsan", "mass_reminder")]
    assert {one["about"] for one in await sim.look("notices", userid="ZHANGSAN")} == {msgid}


async def test_groups_have_a_cap_too(sim: Sim) -> None:
    await sim.control("settings", mass_cap="day")
    chat_id = await sim.group()
    first, second = [await send(sim, chat_type="group", sender="zhangsan") for _ in range(2)]
    assert await confirm(sim, first) == {chat_id: 1}
    assert await confirm(sim, second) == {chat_id: 3}


async def test_who_is_over_the_cap_may_fail_at_once(sim: Sim) -> None:
    await sim.control("settings", mass_cap="day", mass_cap_at_creation=True)
    full, free = await sim.friend(), await sim.friend()
    await confirm(sim, await send(sim, full))
    assert (await sim.api(ADD, {"external_userid": [full, free], **TEXT}))["fail_list"] == [full]
    assert await sim.errcode(ADD, {"external_userid": [full], **TEXT}) == 41048


async def test_a_group_that_got_another_owner_is_out_of_reach(sim: Sim) -> None:
    chat_id = await sim.group()
    msgid = await send(sim, chat_type="group", sender="zhangsan")
    await sim.employee("lisi")
    await sim.control("groups/invite", chat_id=chat_id, by="zhangsan", userids=["lisi"])
    await sim.control("groups/owner", chat_id=chat_id, userid="lisi")
    assert await confirm(sim, msgid) == {chat_id: 2}


async def test_what_is_out_of_sight_is_out_of_reach(sim: Sim) -> None:
    one, two = await sim.friend("zhangsan"), await sim.friend("lisi")
    both = await send(sim, one, two)
    await sim.control("apps/1000002", visible={"users": ["zhangsan"]})
    answer = await sim.api(ADD, {"external_userid": [one, two], **TEXT})
    assert answer["fail_list"] == [two]
    assert await sim.errcode(ADD, {"sender": "lisi", **TEXT}) == 60011
    assert [part["userid"] for part in (await sim.api(TASK, {"msgid": both}))["task_list"]] == ["zhangsan"]
    assert await sim.errcode(RESULT, {"msgid": both, "userid": "lisi"}) == 60011


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        ({"tag_filter": {"group_list": [{"tag_list": ["et_none"]}]}}, 40068),
        ({"tag_filter": {"group_list": [{"tag_list": ["et"] * 101}]}}, 40058),
        ({"tag_filter": {"group_list": [{"tag_list": []}] * 101}}, 40058),
        ({"chat_type": "group", "sender": "zhangsan", "chat_id_list": ["wr"] * 2001}, 40058),
        ({"chat_type": "group", "sender": "zhangsan"}, 41048),
        ({"external_userid": [], "tag_filter": None}, 40063),
    ],
)
async def test_limits_of_filters_and_lists(sim: Sim, changes: dict[str, Any], errcode: int) -> None:
    await sim.friend()
    assert await sim.errcode(ADD, {**TEXT, **changes}) == errcode


async def test_one_who_resigned_confirms_nothing(sim: Sim) -> None:
    msgid = await send(sim, await sim.friend())
    await sim.control("employees/zhangsan/resign")
    assert await sim.refused("tasks/confirm", msgid=msgid, userid="zhangsan") == 409


async def test_a_task_follows_a_userid_that_changes(sim: Sim) -> None:
    person = await sim.friend()
    msgid = await send(sim, person)
    await sim.control("employees/zhangsan/rename", userid="zhang.san")
    assert await confirm(sim, msgid, "zhang.san") == {person: 1}
