"""Acquisition links (获客助手) against the simulator."""

from __future__ import annotations

from datetime import timedelta

import pytest

from integrations.wecom import (
    AcquisitionChange,
    AcquisitionEvent,
    ChatStatus,
    ContactEvent,
    LinkRange,
    PriorityKind,
    PriorityOption,
    QuotaExceeded,
    WeComError,
    with_channel,
)
from tests.integrations.corp import Corp

pytestmark = pytest.mark.anyio

ZHANGSAN = LinkRange(user_list=("zhangsan",))


async def test_a_link_from_its_making_to_its_end(corp: Corp) -> None:
    await corp.hire("zhangsan", "lisi")
    made = await corp.wecom.create_acquisition_link("小程序", ZHANGSAN)
    assert made.url
    assert made.create_time == corp.world.clock()
    first = PriorityOption(priority_type=PriorityKind.NAMED, priority_userid_list=("lisi",))
    await corp.wecom.update_acquisition_link(
        made.link_id,
        link_name="广告",
        reach=LinkRange(user_list=("zhangsan", "lisi")),
        skip_verify=False,
        priority_option=first,
    )
    found = await corp.wecom.get_acquisition_link(made.link_id)
    assert (found.link_name, found.url, found.skip_verify) == ("广告", made.url, False)
    assert found.range == LinkRange(user_list=("zhangsan", "lisi"))
    assert found.priority_option == first
    assert [one async for one in corp.wecom.list_acquisition_links()] == [made.link_id]
    await corp.wecom.delete_acquisition_link(made.link_id)
    assert [one async for one in corp.wecom.list_acquisition_links()] == []
    with pytest.raises(WeComError):
        await corp.wecom.get_acquisition_link(made.link_id)


async def test_a_customer_who_comes_through_a_channel(corp: Corp) -> None:
    await corp.hire("zhangsan")
    link = await corp.wecom.create_acquisition_link("广告", ZHANGSAN)
    customer = await corp.born("小明")
    await corp.events()
    channel = "抖音/1"
    await corp.control("open_link", external_userid=customer, url=with_channel(link.url, channel))
    events = await corp.events()
    (added,) = [event for event in events if isinstance(event, ContactEvent)]
    assert (added.external_user_id, added.state) == (customer, channel)
    assert AcquisitionChange.FRIEND_REQUESTED in [
        event.change_type for event in events if isinstance(event, AcquisitionEvent)
    ]
    (listed,) = [one async for one in corp.wecom.list_acquisition_customers(link.link_id)]
    assert (listed.external_userid, listed.userid, listed.state) == (customer, "zhangsan", channel)
    assert listed.chat_status is ChatStatus.SILENT
    today = corp.world.clock()
    counted = await corp.wecom.get_acquisition_statistic(link.link_id, today - timedelta(days=6), today)
    assert (counted.click_link_customer_cnt, counted.new_customer_cnt) == (1, 1)
    detail = await corp.wecom.get_external_contact(customer)
    assert [follower.add_way for follower in detail.follow_user] == [16]


async def test_a_chat_is_opened_by_the_key_of_its_event(corp: Corp) -> None:
    await corp.hire("zhangsan")
    link = await corp.wecom.create_acquisition_link("广告", ZHANGSAN)
    customer = await corp.born("小明")
    await corp.control("open_link", external_userid=customer, url=with_channel(link.url, "a"))
    await corp.events()
    await corp.control("chat", userid="zhangsan", external_userid=customer, messages=3)
    events = [event for event in await corp.events() if isinstance(event, AcquisitionEvent)]
    assert [event.change_type for event in events] == [
        AcquisitionChange.CHAT_STARTED,
        AcquisitionChange.MESSAGE_RECEIVED,
    ]
    started, message = events
    assert (started.user_id, started.external_user_id) == ("zhangsan", customer)
    chat = await corp.wecom.get_acquisition_chat(message.chat_key or "")
    assert (chat.userid, chat.external_userid) == ("zhangsan", customer)
    assert (chat.chat_info.recv_msg_cnt, chat.chat_info.link_id, chat.chat_info.state) == (
        3,
        link.link_id,
        "a",
    )


async def test_the_quota_and_its_events(corp: Corp) -> None:
    await corp.control("settings", acquisition_low=1000)  # as many as there are at the start
    await corp.hire("zhangsan")
    link = await corp.wecom.create_acquisition_link("广告", ZHANGSAN)
    await corp.events()
    await corp.control("open_link", external_userid=await corp.born("小明"), link_id=link.link_id)
    changes = [event.change_type for event in await corp.events() if isinstance(event, AcquisitionEvent)]
    assert changes == [AcquisitionChange.BALANCE_LOW]
    quota = await corp.wecom.get_acquisition_quota()
    assert (quota.total, quota.balance) == (1000, 999)
    assert [part.balance for part in quota.quota_list] == [999]
    assert quota.quota_list[0].expire_date > corp.world.clock()


async def test_the_console_deletes_a_link(corp: Corp) -> None:
    await corp.hire("zhangsan")
    link = await corp.wecom.create_acquisition_link("广告", ZHANGSAN)
    await corp.events()
    await corp.press_delete(f"links/{link.link_id}")
    (event,) = await corp.events()
    assert isinstance(event, AcquisitionEvent)
    assert (event.change_type, event.link_id) == (AcquisitionChange.LINK_DELETED, link.link_id)


async def test_too_many_links(corp: Corp) -> None:
    await corp.control("settings", acquisition_links=1)
    await corp.hire("zhangsan")
    await corp.wecom.create_acquisition_link("广告", ZHANGSAN)
    with pytest.raises(QuotaExceeded) as caught:
        await corp.wecom.create_acquisition_link("海报", ZHANGSAN)
    assert caught.value.errcode == 41095
