"""Figures of employees and groups, and ids of groups, against the simulator."""

from __future__ import annotations

from datetime import timedelta

import pytest

from integrations.wecom import GroupOrder, InvalidMessage, Refused
from integrations.wecom.limits import CHINA
from tests.integrations.corp import Corp

pytestmark = pytest.mark.anyio


async def test_what_an_employee_did(corp: Corp) -> None:
    await corp.hire("zhangsan")
    customer = await corp.friends("zhangsan")
    await corp.control("chat", userid="zhangsan", external_userid=customer, by="employee", messages=2)
    today = corp.world.clock().astimezone(CHINA).date()
    yesterday, now = await corp.wecom.get_user_behavior(["zhangsan"], today - timedelta(days=1), today)
    assert now.stat_time.astimezone(CHINA).date() == today
    assert (now.new_contact_cnt, now.message_cnt) == (1, 2)
    assert (yesterday.new_contact_cnt, yesterday.reply_percentage) == (0, None)


async def test_what_happened_in_groups(corp: Corp) -> None:
    await corp.hire("boss", "lisi")
    chat_id = (await corp.control("groups", name="VIP", owner="boss"))["chat_id"]
    await corp.control("groups", name="VIP 2", owner="boss")
    await corp.control("groups", name="VIP 3", owner="lisi")
    await corp.control("join", external_userid=await corp.born("小明"), chat_id=chat_id)
    begun = corp.world.clock()
    await corp.control("clock", advance_seconds=timedelta(days=1).total_seconds())
    rows = [one async for one in corp.wecom.group_statistic(["boss", "lisi"], begun, begun)]
    assert [(row.owner, row.data.new_chat_cnt) for row in rows] == [("boss", 2), ("lisi", 1)]
    by_members = corp.wecom.group_statistic(
        ["boss", "lisi"], begun, begun, order_by=GroupOrder.MEMBERS, ascending=True
    )
    assert [row.owner async for row in by_members] == ["lisi", "boss"]
    (day,) = await corp.wecom.group_statistic_by_day(["boss"], begun, begun)
    assert day.stat_time.astimezone(CHINA).date() == begun.astimezone(CHINA).date()
    assert (day.data.new_chat_cnt, day.data.chat_total) == (2, 2)
    assert day.data.new_member_cnt >= 1


async def test_a_span_is_checked_before_the_call(corp: Corp) -> None:
    await corp.hire("zhangsan")
    today = corp.world.clock().date()
    await corp.wecom.get_user_behavior(["zhangsan"], today - timedelta(days=29), today)
    with pytest.raises(InvalidMessage):
        await corp.wecom.get_user_behavior(["zhangsan"], today - timedelta(days=30), today)


async def test_the_group_that_a_mini_program_knows(corp: Corp) -> None:
    await corp.hire("boss")
    group = await corp.control("groups", name="VIP", owner="boss")
    assert await corp.wecom.opengid_to_chatid(group["opengid"]) == group["chat_id"]
    ordinary = await corp.control("groups/ordinary")
    for opengid in (ordinary["opengid"], "no-such"):
        with pytest.raises(Refused) as caught:
            await corp.wecom.opengid_to_chatid(opengid)
        assert caught.value.errcode in (90509, 90511)
