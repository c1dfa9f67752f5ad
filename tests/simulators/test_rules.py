"""Rules 1 to 9 of contract §13, one test each; the files beside this one go deeper into every one of them.

10 to 18 are in `test_rules_of_work`.
"""

import re
from typing import Any

import pytest

from tests.simulators.sim import PNG, Receiver, Sim
from tests.simulators.test_callbacks import read

pytestmark = pytest.mark.anyio

APP = "apps/1000002"
MARK = "externalcontact/mark_tag"
WELCOME = "externalcontact/send_welcome_msg"
MASS = "externalcontact/add_msg_template"
MOMENT = "externalcontact/add_moment_task"
TEXT = {"text": {"content": "您好"}}
HOUR, DAY = 3600, 24 * 3600


async def new_tags(sim: Sim, *names: str) -> list[str]:
    body = {"group_name": "g", "tag": [{"name": name} for name in names]}
    answer = await sim.api("externalcontact/add_corp_tag", body)
    return [tag["id"] for tag in answer["tag_group"]["tag"]]


async def test_rule_01_every_window_follows_the_injected_clock(sim: Sim) -> None:
    media_id = (await sim.upload(PNG, type="image"))["media_id"]
    await sim.friend()
    code = sim.last_event()["WelcomeCode"]
    await sim.advance(20.5)
    assert await sim.errcode(WELCOME, {"welcome_code": code, **TEXT}) == 41050
    await sim.advance(7200)
    assert await sim.errcode("getcallbackip") == 42001
    await sim.later(3 * DAY)
    assert await sim.errcode("media/get", media_id=media_id) == 40007


async def test_rule_02_checks_come_in_order(sim: Sim) -> None:
    """One call with everything wrong: each mended fault lets the next one show."""
    stranger, follower = await sim.person(), await sim.friend("lisi")
    await sim.employee()
    token = await sim.access_token()
    body: dict[str, Any] = {"external_userid": stranger, "add_tag": ["et_none"]}

    async def code(method: str = "POST", content: bytes | None = None, **query: str) -> int:
        sent = {"content": content} if content is not None else {"json": body}
        answer = await sim.http.request(method, f"/cgi-bin/{MARK}", params=query, **sent)
        return int(answer.json()["errcode"])

    assert (await sim.http.get("/cgi-bin/externalcontact/no_such_api")).status_code == 404
    await sim.control(APP, trusted_ips=["203.0.113.7"], callable=False, visible={"users": ["lisi"]})
    await sim.control("settings", calls_per_minute=0)
    assert await code("GET") == 40063
    assert await code() == 60020
    await sim.control(APP, trusted_ips=[])
    assert await code() == 41001
    assert await code(access_token="never-issued") == 40014
    await sim.advance(7200)
    assert await code(access_token=token, content=b"{") == 42001
    sim.token = ""
    token = await sim_token(sim)
    assert await code(access_token=token, content=b"{") == 48002
    await sim.control(APP, callable=True)
    assert await code(access_token=token, content=b"{") == 45009
    await sim.control("settings", calls_per_minute=10_000)
    await sim.advance(61)
    assert await code(access_token=token, content=b"{") == 40058
    assert await code(access_token=token) == 41009
    body["userid"] = "nobody"
    assert await code(access_token=token) == 60111
    body["userid"] = "zhangsan"
    assert await code(access_token=token) == 60011
    body["userid"] = "lisi"
    assert await code(access_token=token) == 84061
    body["external_userid"] = follower
    assert await code(access_token=token) == 40068


async def sim_token(sim: Sim) -> str:
    """gettoken counts as an API too: for it alone the rate is open."""
    await sim.control("settings", calls_per_minute=10_000)
    await sim.advance(61)
    token = await sim.access_token()
    await sim.control("settings", calls_per_minute=0)
    return token


async def test_rule_03_errors_have_http_200_a_hint_empty_lists_and_headers(sim: Sim) -> None:
    await sim.employee()
    query = {"access_token": await sim.access_token(), "userid": "zhangsan"}
    answer = await sim.http.get("/cgi-bin/externalcontact/list", params=query)
    body = answer.json()
    assert (answer.status_code, body["errcode"], body["external_userid"]) == (200, 84061, [])
    more = "more info at https://open.work.weixin.qq.com/devtool/query?e=84061"
    shape = rf"[^,]+, hint: \[{sim.world.clock.unix()}\d{{15}}\], from ip: 127\.0\.0\.1, {re.escape(more)}"
    assert re.fullmatch(shape, body["errmsg"])
    assert (answer.headers["Error-Code"], answer.headers["Error-Msg"]) == ("84061", body["errmsg"])


async def test_rule_04_one_token_while_it_lives_and_a_ban_for_wrong_secrets(sim: Sim) -> None:
    first = await sim.access_token()
    sim.token = ""
    assert await sim.access_token() == first
    await sim.control("token/invalidate")
    assert await sim.errcode("getcallbackip") == 40014
    sim.token = ""
    assert await sim.access_token() != first
    await sim.control("settings", wrong_secrets_per_hour=3)
    right = {"corpid": sim.world.config.corp_id, "corpsecret": sim.world.config.secret}

    async def gettoken(**more: str) -> int:
        return int((await sim.http.get("/cgi-bin/gettoken", params={**right, **more})).json()["errcode"])

    assert [await gettoken(corpsecret="wrong") for _ in range(3)] == [40001] * 3
    assert await gettoken() != 0
    await sim.advance(HOUR)
    assert await gettoken() == 0


async def test_rule_05_the_world_holds_all_its_parts(sim: Sim) -> None:
    person = await sim.friend()
    chat_id = await sim.group()
    await sim.contact_way("zhangsan")
    await sim.api("externalcontact/groupchat/add_join_way", {"scene": 2, "chat_id_list": [chat_id]})
    tags = await new_tags(sim, "咖啡")
    await sim.api(MARK, {"userid": "zhangsan", "external_userid": person, "add_tag": tags})
    await sim.api(MASS, {"external_userid": [person], **TEXT})
    await sim.api(MOMENT, TEXT)
    await sim.employee("lisi")
    pair = {"handover_userid": "zhangsan", "takeover_userid": "lisi"}
    await sim.api("externalcontact/transfer_customer", {**pair, "external_userid": [person]})
    seen = await sim.look("world")
    parts = ("apps", "departments", "employees", "customers", "relations", "contact_ways", "join_ways")
    assert all(seen[part] for part in (*parts, "groups", "tag_groups"))
    assert all(seen["counts"][part] == 1 for part in ("mass_tasks", "moments", "handovers"))
    assert seen["relations"][0]["tag_ids"] == tags


async def test_rule_06_people_cause_callbacks_and_api_calls_do_not(sim: Sim) -> None:
    person = await sim.friend()
    (tag,) = await new_tags(sim, "咖啡")
    before = len(sim.events())
    pair = {"userid": "zhangsan", "external_userid": person}
    await sim.api(MARK, {**pair, "add_tag": [tag]})
    await sim.api("externalcontact/remark", {**pair, "remark": "王姐"})
    await sim.api("externalcontact/edit_corp_tag", {"id": tag, "name": "茶"})
    assert len(sim.events()) == before
    await sim.control("edit_customer", **pair, remark="李姐")
    await sim.control("console/tags/edit", id=tag, name="酒")
    await sim.control("delete", **pair, by="customer")
    changes = [event["ChangeType"] for event in sim.events()[before:]]
    assert changes == ["edit_external_contact", "update", "del_follow_user"]


async def test_rule_07_what_a_scan_causes(sim: Sim) -> None:
    await sim.employee()
    person = await sim.person()
    await sim.contact_way("zhangsan", state="S1")
    await sim.contact_way("zhangsan", state="S2", skip_verify=False)
    pair = {"userid": "zhangsan", "external_userid": person}
    await sim.control("scan", external_userid=person, state="S2")
    assert sim.events() == []  # it waits for the member
    await sim.control("confirm_half_add", **pair)
    await sim.control("scan", external_userid=person, state="S1")  # a friend: nothing new
    (first,) = sim.events()
    assert (first["ChangeType"], first["State"]) == ("add_external_contact", "S2")
    await sim.control("delete", **pair, by="customer")
    await sim.control("scan", external_userid=person, state="S1")
    again = sim.last_event()
    assert (again["ChangeType"], again["State"]) == ("add_external_contact", "S1")
    assert again["WelcomeCode"] != first["WelcomeCode"]


async def test_rule_08_deliveries_are_sealed_repeated_and_can_be_spoilt(sim: Sim, receiver: Receiver) -> None:
    receiver.statuses = [500] * 4
    await sim.friend()
    await sim.look("callbacks", settled="true")
    assert len(receiver.requests) == 4  # the first and three repetitions
    assert len(set(read(sim, receiver))) == 1
    receiver.requests.clear()
    chat_id = await sim.group()
    await sim.control("callbacks", drop=1)
    await sim.control("groups/rename", chat_id=chat_id, name="a")
    await sim.control("callbacks", duplicate=2, reorder=True)
    await sim.control("settings", mem_change_list="csv")
    await sim.control("groups/notice", chat_id=chat_id, notice="b")
    await sim.control("join", chat_id=chat_id, external_userid=await sim.person())
    await sim.look("callbacks", settled="true")
    details = [re.findall(r"<UpdateDetail><!\[CDATA\[(\w+)", xml) for xml in read(sim, receiver)]
    assert details == [[], ["add_member"], ["add_member"], ["change_notice"], ["change_notice"]]
    assert re.search(r"<MemChangeList><!\[CDATA\[wm", read(sim, receiver)[1])


@pytest.mark.parametrize("auto_create_room", [1, 0])
async def test_rule_09_joining_takes_the_first_group_with_room(sim: Sim, auto_create_room: int) -> None:
    await sim.control("settings", qr_join_cap=2)
    groups = [await sim.group("一群"), await sim.group("二群")]
    body = {"scene": 2, "chat_id_list": groups, "auto_create_room": auto_create_room, "room_base_name": "新"}
    config_id = (await sim.api("externalcontact/groupchat/add_join_way", body))["config_id"]
    join = {"config_id": config_id}
    joined = [
        (await sim.control("join", **join, external_userid=await sim.person()))["chat_id"] for _ in "12"
    ]
    assert joined == groups
    if not auto_create_room:
        assert await sim.refused("join", **join, external_userid=await sim.person()) == 409
        return
    third = await sim.control("join", **join, external_userid=await sim.person())
    assert third["chat_id"] not in groups
    assert [event["ChangeType"] for event in sim.events()[-2:]] == ["create", "update"]
