"""Departments, people who come and go, and what an app may see and call (contract §0.1, §13.2)."""

from typing import Any

import anyio
import httpx
import pytest

from simulators.config import OtherApp, SimulatorConfig
from tests.simulators.sim import Sim

pytestmark = pytest.mark.anyio

APP = "apps/1000002"
OTHER = OtherApp(agent_id=1000003, secret="other-secret", callback_url="http://other/callback")
LIST = "externalcontact/list"


@pytest.fixture
def config(config: SimulatorConfig) -> SimulatorConfig:
    return config.model_copy(update={"other_apps": (OTHER,)})


async def other_app(sim: Sim) -> Sim:
    """The same world, with the token of the other app."""
    query = {"corpid": sim.world.config.corp_id, "corpsecret": OTHER.secret}
    token = (await sim.http.get("/cgi-bin/gettoken", params=query)).json()["access_token"]
    return Sim(sim.http, sim.world, token)


async def delete(sim: Sim, path: str) -> httpx.Response:
    return await sim.http.delete(f"/_control/{path}")


# ---- the app


async def test_the_trusted_ip_is_asked_for_before_the_token(sim: Sim) -> None:
    await sim.control(APP, trusted_ips=["203.0.113.7"])
    path = "/cgi-bin/externalcontact/get_follow_user_list"
    assert (await sim.http.get(path)).json()["errcode"] == 60020
    assert await sim.errcode("externalcontact/get_follow_user_list") == 60020
    await sim.control(APP, trusted_ips=["203.0.113.7", "127.0.0.1"])
    assert (await sim.http.get(path)).json()["errcode"] == 41001
    assert await sim.errcode("externalcontact/get_follow_user_list") == 0


async def test_trusted_ips_belong_to_one_app(sim: Sim) -> None:
    other = await other_app(sim)
    await sim.control(APP, trusted_ips=["203.0.113.7"])
    assert await sim.errcode("getcallbackip") == 60020
    assert await other.errcode("getcallbackip") == 0


async def test_an_app_that_may_not_call_the_customer_apis(sim: Sim) -> None:
    await sim.employee()
    await sim.control(APP, callable=False)
    assert await sim.errcode("externalcontact/get_follow_user_list") == 48002
    assert await sim.errcode("externalcontact/add_contact_way", {}) == 48002
    assert await sim.errcode("user/get", userid="zhangsan") == 0


async def test_forbidden_apis_alone_or_by_family(sim: Sim) -> None:
    await sim.employee()
    await sim.control(APP, forbidden=["user/", "externalcontact/list"])
    assert await sim.errcode("user/get", userid="zhangsan") == 48002
    assert await sim.errcode(LIST, userid="zhangsan") == 48002
    assert await sim.errcode("externalcontact/get_follow_user_list") == 0


@pytest.mark.parametrize(
    ("visible", "seen"),
    [
        (None, ["boss", "bei", "wang"]),
        ({"users": ["WANG"]}, ["wang"]),
        ({"departments": [2]}, ["bei", "wang"]),
        ({"departments": [3]}, ["wang"]),
        ({"users": ["boss"], "departments": [3]}, ["boss", "wang"]),
        ({}, []),
    ],
)
async def test_the_visible_range(sim: Sim, visible: Any, seen: list[str]) -> None:
    await sim.control("departments", name="北区", department_id=2)
    await sim.control("departments", name="望京店", department_id=3, parent_id=2)
    for userid, department in (("boss", 1), ("bei", 2), ("wang", 3)):
        await sim.employee(userid, departments=[department])
    await sim.control(APP, visible=visible)
    assert (await sim.api("externalcontact/get_follow_user_list"))["follow_user"] == seen
    for userid in ("boss", "bei", "wang"):
        assert await sim.errcode("user/get", userid=userid) == (0 if userid in seen else 60011)


async def test_followers_outside_the_range_or_the_scope_are_not_shown(sim: Sim) -> None:
    person = await sim.friend("zhangsan")
    for userid in ("lisi", "wangwu"):
        await sim.employee(userid)
        await sim.control("add", userid=userid, external_userid=person)
    await sim.control(APP, visible={"users": ["zhangsan", "wangwu"]})
    await sim.employee("wangwu", in_contact_scope=False)
    detail = await sim.api("externalcontact/get", external_userid=person)
    assert [follower["userid"] for follower in detail["follow_user"]] == ["zhangsan"]
    assert await sim.errcode(LIST, userid="lisi") == 60011
    assert await sim.errcode(LIST, userid="wangwu") == 84074
    await sim.control(APP, visible={"users": ["wangwu"]})
    assert await sim.errcode("externalcontact/get", external_userid=person) == 84061


async def test_the_range_is_asked_for_before_the_relation(sim: Sim) -> None:
    person = await sim.friend("zhangsan")
    remark = {"userid": "zhangsan", "external_userid": person, "remark": "r"}
    await sim.control(APP, visible={"users": []})
    assert await sim.errcode("externalcontact/remark", remark) == 60011
    assert await sim.errcode("externalcontact/remark", {**remark, "userid": "nobody"}) == 60111


async def test_events_reach_only_apps_that_see_the_member(sim: Sim) -> None:
    await sim.control(APP, visible={"users": ["lisi"]})
    await sim.control("apps/1000003", customer_events=False)
    await sim.friend("zhangsan")
    assert sim.events() == []
    await sim.control("apps/1000003", customer_events=True)
    await sim.friend("lisi")
    assert [one.agent_id for one in sim.world.callbacks.outbox.log] == [1000002, 1000003]
    await sim.employee("outside", in_contact_scope=False)
    await sim.control("add", userid="outside", external_userid=await sim.person())
    assert len(sim.events()) == 2


async def test_an_app_without_the_switch_or_the_permission_hears_nothing(sim: Sim) -> None:
    await sim.control("apps/1000003", callable=False)
    for change in ({"customer_events": False}, {"callable": False}):
        await sim.control(APP, **{"customer_events": True, "callable": True, **change})
        await sim.friend()
    assert sim.events() == []


# ---- several apps


async def test_tokens_are_the_apps_own(sim: Sim) -> None:
    other = await other_app(sim)
    assert other.token != await sim.access_token()
    await sim.employee()
    body = {"touser": "zhangsan", "msgtype": "text", "agentid": 1000002, "text": {"content": "x"}}
    assert await sim.errcode("message/send", body) == 0
    assert await other.errcode("message/send", body) == 301002
    assert await other.errcode("message/send", {**body, "agentid": 1000003}) == 0


async def test_every_permitted_app_gets_the_code_and_the_first_one_wins(sim: Sim) -> None:
    await sim.friend()
    first, second = sim.events()
    assert first["WelcomeCode"] == second["WelcomeCode"]
    welcome = {"welcome_code": first["WelcomeCode"], "text": {"content": "hi"}}
    assert await (await other_app(sim)).errcode("externalcontact/send_welcome_msg", welcome) == 0
    assert await sim.errcode("externalcontact/send_welcome_msg", welcome) == 41051


async def test_two_apps_at_once(sim: Sim) -> None:
    await sim.control("settings", send_welcome_seconds=0.05)
    await sim.friend()
    welcome = {"welcome_code": sim.last_event()["WelcomeCode"], "text": {"content": "hi"}}
    apps = (sim, await other_app(sim))
    codes: list[int] = []

    async def greet(app: Sim) -> None:
        codes.append(await app.errcode("externalcontact/send_welcome_msg", welcome))

    await sim.access_token()
    async with anyio.create_task_group() as calls:
        for app in apps:
            calls.start_soon(greet, app)
    assert sorted(codes) == [0, 41096]
    assert await apps[1].errcode("externalcontact/send_welcome_msg", welcome) == 41051


async def test_a_way_is_seen_only_by_the_app_that_made_it(sim: Sim) -> None:
    await sim.employee()
    config_id = await sim.contact_way("zhangsan")
    other = await other_app(sim)
    for path in ("get_contact_way", "update_contact_way", "del_contact_way"):
        assert await other.errcode(f"externalcontact/{path}", {"config_id": config_id}) == 41044
    assert (await other.api("externalcontact/list_contact_way", {}))["contact_way"] == []


async def test_the_log_of_other_apps_without_an_url_stays_empty(sim: Sim) -> None:
    await sim.control("settings", other_apps=[{"agent_id": 7, "secret": "s"}])
    await sim.friend()
    assert [one.agent_id for one in sim.world.callbacks.outbox.log] == [1000002]


async def test_apps_are_listed_and_unknown_ones_refused(sim: Sim) -> None:
    assert [app["agent_id"] for app in await sim.look("apps")] == [1000002, 1000003]
    assert await sim.refused("apps/7", callable=False) == 404
    assert await sim.refused(APP, callabel=False) == 422
    assert "other_apps" not in (await sim.look("world"))["settings"], "they hold secrets"


# ---- the directory


async def test_people_and_departments_are_told_of_when_the_app_asks_to_hear_it(sim: Sim) -> None:
    await sim.employee("quiet")
    assert sim.events() == []
    await sim.control(APP, contact_events=True)
    await sim.control("departments", name="北区", department_id=2)
    await sim.control("departments", name="北方区", department_id=2)
    await sim.employee("zhangsan", departments=[2])
    await sim.employee("zhangsan", departments=[1])
    await sim.control("employees/zhangsan/rename", userid="zs")
    await sim.control("employees/zs/resign")
    await delete(sim, "departments/2")
    told = [
        (event["ChangeType"], event.get("UserID", event.get("Id")), event.get("NewUserID"))
        for event in sim.events()
    ]
    assert told == [
        ("create_party", "2", None),
        ("update_party", "2", None),
        ("create_user", "zhangsan", None),
        ("update_user", "zhangsan", None),
        ("update_user", "zhangsan", "zs"),
        ("delete_user", "zs", None),
        ("delete_party", "2", None),
    ]


async def test_who_has_resigned_is_unknown_and_leaves_the_customers_behind(sim: Sim) -> None:
    person = await sim.friend()
    await sim.control("employees/zhangsan/resign")
    assert await sim.errcode("user/get", userid="zhangsan") == 60111
    assert await sim.errcode(LIST, userid="zhangsan") == 60111
    assert await sim.errcode("externalcontact/get", external_userid=person) == 84061
    assert (await sim.api("externalcontact/get_follow_user_list"))["follow_user"] == []
    assert len((await sim.look("world"))["relations"]) == 1
    assert await sim.refused("employees/zhangsan/resign") == 409
    assert await sim.refused("add", userid="zhangsan", external_userid=await sim.person()) == 409


async def test_a_new_userid_keeps_customers_groups_and_codes(sim: Sim) -> None:
    await sim.employee("lisi")
    person = await sim.friend("zhangsan")
    chat_id = await sim.group(owner="zhangsan")
    await sim.contact_way("zhangsan")
    assert await sim.refused("employees/zhangsan/rename", userid="LiSi") == 409
    await sim.control("employees/zhangsan/rename", userid="ZhangSan2")
    assert (await sim.api(LIST, userid="zhangsan2"))["external_userid"] == [person]
    assert await sim.errcode(LIST, userid="zhangsan") == 60111
    group = (await sim.api("externalcontact/groupchat/get", {"chat_id": chat_id}))["group_chat"]
    assert (group["owner"], group["member_list"][0]["userid"]) == ("ZhangSan2", "ZhangSan2")
    scan = await sim.control("scan", external_userid=await sim.person(), state="S1")
    assert scan["userid"] == "ZhangSan2"


async def test_departments_make_a_tree(sim: Sim) -> None:
    await sim.control("departments", name="北区", department_id=2)
    await sim.control("departments", name="望京店", department_id=3, parent_id=2)
    assert await sim.refused("departments", name="圈", department_id=2, parent_id=3) == 409
    assert await sim.refused("departments", name="孤儿", parent_id=9) == 409
    assert (await delete(sim, "departments/2")).status_code == 409
    assert (await delete(sim, "departments/9")).status_code == 404
    await sim.employee(departments=[3])
    assert (await delete(sim, "departments/3")).status_code == 409
    assert await sim.refused("employees", userid="x", name="x", departments=[9]) == 404
