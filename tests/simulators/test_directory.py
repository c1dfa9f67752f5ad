"""The staff directory, signing in, and the addresses of the servers (contract §1.1, §11.3)."""

import pytest

from tests.simulators.sim import Sim

pytestmark = pytest.mark.anyio


async def company(sim: Sim) -> None:
    await sim.control("departments", name="北区", department_id=2)
    await sim.control("departments", name="望京店", department_id=3, parent_id=2, order=7)
    for userid, department in (("boss", 1), ("bei", 2), ("wang", 3)):
        await sim.employee(userid, departments=[department], position="店长")


async def test_one_member_without_what_needs_consent(sim: Sim) -> None:
    await sim.employee("ZhangSan", departments=[1], position="导购", activated=False)
    member = await sim.api("user/get", userid="zhangsan")
    shown = {"userid": "ZhangSan", "name": "Zhangsan", "department": [1], "position": "导购", "status": 4}
    assert {key: member[key] for key in shown} == shown
    assert not {"avatar", "gender", "mobile", "email", "qr_code", "address"} & member.keys()
    assert await sim.errcode("user/get", userid="nobody") == 60111
    assert await sim.errcode("user/get") == 41009


async def test_members_of_a_department(sim: Sim) -> None:
    await company(sim)
    brief = (await sim.api("user/simplelist", department_id="2"))["userlist"]
    assert brief == [{"userid": "bei", "name": "Bei", "department": [2]}]
    deep = (await sim.api("user/simplelist", department_id="2", fetch_child="1"))["userlist"]
    assert [one["userid"] for one in deep] == ["bei", "wang"]
    full = (await sim.api("user/list", department_id="3"))["userlist"]
    assert [(one["userid"], one["position"]) for one in full] == [("wang", "店长")]
    missing = await sim.api("user/simplelist", department_id="9")
    assert (missing["errcode"], missing["userlist"]) == (60003, [])


async def test_departments(sim: Sim) -> None:
    await company(sim)
    ids = (await sim.api("department/simplelist", id="2"))["department_id"]
    assert ids == [{"id": 2, "parentid": 1, "order": 0}, {"id": 3, "parentid": 2, "order": 7}]
    departments = (await sim.api("department/list"))["department"]
    assert [one["name"] for one in departments] == ["模拟企业", "北区", "望京店"]


async def test_only_what_is_in_the_visible_range(sim: Sim) -> None:
    await company(sim)
    await sim.control("apps/1000002", visible={"departments": [3], "users": ["boss"]})
    departments = (await sim.api("department/simplelist"))["department_id"]
    assert [one["id"] for one in departments] == [3]
    assert await sim.errcode("user/simplelist", department_id="2") == 60011
    assert [one["userid"] for one in (await sim.api("user/list", department_id="3"))["userlist"]] == ["wang"]
    assert await sim.errcode("user/get", userid="bei") == 60011


async def test_a_sign_in_code_counts_once(sim: Sim) -> None:
    await sim.employee("ZhangSan")
    code = (await sim.control("employees/zhangsan/sign_in"))["code"]
    assert (await sim.api("auth/getuserinfo", code=code))["userid"] == "ZhangSan"
    assert await sim.errcode("auth/getuserinfo", code=code) == 40029
    late = (await sim.control("employees/zhangsan/sign_in"))["code"]
    await sim.advance(301)
    assert await sim.errcode("auth/getuserinfo", code=late) == 40029


async def test_addresses_for_a_firewall(sim: Sim) -> None:
    await sim.control("settings", callback_ips=["101.226.103.*"], api_ips=["1.2.3.4"])
    assert (await sim.api("getcallbackip"))["ip_list"] == ["101.226.103.*"]
    assert (await sim.api("get_api_domain_ip"))["ip_list"] == ["1.2.3.4"]
