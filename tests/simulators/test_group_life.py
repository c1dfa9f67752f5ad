"""What people do with a group in their clients, and what the API then shows (contract §3.5, §7.1)."""

from typing import Any

import pytest

from tests.simulators.sim import Sim
from tests.simulators.test_groups import GET, LIST, join, members

pytestmark = pytest.mark.anyio

RESIGN = "employees/{}/resign"


async def shown(sim: Sim, chat_id: str, **more: Any) -> dict[str, Any]:
    group: dict[str, Any] = (await sim.api(GET, {"chat_id": chat_id, **more}))["group_chat"]
    return group


async def test_name_notice_and_owner(sim: Sim) -> None:
    chat_id = await sim.group()
    await sim.employee("lisi")
    await sim.control("groups/rename", chat_id=chat_id, name="二店福利群")
    assert sim.last_event()["UpdateDetail"] == "change_name"
    await sim.control("groups/notice", chat_id=chat_id, notice="周五见")
    assert sim.last_event()["UpdateDetail"] == "change_notice"
    assert await sim.refused("groups/owner", chat_id=chat_id, userid="lisi") == 409, "not a member"
    await sim.control("groups/invite", chat_id=chat_id, by="zhangsan", userids=["lisi"])
    await sim.control("groups/owner", chat_id=chat_id, userid="LiSi")
    assert sim.last_event()["UpdateDetail"] == "change_owner"
    group = await shown(sim, chat_id)
    assert (group["name"], group["notice"], group["owner"]) == ("二店福利群", "周五见", "lisi")


async def test_admins_come_and_go_without_an_event(sim: Sim) -> None:
    chat_id = await sim.group()
    await sim.employee("lisi")
    await sim.control("groups/invite", chat_id=chat_id, by="zhangsan", userids=["lisi"])
    events = len(sim.events())
    await sim.control("groups/admin", chat_id=chat_id, userid="lisi")
    assert (await shown(sim, chat_id))["admin_list"] == [{"userid": "lisi"}]
    await sim.control("groups/admin", chat_id=chat_id, userid="lisi", admin=False)
    assert (await shown(sim, chat_id))["admin_list"] == []
    assert len(sim.events()) == events


async def test_an_invitation_brings_several_at_once(sim: Sim) -> None:
    chat_id = await sim.group()
    await sim.employee("lisi")
    people = [await sim.person() for _ in range(2)]
    before = (await shown(sim, chat_id))["member_version"]
    await sim.control(
        "groups/invite", chat_id=chat_id, by="zhangsan", external_userids=people, userids=["lisi"]
    )
    event = sim.last_event()
    assert (event["UpdateDetail"], event["JoinScene"], event["MemChangeCnt"]) == ("add_member", "0", "3")
    assert event["LastMemVer"] == before
    assert event["CurMemVer"] == (await shown(sim, chat_id))["member_version"]
    member = (await members(sim, chat_id))[people[0]]
    assert (member["join_scene"], member["invitor"]) == (1, {"userid": "zhangsan"})
    again = {"chat_id": chat_id, "by": "zhangsan", "external_userids": people}
    assert await sim.refused("groups/invite", **again) == 409


async def test_invitors_are_named_only_when_they_are_staff_and_invite_directly(sim: Sim) -> None:
    chat_id = await sim.group()
    host, _ = await join(sim, chat_id=chat_id)
    direct, linked = await sim.person(), await sim.person()
    await sim.control("groups/invite", chat_id=chat_id, by=host, external_userids=[direct])
    await sim.control("groups/invite", chat_id=chat_id, by="zhangsan", external_userids=[linked], scene=2)
    shown_members = await members(sim, chat_id)
    assert "invitor" not in shown_members[direct]
    assert shown_members[linked]["join_scene"] == 2
    assert "invitor" not in shown_members[linked]
    assert await sim.refused("groups/invite", chat_id=chat_id, by="wm_none", external_userids=[direct]) == 409


async def test_links_stop_at_the_cap_and_invitations_at_the_groups_own(sim: Sim) -> None:
    chat_id = await sim.group()
    await sim.control("settings", qr_join_cap=2, group_cap=3)
    people = [await sim.person() for _ in range(3)]
    invitation = {"chat_id": chat_id, "by": "zhangsan"}
    assert await sim.refused("groups/invite", **invitation, external_userids=people[:2], scene=2) == 409
    await sim.control("groups/invite", **invitation, external_userids=people[:2])
    assert await sim.refused("groups/invite", **invitation, external_userids=people[2:]) == 409


async def test_kicking_several_is_one_event(sim: Sim) -> None:
    chat_id = await sim.group()
    people = [(await join(sim, chat_id=chat_id))[0] for _ in range(2)]
    await sim.control("groups/kick", chat_id=chat_id, members=people)
    event = sim.last_event()
    assert (event["UpdateDetail"], event["QuitScene"], event["MemChangeCnt"]) == ("del_member", "1", "2")
    assert set(await members(sim, chat_id)) == {"zhangsan"}
    assert await sim.refused("groups/kick", chat_id=chat_id, members=["zhangsan"]) == 409
    assert await sim.refused("groups/kick", chat_id=chat_id, members=people) == 409


async def test_names_are_shown_on_request_nicknames_always(sim: Sim) -> None:
    chat_id = await sim.group()
    person, _ = await join(sim, chat_id=chat_id)
    await sim.control("groups/nickname", chat_id=chat_id, member=person, nickname="小李@三店")
    member = (await members(sim, chat_id))[person]
    assert member["group_nickname"] == "小李@三店"
    assert "name" not in member
    named = {one["userid"]: one for one in (await shown(sim, chat_id, need_name=1))["member_list"]}
    assert (named[person]["name"], named["zhangsan"]["name"]) == ("小李", "Zhangsan")


async def test_nothing_can_be_done_in_a_dismissed_group(sim: Sim) -> None:
    chat_id = await sim.group()
    await sim.control("dismiss", chat_id=chat_id)
    assert await sim.refused("groups/rename", chat_id=chat_id, name="x") == 409
    assert await sim.refused("groups/message", chat_id=chat_id, sender="zhangsan", text="x") == 409
    assert await sim.refused("groups/export_qr", chat_id=chat_id) == 409


async def test_an_opengid_leads_to_its_chat(sim: Sim) -> None:
    await sim.employee()
    group = await sim.control("groups", name="g", owner="zhangsan")
    path = "externalcontact/opengid_to_chatid"
    assert (await sim.api(path, {"opengid": group["opengid"]}))["chat_id"] == group["chat_id"]
    assert await sim.errcode(path, {"opengid": "o_none"}) == 90511
    ordinary = await sim.control("groups/ordinary")
    assert await sim.errcode(path, {"opengid": ordinary["opengid"]}) == 90509
    await sim.control("dismiss", chat_id=group["chat_id"])
    assert await sim.errcode(path, {"opengid": group["opengid"]}) == 49008


async def test_an_app_sees_the_groups_of_its_range(sim: Sim) -> None:
    mine, theirs = await sim.group(owner="zhangsan"), await sim.group(owner="lisi")
    await sim.control("apps/1000002", visible={"users": ["zhangsan"]})
    listed = (await sim.api(LIST, {"limit": 10}))["group_chat_list"]
    assert [chat["chat_id"] for chat in listed] == [mine]
    assert await sim.errcode(GET, {"chat_id": theirs}) == 60011
    assert await sim.errcode(LIST, {"limit": 10, "owner_filter": {"userid_list": ["lisi"]}}) == 60011
    assert await sim.errcode(LIST, {"limit": 10, "owner_filter": {"userid_list": ["nobody"]}}) == 60111
    way = {"scene": 2, "chat_id_list": [theirs]}
    assert await sim.errcode("externalcontact/groupchat/add_join_way", way) == 60011


async def test_many_members_in_range_need_an_owner_filter(sim: Sim) -> None:
    await sim.group(owner="zhangsan")
    await sim.employee("lisi")
    await sim.control("settings", group_list_members=1)
    assert await sim.errcode(LIST, {"limit": 10}) == 81017
    body = {"limit": 10, "owner_filter": {"userid_list": ["zhangsan"]}}
    assert len((await sim.api(LIST, body))["group_chat_list"]) == 1
    long_filter = {"userid_list": ["u"] * 101}
    assert await sim.errcode(LIST, {"limit": 10, "owner_filter": long_filter}) == 40058


async def test_the_groups_of_one_who_resigned_have_a_status(sim: Sim) -> None:
    chat_id = await sim.group(owner="zhangsan")
    await sim.group(owner="lisi")
    await sim.control(RESIGN.format("zhangsan"))
    by_owner = {"limit": 9, "owner_filter": {"userid_list": ["zhangsan"]}}
    resigned = [{"chat_id": chat_id, "status": 1}]
    assert (await sim.api(LIST, {"limit": 9, "status_filter": 1}))["group_chat_list"] == resigned
    assert (await sim.api(LIST, by_owner))["group_chat_list"] == resigned
    assert (await shown(sim, chat_id))["owner"] == "zhangsan"
