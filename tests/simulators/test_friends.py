"""Scans, half adds, consent, farewells: events and relations (contract §3.4, §6.2, §13.7)."""

import pytest

from tests.simulators.sim import Sim

pytestmark = pytest.mark.anyio

GET = "externalcontact/get"


async def test_a_scan_adds_at_once_with_state_and_code(sim: Sim) -> None:
    await sim.employee("ZhangSan")
    await sim.contact_way("zhangsan", state="door-7")
    person = await sim.person()
    added = await sim.control("scan", external_userid=person, state="door-7")
    assert added == {
        "userid": "ZhangSan",
        "external_userid": person,
        "added": True,
        "event": "add_external_contact",
    }
    event = sim.last_event()
    assert event.pop("WelcomeCode")
    assert event == {
        "ToUserName": "wx5823bf96d3bd56c7",
        "FromUserName": "sys",
        "CreateTime": str(sim.world.clock.unix()),
        "MsgType": "event",
        "Event": "change_external_contact",
        "ChangeType": "add_external_contact",
        "UserID": "ZhangSan",
        "ExternalUserID": person,
        "State": "door-7",
    }


async def test_a_friend_who_scans_again_causes_nothing(sim: Sim) -> None:
    await sim.employee()
    config_id = await sim.contact_way("zhangsan")
    person = await sim.person()
    await sim.control("scan", external_userid=person, config_id=config_id)
    again = await sim.control("scan", external_userid=person, config_id=config_id)
    assert (again["added"], again["event"], len(sim.events())) == (False, None, 1)


async def test_members_of_a_way_take_turns(sim: Sim) -> None:
    for userid in ("a", "b", "c"):
        await sim.employee(userid)
    await sim.contact_way("a", "b", "c")
    await sim.employee("b", activated=False)
    scans = [await sim.control("scan", external_userid=await sim.person(), state="S1") for _ in range(4)]
    assert [scan["userid"] for scan in scans] == ["a", "c", "a", "c"]


async def test_a_way_without_anyone_left_refuses(sim: Sim) -> None:
    await sim.employee()
    await sim.contact_way("zhangsan")
    await sim.employee(activated=False)
    assert await sim.refused("scan", external_userid=await sim.person(), state="S1") == 409


async def test_a_temporary_way_dies_after_one_add(sim: Sim) -> None:
    await sim.employee()
    await sim.contact_way("zhangsan", is_temp=True)
    await sim.control("scan", external_userid=await sim.person(), state="S1")
    assert await sim.refused("scan", external_userid=await sim.person(), state="S1") == 404


async def test_a_half_added_friend_is_none_to_the_api_until_confirmed(sim: Sim) -> None:
    await sim.employee()
    await sim.contact_way("zhangsan")
    person = await sim.person()
    scan = await sim.control("scan", external_userid=person, state="S1", half=True)
    assert scan["event"] == "add_half_external_contact"
    assert sim.last_event()["WelcomeCode"]
    assert await sim.errcode(GET, external_userid=person) == 84061
    assert await sim.errcode("externalcontact/list", userid="zhangsan") == 84061
    await sim.control("confirm_half_add", userid="zhangsan", external_userid=person)
    event = sim.last_event()
    assert (event["ChangeType"], event["State"]) == ("add_external_contact", "S1")
    assert await sim.errcode(GET, external_userid=person) == 0
    assert await sim.refused("confirm_half_add", userid="zhangsan", external_userid=person) == 409


async def test_no_second_code_once_the_half_adds_was_used(sim: Sim) -> None:
    person = await sim.friend(half=True)
    code = sim.last_event()["WelcomeCode"]
    body = {"welcome_code": code, "text": {"content": "hi"}}
    assert await sim.errcode("externalcontact/send_welcome_msg", body) == 0
    await sim.control("confirm_half_add", userid="zhangsan", external_userid=person)
    assert "WelcomeCode" not in sim.last_event()


async def test_an_unused_half_code_and_its_successor_make_one_welcome(sim: Sim) -> None:
    person = await sim.friend(half=True)
    first = sim.last_event()["WelcomeCode"]
    await sim.control("confirm_half_add", userid="zhangsan", external_userid=person)
    second = sim.last_event()["WelcomeCode"]
    codes = [
        await sim.errcode(
            "externalcontact/send_welcome_msg", {"welcome_code": code, "text": {"content": "hi"}}
        )
        for code in (second, first)
    ]
    assert codes == [0, 41051]


async def test_a_console_greeting_leaves_no_code(sim: Sim) -> None:
    await sim.friend(welcome_code=False)
    assert "WelcomeCode" not in sim.last_event()
    assert "State" not in sim.last_event()


async def test_adding_an_employee_whom_nobody_knows_with_a_state_nobody_knows(sim: Sim) -> None:
    person = await sim.person()
    await sim.control("add", userid="stranger", external_userid=person, state="unheard-of")
    event = sim.last_event()
    assert (event["UserID"], event["State"]) == ("stranger", "unheard-of")


async def test_the_customer_leaves_one_way(sim: Sim) -> None:
    person = await sim.friend()
    pair = {"userid": "zhangsan", "external_userid": person}
    await sim.control("delete", **pair, by="customer")
    assert sim.last_event()["ChangeType"] == "del_follow_user"
    assert await sim.errcode(GET, external_userid=person) == 0
    assert await sim.refused("delete", **pair, by="customer") == 409


async def test_who_comes_back_is_added_again_and_keeps_her_tags(sim: Sim) -> None:
    person = await sim.friend()
    pair = {"userid": "zhangsan", "external_userid": person}
    group = {"group_name": "tier", "tag": [{"name": "gold"}]}
    tag = (await sim.api("externalcontact/add_corp_tag", group))["tag_group"]["tag"][0]["id"]
    await sim.api("externalcontact/mark_tag", {**pair, "add_tag": [tag]})
    await sim.control("delete", **pair, by="customer")
    await sim.control("add", **pair)
    assert sim.last_event()["ChangeType"] == "add_external_contact"
    assert await sim.look(f"tags/{person}") == {"zhangsan": ["gold"]}


async def test_the_employee_ends_the_relation(sim: Sim) -> None:
    person = await sim.friend()
    await sim.control("delete", userid="zhangsan", external_userid=person, by="employee")
    assert sim.last_event()["ChangeType"] == "del_external_contact"
    assert await sim.errcode(GET, external_userid=person) == 84061


async def test_nonsense_is_refused_with_a_reason(sim: Sim) -> None:
    person = await sim.person()
    await sim.employee()
    assert await sim.refused("scan", external_userid=person) == 422
    assert await sim.refused("scan", external_userid=person, state="a", config_id="b") == 422
    assert await sim.refused("scan", external_userid=person, state="nowhere") == 404
    assert await sim.refused("add", userid="zhangsan", external_userid="wm_nobody") == 404
    assert await sim.refused("add", userid="zhangsan", external_userid=person, sate="typo") == 422
    assert await sim.refused("chat", userid="zhangsan", external_userid=person) == 409
    assert await sim.refused("people", nickname="twin", external_userid=person) == 409


async def test_a_way_with_verification_waits_for_the_member(sim: Sim) -> None:
    await sim.employee()
    await sim.contact_way("zhangsan", skip_verify=False)
    person = await sim.person()
    pair = {"userid": "zhangsan", "external_userid": person}
    scan = await sim.control("scan", external_userid=person, state="S1")
    assert (scan["added"], scan["event"], sim.events()) == (False, None, [])
    assert await sim.errcode(GET, external_userid=person) == 84061
    await sim.advance(60)
    assert (await sim.control("confirm_half_add", **pair))["event"] == "add_external_contact"
    event = sim.last_event()
    assert (event["State"], bool(event["WelcomeCode"])) == ("S1", True)
    follower = (await sim.api(GET, external_userid=person))["follow_user"][0]
    assert follower["createtime"] == sim.world.clock.unix(), "friends since the member agreed"


async def test_a_member_may_decline(sim: Sim) -> None:
    await sim.employee()
    await sim.contact_way("zhangsan", skip_verify=False)
    pair = {"userid": "zhangsan", "external_userid": await sim.person()}
    await sim.control("scan", external_userid=pair["external_userid"], state="S1")
    await sim.control("decline", **pair)
    assert sim.events() == []
    assert await sim.refused("decline", **pair) == 404
    assert await sim.refused("confirm_half_add", **pair) == 409


async def test_a_wecom_user_gets_no_welcome_code(sim: Sim) -> None:
    await sim.employee()
    person = await sim.person(type=2, corp_name="伙伴")
    await sim.control("add", userid="zhangsan", external_userid=person)
    assert person.startswith("wo")
    assert "WelcomeCode" not in sim.last_event()


async def test_a_full_member_adds_nobody_and_another_of_the_way_takes_over(sim: Sim) -> None:
    await sim.employee("a", contact_cap=1)
    await sim.employee("b", contact_cap=1)
    await sim.contact_way("a", "b")
    scans = [await sim.control("scan", external_userid=await sim.person(), state="S1") for _ in range(2)]
    assert [scan["userid"] for scan in scans] == ["a", "b"]
    assert await sim.refused("scan", external_userid=await sim.person(), state="S1") == 409
    assert await sim.refused("add", userid="a", external_userid=await sim.person()) == 409
    assert len(sim.events()) == 2, "it fails in the client: no app hears of it"


async def test_the_corps_cap(sim: Sim) -> None:
    await sim.control("settings", contacts_per_corp=1)
    person = await sim.friend()
    assert await sim.refused("add", userid="zhangsan", external_userid=await sim.person()) == 409
    await sim.control("delete", userid="zhangsan", external_userid=person, by="employee")
    await sim.control("add", userid="zhangsan", external_userid=await sim.person())


async def test_state_in_a_farewell_is_a_setting(sim: Sim) -> None:
    await sim.control("settings", del_follow_user_state=True)
    person = await sim.friend(state="door")
    await sim.control("delete", userid="zhangsan", external_userid=person, by="customer")
    assert sim.last_event()["State"] == "door"


async def test_remarks_and_tags_outlive_a_farewell_of_the_customer(sim: Sim) -> None:
    person = await sim.friend()
    pair = {"userid": "zhangsan", "external_userid": person}
    await sim.api("externalcontact/remark", {**pair, "remark": "王姐", "remark_mobiles": ["13800000001"]})
    await sim.control("delete", **pair, by="customer")
    await sim.control("add", **pair)
    follower = (await sim.api(GET, external_userid=person))["follow_user"][0]
    assert (follower["remark"], follower["remark_mobiles"]) == ("王姐", ["13800000001"])
