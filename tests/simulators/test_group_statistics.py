"""Numbers of groups by owner and by day (contract §7.4)."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from simulators.clock import CHINA
from tests.simulators.sim import Sim
from tests.simulators.test_groups import join

pytestmark = pytest.mark.anyio

BY_OWNER = "externalcontact/groupchat/statistic"
BY_DAY = "externalcontact/groupchat/statistic_group_by_day"
DAY = 24 * 3600
OWNERS = {"owner_filter": {"userid_list": ["zhangsan", "lisi"]}}


def day(sim: Sim, back: int = 1) -> int:
    """The midnight in China so many days ago."""
    today = sim.world.clock().astimezone(CHINA).replace(hour=0, minute=0, second=0, microsecond=0)
    return int((today - timedelta(days=back)).timestamp())


async def busy_day(sim: Sim) -> None:
    """zhangsan: two groups, three joins, a leave, four messages of two people; lisi: one empty group."""
    first, second = await sim.group("甲"), await sim.group("乙")
    await sim.group(owner="lisi")
    people = [(await join(sim, chat_id=chat_id))[0] for chat_id in (first, first, second)]
    for sender, text in (("zhangsan", "早"), (people[0], "在"), (people[0], "吗"), ("zhangsan", "在")):
        await sim.control("groups/message", chat_id=first, sender=sender, text=text)
    await sim.control("leave", external_userid=people[2], chat_id=second)


async def test_the_numbers_of_yesterday(sim: Sim) -> None:
    await busy_day(sim)
    await sim.later(DAY)
    answer = await sim.api(BY_OWNER, {"day_begin_time": day(sim), **OWNERS})
    assert (answer["total"], answer["next_offset"]) == (2, 2)
    data = {item["owner"]: item["data"] for item in answer["items"]}
    assert data["zhangsan"] == {
        "new_chat_cnt": 2,
        "chat_total": 2,
        "chat_has_msg": 1,
        "new_member_cnt": 5,
        "member_total": 4,
        "member_has_msg": 2,
        "msg_total": 4,
        "migrate_trainee_chat_cnt": 0,
    }
    assert (data["lisi"]["chat_total"], data["lisi"]["member_total"], data["lisi"]["msg_total"]) == (1, 1, 0)


async def test_today_is_not_complete(sim: Sim) -> None:
    await busy_day(sim)
    (item, _) = (await sim.api(BY_OWNER, {"day_begin_time": day(sim, 0), **OWNERS}))["items"]
    assert set(item["data"].values()) == {0}
    await sim.control("settings", statistics_ready_hours=10)
    await sim.later(DAY - 3 * 3600)  # nine in the morning of the next day
    (item, _) = (await sim.api(BY_OWNER, {"day_begin_time": day(sim), **OWNERS}))["items"]
    assert item["data"]["new_chat_cnt"] == 0
    await sim.later(3600)
    (item, _) = (await sim.api(BY_OWNER, {"day_begin_time": day(sim), **OWNERS}))["items"]
    assert item["data"]["new_chat_cnt"] == 2


async def test_order_and_offset(sim: Sim) -> None:
    await busy_day(sim)
    await sim.later(DAY)
    body: dict[str, Any] = {"day_begin_time": day(sim), **OWNERS, "order_by": 2}

    async def owners(**more: Any) -> list[str]:
        return [item["owner"] for item in (await sim.api(BY_OWNER, {**body, **more}))["items"]]

    assert await owners() == ["zhangsan", "lisi"]
    assert await owners(order_asc=1) == ["lisi", "zhangsan"]
    assert await owners(offset=1) == ["lisi"]
    assert await owners(limit=1) == ["zhangsan"]
    assert (await sim.api(BY_OWNER, {**body, "limit": 1}))["next_offset"] == 1
    assert await owners(limit=2000) == ["zhangsan", "lisi"], "too much is cut without a word"


async def test_day_by_day(sim: Sim) -> None:
    await busy_day(sim)
    await sim.later(2 * DAY)
    noon = day(sim, 2) + DAY // 2
    body = {"day_begin_time": noon, "day_end_time": day(sim, 1), **OWNERS}
    items = (await sim.api(BY_DAY, body))["items"]
    assert [item["stat_time"] for item in items] == [day(sim, 2), day(sim, 1)]
    assert [item["data"]["new_chat_cnt"] for item in items] == [3, 0]
    assert [item["data"]["chat_total"] for item in items] == [3, 3]


async def test_a_dismissed_group_is_not_in_the_total(sim: Sim) -> None:
    chat_id = await sim.group()
    await sim.later(DAY)
    await sim.control("dismiss", chat_id=chat_id)
    await sim.later(DAY)
    body = {
        "day_begin_time": day(sim, 2),
        "day_end_time": day(sim),
        "owner_filter": {"userid_list": ["zhangsan"]},
    }
    items = (await sim.api(BY_DAY, body))["items"]
    assert [item["data"]["chat_total"] for item in items] == [1, 0]


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        ({}, 0),
        ({"owner_filter": {"userid_list": []}}, 40063),
        ({"owner_filter": {"userid_list": ["u"] * 101}}, 40058),
        ({"owner_filter": {"userid_list": ["nobody"]}}, 60111),
        ({"order_by": 5}, 40058),
        ({"limit": 0}, 40058),
        ({"begin": 181}, 40058),
        ({"begin": 180}, 0),
        ({"begin": 31, "end": 1}, 40058),
        ({"begin": 30, "end": 1}, 0),
        ({"begin": 1, "end": 2}, 40058),
        ({"begin": -1}, 40058),
    ],
)
async def test_what_can_be_asked(sim: Sim, changes: dict[str, Any], errcode: int) -> None:
    await sim.employee()
    begin, end = changes.pop("begin", 1), changes.pop("end", None)
    body = {"day_begin_time": day(sim, begin), "owner_filter": {"userid_list": ["zhangsan"]}, **changes}
    if end is not None:
        body["day_end_time"] = day(sim, end)
    assert await sim.errcode(BY_OWNER, body) == errcode


async def test_days_begin_at_midnight_in_china(sim: Sim) -> None:
    """Noon there when the tests begin: a group of half past eleven in the evening is of the same day."""
    await sim.later(11.5 * 3600)
    await sim.group()
    await sim.later(3600)
    assert datetime.fromtimestamp(day(sim, 0), CHINA).day == 3
    body = {"day_begin_time": day(sim), "owner_filter": {"userid_list": ["zhangsan"]}}
    (item,) = (await sim.api(BY_OWNER, body))["items"]
    assert item["data"]["new_chat_cnt"] == 1


async def test_a_time_beyond_every_calendar(sim: Sim) -> None:
    owner = {"owner_filter": {"userid_list": [await sim.employee()]}}
    assert await sim.errcode(BY_DAY, {"day_begin_time": 10**12, **owner}) == 40058
