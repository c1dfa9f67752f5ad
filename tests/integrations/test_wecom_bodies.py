"""What the newer endpoints send, to the letter: the simulator would forgive a field that it does not know."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from integrations.wecom import (
    ButtonInteraction,
    CardAction,
    CardButton,
    CardTitle,
    GroupWelcome,
    LinkRange,
    MassTask,
    Message,
    MomentTask,
    NewContactWay,
    NewJoinWay,
    Video,
    WeComClient,
)
from tests.integrations.fakes import FakeWeCom, client_on

pytestmark = pytest.mark.anyio

DAY = date(2026, 3, 1)  # its midnight in China is 1772294400
Body = dict[str, Any]


POSTS: list[tuple[str, Callable[[WeComClient], Awaitable[object]], Body, Body]] = [
    (
        "externalcontact/add_contact_way",
        lambda c: c.add_contact_way(
            NewContactWay(user=("a",), scene=1, style=2, is_exclusive=True, mark_source=False)
        ),
        {"config_id": "c1"},
        {
            "type": 2,
            "scene": 1,
            "skip_verify": True,
            "state": "",
            "remark": "",
            "user": ["a"],
            "style": 2,
            "is_exclusive": True,
            "mark_source": False,
        },
    ),
    (
        "externalcontact/update_contact_way",
        lambda c: c.update_contact_way("c1", user=[], party=[2], state="", skip_verify=False),
        {},
        {"config_id": "c1", "user": [], "party": [2], "state": "", "skip_verify": False},
    ),
    (
        "externalcontact/groupchat/update_join_way",
        lambda c: c.update_join_way("c1", NewJoinWay(chat_id_list=("wr1",), mark_source=True)),
        {},
        {
            "config_id": "c1",
            "scene": 2,
            "chat_id_list": ["wr1"],
            "auto_create_room": 1,
            "state": "",
            "remark": "",
            "room_base_name": "",
            "mark_source": True,
        },
    ),
    (
        "externalcontact/group_welcome_template/edit",
        lambda c: c.edit_group_welcome("t1", GroupWelcome(text="hi", attachment=Video(media_id="m"))),
        {},
        {"template_id": "t1", "text": {"content": "hi"}, "video": {"media_id": "m"}, "notify": 1},
    ),
    (
        "externalcontact/customer_acquisition/update_link",
        lambda c: c.update_acquisition_link("ca1", reach=LinkRange(department_list=(2,)), skip_verify=False),
        {},
        {"link_id": "ca1", "range": {"department_list": [2]}, "skip_verify": False},
    ),
    (
        "externalcontact/customer_acquisition/statistic",
        lambda c: c.get_acquisition_statistic("ca1", DAY, DAY),
        {"click_link_customer_cnt": 1, "new_customer_cnt": 1},
        {"link_id": "ca1", "start_time": 1772294400, "end_time": 1772294400},
    ),
    (
        "externalcontact/remark",
        lambda c: c.remark_customer("a", "wm1", company="c", mobiles=(), picture="m"),
        {},
        {
            "userid": "a",
            "external_userid": "wm1",
            "remark_company": "c",
            "remark_mobiles": [""],
            "remark_pic_mediaid": "m",
        },
    ),
    (
        "externalcontact/add_corp_tag",
        lambda c: c.add_corp_tags("ignored", ["t"], group_id="et0", order=3),
        {"tag_group": {"group_id": "et0", "group_name": "g"}},
        {"group_id": "et0", "tag": [{"name": "t"}]},
    ),
    (
        "externalcontact/edit_corp_tag",
        lambda c: c.edit_corp_tag("et1", order=0),
        {},
        {"id": "et1", "order": 0},
    ),
    (
        "externalcontact/groupchat/statistic_group_by_day",
        lambda c: c.group_statistic_by_day(["a"], DAY, datetime(2026, 3, 1, 17, tzinfo=UTC)),
        {},
        {  # 17:00 in UTC is the next day in China
            "day_begin_time": 1772294400,
            "day_end_time": 1772380800,
            "owner_filter": {"userid_list": ["a"]},
        },
    ),
    (
        "externalcontact/add_msg_template",
        lambda c: c.add_msg_template(
            MassTask(chat_type="single", message=Message(text="hi"), tag_filter=(("et1", "et2"), ("et3",)))
        ),
        {"msgid": "m"},
        {
            "chat_type": "single",
            "allow_select": False,
            "tag_filter": {"group_list": [{"tag_list": ["et1", "et2"]}, {"tag_list": ["et3"]}]},
            "text": {"content": "hi"},
        },
    ),
    (
        "externalcontact/add_moment_task",
        lambda c: c.add_moment_task(
            MomentTask(text="hi", video="m", users=("a",), departments=(2,), tags=("et1",))
        ),
        {"jobid": "j1"},
        {
            "text": {"content": "hi"},
            "attachments": [{"msgtype": "video", "video": {"media_id": "m"}}],
            "visible_range": {
                "sender_list": {"user_list": ["a"], "department_list": [2]},
                "external_contact_list": {"tag_list": ["et1"]},
            },
        },
    ),
    (
        "externalcontact/transfer_customer",
        lambda c: c.transfer_customers("a", "b", ["wm1"], message="hi"),
        {},
        {
            "handover_userid": "a",
            "takeover_userid": "b",
            "external_userid": ["wm1"],
            "transfer_success_msg": "hi",
        },
    ),
    (
        "externalcontact/groupchat/transfer",
        lambda c: c.transfer_resigned_groups(["wr1"], "b"),
        {},
        {"chat_id_list": ["wr1"], "new_owner": "b"},
    ),
    (
        "externalcontact/update_intercept_rule",
        lambda c: c.update_intercept_rule("r1", semantics_list=[]),
        {},
        {"rule_id": "r1", "extra_rule": {"semantics_list": []}},
    ),
    (
        "media/upload_by_url",
        lambda c: c.upload_by_url("file", "a.pdf", "https://example.com/a.pdf", "0" * 32),
        {"jobid": 12345},
        {
            "scene": 1,
            "type": "file",
            "filename": "a.pdf",
            "url": "https://example.com/a.pdf",
            "md5": "0" * 32,
        },
    ),
    (
        "message/send",
        lambda c: c.send_template_card(
            ["a", "b"],
            ButtonInteraction(
                task_id="t1",
                main_title=CardTitle(title="t"),
                card_action=CardAction(url="https://example.com"),
                button_list=(CardButton(text="ok", key="k"),),
            ),
            duplicate_check_seconds=600,
        ),
        {"msgid": "m"},
        {
            "touser": "a|b",
            "msgtype": "template_card",
            "agentid": 1000002,
            "template_card": {
                "card_type": "button_interaction",
                "task_id": "t1",
                "main_title": {"title": "t"},
                "card_action": {"type": 1, "url": "https://example.com"},
                "button_list": [{"text": "ok", "key": "k", "style": 1}],
            },
            "enable_duplicate_check": 1,
            "duplicate_check_interval": 600,
        },
    ),
    (
        "message/update_template_card",
        lambda c: c.update_template_card("code", replace_name="ok"),
        {},
        {"agentid": 1000002, "response_code": "code", "atall": 1, "button": {"replace_name": "ok"}},
    ),
]


@pytest.mark.parametrize(("api", "call", "answer", "body"), POSTS, ids=[post[0] for post in POSTS])
async def test_what_is_sent(
    api: str, call: Callable[[WeComClient], Awaitable[object]], answer: Body, body: Body
) -> None:
    fake = FakeWeCom().prepare(api, answer)
    await call(client_on(fake))
    assert fake.bodies(api) == [body]


GETS: list[tuple[str, Callable[[WeComClient], Awaitable[object]], Body, dict[str, str]]] = [
    ("externalcontact/get_follow_user_list", lambda c: c.get_follow_users(), {}, {}),
    (
        "externalcontact/get_moment_task_result",
        lambda c: c.get_moment_task_result("j1"),
        {"status": 1},
        {"jobid": "j1"},
    ),
    ("externalcontact/get_intercept_rule_list", lambda c: c.list_intercept_rules(), {}, {}),
    (
        "externalcontact/customer_acquisition_quota",
        lambda c: c.get_acquisition_quota(),
        {"total": 1, "balance": "1"},
        {},
    ),
    ("user/get", lambda c: c.get_member("a"), {"userid": "A", "gender": "1"}, {"userid": "a"}),
    (
        "user/simplelist",
        lambda c: c.list_members(7, fetch_child=False),
        {},
        {"department_id": "7", "fetch_child": "0"},
    ),
    ("department/simplelist", lambda c: c.list_departments(), {}, {}),
    ("getcallbackip", lambda c: c.callback_ips(), {"ip_list": []}, {}),
    ("get_api_domain_ip", lambda c: c.api_domain_ips(), {"ip_list": []}, {}),
]


@pytest.mark.parametrize(("api", "call", "answer", "query"), GETS, ids=[get[0] for get in GETS])
async def test_what_is_asked(
    api: str, call: Callable[[WeComClient], Awaitable[object]], answer: Body, query: dict[str, str]
) -> None:
    fake = FakeWeCom().prepare(api, answer)
    await call(client_on(fake))
    (request,) = fake.calls(api)
    assert request.method == "GET"
    assert {name: value for name, value in request.url.params.items() if name != "access_token"} == query


async def test_an_attachment_and_a_permanent_picture_are_multipart() -> None:
    answer = {"type": "image", "media_id": "m", "created_at": 1525779812, "url": "https://p/1"}
    fake = FakeWeCom().prepare("media/upload_attachment", answer).prepare("media/uploadimg", answer)
    client = client_on(fake)
    await client.upload_attachment("image", "a.png", b"123456", album=True)
    assert await client.upload_permanent_image("a.png", b"123456") == "https://p/1"
    attachment, picture = fake.calls("media/upload_attachment") + fake.calls("media/uploadimg")
    assert attachment.url.params["media_type"] == "image"
    assert attachment.url.params["attachment_type"] == "2"
    for request in (attachment, picture):
        assert request.headers["content-type"].startswith("multipart/form-data")
        assert b'name="media"; filename="a.png"' in request.content
