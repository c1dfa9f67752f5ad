"""The directory, messages and cards to employees, and WeCom's addresses, against the simulator."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.wecom import (
    ActionMenu,
    AgentEvent,
    ButtonInteraction,
    CallbackEvent,
    CardAction,
    CardButton,
    CardEvent,
    CardImage,
    CardLine,
    CardOption,
    CardSelect,
    CardSource,
    CardTitle,
    Checkbox,
    ContentKind,
    MemberStatus,
    MenuAction,
    Misconfigured,
    MultipleInteraction,
    NewsNotice,
    PartyEvent,
    Refused,
    StaffEvent,
    SubmitButton,
    TemplateCard,
    TextNotice,
    VoteInteraction,
    WeComError,
)
from tests.integrations.corp import Corp

pytestmark = pytest.mark.anyio

TITLE = CardTitle(title="今日待办", desc="A店")
OPENS = CardAction(url="https://example.com/todo")
DONE = CardButton(text="已处理", key="done")
SUBMIT = SubmitButton(text="提交", key="submit")
OPTIONS = (CardOption(id="a", text="上午"), CardOption(id="b", text="下午"))


async def test_the_directory(corp: Corp) -> None:
    await corp.control("departments", name="华东", department_id=2)
    await corp.control("departments", name="A店", department_id=3, parent_id=2, order=5)
    await corp.control("employees", userid="ZhangSan", name="张三", departments=[3], position="店长")
    await corp.control("employees", userid="lisi", name="李四", departments=[2], activated=False)
    member = await corp.wecom.get_member("zhangsan")
    assert (member.userid, member.name, member.department) == ("zhangsan", "张三", (3,))
    assert (member.status, member.position, member.main_department) == (MemberStatus.ACTIVATED, "店长", 3)
    assert "张三" not in repr(member)
    assert (await corp.wecom.get_member("lisi")).status is MemberStatus.NOT_ACTIVATED
    assert sorted(one.userid for one in await corp.wecom.list_members()) == ["lisi", "zhangsan"]
    assert [one.userid for one in await corp.wecom.list_members(2, fetch_child=False)] == ["lisi"]
    departments = {one.id: (one.parentid, one.order) for one in await corp.wecom.list_departments()}
    assert departments[2] == (1, 0)
    assert departments[3] == (2, 5)
    assert {one.id for one in await corp.wecom.list_departments(2)} == {2, 3}


async def test_who_is_unknown_and_who_is_out_of_sight(corp: Corp) -> None:
    await corp.hire("zhangsan", "lisi")
    with pytest.raises(Refused) as unknown:
        await corp.wecom.get_member("nobody")
    assert unknown.value.errcode in (60111, 40003)
    await corp.control("apps/1000002", visible={"users": ["zhangsan"]})
    with pytest.raises(Misconfigured) as hidden:
        await corp.wecom.get_member("lisi")
    assert hidden.value.errcode == 60011
    assert "应用可见范围" in hidden.value.action


async def test_people_and_departments_come_and_go(corp: Corp) -> None:
    await corp.control("apps/1000002", contact_events=True)
    await corp.control("departments", name="华东", department_id=2)
    await corp.hire("zhangsan")
    await corp.control("employees/zhangsan/rename", userid="ZhangSan2")
    events = await corp.events()
    assert [event.id for event in events if isinstance(event, PartyEvent)] in ([2], [])
    created, renamed = [event for event in events if isinstance(event, StaffEvent)]
    assert (created.change_type, created.user_id) == ("create_user", "zhangsan")
    assert (renamed.user_id, renamed.new_user_id) == ("zhangsan", "zhangsan2")


async def test_a_text_card_and_its_repetition(corp: Corp) -> None:
    await corp.hire("zhangsan")
    for _ in range(2):
        sent = await corp.wecom.send_text_card(
            ["zhangsan", "nobody"],
            title="待确认",
            description='<div class="gray">今天</div>',
            url="https://example.com/todo",
            btntxt="去处理",
            duplicate_check_seconds=600,
        )
        assert (sent.invaliduser, sent.response_code) == (("nobody",), "")
    (shown,) = await shown_to(corp, "zhangsan")
    assert shown["msgtype"] == "textcard"


async def shown_to(corp: Corp, userid: str) -> list[dict[str, Any]]:
    response = await corp.look(f"employees/{userid}/inbox")
    return list(response)


def only(events: list[CallbackEvent]) -> CardEvent:
    (event,) = [event for event in events if isinstance(event, CardEvent)]
    return event


async def test_a_button_from_the_card_to_the_greyed_button(corp: Corp) -> None:
    await corp.hire("zhangsan", "lisi")
    card = ButtonInteraction(
        task_id="todo-1",
        source=CardSource(desc="会员助手"),
        main_title=TITLE,
        horizontal_content_list=(
            CardLine(keyname="客户", value="3"),
            CardLine(keyname="名单", value="打开", type=ContentKind.URL, url="https://example.com/list"),
        ),
        card_action=OPENS,
        button_selection=CardSelect(question_key="when", title="时间", option_list=OPTIONS),
        button_list=(DONE, CardButton(text="明天", key="later", style=2)),
    )
    sent = await corp.wecom.send_template_card(["ZhangSan", "lisi", "nobody"], card)
    assert sent.invaliduser == ("nobody",)
    assert sent.response_code
    assert sent.response_code not in repr(sent)
    await corp.events()
    await corp.control("cards/tap", userid="zhangsan", task_id="todo-1", key="done", selected={"when": ["b"]})
    pressed = only(await corp.events())
    assert (pressed.user_id, pressed.task_id, pressed.event_key) == ("zhangsan", "todo-1", "done")
    assert (pressed.card_type, pressed.create_time) == ("button_interaction", corp.world.clock())
    assert [(item.question_key, item.option_ids) for item in pressed.selected_items] == [("when", ("b",))]
    left = await corp.wecom.update_template_card(
        pressed.response_code, ["zhangsan", "nobody"], replace_name="已处理"
    )
    assert left == ["nobody"]
    (shown,) = await shown_to(corp, "zhangsan")
    assert shown["updated"] == {"button": {"replace_name": "已处理"}}
    with pytest.raises(WeComError):  # a code works once
        await corp.wecom.update_template_card(pressed.response_code, ["zhangsan"], replace_name="再次")


async def test_another_card_takes_the_place_of_the_first_for_everybody(corp: Corp) -> None:
    await corp.hire("zhangsan", "lisi")
    card = ButtonInteraction(task_id="todo-1", main_title=TITLE, button_list=(DONE,))
    sent = await corp.wecom.send_template_card(["zhangsan", "lisi"], card)
    over = TextNotice(main_title=CardTitle(title="已过期"), card_action=OPENS, task_id="todo-1")
    assert await corp.wecom.update_template_card(sent.response_code, card=over) == []
    for userid in ("zhangsan", "lisi"):
        (shown,) = await shown_to(corp, userid)
        assert shown["updated"]["template_card"]["card_type"] == "text_notice"


CARDS: list[TemplateCard] = [
    TextNotice(
        main_title=TITLE,
        emphasis_content=CardTitle(title="3", desc="人"),
        sub_title_text="请在今天处理",
        card_action=OPENS,
        action_menu=ActionMenu(desc="更多", action_list=(MenuAction(text="不再提醒", key="mute"),)),
        task_id="t-1",
    ),
    NewsNotice(
        main_title=TITLE,
        card_image=CardImage(url="https://example.com/a.png", aspect_ratio=2.25),
        vertical_content_list=(CardTitle(title="一"),),
        card_action=OPENS,
    ),
    VoteInteraction(
        task_id="t-2",
        main_title=TITLE,
        checkbox=Checkbox(question_key="q", option_list=OPTIONS, mode=1),
        submit_button=SUBMIT,
    ),
    MultipleInteraction(
        task_id="t-3",
        main_title=TITLE,
        select_list=(CardSelect(question_key="q", option_list=OPTIONS, selected_id="a"),),
        submit_button=SUBMIT,
    ),
]


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.card_type)
async def test_every_kind_of_card_is_taken(corp: Corp, card: TemplateCard) -> None:
    await corp.hire("zhangsan")
    sent = await corp.wecom.send_template_card(["zhangsan"], card)
    assert bool(sent.response_code) is bool(card.task_id)
    (shown,) = await shown_to(corp, "zhangsan")
    assert shown["content"]["card_type"] == card.card_type


async def test_a_message_is_recalled(corp: Corp) -> None:
    await corp.hire("zhangsan")
    sent = await corp.wecom.send_app_text(["zhangsan"], "hello")
    await corp.wecom.recall_message(sent.msgid)
    assert await shown_to(corp, "zhangsan") == []
    with pytest.raises(WeComError):
        await corp.wecom.recall_message("no-such")


async def test_an_employee_opens_the_app(corp: Corp) -> None:
    await corp.hire("ZhangSan")
    await corp.events()
    await corp.control("employees/zhangsan/visit")
    (event,) = await corp.events()
    assert isinstance(event, AgentEvent)
    assert (event.event, event.user_id, event.agent_id) == ("enter_agent", "zhangsan", 1000002)


async def test_the_addresses_of_wecom(corp: Corp) -> None:
    assert await corp.wecom.callback_ips() == ["127.0.0.1", "101.226.103.*"]
    assert await corp.wecom.api_domain_ips()


async def test_a_sign_in_code_leads_to_the_employee_once(corp: Corp) -> None:
    await corp.hire("zhangsan")
    code = (await corp.control("employees/zhangsan/sign_in"))["code"]
    assert await corp.wecom.signed_in(code) == "zhangsan"
    with pytest.raises(Refused) as caught:
        await corp.wecom.signed_in(code)
    assert caught.value.errcode == 40029
