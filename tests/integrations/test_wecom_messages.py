"""The limits that are checked before a call (contract §2.1, §4.1, §7.2, §8.1, §10.1, §11.2)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from integrations.wecom import (
    Attachment,
    ContactWayType,
    File,
    Image,
    InvalidMessage,
    Link,
    MassTask,
    Message,
    MiniProgram,
    NewContactWay,
    NewJoinWay,
    Video,
    WeComClient,
)
from tests.integrations.fakes import START, FakeWeCom, client_on

HELLO = Message(text="hello")


def link(**fields: str) -> Link:
    return Link(**{"title": "t", "url": "https://example.com", **fields})


def program(title: str) -> MiniProgram:
    return MiniProgram(title=title, pic_media_id="m", appid="wx1", page="pages/index")


@pytest.mark.parametrize(
    ("message", "field"),
    [
        (Message(), "message"),
        (Message(text="汉" * 1334), "text"),  # 4002 bytes
        (Message(attachments=(Video(media_id="m"),) * 10), "attachments"),
        (Message(attachments=(link(title="汉" * 43),)), "attachments[0].title"),
        (Message(attachments=(link(desc="a" * 513),)), "attachments[0].desc"),
        (Message(attachments=(link(url="a" * 2049),)), "attachments[0].url"),
        (Message(attachments=(link(picurl="a" * 2049),)), "attachments[0].picurl"),
        (Message(attachments=(File(media_id="m"), program("a" * 65))), "attachments[1].title"),
        (Message(attachments=(Image(),)), "attachments[0]"),
    ],
)
def test_a_message_over_a_limit_names_field_and_remedy(message: Message, field: str) -> None:
    with pytest.raises(InvalidMessage) as caught:
        message.check()
    assert caught.value.field == field
    assert caught.value.remedy in str(caught.value)


@pytest.mark.parametrize(
    "message",
    [
        Message(text="汉" * 1333 + "a"),  # exactly 4000 bytes
        Message(attachments=(Video(media_id="m"),) * 9),
        Message(attachments=(link(title="a" * 128, desc="a" * 512), program("a" * 64))),
    ],
)
def test_a_message_at_the_limit_passes(message: Message) -> None:
    message.check()


ATTACHMENTS: list[tuple[Attachment, dict[str, object]]] = [
    (Image(media_id="m"), {"msgtype": "image", "image": {"media_id": "m"}}),
    (link(desc="d"), {"msgtype": "link", "link": {"title": "t", "url": "https://example.com", "desc": "d"}}),
    (
        program("p"),
        {
            "msgtype": "miniprogram",
            "miniprogram": {"title": "p", "pic_media_id": "m", "appid": "wx1", "page": "pages/index"},
        },
    ),
    (Video(media_id="m"), {"msgtype": "video", "video": {"media_id": "m"}}),
    (File(media_id="m"), {"msgtype": "file", "file": {"media_id": "m"}}),
]


@pytest.mark.parametrize(("attachment", "wire"), ATTACHMENTS)
def test_attachments_on_the_wire(attachment: Attachment, wire: dict[str, object]) -> None:
    assert Message(attachments=(attachment,)).wire() == {"attachments": [wire]}


def test_a_message_survives_being_stored_as_json() -> None:
    message = Message(text="hi", attachments=tuple(attachment for attachment, _ in ATTACHMENTS))
    assert Message.model_validate_json(message.model_dump_json()) == message


MANY = tuple(f"wm{n}" for n in range(10_001))

REFUSED_BEFORE_THE_CALL: dict[str, Callable[[WeComClient], Awaitable[object]]] = {
    "state": lambda c: c.add_contact_way(NewContactWay(user=("a",), state="s" * 31)),
    "remark": lambda c: c.add_contact_way(NewContactWay(user=("a",), remark="r" * 31)),
    "user": lambda c: c.add_contact_way(NewContactWay(user=MANY[:101])),
    "user one": lambda c: c.add_contact_way(NewContactWay(user=("a", "b"), type=ContactWayType.SINGLE)),
    "user none": lambda c: c.add_contact_way(NewContactWay()),
    "chat_id_list": lambda c: c.add_join_way(NewJoinWay(chat_id_list=MANY[:6])),
    "chat_id_list none": lambda c: c.add_join_way(NewJoinWay(chat_id_list=())),
    "room_base_name": lambda c: c.add_join_way(NewJoinWay(chat_id_list=("wr1",), room_base_name="n" * 41)),
    "text": lambda c: c.send_welcome_msg("CODE", Message(text="a" * 4001)),
    "external_userids": lambda c: c.add_msg_template(
        MassTask(chat_type="single", message=HELLO, external_userids=MANY)
    ),
    "external_userids none": lambda c: c.add_msg_template(MassTask(chat_type="single", message=HELLO)),
    "sender": lambda c: c.add_msg_template(MassTask(chat_type="group", message=HELLO)),
    "message": lambda c: c.add_msg_template(
        MassTask(chat_type="single", message=Message(), external_userids=("wm1",))
    ),
    "userids": lambda c: c.send_app_text([], "hi"),
    "text long": lambda c: c.send_app_text(["a"], "a" * 2049),
    "userids many": lambda c: c.send_app_text(MANY[:1001], "hi"),
    "content": lambda c: c.upload_media("image", "a.png", b"12345"),
    "content large": lambda c: c.upload_media("image", "a.png", bytes(10 * 1024 * 1024 + 1)),
    "names": lambda c: c.add_corp_tags("group", []),
    "names long": lambda c: c.add_corp_tags("group", ["n" * 31]),
    "end": lambda c: anext(c.list_groupmsgs("single", START, START + timedelta(days=32))),
}


@pytest.mark.anyio
@pytest.mark.parametrize("field", REFUSED_BEFORE_THE_CALL)
async def test_what_wecom_would_refuse_is_not_sent(field: str) -> None:
    fake = FakeWeCom()
    with pytest.raises(InvalidMessage) as caught:
        await REFUSED_BEFORE_THE_CALL[field](client_on(fake))
    assert caught.value.field == field.split()[0]
    assert fake.requests == []
