"""Template cards: their fields, a press and its event, updates (contract §3.8, §10.1)."""

from typing import Any

import pytest
from defusedxml import ElementTree

from tests.simulators.sim import Sim

pytestmark = pytest.mark.anyio

TITLE = {"main_title": {"title": "回访 小李"}}
ACTION = {"card_action": {"type": 1, "url": "https://x"}}
NOTICE: dict[str, Any] = {"card_type": "text_notice", **TITLE, **ACTION}
NEWS: dict[str, Any] = {
    "card_type": "news_notice",
    **TITLE,
    **ACTION,
    "card_image": {"url": "https://x/1.png"},
}
BUTTON = {"text": "完成", "style": 1, "key": "done"}
BUTTONS: dict[str, Any] = {
    "card_type": "button_interaction",
    **TITLE,
    "task_id": "T1",
    "button_list": [BUTTON],
}
OPTIONS = [{"id": "a", "text": "甲"}, {"id": "b", "text": "乙"}]
SUBMIT = {"submit_button": {"text": "提交", "key": "submit"}}
CHECKBOX = {"question_key": "why", "option_list": OPTIONS, "mode": 1}
VOTE: dict[str, Any] = {
    "card_type": "vote_interaction",
    **TITLE,
    "task_id": "T1",
    "checkbox": CHECKBOX,
    **SUBMIT,
}
SELECT: dict[str, Any] = {"question_key": "when", "title": "时间", "option_list": OPTIONS}
MULTIPLE: dict[str, Any] = {
    "card_type": "multiple_interaction",
    **TITLE,
    "task_id": "T1",
    "select_list": [SELECT],
    **SUBMIT,
}
MENU = {"action_menu": {"desc": "更多", "action_list": [{"text": "忽略", "key": "ignore"}]}}


async def send(sim: Sim, card: dict[str, Any], touser: str = "zhangsan") -> dict[str, Any]:
    for userid in touser.split("|"):
        await sim.employee(userid)
    body = {"touser": touser, "agentid": 1000002, "msgtype": "template_card", "template_card": card}
    return await sim.api("message/send", body)


async def update(sim: Sim, code: str, **more: Any) -> dict[str, Any]:
    body = {"atall": 1, "agentid": 1000002, "response_code": code, "button": {"replace_name": "已完成"}}
    return await sim.api("message/update_template_card", {**body, **more})


def rows(count: int, **more: Any) -> dict[str, Any]:
    return {"horizontal_content_list": [{"keyname": "k", "value": "v", **more}] * count}


@pytest.mark.parametrize(
    ("card", "errcode"),
    [
        (NOTICE, 0),
        (NEWS, 0),
        (BUTTONS, 0),
        (VOTE, 0),
        (MULTIPLE, 0),
        ({**NOTICE, "card_type": "poster"}, 42031),
        ({**NOTICE, "main_title": {}}, 42033),
        ({**NOTICE, "main_title": {}, "sub_title_text": "s"}, 0),
        ({"card_type": "text_notice", **TITLE}, 42045),
        ({**NOTICE, "card_action": {"type": 1}}, 42028),
        ({**NOTICE, "card_action": {"type": 2}}, 42030),
        ({**NOTICE, "card_action": {"type": 3}}, 42045),
        ({**NOTICE, "source": {"desc": "d", "desc_color": 4}}, 40058),
        ({**NOTICE, **rows(6)}, 0),
        ({**NOTICE, **rows(7)}, 42035),
        ({**NOTICE, **rows(1, keyname="")}, 42027),
        ({**NOTICE, **rows(1, type=1)}, 42028),
        ({**NOTICE, **rows(1, type=2)}, 42029),
        ({**NOTICE, **rows(1, type=3)}, 42050),
        ({**NOTICE, "jump_list": [{"type": 1, "title": "t", "url": "https://x"}] * 3}, 0),
        ({**NOTICE, "jump_list": [{"type": 1, "title": "t", "url": "https://x"}] * 4}, 42042),
        ({**NOTICE, "jump_list": [{"type": 2, "title": "t"}]}, 42030),
        ({**NOTICE, "jump_list": [{"title": ""}]}, 42033),
        ({**NOTICE, "quote_area": {"type": 1, "quote_text": "q"}}, 42028),
        ({**NOTICE, **MENU}, 42014),
        ({**NOTICE, **MENU, "task_id": "T1"}, 0),
        ({**NOTICE, "action_menu": {"action_list": []}, "task_id": "T1"}, 40058),
        ({**NOTICE, "task_id": "not a task"}, 42014),
        ({**NEWS, "main_title": {}}, 42033),
        ({**NEWS, "card_image": {"url": ""}}, 42044),
        ({**NEWS, "card_image": {"url": "https://x", "aspect_ratio": 3}}, 40058),
        ({"card_type": "news_notice", **TITLE, **ACTION}, 42044),
        ({**NEWS, "vertical_content_list": [{"title": "t"}] * 5}, 42036),
        ({**BUTTONS, "task_id": ""}, 42014),
        ({**BUTTONS, "task_id": "t" * 129}, 42014),
        ({**BUTTONS, "button_list": []}, 40058),
        ({**BUTTONS, "button_list": [{**BUTTON, "key": str(n)} for n in range(7)]}, 40058),
        ({**BUTTONS, "button_list": [{"text": "", "key": "k"}]}, 42038),
        ({**BUTTONS, "button_list": [{"text": "t"}]}, 42039),
        ({**BUTTONS, "button_list": [BUTTON, BUTTON]}, 42039),
        ({**BUTTONS, "button_list": [{**BUTTON, "style": 5}]}, 40058),
        ({**BUTTONS, "button_selection": SELECT}, 0),
        ({**BUTTONS, "button_selection": {**SELECT, "selected_id": "z"}}, 42040),
        ({**VOTE, "checkbox": {**CHECKBOX, "option_list": []}}, 42037),
        ({**VOTE, "checkbox": {**CHECKBOX, "question_key": ""}}, 42043),
        ({**VOTE, "checkbox": {**CHECKBOX, "option_list": [{"id": "", "text": "t"}]}}, 42040),
        ({**VOTE, "checkbox": {**CHECKBOX, "option_list": [{"id": "a", "text": ""}]}}, 42041),
        ({**VOTE, "submit_button": {"text": "t", "key": ""}}, 42046),
        ({**VOTE, "submit_button": {"text": "", "key": "k"}}, 42049),
        ({**MULTIPLE, "select_list": [SELECT] * 4}, 42047),
        ({**MULTIPLE, "select_list": []}, 42047),
        ({**NOTICE, "jump_list": "none"}, 40058),
    ],
)
async def test_what_a_card_may_be(sim: Sim, card: dict[str, Any], errcode: int) -> None:
    assert (await send(sim, card))["errcode"] == errcode


async def test_only_a_card_that_can_be_pressed_has_a_response_code(sim: Sim) -> None:
    assert "response_code" not in await send(sim, NOTICE)
    assert (await send(sim, BUTTONS))["response_code"]


async def test_a_task_id_is_used_once(sim: Sim) -> None:
    assert (await send(sim, BUTTONS))["errcode"] == 0
    assert (await send(sim, BUTTONS))["errcode"] == 42014
    assert (await send(sim, {**BUTTONS, "task_id": "T2"}))["errcode"] == 0


async def test_without_a_callback_url_nobody_could_hear_a_press(sim: Sim) -> None:
    await sim.control("settings", callback_url=None)
    assert (await send(sim, BUTTONS))["errcode"] == 43012
    await sim.control("settings", cards_need_callback=False)
    assert (await send(sim, BUTTONS))["errcode"] == 0


async def test_a_press_tells_who_pressed_what(sim: Sim) -> None:
    sent = await send(sim, BUTTONS, "ZhangSan")
    tapped = await sim.control("cards/tap", userid="zhangsan", msgid=sent["msgid"], key="done")
    assert sim.last_event() == {
        "ToUserName": "wx5823bf96d3bd56c7",
        "FromUserName": "ZhangSan",
        "CreateTime": str(sim.world.clock.unix()),
        "MsgType": "event",
        "Event": "template_card_event",
        "EventKey": "done",
        "TaskId": "T1",
        "CardType": "button_interaction",
        "ResponseCode": tapped["response_code"],
        "AgentID": "1000002",
    }


async def test_the_answers_of_a_vote_come_along(sim: Sim) -> None:
    await send(sim, VOTE)
    chosen = {"why": ["a", "b"]}
    await sim.control("cards/tap", userid="zhangsan", task_id="T1", key="submit", selected=chosen)
    tree = ElementTree.fromstring(sim.world.callbacks.outbox.log[-1].content)
    assert tree.findtext("SelectedItems/SelectedItem/QuestionKey") == "why"
    found = tree.findall("SelectedItems/SelectedItem/OptionIds/OptionId")
    assert [option.text for option in found] == ["a", "b"]


async def test_the_menu_has_an_event_of_its_own(sim: Sim) -> None:
    await send(sim, {**NOTICE, **MENU, "task_id": "T1"})
    await sim.control("cards/tap", userid="zhangsan", task_id="T1", key="ignore")
    assert sim.last_event()["Event"] == "template_card_menu_event"


async def test_what_cannot_be_tapped(sim: Sim) -> None:
    await send(sim, VOTE)
    tap = {"userid": "zhangsan", "task_id": "T1", "key": "submit"}
    assert await sim.refused("cards/tap", **{**tap, "key": "other"}) == 409
    assert await sim.refused("cards/tap", **tap, selected={"else": ["a"]}) == 409
    assert await sim.refused("cards/tap", **tap, selected={"why": ["z"]}) == 409
    assert await sim.refused("cards/tap", **{**tap, "task_id": "T9"}) == 404
    assert await sim.refused("cards/tap", **tap, msgid="both") == 422
    await sim.employee("lisi")
    assert await sim.refused("cards/tap", **{**tap, "userid": "lisi"}) == 404


async def test_an_update_uses_the_code_up_and_replaces_the_buttons(sim: Sim) -> None:
    code = (await send(sim, BUTTONS))["response_code"]
    assert (await update(sim, code))["errcode"] == 0
    (message,) = await sim.look("employees/zhangsan/inbox")
    assert message["updated"] == {"button": {"replace_name": "已完成"}}
    assert (await update(sim, code))["errcode"] == 60140
    assert await sim.refused("cards/tap", userid="zhangsan", task_id="T1", key="done") == 409


async def test_an_update_may_bring_a_new_card(sim: Sim) -> None:
    await send(sim, BUTTONS)
    tapped = await sim.control("cards/tap", userid="zhangsan", task_id="T1", key="done")
    again = {"card_type": "button_interaction", **TITLE, "button_list": [{"text": "撤销", "key": "undo"}]}
    bad = await update(sim, tapped["response_code"], button=None, template_card={**again, "button_list": []})
    assert bad["errcode"] == 40058
    good = await update(sim, tapped["response_code"], button=None, template_card=again)
    assert good["errcode"] == 0, "a refused update leaves the code unused"
    await sim.control("cards/tap", userid="zhangsan", task_id="T1", key="undo")
    assert sim.last_event()["EventKey"] == "undo"


async def test_whom_an_update_reaches(sim: Sim) -> None:
    code = (await send(sim, BUTTONS, "a|b"))["response_code"]
    assert (await update(sim, code, atall=0))["errcode"] == 82101
    assert (await update(sim, code, atall=0, userids=["stranger"]))["errcode"] == 82102
    assert (await update(sim, code, agentid=7))["errcode"] == 301002
    assert (await update(sim, code, button=None))["errcode"] == 40058
    answer = await update(sim, code, atall=0, userids=["A", "stranger"])
    assert (answer["errcode"], answer["invaliduser"]) == (0, ["stranger"])
    assert (await sim.look("employees/a/inbox"))[0]["updated"]
    assert (await sim.look("employees/b/inbox"))[0]["updated"] is None


async def test_a_response_code_lives_for_three_days(sim: Sim) -> None:
    code = (await send(sim, BUTTONS))["response_code"]
    await sim.advance(72 * 3600 + 1)
    sim.token = ""
    assert (await update(sim, code))["errcode"] == 60140


async def test_an_employee_opens_the_app(sim: Sim) -> None:
    await sim.employee("ZhangSan")
    await sim.control("employees/zhangsan/visit")
    event = sim.last_event()
    assert (event["Event"], event["FromUserName"], event["AgentID"]) == ("enter_agent", "ZhangSan", "1000002")
    await sim.control("employees/zhangsan/visit", event="subscribe")
    assert sim.last_event()["Event"] == "subscribe"
    await sim.control("apps/1000002", visible={"users": []})
    assert await sim.refused("employees/zhangsan/visit") == 409
