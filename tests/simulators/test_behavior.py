"""What employees did, by day (contract §11.1)."""

from typing import Any

import pytest

from tests.simulators.sim import Sim

pytestmark = pytest.mark.anyio

PATH = "externalcontact/get_user_behavior_data"
DAY = 24 * 3600


async def data(sim: Sim, days: int = 1, **who: Any) -> list[dict[str, Any]]:
    sim.token = ""
    end = sim.world.clock.unix()
    body = {"start_time": end - (days - 1) * DAY, "end_time": end, **who}
    found: list[dict[str, Any]] = (await sim.api(PATH, body))["behavior_data"]
    return found


async def test_a_day_is_counted(sim: Sim) -> None:
    first, second = await sim.friend(), await sim.friend()
    third = await sim.person()
    await sim.control("add", userid="zhangsan", external_userid=third, by="employee")
    await sim.control("chat", userid="zhangsan", external_userid=first)
    await sim.advance(300)
    await sim.control("chat", userid="zhangsan", external_userid=first, by="employee", messages=2)
    await sim.control("chat", userid="zhangsan", external_userid=second)
    await sim.control("delete", userid="zhangsan", external_userid=second, by="customer")
    (day,) = await data(sim, userid=["ZHANGSAN"])
    assert day.pop("stat_time") % DAY == DAY - 8 * 3600, "midnight in China"
    assert day == {
        "chat_cnt": 1,
        "message_cnt": 2,
        "reply_percentage": 50.0,
        "avg_reply_time": 5,
        "negative_feedback_cnt": 1,
        "new_apply_cnt": 1,
        "new_contact_cnt": 3,
    }


async def test_several_members_are_one_series_of_days(sim: Sim) -> None:
    store = (await sim.control("departments", name="望京店"))["department_id"]
    await sim.employee("b", departments=[store])
    await sim.friend("a")
    await sim.advance(DAY)
    await sim.control("add", userid="b", external_userid=await sim.person())
    days = await data(sim, days=3, userid=["a"], partyid=[store])
    assert [day["new_contact_cnt"] for day in days] == [0, 1, 1]
    assert "reply_percentage" not in days[0], "there was no chat"
    assert [day["new_contact_cnt"] for day in await data(sim, days=3, partyid=[store])] == [0, 0, 1]


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        ({}, 0),
        ({"userid": []}, 40063),
        ({"userid": ["a"] * 101}, 40058),
        ({"userid": ["nobody"]}, 60111),
        ({"userid": [], "partyid": [9]}, 40066),
        ({"start_time": -29 * DAY}, 0),
        ({"start_time": -30 * DAY}, 40058),
        ({"start_time": -180 * DAY, "end_time": -180 * DAY}, 0),
        ({"start_time": -181 * DAY, "end_time": -181 * DAY}, 40058),
        ({"end_time": -DAY}, 40058),
        ({"end_time": None}, 40058),
        ({"start_time": 10**12}, 40058),
        ({"end_time": 10**30}, 40058),
    ],
)
async def test_what_may_be_asked(sim: Sim, changes: dict[str, Any], errcode: int) -> None:
    await sim.employee("a")
    now = sim.world.clock.unix()
    body: dict[str, Any] = {"userid": ["a"], "start_time": 0, "end_time": 0, **changes}
    for name in ("start_time", "end_time"):
        if body[name] is not None:
            body[name] += now
    given = {name: value for name, value in body.items() if value is not None}
    assert await sim.errcode(PATH, given) == errcode
