"""The WeCom client against the simulator, which others wrote from the same contract."""

from __future__ import annotations

from datetime import timedelta

import pytest

from integrations.wecom import (
    BusinessState,
    ContactEvent,
    ContactWayType,
    File,
    Image,
    Link,
    Message,
    MiniProgram,
    Misconfigured,
    NewContactWay,
    QuotaExceeded,
    Refused,
    TooConcurrent,
    Transient,
    Unreachable,
    Video,
    WeComError,
)
from tests.integrations.corp import Corp

pytestmark = pytest.mark.anyio

HELLO = Message(text="欢迎")
PNG = b"\x89PNG\r\n\x1a\n" + bytes(16)
MP4 = b"\x00\x00\x00\x18ftypmp42" + bytes(16)


async def test_contact_ways(corp: Corp) -> None:
    await corp.hire("zhangsan", "lisi")
    way = NewContactWay(user=("ZhangSan", "lisi"), state="s1", remark="door")
    made = await corp.wecom.add_contact_way(way)
    found = await corp.wecom.get_contact_way(made.config_id)
    assert (found.type, found.state, found.remark) == (ContactWayType.MULTIPLE, "s1", "door")
    assert found.qr_code == made.qr_code
    assert [config_id async for config_id in corp.wecom.list_contact_ways()] == [made.config_id]
    assert (await corp.wecom.fetch_image(made.qr_code)).startswith(b"\x89PNG")
    with pytest.raises(Refused) as caught:
        await corp.wecom.get_contact_way("0" * 32)
    assert caught.value.errcode == 41044


async def test_a_scan_a_welcome_and_the_second_try(corp: Corp) -> None:
    await corp.hire("zhangsan")
    way = await corp.wecom.add_contact_way(NewContactWay(user=("zhangsan",), state="s1"))
    customer = await corp.born("小明")
    await corp.control("scan", external_userid=customer, config_id=way.config_id)
    (added,) = await corp.events()
    assert isinstance(added, ContactEvent)
    assert (added.user_id, added.external_user_id, added.state) == ("zhangsan", customer, "s1")
    assert added.welcome_code
    await corp.wecom.send_welcome_msg(added.welcome_code, HELLO)
    (received,) = corp.world.inboxes.by_customer[customer]
    assert received.text == "欢迎"
    with pytest.raises(BusinessState) as caught:
        await corp.wecom.send_welcome_msg(added.welcome_code, HELLO)
    assert caught.value.errcode == 41051


async def test_a_late_welcome(corp: Corp) -> None:
    await corp.hire("zhangsan")
    await corp.friends("zhangsan")
    (added,) = await corp.events()
    assert isinstance(added, ContactEvent)
    await corp.control("clock", advance_seconds=21)
    with pytest.raises(BusinessState) as caught:
        await corp.wecom.send_welcome_msg(added.welcome_code or "", HELLO)
    assert caught.value.errcode == 41050
    assert caught.value.hint


async def test_every_kind_of_attachment_arrives(corp: Corp) -> None:
    await corp.hire("zhangsan")
    image = await corp.wecom.upload_media("image", "群码.png", PNG)
    video = await corp.wecom.upload_media("video", "a.mp4", MP4)
    file = await corp.wecom.upload_media("file", "menu.pdf", b"pdf bytes")
    assert image.created_at == corp.world.clock()
    customer = await corp.friends("zhangsan")
    (added,) = await corp.events()
    assert isinstance(added, ContactEvent)
    attachments = (
        Image(media_id=image.media_id),
        Link(title="t", url="https://example.com", desc="d"),
        MiniProgram(title="t", pic_media_id=image.media_id, appid="wx1", page="index"),
        Video(media_id=video.media_id),
        File(media_id=file.media_id),
    )
    await corp.wecom.send_welcome_msg(added.welcome_code or "", Message(attachments=attachments))
    (received,) = corp.world.inboxes.by_customer[customer]
    kinds = [attachment["msgtype"] for attachment in received.attachments]
    assert kinds == ["image", "link", "miniprogram", "video", "file"]


async def test_media_older_than_three_days(corp: Corp) -> None:
    await corp.hire("zhangsan")
    image = await corp.wecom.upload_media("image", "a.png", PNG)
    await corp.control("clock", advance_seconds=timedelta(days=3, seconds=1).total_seconds())
    await corp.friends("zhangsan")
    (added,) = await corp.events()
    assert isinstance(added, ContactEvent)
    message = Message(attachments=(Image(media_id=image.media_id),))
    with pytest.raises(Refused) as caught:
        await corp.wecom.send_welcome_msg(added.welcome_code or "", message)
    assert caught.value.errcode == 40007


async def test_customers_and_tags(corp: Corp) -> None:
    await corp.hire("zhangsan", "lisi", "wangwu")
    customer = await corp.friends("zhangsan", "lisi")
    group = await corp.wecom.add_corp_tags("来源", ["scan", "card"])
    scan, card = (tag.id for tag in group.tag)
    await corp.wecom.mark_tag("zhangsan", customer, add=[scan, card])
    await corp.wecom.mark_tag("ZhangSan", customer, remove=[card])
    detail = await corp.wecom.get_external_contact(customer)
    assert detail.external_contact.name == "小明"
    tags = {follower.userid: [tag.tag_id for tag in follower.tags] for follower in detail.follow_user}
    assert tags == {"zhangsan": [scan], "lisi": []}
    assert await corp.wecom.list_external_contacts("lisi") == [customer]
    assert await corp.wecom.list_external_contacts("wangwu") == []
    assert [(found.group_name, len(found.tag)) for found in await corp.wecom.get_corp_tags()] == [("来源", 2)]
    for errcode, call in (
        (40071, corp.wecom.add_corp_tags("来源", ["scan"])),
        (84061, corp.wecom.mark_tag("wangwu", customer, add=[scan])),
        (40068, corp.wecom.mark_tag("lisi", customer, add=["et-unknown"])),
    ):
        with pytest.raises(WeComError) as caught:
            await call
        assert caught.value.errcode == errcode


async def test_half_added_customers_have_no_detail_yet(corp: Corp) -> None:
    await corp.hire("zhangsan")
    customer = await corp.born("小明")
    await corp.control("add", userid="zhangsan", external_userid=customer, half=True)
    with pytest.raises(BusinessState) as caught:
        await corp.wecom.get_external_contact(customer)
    assert caught.value.errcode == 84061


async def test_a_message_to_staff(corp: Corp) -> None:
    await corp.hire("zhangsan")
    sent = await corp.wecom.send_app_text(["ZhangSan", "nobody"], "please confirm")
    assert sent.invaliduser == ("nobody",)
    with pytest.raises(Refused) as caught:
        await corp.wecom.send_app_text(["nobody"], "please confirm")
    assert caught.value.errcode == 81013


async def test_a_token_that_wecom_invalidates_early_goes_unnoticed(corp: Corp) -> None:
    await corp.hire("zhangsan")
    await corp.wecom.list_external_contacts("zhangsan")
    await corp.control("token/invalidate")
    assert await corp.wecom.list_external_contacts("zhangsan") == []
    assert corp.world.traffic.counts["gettoken"] == 2


async def test_a_wrong_secret_is_asked_about_once(corp: Corp) -> None:
    await corp.control("settings", secret="another")
    for _ in range(3):
        with pytest.raises(Misconfigured):
            await corp.wecom.get_corp_tags()
    assert corp.world.traffic.counts["gettoken"] == 1


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"kind": "errcode", "errcode": -1}, Transient),
        ({"kind": "errcode", "errcode": 45009}, QuotaExceeded),
        ({"kind": "errcode", "errcode": 45033}, TooConcurrent),
        ({"kind": "errcode", "errcode": 48002}, Misconfigured),
        ({"kind": "http_500"}, Unreachable),
        ({"kind": "timeout_after"}, Unreachable),
    ],
)
async def test_fault_buttons(corp: Corp, fault: dict[str, object], kind: type[WeComError]) -> None:
    await corp.control("faults", api="externalcontact/get_corp_tag_list", **fault)
    with pytest.raises(kind):
        await corp.wecom.get_corp_tags()
    assert await corp.wecom.get_corp_tags() == []
