"""Groups and their events (contract §3.5, §7.1, §7.3)."""

from typing import Any

import pytest

from tests.simulators.sim import Sim

pytestmark = pytest.mark.anyio

GET = "externalcontact/groupchat/get"
LIST = "externalcontact/groupchat/list"
ADD_WAY = "externalcontact/groupchat/add_join_way"


async def join_way(sim: Sim, *chat_ids: str, **more: Any) -> str:
    body = {"scene": 2, "chat_id_list": chat_ids, "state": "poster", **more}
    return str((await sim.api(ADD_WAY, body))["config_id"])


async def join(sim: Sim, **where: Any) -> tuple[str, Any]:
    person = await sim.person()
    return person, await sim.control("join", external_userid=person, **where)


async def members(sim: Sim, chat_id: str) -> dict[str, Any]:
    group = (await sim.api(GET, {"chat_id": chat_id}))["group_chat"]
    return {member["userid"]: member for member in group["member_list"]}


async def test_a_new_group(sim: Sim) -> None:
    chat_id = await sim.group("一店福利群", owner="ZhangSan")
    assert sim.last_event() | {"CreateTime": "0"} == {
        "ToUserName": "wx5823bf96d3bd56c7",
        "FromUserName": "sys",
        "CreateTime": "0",
        "MsgType": "event",
        "Event": "change_external_chat",
        "ChatId": chat_id,
        "ChangeType": "create",
    }
    group = (await sim.api(GET, {"chat_id": chat_id, "need_name": 1}))["group_chat"]
    assert (group["name"], group["owner"], group["admin_list"]) == ("一店福利群", "ZhangSan", [])
    (owner,) = group["member_list"]
    assert (owner["type"], owner["name"], owner["join_scene"]) == (1, "Zhangsan", 1)


async def test_joining_by_the_qr_code(sim: Sim) -> None:
    chat_id = await sim.group()
    before = (await sim.api(GET, {"chat_id": chat_id}))["group_chat"]["member_version"]
    person, joined = await join(sim, config_id=await join_way(sim, chat_id))
    assert joined == {"chat_id": chat_id, "joined": True, "created": False}
    after = (await sim.api(GET, {"chat_id": chat_id}))["group_chat"]["member_version"]
    event = sim.last_event()
    assert event["LastMemVer"] == before
    assert event["CurMemVer"] == after
    assert (event["UpdateDetail"], event["JoinScene"], event["QuitScene"]) == ("add_member", "3", "0")
    assert event["MemChangeCnt"] == "1"
    content = sim.world.callbacks.outbox.log[-1].content
    assert f"<MemChangeList><Item><![CDATA[{person}]]></Item></MemChangeList>" in content
    assert "poster" not in content, "the event carries no state"
    member = (await members(sim, chat_id))[person]
    assert (member["join_scene"], member["state"], member["type"]) == (3, "poster", 2)
    assert "unionid" in member
    assert "name" not in member
    assert "invitor" not in member


@pytest.mark.parametrize(
    ("form", "wire"),
    [
        ("csv", "<MemChangeList><![CDATA[{person}]]></MemChangeList>"),
        ("absent", "<MemChangeCnt>1</MemChangeCnt><LastMemVer>"),
    ],
)
async def test_other_wire_forms_of_the_member_list(sim: Sim, form: str, wire: str) -> None:
    await sim.control("settings", mem_change_list=form)
    person, _ = await join(sim, chat_id=await sim.group())
    assert wire.format(person=person) in sim.world.callbacks.outbox.log[-1].content


@pytest.mark.parametrize(("scene", "in_event", "invitor"), [(1, "0", True), (2, "0", False), (3, "3", False)])
async def test_the_event_counts_scenes_otherwise(sim: Sim, scene: int, in_event: str, invitor: bool) -> None:
    chat_id = await sim.group()
    person, _ = await join(sim, chat_id=chat_id, scene=scene)
    assert sim.last_event()["JoinScene"] == in_event
    member = (await members(sim, chat_id))[person]
    assert member["join_scene"] == scene
    assert ("invitor" in member) is invitor


async def test_a_member_who_joins_again_causes_nothing(sim: Sim) -> None:
    chat_id = await sim.group()
    config_id = await join_way(sim, chat_id)
    person, _ = await join(sim, config_id=config_id)
    events = len(sim.events())
    for where in ({"config_id": config_id}, {"chat_id": chat_id}):
        again = await sim.control("join", external_userid=person, **where)
        assert again["joined"] is False
    assert len(sim.events()) == events


@pytest.mark.parametrize(("by", "scene"), [("customer", "0"), ("employee", "1")])
async def test_leaving_and_being_removed(sim: Sim, by: str, scene: str) -> None:
    chat_id = await sim.group()
    person, _ = await join(sim, chat_id=chat_id)
    await sim.control("leave", external_userid=person, chat_id=chat_id, by=by)
    event = sim.last_event()
    assert (event["UpdateDetail"], event["QuitScene"]) == ("del_member", scene)
    assert person not in await members(sim, chat_id)
    assert await sim.refused("leave", external_userid=person, chat_id=chat_id, by=by) == 409


async def test_a_dismissed_group(sim: Sim) -> None:
    chat_id = await sim.group()
    await sim.control("dismiss", chat_id=chat_id)
    assert sim.last_event()["ChangeType"] == "dismiss"
    assert await sim.errcode(GET, {"chat_id": chat_id}) == 49008
    assert (await sim.api(LIST, {"limit": 10}))["group_chat_list"] == []
    assert await sim.refused("dismiss", chat_id=chat_id) == 409
    assert await sim.refused("join", external_userid=await sim.person(), chat_id=chat_id) == 409


async def test_an_unknown_group(sim: Sim) -> None:
    assert await sim.errcode(GET, {"chat_id": "wr_none"}) == 90501
    assert await sim.refused("dismiss", chat_id="wr_none") == 404


async def test_the_list_by_owner_in_pages(sim: Sim) -> None:
    mine = [await sim.group(owner="zhangsan") for _ in range(3)]
    await sim.group(owner="lisi")
    body: dict[str, Any] = {"owner_filter": {"userid_list": ["ZhangSan"]}, "limit": 2}
    first = await sim.api(LIST, body)
    second = await sim.api(LIST, {**body, "cursor": first["next_cursor"]})
    listed = first["group_chat_list"] + second["group_chat_list"]
    assert listed == [{"chat_id": chat_id, "status": 0} for chat_id in mine]
    assert await sim.errcode(LIST, {"limit": 2, "cursor": first["next_cursor"]}) == 50100
    assert await sim.errcode(LIST, {}) == 40058
    assert await sim.errcode(LIST, {"limit": 0}) == 40058
    assert (await sim.api(LIST, {"limit": 9, "status_filter": 1}))["group_chat_list"] == []


async def test_group_data_may_lag_behind_the_event(sim: Sim) -> None:
    chat_id = await sim.group()
    await sim.control("settings", group_lag_seconds=2)
    person, _ = await join(sim, chat_id=chat_id)
    group = (await sim.api(GET, {"chat_id": chat_id}))["group_chat"]
    assert len(group["member_list"]) == 1
    assert group["member_version"] == sim.last_event()["LastMemVer"]
    await sim.advance(2)
    assert person in await members(sim, chat_id)


async def test_beyond_the_qr_cap_only_an_invitation_helps_up_to_the_groups_own(sim: Sim) -> None:
    await sim.control("settings", qr_join_cap=1, group_cap=2)
    chat_id = await sim.group()
    late = await sim.person()
    assert await sim.refused("join", external_userid=late, chat_id=chat_id, scene=2) == 409
    await join(sim, chat_id=chat_id, scene=1)
    assert await sim.refused("join", external_userid=late, chat_id=chat_id, scene=1) == 409
