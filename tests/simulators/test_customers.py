"""Lists and detail of customers (contract §6.1)."""

from typing import Any

import pytest

from tests.simulators.sim import Sim

pytestmark = pytest.mark.anyio

BATCH = "externalcontact/batch/get_by_user"


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


async def test_a_wecom_user_has_a_corp_and_no_unionid(sim: Sim) -> None:
    await sim.employee()
    profile = {"external_attr": [{"type": 0, "name": "工号", "text": {"value": "7"}}]}
    corp = {"corp_name": "伙伴", "corp_full_name": "伙伴有限公司", "position": "采购"}
    person = await sim.person("赵六", type=2, gender=1, avatar="http://a", external_profile=profile, **corp)
    await sim.control("add", userid="zhangsan", external_userid=person)
    assert (await sim.api("externalcontact/get", external_userid=person))["external_contact"] == {
        "external_userid": person,
        "name": "赵六",
        "avatar": "http://a",
        "type": 2,
        "gender": 1,
        "external_profile": profile,
        **corp,
    }


async def test_who_began_it_and_how(sim: Sim) -> None:
    await sim.employee()
    how: list[dict[str, Any]] = [
        {"by": "employee", "add_way": 2},
        {"oper_userid": "admin", "add_way": 202},
        {"add_way": 10, "wechat_channels": {"nickname": "小店", "source": 2}},
    ]
    people = [await sim.person() for _ in how]
    for person, more in zip(people, how, strict=True):
        await sim.control("add", userid="zhangsan", external_userid=person, **more)
    found = [(await sim.api("externalcontact/get", external_userid=one))["follow_user"][0] for one in people]
    assert [one["oper_userid"] for one in found] == ["zhangsan", "admin", people[2]]
    assert [one["add_way"] for one in found] == [2, 202, 10]
    assert found[2]["wechat_channels"] == {"nickname": "小店", "source": 2}
    assert "wechat_channels" not in found[0]


async def test_tags_of_three_types(sim: Sim) -> None:
    person = await sim.friend()
    group = {"group_name": "等级", "tag": [{"name": "金卡"}]}
    tag = (await sim.api("externalcontact/add_corp_tag", group))["tag_group"]["tag"][0]["id"]
    pair = {"userid": "zhangsan", "external_userid": person}
    await sim.api("externalcontact/mark_tag", {**pair, "add_tag": [tag]})
    own = [{"group_name": "我的", "name": "常客"}]
    await sim.control("edit_customer", **pair, personal_tags=own)
    tags = (await sim.api("externalcontact/get", external_userid=person))["follow_user"][0]["tags"]
    assert tags == [
        {"group_name": "等级", "tag_name": "金卡", "tag_id": tag, "type": 1},
        {"group_name": "我的", "tag_name": "常客", "type": 2},
    ]
    batch = await sim.api(BATCH, {"userid_list": ["zhangsan"]})
    assert batch["external_contact_list"][0]["follow_info"]["tag_id"] == [tag]


async def test_a_corp_without_a_bound_account_hides_every_unionid(sim: Sim) -> None:
    await sim.control("settings", developer_bound=False)
    person = await sim.friend()
    detail = await sim.api("externalcontact/get", external_userid=person)
    assert "unionid" not in detail["external_contact"]


async def test_many_followers_come_in_pages(sim: Sim) -> None:
    await sim.control("settings", followers_per_page=2)
    person = await sim.friend("a")
    other = await sim.friend("a")
    for userid in ("b", "c"):
        await sim.control("add", userid=userid, external_userid=person)
    first = await sim.api("externalcontact/get", external_userid=person)
    second = await sim.api("externalcontact/get", external_userid=person, cursor=first["next_cursor"])
    userids = [one["userid"] for one in first["follow_user"] + second["follow_user"]]
    assert (userids, second["next_cursor"]) == (["a", "b", "c"], "")
    foreign = {"external_userid": other, "cursor": first["next_cursor"]}
    assert await sim.errcode("externalcontact/get", **foreign) == 50100


async def test_a_batch_has_one_entry_for_each_pair(sim: Sim) -> None:
    people = [await sim.friend("a"), await sim.friend("a")]
    await sim.employee("idle")
    await sim.control("add", userid="b", external_userid=people[0], state="door")
    wanted = {"userid_list": ["A", "b", "idle"]}
    first = await sim.api(BATCH, {**wanted, "limit": 2})
    second = await sim.api(BATCH, {**wanted, "limit": 1000, "cursor": first["next_cursor"]})
    entries = first["external_contact_list"] + second["external_contact_list"]
    pairs = [(one["follow_info"]["userid"], one["external_contact"]["external_userid"]) for one in entries]
    assert pairs == [("a", people[0]), ("a", people[1]), ("b", people[0])]
    assert entries[2]["follow_info"]["state"] == "door"
    assert "tags" not in entries[0]["follow_info"]
    assert (second["next_cursor"], second["fail_info"]) == ("", {"unlicensed_userid_list": []})
    foreign = {"userid_list": ["a"], "cursor": first["next_cursor"]}
    assert await sim.errcode(BATCH, foreign) == 50100


async def test_what_a_batch_may_ask(sim: Sim) -> None:
    await sim.employee("idle")
    assert await sim.errcode(BATCH, {"userid_list": []}) == 40063
    assert await sim.errcode(BATCH, {"userid_list": ["idle"] * 101}) == 40058
    assert await sim.errcode(BATCH, {"userid_list": ["nobody"]}) == 60111
    empty = await sim.api(BATCH, {"userid_list": ["idle"]})
    assert (empty["errcode"], empty["external_contact_list"]) == (84061, [])
    await sim.control("settings", batch_of_none_fails=False)
    assert await sim.errcode(BATCH, {"userid_list": ["idle"]}) == 0
