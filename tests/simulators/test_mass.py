"""Mass messages: who gets a task, and what its confirmation does (contract §8.1, §13.10)."""

from typing import Any

import pytest

from tests.simulators.sim import Sim

pytestmark = pytest.mark.anyio

ADD = "externalcontact/add_msg_template"
TASK = "externalcontact/get_groupmsg_task"
RESULT = "externalcontact/get_groupmsg_send_result"
TEXT = {"text": {"content": "本周福利"}}
DAY = 24 * 3600


async def send(sim: Sim, *customers: str, **more: Any) -> str:
    """A task, past its dispatching."""
    sim.token = ""
    answer = await sim.api(ADD, {"external_userid": customers, **TEXT, **more})
    assert answer["errcode"] == 0, answer
    await sim.advance(2)
    return str(answer["msgid"])


async def confirm(sim: Sim, msgid: str, userid: str = "zhangsan", **more: Any) -> dict[str, int]:
    confirmed = await sim.control("tasks/confirm", msgid=msgid, userid=userid, **more)
    statuses: dict[str, int] = confirmed["statuses"]
    return statuses


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        ({}, 0),
        ({"external_userid": []}, 40063),
        ({"external_userid": [], "sender": "zhangsan"}, 0),
        ({"external_userid": [], "sender": "lisi"}, 41048),
        ({"sender": "nobody"}, 40003),
        ({"external_userid": ["wm_nobody"]}, 41048),
        ({"external_userid": ["wm"] * 10_001}, 40058),
        ({"chat_type": "both"}, 86214),
        ({"chat_type": "group"}, 40063),
        ({"text": None}, 40063),
        ({"text": {"content": "长" * 1334}}, 45002),
        ({"attachments": [{"msgtype": "image", "image": {"media_id": "none"}}]}, 40007),
    ],
)
async def test_what_makes_a_task(sim: Sim, changes: dict[str, Any], errcode: int) -> None:
    person = await sim.friend()
    await sim.employee("lisi")
    assert await sim.errcode(ADD, {"external_userid": [person], **TEXT, **changes}) == errcode


async def test_who_cannot_be_reached_is_named_and_the_rest_is_served(sim: Sim) -> None:
    friend, half, alone = await sim.friend(), await sim.friend(half=True), await sim.person()
    answer = await sim.api(ADD, {"external_userid": [half, friend, "wm_none", alone, friend], **TEXT})
    assert answer["fail_list"] == [half, "wm_none", alone]
    assert list(sim.world.mass.all[answer["msgid"]].parts["zhangsan"].recipients) == [friend]


async def test_a_customer_belongs_to_whoever_chatted_last(sim: Sim) -> None:
    person = await sim.friend("zhangsan")
    await sim.friend("lisi")
    await sim.control("add", userid="lisi", external_userid=person)
    await sim.control("chat", userid="zhangsan", external_userid=person)
    assert list(sim.world.mass.all[await send(sim, person)].parts) == ["zhangsan"]
    await sim.control("chat", userid="lisi", external_userid=person)
    assert list(sim.world.mass.all[await send(sim, person)].parts) == ["lisi"]
    restricted = await send(sim, person, sender="zhangsan")
    assert list(sim.world.mass.all[restricted].parts) == ["zhangsan"]


async def test_the_tag_filter_is_or_inside_and_between(sim: Sim) -> None:
    people = {name: await sim.friend() for name in ("gold", "silver", "gold+new")}
    tags: dict[str, str] = {}
    for name in ("gold", "silver", "new"):
        body = {"group_name": "g", "tag": [{"name": name}]}
        tags[name] = (await sim.api("externalcontact/add_corp_tag", body))["tag_group"]["tag"][0]["id"]
    for names, person in people.items():
        marks = [tags[name] for name in names.split("+")]
        body = {"userid": "zhangsan", "external_userid": person, "add_tag": marks}
        await sim.api("externalcontact/mark_tag", body)

    async def reached(*groups: list[str]) -> set[str]:
        lists = [{"tag_list": [tags[name] for name in group]} for group in groups]
        msgid = await send(sim, tag_filter={"group_list": lists})
        return set(sim.world.mass.all[msgid].parts["zhangsan"].recipients)

    assert await reached(["gold", "silver"]) == set(people.values())
    assert await reached(["gold", "silver"], ["new"]) == {people["gold+new"]}


async def test_nothing_arrives_before_the_employee_confirms(sim: Sim) -> None:
    person = await sim.friend()
    msgid = await send(sim, person)
    assert (await sim.api(TASK, {"msgid": msgid}))["task_list"] == [{"userid": "zhangsan", "status": 0}]
    unsent = [{"external_userid": person, "userid": "zhangsan", "status": 0}]
    assert (await sim.api(RESULT, {"msgid": msgid, "userid": "ZhangSan"}))["send_list"] == unsent
    assert await sim.look(f"received/{person}") == []
    events = len(sim.events())
    assert await confirm(sim, msgid) == {person: 1}
    assert len(sim.events()) == events, "there is no callback of the result"
    at = sim.world.clock.unix()
    task_list = [{"userid": "zhangsan", "status": 2, "send_time": at}]
    assert (await sim.api(TASK, {"msgid": msgid}))["task_list"] == task_list
    (sent,) = (await sim.api(RESULT, {"msgid": msgid, "userid": "zhangsan"}))["send_list"]
    assert sent == {"external_userid": person, "userid": "zhangsan", "status": 1, "send_time": at}
    (message,) = await sim.look(f"received/{person}")
    assert (message["channel"], message["text"], message["msgid"]) == ("single", "本周福利", msgid)
    assert await sim.refused("tasks/confirm", msgid=msgid, userid="zhangsan") == 409


async def test_who_has_left_is_not_a_friend_any_more(sim: Sim) -> None:
    stays, left, removed = [await sim.friend() for _ in range(3)]
    msgid = await send(sim, stays, left, removed)
    await sim.control("delete", userid="zhangsan", external_userid=left, by="customer")
    await sim.control("delete", userid="zhangsan", external_userid=removed, by="employee")
    assert await confirm(sim, msgid) == {stays: 1, left: 2, removed: 2}
    assert await sim.look(f"received/{left}") == []


@pytest.mark.parametrize(("rule", "cap", "window_days"), [("day", 1, 1), ("week", 7, 7), ("month", 31, 31)])
async def test_the_cap_of_each_rule(sim: Sim, rule: str, cap: int, window_days: int) -> None:
    """The test begins on Monday 2 March, a month of 31 days."""
    await sim.control("settings", mass_cap=rule)
    person = await sim.friend()
    statuses = [(await confirm(sim, await send(sim, person)))[person] for _ in range(cap + 1)]
    assert statuses == [1] * cap + [3]
    assert len(await sim.look(f"received/{person}")) == cap
    await sim.advance(window_days * DAY)
    assert await confirm(sim, await send(sim, person)) == {person: 1}


async def test_days_are_those_of_china(sim: Sim) -> None:
    """It is noon in China; the next day begins in twelve hours."""
    await sim.control("settings", mass_cap="day")
    person = await sim.friend()
    await confirm(sim, await send(sim, person))
    await sim.advance(11.5 * 3600)
    assert await confirm(sim, await send(sim, person)) == {person: 3}
    await sim.advance(0.5 * 3600)
    assert await confirm(sim, await send(sim, person)) == {person: 1}


async def test_a_part_of_the_recipients_only_with_allow_select(sim: Sim) -> None:
    one, two = await sim.friend(), await sim.friend()
    fixed = await send(sim, one, two)
    choice = {"userid": "zhangsan", "external_userids": [one]}
    assert await sim.refused("tasks/confirm", msgid=fixed, **choice) == 409
    free = await send(sim, one, two, allow_select=True)
    assert await sim.refused("tasks/confirm", msgid=free, userid="zhangsan", external_userids=["wm"]) == 409
    assert await confirm(sim, free, external_userids=[one]) == {one: 1, two: 0}
    assert await sim.refused("tasks/confirm", msgid=free, userid="lisi") == 404
    assert await sim.refused("tasks/confirm", msgid="msg_none", userid="lisi") == 404


async def test_a_group_task_reaches_everyone_who_is_in(sim: Sim) -> None:
    chat_id, gone = await sim.group(), await sim.group()
    foreign = await sim.group(owner="lisi")
    inside = await sim.person()
    await sim.control("join", external_userid=inside, chat_id=chat_id)
    body = {"chat_type": "group", "sender": "zhangsan", "chat_id_list": [chat_id, gone, foreign], **TEXT}
    answer = await sim.api(ADD, body)
    assert answer["fail_list"] == [foreign]
    await sim.advance(2)
    query = {"msgid": answer["msgid"], "userid": "zhangsan"}
    assert (await sim.api(RESULT, query))["send_list"] == [], "only the sent are listed"
    await sim.control("dismiss", chat_id=gone)
    assert await confirm(sim, answer["msgid"]) == {chat_id: 1, gone: 2}
    sent = (await sim.api(RESULT, query))["send_list"]
    assert [(record["chat_id"], record["status"]) for record in sent] == [(chat_id, 1), (gone, 2)]
    assert "external_userid" not in sent[0]
    (message,) = await sim.look(f"received/{inside}")
    assert (message["channel"], message["chat_id"]) == ("group", chat_id)


async def test_no_chat_ids_means_all_groups_of_the_sender(sim: Sim) -> None:
    mine = [await sim.group() for _ in range(2)]
    await sim.group(owner="lisi")
    msgid = await send(sim, chat_type="group", sender="zhangsan")
    assert list(sim.world.mass.all[msgid].parts["zhangsan"].recipients) == mine
