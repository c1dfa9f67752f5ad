"""The welcome code: 20 seconds, one use, and what does not use it up (contract §4.1)."""

from typing import Any

import pytest

from tests.simulators.sim import PNG, Sim

pytestmark = pytest.mark.anyio

SEND = "externalcontact/send_welcome_msg"
HELLO = {"text": {"content": "你好 %NICKNAME% {{ name }}"}}


async def code_of(sim: Sim, **how: Any) -> tuple[str, str]:
    person = await sim.friend(**how)
    return person, sim.last_event()["WelcomeCode"]


async def test_what_is_sent_is_received_as_it_is(sim: Sim) -> None:
    person, code = await code_of(sim)
    link = {"msgtype": "link", "link": {"title": "券", "url": "https://shop"}}
    answer = await sim.api(SEND, {"welcome_code": code, **HELLO, "attachments": [link]})
    assert answer == {"errcode": 0, "errmsg": "ok"}
    (message,) = await sim.look(f"received/{person}")
    assert (message["channel"], message["userid"]) == ("welcome", "zhangsan")
    assert message["text"] == HELLO["text"]["content"], "WeCom substitutes nothing"
    assert message["attachments"] == [link]


async def test_a_code_works_once(sim: Sim) -> None:
    _, code = await code_of(sim)
    assert await sim.errcode(SEND, {"welcome_code": code, **HELLO}) == 0
    assert await sim.errcode(SEND, {"welcome_code": code, **HELLO}) == 41051


@pytest.mark.parametrize(("seconds", "errcode"), [(20, 0), (20.1, 41050)])
async def test_a_code_lives_twenty_seconds(sim: Sim, seconds: float, errcode: int) -> None:
    _, code = await code_of(sim)
    await sim.advance(seconds)
    assert await sim.errcode(SEND, {"welcome_code": code, **HELLO}) == errcode


async def test_a_late_code_is_late_even_if_it_was_used(sim: Sim) -> None:
    _, code = await code_of(sim)
    await sim.api(SEND, {"welcome_code": code, **HELLO})
    await sim.advance(21)
    assert await sim.errcode(SEND, {"welcome_code": code, **HELLO}) == 41050


async def test_missing_and_unknown_codes(sim: Sim) -> None:
    assert await sim.errcode(SEND, HELLO) == 41049
    assert await sim.errcode(SEND, {"welcome_code": "made-up", **HELLO}) == 41050


async def test_another_app_was_first(sim: Sim) -> None:
    _, code = await code_of(sim, other_app_first=True)
    assert await sim.errcode(SEND, {"welcome_code": code, **HELLO}) == 41051


async def test_a_chat_was_first(sim: Sim) -> None:
    person, code = await code_of(sim)
    await sim.control("chat", userid="zhangsan", external_userid=person)
    assert await sim.errcode(SEND, {"welcome_code": code, **HELLO}) == 41051


async def test_consent_comes_with_a_code_of_its_own(sim: Sim) -> None:
    person, code = await code_of(sim, audit_consent=True)
    assert await sim.errcode(SEND, {"welcome_code": code, **HELLO}) == 41053
    pair = {"userid": "zhangsan", "external_userid": person}
    await sim.control("approve_audit", **pair)
    event = sim.last_event()
    assert event["ChangeType"] == "msg_audit_approved"
    assert await sim.errcode(SEND, {"welcome_code": code, **HELLO}) == 41053
    assert await sim.errcode(SEND, {"welcome_code": event["WelcomeCode"], **HELLO}) == 0
    assert await sim.refused("approve_audit", **pair) == 409


async def test_another_app_is_sending_right_now(sim: Sim) -> None:
    _, code = await code_of(sim)
    await sim.control("faults", api=SEND, kind="errcode", errcode=41096)
    assert await sim.errcode(SEND, {"welcome_code": code, **HELLO}) == 41096
    assert await sim.errcode(SEND, {"welcome_code": code, **HELLO}) == 0


IMAGE = {"msgtype": "image", "image": {"media_id": "none"}}
LINK = {"msgtype": "link", "link": {"title": "t", "url": "https://shop"}}


@pytest.mark.parametrize(
    ("content", "errcode"),
    [
        ({}, 40063),
        ({"text": {"content": ""}, "attachments": []}, 40063),
        ({"text": {"content": "长" * 1333 + "x"}}, 0),
        ({"text": {"content": "长" * 1334}}, 45002),
        ({"text": "hello"}, 40058),
        ({"attachments": [LINK] * 9}, 0),
        ({"attachments": [LINK] * 10}, 41064),
        ({"attachments": [{"msgtype": "voice"}]}, 41065),
        ({"attachments": [{"link": LINK["link"]}]}, 41065),
        ({"attachments": [{"msgtype": "link"}]}, 40058),
        ({"attachments": [{"msgtype": "link", "link": {"title": "长" * 43, "url": "u"}}]}, 40058),
        ({"attachments": [IMAGE]}, 40007),
        ({"attachments": [{"msgtype": "image", "image": {}}]}, 40058),
        ({"attachments": [{"msgtype": "image", "image": {"pic_url": "https://elsewhere/a.png"}}]}, 40058),
    ],
)
async def test_a_refused_content_does_not_use_the_code_up(
    sim: Sim, content: dict[str, Any], errcode: int
) -> None:
    _, code = await code_of(sim)
    assert await sim.errcode(SEND, {"welcome_code": code, **content}) == errcode
    again = await sim.errcode(SEND, {"welcome_code": code, **HELLO})
    assert again == (0 if errcode else 41051)


async def test_images_from_both_kinds_of_upload(sim: Sim) -> None:
    _, code = await code_of(sim)
    upload = await sim.http.post(
        "/cgi-bin/media/upload",
        params={"access_token": await sim.access_token(), "type": "image"},
        files={"media": ("a.png", PNG)},
    )
    picture = await sim.http.post(
        "/cgi-bin/media/uploadimg", params={"access_token": sim.token}, files={"any": ("b.png", PNG)}
    )
    attachments = [
        {"msgtype": "image", "image": {"media_id": upload.json()["media_id"]}},
        {"msgtype": "image", "image": {"pic_url": picture.json()["url"]}},
        {
            "msgtype": "miniprogram",
            "miniprogram": {
                "title": "t",
                "pic_media_id": upload.json()["media_id"],
                "appid": "wx",
                "page": "/",
            },
        },
    ]
    assert await sim.errcode(SEND, {"welcome_code": code, "attachments": attachments}) == 0
