"""Lists and detail of customers (contract §6.1)."""

import pytest

from tests.simulators.sim import Sim

pytestmark = pytest.mark.anyio


async def test_the_detail(sim: Sim) -> None:
    await sim.employee("ZhangSan")
    await sim.contact_way("zhangsan", state="door")
    person = await sim.person("李四", unionid="o123")
    await sim.control("scan", external_userid=person, state="door")
    assert await sim.api("externalcontact/get", external_userid=person) == {
        "errcode": 0,
        "errmsg": "ok",
        "external_contact": {
            "external_userid": person,
            "name": "李四",
            "avatar": "",
            "type": 1,
            "gender": 0,
            "unionid": "o123",
        },
        "follow_user": [
            {
                "userid": "ZhangSan",
                "remark": "李四",
                "description": "",
                "createtime": sim.world.clock.unix(),
                "tags": [],
                "remark_mobiles": [],
                "oper_userid": person,
                "add_way": 1,
                "state": "door",
            }
        ],
        "next_cursor": "",
    }


async def test_without_a_bound_account_there_is_no_unionid(sim: Sim) -> None:
    await sim.employee()
    person = await sim.person(unionid=None)
    await sim.control("add", userid="zhangsan", external_userid=person)
    detail = await sim.api("externalcontact/get", external_userid=person)
    assert "unionid" not in detail["external_contact"]
    assert "state" not in detail["follow_user"][0]


async def test_a_unionid_is_made_up_when_none_is_given(sim: Sim) -> None:
    assert (await sim.control("people", nickname="x"))["unionid"].startswith("o")


async def test_a_person_without_friends_is_no_customer(sim: Sim) -> None:
    assert await sim.errcode("externalcontact/get", external_userid=await sim.person()) == 84061
    assert await sim.errcode("externalcontact/get", external_userid="wm_nobody") == 40096
    assert await sim.errcode("externalcontact/get") == 41035


async def test_the_list_is_an_error_when_it_would_be_empty(sim: Sim) -> None:
    await sim.employee("lisi")
    empty = await sim.api("externalcontact/list", userid="lisi")
    assert (empty["errcode"], empty["external_userid"]) == (84061, [])
    assert await sim.errcode("externalcontact/list", userid="nobody") == 60111
    assert await sim.errcode("externalcontact/list") == 41009
    customers = [await sim.friend("zhangsan") for _ in range(3)]
    assert (await sim.api("externalcontact/list", userid="ZHANGSAN"))["external_userid"] == customers


async def test_members_with_the_function(sim: Sim) -> None:
    await sim.employee("b")
    await sim.employee("a")
    assert (await sim.api("externalcontact/get_follow_user_list"))["follow_user"] == ["b", "a"]
