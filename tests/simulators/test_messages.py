"""Application messages to employees (contract §10.1, §13.15)."""

from typing import Any

import pytest

from tests.simulators.sim import Sim

pytestmark = pytest.mark.anyio

SEND = "message/send"
TEXT = {"msgtype": "text", "agentid": 1000002, "text": {"content": "to do"}}
CARD = {"title": "t", "description": "d", "url": "https://x"}


async def test_a_card_arrives(sim: Sim) -> None:
    await sim.employee("ZhangSan")
    body = {"touser": "zhangsan", "msgtype": "textcard", "agentid": 1000002, "textcard": CARD}
    answer = await sim.api(SEND, body)
    assert (answer["errcode"], answer["invaliduser"]) == (0, "")
    (message,) = await sim.look("messages", userid="zhangsan")
    assert (message["userid"], message["content"], message["msgid"]) == ("ZhangSan", CARD, answer["msgid"])


async def test_some_unknown_recipients_come_back_in_lower_case(sim: Sim) -> None:
    await sim.employee("a")
    answer = await sim.api(SEND, {**TEXT, "touser": "NoOne|a|Nobody"})
    assert (answer["errcode"], answer["invaliduser"]) == (0, "noone|nobody")


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        ({"touser": "nobody"}, 81013),
        ({"touser": ""}, 82001),
        ({"touser": "", "toparty": "1"}, 81013),
        ({"touser": "@all"}, 0),
        ({"touser": "|".join(f"u{n}" for n in range(1001))}, 40058),
        ({"agentid": 1}, 301002),
        ({"agentid": None}, 41011),
        ({"agentid": "x"}, 40058),
        ({"msgtype": "markdown"}, 40008),
        ({"text": {"content": ""}}, 40058),
        ({"text": {"content": "长" * 683}}, 40058),
        ({"text": None}, 40058),
        ({"msgtype": "textcard", "textcard": {**CARD, "btntxt": "更多详情"}}, 0),
        ({"msgtype": "textcard", "textcard": {**CARD, "btntxt": "更多详情吧"}}, 40058),
        ({"msgtype": "textcard", "textcard": {**CARD, "title": "t" * 129}}, 40058),
        ({"msgtype": "textcard", "textcard": {**CARD, "url": ""}}, 40058),
    ],
)
async def test_what_may_be_sent(sim: Sim, changes: dict[str, Any], errcode: int) -> None:
    await sim.employee()
    body = {**TEXT, "touser": "zhangsan", **changes}
    given = {name: value for name, value in body.items() if value is not None}
    assert await sim.errcode(SEND, given) == errcode


async def test_the_31st_message_of_a_minute_is_dropped_without_a_word(sim: Sim) -> None:
    await sim.employee()
    body = {**TEXT, "touser": "zhangsan"}
    assert {await sim.errcode(SEND, body) for _ in range(31)} == {0}
    assert [message["dropped"] for message in await sim.look("messages")] == [False] * 30 + [True]
    await sim.advance(60)
    await sim.api(SEND, body)
    assert (await sim.look("messages"))[-1]["dropped"] is False


async def test_the_hours_share(sim: Sim) -> None:
    await sim.control("settings", staff_messages_per_hour=2)
    await sim.employee()
    for _ in range(3):
        await sim.advance(61)
        await sim.api(SEND, {**TEXT, "touser": "zhangsan"})
    assert [message["dropped"] for message in await sim.look("messages")] == [False, False, True]


async def test_the_same_request_is_sent_once_if_so_asked(sim: Sim) -> None:
    await sim.employee()
    body = {**TEXT, "touser": "zhangsan", "enable_duplicate_check": 1}
    for _ in range(2):
        assert await sim.errcode(SEND, body) == 0
    assert len(await sim.look("messages")) == 1
    await sim.advance(1800)
    await sim.api(SEND, body)
    assert len(await sim.look("messages")) == 2
