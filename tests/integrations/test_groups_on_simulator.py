"""Groups and mass messages against the simulator."""

from __future__ import annotations

import pytest

from integrations.wecom import (
    BusinessState,
    ChatEvent,
    MassTask,
    Message,
    NewJoinWay,
    QuotaExceeded,
    SendStatus,
    Transient,
)
from tests.integrations.corp import Corp

pytestmark = pytest.mark.anyio

HELLO = Message(text="欢迎")


@pytest.mark.parametrize("form", ["items", "csv", "absent"])
async def test_groups_join_ways_and_their_events(corp: Corp, form: str) -> None:
    await corp.control("settings", mem_change_list=form)
    await corp.hire("boss")
    chat_id = (await corp.control("groups", name="VIP", owner="boss"))["chat_id"]
    config_id = await corp.wecom.add_join_way(NewJoinWay(chat_id_list=(chat_id,), state="g1"))
    way = await corp.wecom.get_join_way(config_id)
    assert (way.chat_id_list, way.state) == ((chat_id,), "g1")
    assert (await corp.wecom.fetch_image(way.qr_code)).startswith(b"\x89PNG")
    customer = await corp.born("小明")
    await corp.control("join", external_userid=customer, config_id=config_id)
    created, joined = await corp.events()
    assert isinstance(created, ChatEvent)
    assert isinstance(joined, ChatEvent)
    assert (joined.update_detail, joined.join_scene, joined.chat_id) == ("add_member", 3, chat_id)
    assert joined.mem_change_list == (None if form == "absent" else (customer,))
    chat = await corp.wecom.get_group_chat(chat_id, need_name=True)
    member = next(member for member in chat.member_list if member.userid == customer)
    assert (member.state, member.join_scene, member.name) == ("g1", 3, "小明")
    assert chat.member_version == joined.cur_mem_ver
    assert [ref.chat_id async for ref in corp.wecom.list_group_chats(["boss"])] == [chat_id]
    assert [ref.chat_id async for ref in corp.wecom.list_group_chats()] == [chat_id]
    await corp.control("dismiss", chat_id=chat_id)
    with pytest.raises(BusinessState) as caught:
        await corp.wecom.get_group_chat(chat_id)
    assert caught.value.errcode == 49008


async def test_a_mass_task_from_creation_to_result(corp: Corp) -> None:
    await corp.hire("zhangsan")
    customers = [await corp.friends("zhangsan") for _ in range(3)]
    task = MassTask(
        chat_type="single", message=HELLO, external_userids=(*customers, "wm-unknown"), sender="zhangsan"
    )
    start = corp.world.clock()
    made = await corp.wecom.add_msg_template(task)
    assert made.fail_list == ("wm-unknown",)
    with pytest.raises(Transient) as early:
        await corp.wecom.get_groupmsg_task(made.msgid)
    assert early.value.errcode == 41063
    await corp.control("clock", advance_seconds=3)
    (member,) = await corp.wecom.get_groupmsg_task(made.msgid)
    assert (member.userid, member.sent, member.send_time) == ("zhangsan", False, None)
    await corp.control("delete", userid="zhangsan", external_userid=customers[0], by="customer")
    await corp.control("tasks/confirm", msgid=made.msgid, userid="zhangsan")
    (member,) = await corp.wecom.get_groupmsg_task(made.msgid)
    assert member.sent
    assert member.send_time == corp.world.clock()
    results = [row async for row in corp.wecom.get_groupmsg_send_result(made.msgid, "zhangsan")]
    assert {row.external_userid: row.status for row in results} == {
        customers[0]: SendStatus.NOT_FRIEND,
        customers[1]: SendStatus.SENT,
        customers[2]: SendStatus.SENT,
    }
    listed = [msg async for msg in corp.wecom.list_groupmsgs("single", start, corp.world.clock())]
    assert [(msg.msgid, msg.text, msg.creator) for msg in listed] == [(made.msgid, "欢迎", None)]


async def test_reminding_and_cancelling(corp: Corp) -> None:
    await corp.hire("zhangsan")
    customer = await corp.friends("zhangsan")
    task = MassTask(chat_type="single", message=HELLO, external_userids=(customer,), sender="zhangsan")
    msgid = (await corp.wecom.add_msg_template(task)).msgid
    await corp.control("clock", advance_seconds=3)
    for _ in range(3):
        await corp.wecom.remind_groupmsg_send(msgid)
    with pytest.raises(QuotaExceeded):
        await corp.wecom.remind_groupmsg_send(msgid)
    await corp.wecom.cancel_groupmsg_send(msgid)
    with pytest.raises(BusinessState) as caught:
        await corp.wecom.get_groupmsg_task(msgid)
    assert caught.value.errcode == 41093


async def test_a_group_task(corp: Corp) -> None:
    await corp.hire("boss")
    chat_id = (await corp.control("groups", name="VIP", owner="boss"))["chat_id"]
    task = MassTask(chat_type="group", message=HELLO, sender="boss", chat_ids=(chat_id,))
    msgid = (await corp.wecom.add_msg_template(task)).msgid
    await corp.control("clock", advance_seconds=3)
    await corp.control("tasks/confirm", msgid=msgid, userid="boss")
    (result,) = [row async for row in corp.wecom.get_groupmsg_send_result(msgid, "boss")]
    assert (result.chat_id, result.status, result.external_userid) == (chat_id, SendStatus.SENT, None)


async def test_a_mass_task_for_the_tagged(corp: Corp) -> None:
    await corp.hire("zhangsan", "lisi")
    both, one, _ = [await corp.friends("zhangsan") for _ in range(3)]
    latte, sweet = (await corp.wecom.add_corp_tags("口味", ["latte", "sweet"])).tag
    (gold,) = (await corp.wecom.add_corp_tags("等级", ["gold"])).tag
    await corp.wecom.mark_tag("zhangsan", both, add=[latte.id, gold.id])
    await corp.wecom.mark_tag("zhangsan", one, add=[sweet.id])
    task = MassTask(
        chat_type="single",
        message=HELLO,
        sender="zhangsan",
        tag_filter=((latte.id, sweet.id), (gold.id,)),  # of the first two one, and gold
        allow_select=True,
    )
    msgid = (await corp.wecom.add_msg_template(task)).msgid
    await corp.control("clock", advance_seconds=3)
    await corp.control("tasks/confirm", msgid=msgid, userid="zhangsan")
    results = [row async for row in corp.wecom.get_groupmsg_send_result(msgid, "zhangsan")]
    assert [(row.external_userid, row.status) for row in results] == [(both, SendStatus.SENT)]


async def test_tasks_of_the_corp_are_told_from_personal_ones(corp: Corp) -> None:
    await corp.hire("zhangsan")
    customer = await corp.friends("zhangsan")
    start = corp.world.clock()
    task = MassTask(chat_type="single", message=HELLO, external_userids=(customer,))
    msgid = (await corp.wecom.add_msg_template(task)).msgid
    for filter_type, expected in ((0, [msgid]), (1, []), (2, [msgid])):
        listed = corp.wecom.list_groupmsgs("single", start, start, filter_type=filter_type)
        assert [msg.msgid async for msg in listed] == expected
    by_nobody = corp.wecom.list_groupmsgs("single", start, start, creator="zhangsan")
    assert [msg.msgid async for msg in by_nobody] == []


async def test_who_invited_whom(corp: Corp) -> None:
    await corp.hire("boss", "zhangsan")
    chat_id = (await corp.control("groups", name="VIP", owner="boss"))["chat_id"]
    customer = await corp.born("小明")
    await corp.control("groups/invite", chat_id=chat_id, by="boss", external_userids=[customer])
    await corp.control("groups/nickname", chat_id=chat_id, member=customer, nickname="明明")
    chat = await corp.wecom.get_group_chat(chat_id)
    member = next(member for member in chat.member_list if member.userid == customer)
    assert member.invitor is not None
    assert (member.invitor.userid, member.join_scene, member.group_nickname) == ("boss", 1, "明明")
    assert (member.name, "明明" in repr(member)) == (None, False)
