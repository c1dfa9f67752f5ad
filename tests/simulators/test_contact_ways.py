"""Contact ways: limits and errcodes (contract §2.1, §2.2)."""

from typing import Any

import httpx
import pytest

from tests.simulators.sim import PNG, Sim

pytestmark = pytest.mark.anyio

ADD = "externalcontact/add_contact_way"


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        ({}, 0),
        ({"type": None}, 41037),
        ({"scene": None}, 41038),
        ({"type": 3}, 41039),
        ({"scene": 3}, 41040),
        ({"style": 1}, 41042),
        ({"state": "长" * 30}, 0),
        ({"state": "长" * 31}, 40058),
        ({"remark": "r" * 31}, 40058),
        ({"user": []}, 40063),
        ({"user": ["zhangsan", "lisi"]}, 40058),
        ({"type": 2, "user": ["zhangsan", "LISI"]}, 0),
        ({"type": 2, "user": ["zhangsan"] * 101}, 41041),
        ({"user": ["nobody"]}, 40003),
        ({"user": ["inactive"]}, 41054),
        ({"user": ["unnamed"]}, 40098),
        ({"user": ["retired"]}, 84074),
        ({"user": ["gone"]}, 40003),
        ({"party": [1]}, 40058),
        ({"type": 2, "party": [9]}, 40066),
        ({"type": 2, "user": [], "party": [1]}, 0),
        ({"type": 2, "user": []}, 40063),
        ({"unionid": "o1"}, 40058),
        ({"conclusions": {"text": {"content": "再见"}}}, 40058),
        ({"expires_in": 60}, 40058),
        ({"is_temp": True, "expires_in": 60}, 0),
        ({"is_temp": True, "expires_in": 15 * 24 * 3600}, 40058),
    ],
)
async def test_what_may_be_added(sim: Sim, changes: dict[str, Any], errcode: int) -> None:
    await sim.employee("zhangsan")
    await sim.employee("lisi")
    await sim.employee("inactive", activated=False)
    await sim.employee("unnamed", real_named=False)
    await sim.employee("retired", in_contact_scope=False)
    await sim.employee("gone")
    await sim.control("employees/gone/resign")
    body = {"type": 1, "scene": 2, "user": ["zhangsan"], **changes}
    given = {name: value for name, value in body.items() if value is not None}
    assert await sim.errcode(ADD, given) == errcode


async def test_both_kinds_of_way_share_one_quota(sim: Sim) -> None:
    chat_id = await sim.group()
    await sim.control("settings", ways_per_corp=2)
    await sim.contact_way("zhangsan")
    join_way = {"scene": 2, "chat_id_list": [chat_id]}
    assert await sim.errcode("externalcontact/groupchat/add_join_way", join_way) == 0
    assert await sim.errcode(ADD, {"type": 1, "scene": 2, "user": ["zhangsan"]}) == 41045


async def test_the_qr_code_is_a_real_image_until_the_way_is_deleted(sim: Sim) -> None:
    await sim.employee()
    way = await sim.api(ADD, {"type": 1, "scene": 2, "user": ["zhangsan"]})
    image = await sim.http.get(way["qr_code"])
    assert image.headers["Content-Type"] == "image/png"
    assert image.content.startswith(PNG[:8])
    deleted = {"config_id": way["config_id"]}
    assert await sim.errcode("externalcontact/del_contact_way", deleted) == 0
    assert (await sim.http.get(way["qr_code"])).status_code == httpx.codes.NOT_FOUND
    assert await sim.errcode("externalcontact/del_contact_way", deleted) == 41044


async def test_scene_1_has_no_qr_code(sim: Sim) -> None:
    await sim.employee()
    assert "qr_code" not in await sim.api(ADD, {"type": 1, "scene": 1, "user": ["zhangsan"], "style": 1})


async def test_an_update_replaces_the_given_fields(sim: Sim) -> None:
    await sim.employee("lisi")
    await sim.employee()
    config_id = await sim.contact_way("zhangsan", remark="door")
    update = {"config_id": config_id, "user": ["lisi"], "state": "S2", "type": 2}
    assert await sim.errcode("externalcontact/update_contact_way", update) == 0
    way = (await sim.api("externalcontact/get_contact_way", {"config_id": config_id}))["contact_way"]
    assert (way["user"], way["state"], way["remark"], way["type"]) == (["lisi"], "S2", "door", 1)
    assert await sim.errcode("externalcontact/get_contact_way", {}) == 41043
    assert await sim.errcode("externalcontact/get_contact_way", {"config_id": "0" * 32}) == 41044


async def test_the_list_pages_and_leaves_temporary_and_old_ones_out(sim: Sim) -> None:
    await sim.employee()
    await sim.contact_way("zhangsan", state="old")
    await sim.advance(91 * 24 * 3600)
    sim.token = ""
    ways = [await sim.contact_way("zhangsan") for _ in range(3)]
    await sim.contact_way("zhangsan", is_temp=True)
    path = "externalcontact/list_contact_way"
    first = await sim.api(path, {"limit": 2})
    second = await sim.api(path, {"limit": 2, "cursor": first["next_cursor"]})
    assert [way["config_id"] for way in first["contact_way"] + second["contact_way"]] == ways
    assert second["next_cursor"] == ""
    foreign = {"cursor": first["next_cursor"], "start_time": 1}
    assert await sim.errcode(path, foreign) == 50100
    assert await sim.errcode(path, {"cursor": "nonsense"}) == 50100
    assert len((await sim.api(path, {"limit": 5000}))["contact_way"]) == 3


async def test_departments_count_with_all_below_them(sim: Sim) -> None:
    await sim.control("settings", contact_way_users=2)
    region = (await sim.control("departments", name="北区"))["department_id"]
    store = (await sim.control("departments", name="望京店", parent_id=region))["department_id"]
    for userid in ("a", "b", "c"):
        await sim.employee(userid, departments=[store])
    assert await sim.errcode(ADD, {"type": 2, "scene": 2, "party": [region]}) == 41041
    await sim.control("employees/c/resign")
    assert await sim.errcode(ADD, {"type": 2, "scene": 2, "party": [region]}) == 0
    assert await sim.errcode(ADD, {"type": 2, "scene": 2, "party": [region], "user": ["a"]}) == 0
    await sim.employee("d")
    assert await sim.errcode(ADD, {"type": 2, "scene": 2, "party": [region], "user": ["d"]}) == 41041


async def test_the_people_of_a_department_are_those_of_the_day_of_the_scan(sim: Sim) -> None:
    store = (await sim.control("departments", name="望京店"))["department_id"]
    await sim.employee("early", departments=[store])
    await sim.contact_way(type=2, party=[store])
    await sim.employee("late", departments=[store])
    scans = [await sim.control("scan", external_userid=await sim.person(), state="S1") for _ in range(2)]
    assert [scan["userid"] for scan in scans] == ["early", "late"]


async def test_an_update_without_members_does_not_judge_them_again(sim: Sim) -> None:
    await sim.employee()
    config_id = await sim.contact_way("zhangsan")
    await sim.employee(activated=False)
    path = "externalcontact/update_contact_way"
    assert await sim.errcode(path, {"config_id": config_id, "remark": "door"}) == 0
    assert await sim.errcode(path, {"config_id": config_id, "user": ["zhangsan"]}) == 41054


async def test_mark_source_has_a_default(sim: Sim) -> None:
    await sim.employee()
    path, config_id = "externalcontact/get_contact_way", await sim.contact_way("zhangsan", is_exclusive=True)
    way = (await sim.api(path, {"config_id": config_id}))["contact_way"]
    assert (way["mark_source"], way["is_exclusive"], way["skip_verify"]) == (True, True, True)


async def test_people_of_one_company_are_led_to_the_same_member_of_an_exclusive_way(sim: Sim) -> None:
    for userid in ("a", "b"):
        await sim.employee(userid)
    await sim.contact_way("a", "b", is_exclusive=True)
    partners = [await sim.person(type=2, corp_name="伙伴") for _ in range(3)]
    scans = [await sim.control("scan", external_userid=one, state="S1") for one in partners]
    assert {scan["userid"] for scan in scans} == {"a"}
