"""Words that employees may not write, or should not (contract §10.2)."""

from typing import Any

import pytest

from tests.simulators.sim import Sim

pytestmark = pytest.mark.anyio

ADD = "externalcontact/add_intercept_rule"
LIST = "externalcontact/get_intercept_rule_list"
GET = "externalcontact/get_intercept_rule"
UPDATE = "externalcontact/update_intercept_rule"
DELETE = "externalcontact/del_intercept_rule"
RULE = {
    "rule_name": "竞品",
    "word_list": ["隔壁咖啡", "跳槽"],
    "intercept_type": 1,
    "applicable_range": {"user_list": ["zhangsan"]},
}


async def add(sim: Sim, **more: Any) -> str:
    await sim.employee()
    answer = await sim.api(ADD, {**RULE, **more})
    assert answer["errcode"] == 0, answer
    return str(answer["rule_id"])


async def say(sim: Sim, text: str, userid: str = "zhangsan") -> dict[str, Any]:
    person = await sim.friend(userid)
    spoken: dict[str, Any] = await sim.control("say", userid=userid, external_userid=person, text=text)
    return spoken


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        ({}, 0),
        ({"rule_name": ""}, 40058),
        ({"rule_name": "名" * 20}, 0),
        ({"rule_name": "名" * 21}, 40058),
        ({"word_list": []}, 40063),
        ({"word_list": ["词"] * 300}, 0),
        ({"word_list": ["词"] * 301}, 41068),
        ({"word_list": ["词" * 32]}, 0),
        ({"word_list": ["词" * 33]}, 41083),
        ({"word_list": [""]}, 41083),
        ({"semantics_list": [1, 2, 3]}, 0),
        ({"semantics_list": [4]}, 41084),
        ({"intercept_type": 3}, 40058),
        ({"applicable_range": {}}, 40063),
        ({"applicable_range": {"user_list": ["u"] * 1001}}, 41076),
        ({"applicable_range": {"department_list": [1] * 1001}}, 41076),
        ({"applicable_range": {"user_list": ["nobody"]}}, 60111),
        ({"applicable_range": {"department_list": [1]}}, 0),
        ({"applicable_range": {"department_list": [9]}}, 40066),
    ],
)
async def test_what_makes_a_rule(sim: Sim, changes: dict[str, Any], errcode: int) -> None:
    await sim.employee()
    assert await sim.errcode(ADD, {**RULE, **changes}) == errcode


async def test_names_are_unique_and_rules_counted(sim: Sim) -> None:
    rule_id = await add(sim)
    assert await sim.errcode(ADD, RULE) == 41077
    other = await add(sim, rule_name="价格")
    assert await sim.errcode(UPDATE, {"rule_id": other, "rule_name": "竞品"}) == 41077
    assert await sim.errcode(UPDATE, {"rule_id": rule_id, "rule_name": "竞品"}) == 0, "its own"
    await sim.control("settings", intercept_rules=2)
    assert await sim.errcode(ADD, {**RULE, "rule_name": "第三"}) == 41069


async def test_reading_rules(sim: Sim) -> None:
    rule_id = await add(sim, semantics_list=[1])
    listed = (await sim.api(LIST))["rule_list"]
    at = sim.world.clock.unix()
    assert listed == [{"rule_id": rule_id, "rule_name": "竞品", "create_time": at}]
    assert (await sim.api(GET, {"rule_id": rule_id}))["rule"] == {
        "rule_id": rule_id,
        "rule_name": "竞品",
        "word_list": ["隔壁咖啡", "跳槽"],
        "extra_rule": {"semantics_list": [1]},
        "intercept_type": 1,
        "applicable_range": {"user_list": ["zhangsan"], "department_list": []},
    }


async def test_changing_a_rule(sim: Sim) -> None:
    rule_id = await add(sim, semantics_list=[1, 2])
    await sim.employee("lisi")
    update = {
        "rule_id": rule_id,
        "word_list": ["退款"],
        "extra_rule": {"semantics_list": []},
        "intercept_type": 2,
        "add_applicable_range": {"user_list": ["lisi"], "department_list": [1]},
        "remove_applicable_range": {"user_list": ["zhangsan"]},
    }
    assert await sim.errcode(UPDATE, update) == 0
    rule = (await sim.api(GET, {"rule_id": rule_id}))["rule"]
    assert (rule["rule_name"], rule["word_list"], rule["intercept_type"]) == ("竞品", ["退款"], 2)
    assert rule["extra_rule"] == {"semantics_list": []}
    assert rule["applicable_range"] == {"user_list": ["lisi"], "department_list": [1]}
    nobody = {"user_list": ["lisi"], "department_list": [1]}
    assert await sim.errcode(UPDATE, {"rule_id": rule_id, "remove_applicable_range": nobody}) == 40063
    for wrong, errcode in (
        ({"word_list": ["词" * 33]}, 41083),
        ({"extra_rule": {"semantics_list": [9]}}, 41084),
    ):
        assert await sim.errcode(UPDATE, {"rule_id": rule_id, "intercept_type": 1, **wrong}) == errcode
    rule = (await sim.api(GET, {"rule_id": rule_id}))["rule"]
    assert rule["intercept_type"] == 2, "all or nothing"


async def test_a_rule_is_its_apps_own_until_it_is_deleted(sim: Sim) -> None:
    rule_id = await add(sim)
    other = await sim.other_app()
    assert (await other.api(LIST))["rule_list"] == []
    for path in (GET, UPDATE, DELETE):
        assert await other.errcode(path, {"rule_id": rule_id}) == 41070
    assert await sim.errcode(DELETE, {"rule_id": rule_id}) == 0
    assert [await sim.errcode(path, {"rule_id": rule_id}) for path in (GET, DELETE)] == [41071] * 2
    assert await sim.errcode(GET, {"rule_id": "none"}) == 41070


async def test_a_forbidden_word_does_not_go_out(sim: Sim) -> None:
    rule_id = await add(sim)
    events = len(sim.events())
    person = await sim.friend()
    code = sim.last_event()["WelcomeCode"]
    spoken = await sim.control("say", userid="zhangsan", external_userid=person, text="隔壁咖啡更便宜")
    assert spoken == {"sent": False, "hits": [rule_id]}
    (hit,) = await sim.look("interceptions")
    assert (hit["word"], hit["blocked"], hit["to"]) == ("隔壁咖啡", True, person)
    assert len(sim.events()) == events + 1, "no callback tells it"
    body = {"welcome_code": code, "text": {"content": "你好"}}
    assert await sim.errcode("externalcontact/send_welcome_msg", body) == 0, "no chat has begun"


async def test_a_warning_lets_the_message_pass(sim: Sim) -> None:
    rule_id = await add(sim, intercept_type=2)
    assert await say(sim, "我要跳槽了") == {"sent": True, "hits": [rule_id]}
    assert await say(sim, "欢迎光临") == {"sent": True, "hits": []}
    assert await say(sim, "跳槽", "lisi") == {"sent": True, "hits": []}, "not in the range"


@pytest.mark.parametrize(
    ("semantics", "text", "sent"),
    [
        (1, "打我电话13800000001", False),
        (1, "单号1380000000123", True),
        (2, "写信到 a.b@shop.com.cn", False),
        (2, "周末@大家", True),
        (3, "发你红包", False),
    ],
)
async def test_kinds_of_content(sim: Sim, semantics: int, text: str, sent: bool) -> None:
    await add(sim, semantics_list=[semantics])
    assert (await say(sim, text))["sent"] is sent


async def test_a_department_covers_all_below_it_and_groups_too(sim: Sim) -> None:
    await sim.control("departments", name="华东", department_id=2)
    await sim.control("departments", name="上海", department_id=3, parent_id=2)
    await add(sim, applicable_range={"department_list": [2]})
    await sim.employee("lisi", departments=[3])
    chat_id = await sim.group()
    person = await sim.person()
    await sim.control("join", external_userid=person, chat_id=chat_id)
    await sim.control("groups/invite", chat_id=chat_id, by="zhangsan", userids=["lisi"])
    spoken = await sim.control("groups/message", chat_id=chat_id, sender="lisi", text="跳槽")
    assert spoken["sent"] is False
    for free in ("zhangsan", person):
        spoken = await sim.control("groups/message", chat_id=chat_id, sender=free, text="跳槽")
        assert spoken["sent"] is True
    assert len(await sim.look("groups/messages", chat_id=chat_id)) == 2
    assert await sim.refused("groups/message", chat_id=chat_id, sender="wm_none", text="x") == 409
