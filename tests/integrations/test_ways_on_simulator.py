"""Contact ways, join ways and group welcomes against the simulator: made, read, changed and deleted."""

from __future__ import annotations

import pytest

from integrations.wecom import (
    BusinessState,
    Conclusions,
    ContactEvent,
    ContactWayType,
    GroupWelcome,
    Image,
    Link,
    Misconfigured,
    NewContactWay,
    NewJoinWay,
    QuotaExceeded,
    Refused,
    WeComError,
)
from tests.integrations.corp import Corp

pytestmark = pytest.mark.anyio

PNG = b"\x89PNG\r\n\x1a\n" + bytes(16)


async def added(corp: Corp, config_id: str) -> ContactEvent:
    customer = await corp.born("小明")
    await corp.control("scan", external_userid=customer, config_id=config_id)
    found = [event for event in await corp.events() if isinstance(event, ContactEvent)]
    return found[-1]


async def test_a_contact_way_is_changed_field_by_field(corp: Corp) -> None:
    await corp.hire("zhangsan", "lisi")
    made = await corp.wecom.add_contact_way(
        NewContactWay(user=("zhangsan",), state="s1", remark="door", is_exclusive=True)
    )
    await corp.wecom.update_contact_way(made.config_id, user=["lisi"], state="s2")
    way = await corp.wecom.get_contact_way(made.config_id)
    assert (way.user, way.state, way.remark, way.is_exclusive) == (("lisi",), "s2", "door", True)
    assert way.qr_code == made.qr_code
    event = await added(corp, made.config_id)
    assert (event.user_id, event.state) == ("lisi", "s2")


async def test_a_way_whose_employee_must_confirm(corp: Corp) -> None:
    await corp.hire("zhangsan")
    made = await corp.wecom.add_contact_way(NewContactWay(user=("zhangsan",), skip_verify=False))
    assert not (await corp.wecom.get_contact_way(made.config_id)).skip_verify
    await corp.wecom.update_contact_way(made.config_id, skip_verify=True)
    assert (await corp.wecom.get_contact_way(made.config_id)).skip_verify


async def test_a_deleted_contact_way_is_unknown(corp: Corp) -> None:
    await corp.hire("zhangsan")
    made = await corp.wecom.add_contact_way(NewContactWay(user=("zhangsan",)))
    await corp.wecom.delete_contact_way(made.config_id)
    for call in (
        corp.wecom.delete_contact_way(made.config_id),
        corp.wecom.update_contact_way(made.config_id, state="s2"),
        corp.wecom.get_contact_way(made.config_id),
    ):
        with pytest.raises(Refused) as caught:
            await call
        assert caught.value.errcode == 41044
    assert [one async for one in corp.wecom.list_contact_ways()] == []


async def test_a_temporary_chat_and_its_end(corp: Corp) -> None:
    await corp.hire("doctor")
    image = await corp.wecom.upload_media("image", "a.png", PNG)
    way = NewContactWay(
        user=("doctor",),
        type=ContactWayType.SINGLE,
        is_temp=True,
        expires_in=3600,
        chat_expires_in=7200,
        conclusions=Conclusions(text="祝您健康", attachment=Image(media_id=image.media_id)),
    )
    made = await corp.wecom.add_contact_way(way)
    found = await corp.wecom.get_contact_way(made.config_id)
    assert (found.is_temp, found.expires_in, found.chat_expires_in) == (True, 3600, 7200)
    assert found.conclusions is not None
    assert found.conclusions.text == "祝您健康"
    assert isinstance(found.conclusions.attachment, Image)
    assert found.conclusions.attachment.pic_url  # an image comes back by its address
    assert [one async for one in corp.wecom.list_contact_ways()] == []  # temporary ones are not listed
    customer = (await added(corp, made.config_id)).external_user_id
    await corp.wecom.close_temp_chat("doctor", customer)
    (*_, received) = corp.world.inboxes.by_customer[customer]
    assert received.text == "祝您健康"
    with pytest.raises(BusinessState) as caught:
        await corp.wecom.close_temp_chat("doctor", customer)
    assert caught.value.errcode == 84061


async def test_a_contact_way_for_the_mini_program_has_no_code(corp: Corp) -> None:
    await corp.hire("zhangsan")
    made = await corp.wecom.add_contact_way(NewContactWay(user=("zhangsan",), scene=1, style=1))
    assert made.qr_code == ""
    assert (await corp.wecom.get_contact_way(made.config_id)).style == 1


@pytest.mark.parametrize(("trouble", "errcode"), [("activated", 41054), ("real_named", 40098)])
async def test_an_employee_who_cannot_be_added_yet(corp: Corp, trouble: str, errcode: int) -> None:
    await corp.control("employees", userid="zhangsan", name="zhangsan", **{trouble: False})
    with pytest.raises(Misconfigured) as caught:
        await corp.wecom.add_contact_way(NewContactWay(user=("zhangsan",)))
    assert caught.value.errcode == errcode
    assert "tell the store" in caught.value.action


async def test_a_join_way_moves_to_other_groups(corp: Corp) -> None:
    await corp.hire("boss")
    first, second = [(await corp.control("groups", name=name, owner="boss"))["chat_id"] for name in "ab"]
    way = NewJoinWay(chat_id_list=(first,), state="s1", room_base_name="会员群", room_base_id=10)
    config_id = await corp.wecom.add_join_way(way)
    before = await corp.wecom.get_join_way(config_id)
    assert (before.room_base_name, before.room_base_id, before.auto_create_room) == ("会员群", 10, True)
    changed = NewJoinWay(chat_id_list=(second,), state="s2", remark="二群", auto_create_room=False)
    await corp.wecom.update_join_way(config_id, changed)
    after = await corp.wecom.get_join_way(config_id)
    assert (after.chat_id_list, after.state, after.remark) == ((second,), "s2", "二群")
    assert (after.auto_create_room, after.qr_code) == (False, before.qr_code)
    await corp.wecom.delete_join_way(config_id)
    with pytest.raises(WeComError) as caught:
        await corp.wecom.get_join_way(config_id)
    assert caught.value.errcode == 41044


async def test_group_welcome_templates(corp: Corp) -> None:
    image = await corp.wecom.upload_media("image", "a.png", PNG)
    welcome = GroupWelcome(text="欢迎 %NICKNAME%", attachment=Image(media_id=image.media_id), notify=False)
    template_id = await corp.wecom.add_group_welcome(welcome)
    found = await corp.wecom.get_group_welcome(template_id)
    assert found.text == "欢迎 %NICKNAME%"
    assert isinstance(found.attachment, Image)
    assert found.attachment.pic_url
    link = Link(title="群规", url="https://example.com/rules")
    await corp.wecom.edit_group_welcome(template_id, GroupWelcome(attachment=link))
    edited = await corp.wecom.get_group_welcome(template_id)
    assert (edited.text, edited.attachment) == ("", link)
    await corp.wecom.delete_group_welcome(template_id)
    with pytest.raises(WeComError):
        await corp.wecom.get_group_welcome(template_id)


async def test_the_hundred_and_first_group_welcome(corp: Corp) -> None:
    await corp.control("settings", group_welcome_templates=1)
    await corp.wecom.add_group_welcome(GroupWelcome(text="欢迎"))
    with pytest.raises(QuotaExceeded) as caught:
        await corp.wecom.add_group_welcome(GroupWelcome(text="再次欢迎"))
    assert (caught.value.errcode, caught.value.retry_after) == (41055, None)
