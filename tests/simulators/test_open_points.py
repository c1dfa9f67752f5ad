"""What WeCom leaves open is a setting (contract §14): here those that no other file turns."""

from typing import Any

import pytest

from tests.simulators.sim import Sim

pytestmark = pytest.mark.anyio

MARK = "externalcontact/mark_tag"
GET_GROUP = "externalcontact/groupchat/get"
WELCOME = "externalcontact/send_welcome_msg"


async def test_a_mark_tag_call_may_have_a_limit(sim: Sim) -> None:
    body: dict[str, Any] = {
        "userid": "zhangsan",
        "external_userid": await sim.friend(),
        "add_tag": ["a", "b"],
    }
    assert await sim.errcode(MARK, body) == 40068
    await sim.control("settings", tags_per_call=1)
    assert await sim.errcode(MARK, body) == 40058


@pytest.mark.parametrize(("quit_scene", "told"), [("told", "1"), ("zero", "0"), ("absent", None)])
async def test_a_quit_scene_may_be_unknown(sim: Sim, quit_scene: str, told: str | None) -> None:
    await sim.control("settings", quit_scene=quit_scene)
    person, chat_id = await sim.person(), await sim.group()
    await sim.control("join", external_userid=person, chat_id=chat_id)
    await sim.control("leave", external_userid=person, chat_id=chat_id, by="employee")
    assert sim.last_event().get("QuitScene") == told


@pytest.mark.parametrize(("welcome_clock", "errcode"), [("add", 41050), ("delivery", 0)])
async def test_the_20_seconds_begin_with_the_add_or_with_the_event(
    sim: Sim, welcome_clock: str, errcode: int
) -> None:
    await sim.control("settings", welcome_clock=welcome_clock)
    await sim.control("callbacks", reorder=True)
    await sim.friend()  # its event is held back
    code = sim.last_event()["WelcomeCode"]
    await sim.advance(60)
    await sim.http.delete("/_control/callbacks")  # and goes out now
    await sim.look("callbacks", settled="true")
    await sim.advance(15)
    body = {"welcome_code": code, "text": {"content": "您好"}}
    assert await sim.errcode(WELCOME, body) == errcode
    await sim.advance(6)
    assert await sim.errcode(WELCOME, body) == (41050 if welcome_clock == "delivery" else errcode)


async def test_a_hit_of_an_intercept_rule_may_be_told(sim: Sim) -> None:
    person = await sim.friend()
    range_ = {"user_list": ["zhangsan"]}
    rule = {"rule_name": "r", "word_list": ["返现"], "intercept_type": 1, "applicable_range": range_}
    assert await sim.errcode("externalcontact/add_intercept_rule", rule) == 0
    said = {"userid": "zhangsan", "external_userid": person, "text": "返现五元"}
    await sim.control("say", **said)
    assert len(sim.events()) == 1
    await sim.control("settings", intercept_event="<Event><![CDATA[intercepted]]></Event>")
    await sim.control("say", **said)
    assert sim.last_event()["Event"] == "intercepted"


async def test_without_a_bound_account_a_group_shows_no_unionid_either(sim: Sim) -> None:
    chat_id = await sim.group()
    await sim.control("join", external_userid=await sim.person(unionid="union-1"), chat_id=chat_id)
    shown = (await sim.api(GET_GROUP, {"chat_id": chat_id}))["group_chat"]["member_list"][1]
    assert shown["unionid"] == "union-1"
    await sim.control("settings", developer_bound=False)
    hidden = (await sim.api(GET_GROUP, {"chat_id": chat_id}))["group_chat"]["member_list"][1]
    assert "unionid" not in hidden


@pytest.mark.parametrize(
    "nonsense",
    [
        {"media_days": 1e9},
        {"token_seconds": -1},
        {"callback_url": "nowhere"},
        {"callback_url": "http://a\u0000b"},
    ],
)
async def test_settings_that_no_world_could_live_with(sim: Sim, nonsense: dict[str, Any]) -> None:
    assert await sim.refused("settings", **nonsense) == 422
    assert (await sim.api("getcallbackip"))["errcode"] == 0
