"""Groups, mass messages, media and messages to staff: what is sent, and how the samples are read."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx
import pytest

from integrations.wecom import (
    GroupMember,
    MassTask,
    Message,
    NewJoinWay,
    Refused,
    SendStatus,
    Unreachable,
)
from tests.integrations.fakes import START, FakeWeCom, client_on

pytestmark = pytest.mark.anyio

HELLO = Message(text="hello")
AT = datetime.fromtimestamp(1525779812, UTC)


async def test_groups_of_many_owners_are_listed_a_hundred_owners_at_a_time() -> None:
    fake = FakeWeCom().prepare(
        "externalcontact/groupchat/list",
        {"group_chat_list": [{"chat_id": "wr1", "status": 0}], "next_cursor": "n"},
        {"group_chat_list": [{"chat_id": "wr2", "status": 1}]},
        {"group_chat_list": [{"chat_id": "wr3", "status": 0}]},
    )
    owners = [f"owner{n}" for n in range(101)]
    chats = [chat async for chat in client_on(fake).list_group_chats(owners)]
    assert [(chat.chat_id, chat.status) for chat in chats] == [("wr1", 0), ("wr2", 1), ("wr3", 0)]
    bodies = fake.bodies("externalcontact/groupchat/list")
    assert [body["owner_filter"] for body in bodies] == [
        {"userid_list": owners[:100]},
        {"userid_list": owners[:100]},
        {"userid_list": owners[100:]},
    ]


async def test_members_of_a_group_keep_the_case_of_customers_only() -> None:
    chat = {
        "chat_id": "wr1",
        "owner": "Boss",
        "create_time": 1525779812,
        "member_list": [
            {"userid": "Abel", "type": 1, "join_time": 1525779812, "join_scene": 1},
            {"userid": "wmAb", "type": 2, "join_time": 1525779812, "join_scene": 3, "state": "s1"},
        ],
        "admin_list": [{"userid": "Sam"}],
        "member_version": "v1",
    }
    fake = FakeWeCom().prepare("externalcontact/groupchat/get", {"group_chat": chat})
    found = await client_on(fake).get_group_chat("wr1", need_name=True)
    assert (found.owner, found.admin_list[0].userid, found.member_version) == ("boss", "sam", "v1")
    assert [(member.userid, member.state) for member in found.member_list] == [("abel", None), ("wmAb", "s1")]
    assert fake.bodies("externalcontact/groupchat/get") == [{"chat_id": "wr1", "need_name": 1}]
    stored = found.member_list[0].model_dump_json()
    assert GroupMember.model_validate_json(stored) == found.member_list[0]


async def test_a_join_way_names_its_rooms() -> None:
    fake = FakeWeCom().prepare("externalcontact/groupchat/add_join_way", {"config_id": "j1"})
    way = NewJoinWay(chat_id_list=("wr1",), state="s1", room_base_name="VIP", room_base_id=0)
    assert await client_on(fake).add_join_way(way) == "j1"
    (body,) = fake.bodies("externalcontact/groupchat/add_join_way")
    assert body["auto_create_room"] == 1
    assert (body["room_base_name"], body["room_base_id"]) == ("VIP", 0)


async def test_a_mass_task_for_groups() -> None:
    fake = FakeWeCom().prepare("externalcontact/add_msg_template", {"msgid": "msg1", "fail_list": ["wr9"]})
    task = MassTask(chat_type="group", sender="boss", chat_ids=("wr1", "wr9"), message=HELLO)
    made = await client_on(fake).add_msg_template(task)
    assert (made.msgid, made.fail_list) == ("msg1", ("wr9",))
    assert fake.bodies("externalcontact/add_msg_template") == [
        {
            "chat_type": "group",
            "allow_select": False,
            "chat_id_list": ["wr1", "wr9"],
            "sender": "boss",
            "text": {"content": "hello"},
        }
    ]


async def test_times_may_be_text_and_creators_absent() -> None:
    listed = [
        {"msgid": "m1", "create_time": "1525779812", "text": {"content": "hi"}, "create_type": 0},
        {"msgid": "m2", "create_time": 1525779812, "creator": "ZhangSan", "create_type": 1},
    ]
    fake = FakeWeCom().prepare("externalcontact/get_groupmsg_list_v2", {"group_msg_list": listed})
    found = [msg async for msg in client_on(fake).list_groupmsgs("single", START, START)]
    assert [(msg.create_time, msg.text, msg.creator) for msg in found] == [
        (AT, "hi", None),
        (AT, "", "zhangsan"),
    ]


@pytest.mark.parametrize(("status", "sent"), [(0, False), (1, True), (2, True), ("2", True)])
async def test_both_numbers_for_a_confirmed_task_are_understood(status: object, sent: bool) -> None:
    task = {"userid": "ZhangSan", "status": status, "send_time": 0}
    fake = FakeWeCom().prepare("externalcontact/get_groupmsg_task", {"task_list": [task]})
    (member,) = await client_on(fake).get_groupmsg_task("m1")
    assert (member.userid, member.sent, member.send_time) == ("zhangsan", sent, None)


async def test_results_by_recipient_also_with_a_status_of_the_future() -> None:
    rows = [{"external_userid": f"wm{n}", "userid": "A", "status": n} for n in (0, "1", 2, 3, 7)]
    fake = FakeWeCom().prepare("externalcontact/get_groupmsg_send_result", {"send_list": rows})
    results = [row async for row in client_on(fake).get_groupmsg_send_result("m1", "a")]
    assert [row.status for row in results] == [
        SendStatus.NOT_SENT,
        SendStatus.SENT,
        SendStatus.NOT_FRIEND,
        SendStatus.CAPPED,
        SendStatus.UNKNOWN,
    ]
    assert results[0].chat_id is None


async def test_an_upload_is_multipart_with_a_part_named_media() -> None:
    answer = {"type": "image", "media_id": "m1", "created_at": "1525779812"}
    fake = FakeWeCom().prepare("media/upload", answer)
    media = await client_on(fake).upload_media("image", "群码.png", b"123456")
    assert media.created_at == AT
    (request,) = fake.calls("media/upload")
    assert request.url.params["type"] == "image"
    assert request.headers["content-type"].startswith("multipart/form-data")
    assert b'name="media"; filename="' in request.content
    assert b"123456" in request.content


async def test_staff_that_could_not_be_reached_is_named() -> None:
    fake = FakeWeCom().prepare("message/send", {"invaliduser": "lisi|WangWu", "msgid": "x"})
    sent = await client_on(fake).send_app_text(["ZhangSan", "lisi", "WangWu"], "hello")
    assert sent.invaliduser == ("lisi", "wangwu")
    assert fake.bodies("message/send") == [
        {
            "touser": "ZhangSan|lisi|WangWu",
            "msgtype": "text",
            "agentid": 1000002,
            "text": {"content": "hello"},
        }
    ]


PNG = {"content-type": "image/png"}


async def test_an_image_is_fetched_without_a_token_and_over_a_redirect() -> None:
    asked: list[httpx.URL] = []

    async def host(request: httpx.Request) -> httpx.Response:
        asked.append(request.url)
        if request.url.scheme == "http":
            return httpx.Response(301, headers={"location": "https://p.example/1"})
        return httpx.Response(200, content=b"png bytes", headers=PNG)

    assert await client_on(host).fetch_image("http://p.example/1") == b"png bytes"
    assert [str(url) for url in asked] == ["http://p.example/1", "https://p.example/1"]


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (httpx.Response(404), Refused),
        (httpx.Response(200, text="<html>", headers={"content-type": "text/html"}), Refused),
        (httpx.Response(500), Unreachable),
        (httpx.Response(200, content=bytes(10 * 1024 * 1024 + 1), headers=PNG), Unreachable),
        (httpx.ConnectError("down"), Unreachable),
    ],
)
async def test_what_is_not_an_image_is_an_error(
    reply: httpx.Response | Exception, kind: type[Exception]
) -> None:
    fake = FakeWeCom().prepare("/image", reply)
    with pytest.raises(kind):
        await client_on(fake).fetch_image("https://p.example/image")
