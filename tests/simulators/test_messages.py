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
        ({"touser": "", "toparty": "1"}, 0),
        ({"touser": "", "toparty": "9"}, 81013),
        ({"touser": "", "totag": "1"}, 81013),
        ({"touser": "@all"}, 0),
        ({"touser": "|".join(f"u{n}" for n in range(1001))}, 40035),
        ({"toparty": "|".join(str(n) for n in range(101))}, 82002),
        ({"totag": "|".join(str(n) for n in range(101))}, 82003),
        ({"agentid": 1}, 301002),
        ({"agentid": None}, 41011),
        ({"agentid": "x"}, 40056),
        ({"duplicate_check_interval": 4 * 3600 + 1}, 40058),
    ],
)
async def test_to_whom_may_be_sent(sim: Sim, changes: dict[str, Any], errcode: int) -> None:
    await sim.employee()
    body = {**TEXT, "touser": "zhangsan", **changes}
    given = {name: value for name, value in body.items() if value is not None}
    assert await sim.errcode(SEND, given) == errcode


async def test_recipients_are_members_of_the_visible_range(sim: Sim) -> None:
    store = (await sim.control("departments", name="望京店"))["department_id"]
    for userid, departments in (("a", [1]), ("b", [store]), ("c", [1])):
        await sim.employee(userid, departments=departments)
    await sim.employee("d", licensed=False)
    await sim.control("apps/1000002", visible={"users": ["A", "d"], "departments": [store]})
    answer = await sim.api(SEND, {**TEXT, "touser": "a|C|D", "toparty": f"{store}|1|x", "totag": "7"})
    assert {key: answer[key] for key in answer if key.startswith(("invalid", "unlicensed"))} == {
        "invaliduser": "c",
        "invalidparty": "1|x",
        "invalidtag": "7",
        "unlicenseduser": "d",
    }
    assert [message["userid"] for message in await sim.look("messages")] == ["a", "b"]
    await sim.api(SEND, {**TEXT, "touser": "@all"})
    assert [message["userid"] for message in await sim.look("messages")][2:] == ["a", "b"]


async def test_the_apps_daily_share(sim: Sim) -> None:
    await sim.control("settings", accounts=1, staff_messages_per_account=2)
    await sim.employee("a")
    await sim.employee("b")
    for userid in ("a|b", "a"):
        assert await sim.errcode(SEND, {**TEXT, "touser": userid}) == 0
    assert [message["dropped"] for message in await sim.look("messages")] == [False, False, True]
    await sim.advance(12 * 3600)  # past midnight in China
    sim.token = ""
    await sim.api(SEND, {**TEXT, "touser": "a"})
    assert (await sim.look("messages"))[-1]["dropped"] is False


async def test_messages_do_not_count_in_the_rate_of_the_api(sim: Sim) -> None:
    await sim.control("settings", calls_per_minute=2)
    await sim.employee()
    assert {await sim.errcode(SEND, {**TEXT, "touser": "zhangsan"}) for _ in range(4)} == {0}


async def test_a_recall_empties_the_inbox_for_a_day(sim: Sim) -> None:
    await sim.employee()
    first, second = [await sim.api(SEND, {**TEXT, "touser": "zhangsan"}) for _ in range(2)]
    assert await sim.errcode("message/recall", {"msgid": first["msgid"]}) == 0
    inbox = await sim.look("employees/zhangsan/inbox")
    assert [message["msgid"] for message in inbox] == [second["msgid"]]
    await sim.advance(24 * 3600 + 1)
    sim.token = ""
    assert await sim.errcode("message/recall", {"msgid": second["msgid"]}) == 42052
    assert await sim.errcode("message/recall", {"msgid": "nonsense"}) == 40058
    assert await sim.errcode("message/recall", {}) == 41046


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
