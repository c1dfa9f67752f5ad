"""Customers and groups that change hands, against the simulator."""

from __future__ import annotations

from datetime import timedelta

import pytest

from integrations.wecom import (
    ContactChange,
    ContactEvent,
    Refused,
    StaffChange,
    StaffEvent,
    TransferStatus,
    rule_for,
)
from tests.integrations.corp import Corp

pytestmark = pytest.mark.anyio

DAY = timedelta(days=1).total_seconds()


async def test_customers_on_the_job(corp: Corp) -> None:
    await corp.hire("zhangsan", "lisi")
    willing, unwilling = await corp.friends("zhangsan"), await corp.friends("zhangsan")
    await corp.events()
    answers = await corp.wecom.transfer_customers(
        "zhangsan", "lisi", [willing, unwilling, "wm-unknown"], message="由李四为您服务"
    )
    assert [(one.external_userid, one.accepted) for one in answers] == [
        (willing, True),
        (unwilling, True),
        ("wm-unknown", False),
    ]
    assert "unreachable" in rule_for(answers[2].errcode, "externalcontact/transfer_customer").action
    again = await corp.wecom.transfer_customers("zhangsan", "lisi", [willing])
    assert again[0].errcode in (40100, 40129)
    await corp.control("handovers/refuse", external_userid=unwilling)
    waiting = {one.external_userid: one async for one in corp.wecom.transfer_results("zhangsan", "lisi")}
    assert waiting[willing].status is TransferStatus.WAITING
    assert waiting[willing].takeover_time == corp.world.clock() + timedelta(days=1)
    assert waiting[unwilling].status is TransferStatus.REFUSED
    (failed,) = await corp.events()
    assert isinstance(failed, ContactEvent)
    assert (failed.change_type, failed.user_id) == (ContactChange.TRANSFER_FAIL, "lisi")
    assert failed.fail_reason == "customer_refused"
    await corp.control("clock", advance_seconds=DAY + 1)
    done = {one.external_userid: one.status async for one in corp.wecom.transfer_results("zhangsan", "lisi")}
    assert done == {willing: TransferStatus.DONE, unwilling: TransferStatus.REFUSED}
    events = [event for event in await corp.events() if isinstance(event, ContactEvent)]
    told = {(event.change_type, event.user_id, event.external_user_id) for event in events}
    assert (ContactChange.ADD, "lisi", willing) in told
    assert (ContactChange.DELETED_BY_EMPLOYEE, "zhangsan", willing) in told
    assert {event.source for event in events if event.source} == {"DELETE_BY_TRANSFER"}
    assert await corp.wecom.list_external_contacts("zhangsan") == [unwilling]


async def test_customers_of_who_has_left(corp: Corp) -> None:
    await corp.control("apps/1000002", contact_events=True)
    await corp.hire("zhangsan", "lisi")
    customer = await corp.friends("zhangsan")
    with pytest.raises(Refused) as early:
        await corp.wecom.transfer_resigned_customers("zhangsan", "lisi", [customer])
    assert early.value.errcode == 40097
    await corp.events()
    await corp.control("employees/zhangsan/resign")
    (gone,) = [event for event in await corp.events() if isinstance(event, StaffEvent)]
    assert (gone.change_type, gone.user_id) == (StaffChange.DELETED, "zhangsan")
    (left,) = [one async for one in corp.wecom.list_unassigned()]
    assert (left.handover_userid, left.external_userid) == ("zhangsan", customer)
    assert left.dimission_time == corp.world.clock()
    (answer,) = await corp.wecom.transfer_resigned_customers("zhangsan", "lisi", [customer])
    assert answer.accepted
    assert [one async for one in corp.wecom.list_unassigned()] == []
    await corp.control("clock", advance_seconds=DAY + 1)
    (result,) = [one async for one in corp.wecom.resigned_transfer_results("zhangsan", "lisi")]
    assert (result.external_userid, result.status) == (customer, TransferStatus.DONE)
    assert await corp.wecom.list_external_contacts("lisi") == [customer]


async def test_groups_on_the_job(corp: Corp) -> None:
    await corp.hire("boss", "lisi")
    chat_id = (await corp.control("groups", name="VIP", owner="boss"))["chat_id"]
    failed = await corp.wecom.transfer_groups([chat_id, "wr-unknown"], "lisi")
    assert [one.chat_id for one in failed] == ["wr-unknown"]
    assert failed[0].errcode == 90501
    assert (await corp.wecom.get_group_chat(chat_id)).owner == "lisi"


async def test_groups_of_who_has_left(corp: Corp) -> None:
    await corp.hire("boss", "lisi")
    chat_id = (await corp.control("groups", name="VIP", owner="boss"))["chat_id"]
    (early,) = await corp.wecom.transfer_resigned_groups([chat_id], "lisi")
    assert early.errcode == 90500
    await corp.control("settings", group_handover_seconds=60)
    await corp.control("employees/boss/resign")

    async def status() -> list[str]:
        return [
            f"{ref.chat_id == chat_id} {ref.status}"
            for wanted in (1, 2, 3)
            async for ref in corp.wecom.list_group_chats(status=wanted)
        ]

    assert await status() == ["True 1"]
    assert await corp.wecom.transfer_resigned_groups([chat_id], "lisi") == []
    assert await status() == ["True 2"]
    await corp.control("clock", advance_seconds=61)
    assert await status() == ["True 3"]
    assert (await corp.wecom.get_group_chat(chat_id)).owner == "lisi"
