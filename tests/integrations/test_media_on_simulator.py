"""Files and intercept rules against the simulator."""

from __future__ import annotations

import base64
import hashlib

import pytest

from integrations.wecom import (
    ContactEvent,
    Image,
    InterceptRange,
    InterceptType,
    MediaJobEvent,
    Message,
    NewInterceptRule,
    Refused,
    Semantics,
    UploadStatus,
)
from tests.integrations.corp import Corp

pytestmark = pytest.mark.anyio

PNG = b"\x89PNG\r\n\x1a\n" + bytes(16)
MP4 = b"\x00\x00\x00\x18ftypmp42" + bytes(16)
AMR = b"#!AMR\n" + bytes(16)


async def test_what_was_uploaded_comes_back(corp: Corp) -> None:
    image = await corp.wecom.upload_media("image", "群码.png", PNG)
    found = await corp.wecom.download_media(image.media_id)
    assert found.content == PNG
    assert found.content_type.startswith("image/")
    assert found.filename
    assert "PNG" not in repr(found)
    voice = await corp.wecom.upload_media("voice", "a.amr", AMR)
    assert (await corp.wecom.download_media(voice.media_id)).content == AMR


async def test_a_file_that_looks_like_an_error(corp: Corp) -> None:
    """It is JSON with an errcode, but it is the file that was asked for."""
    body = b'{"errcode": 40007, "errmsg": "no error"}'
    file = await corp.wecom.upload_media("file", "a.json", body)
    assert (await corp.wecom.download_media(file.media_id)).content == body


async def test_unknown_media_and_a_stale_token(corp: Corp) -> None:
    image = await corp.wecom.upload_media("image", "a.png", PNG)
    await corp.control("token/invalidate")
    assert (await corp.wecom.download_media(image.media_id)).content == PNG
    with pytest.raises(Refused) as caught:
        await corp.wecom.download_media("no-such")
    assert caught.value.errcode == 40007


async def test_a_permanent_picture_in_a_welcome(corp: Corp) -> None:
    await corp.hire("zhangsan")
    pic_url = await corp.wecom.upload_permanent_image("a.png", PNG)
    customer = await corp.friends("zhangsan")
    (added,) = [event for event in await corp.events() if isinstance(event, ContactEvent)]
    message = Message(attachments=(Image(pic_url=pic_url),))
    await corp.wecom.send_welcome_msg(added.welcome_code or "", message)
    (received,) = corp.world.inboxes.by_customer[customer]
    assert received.attachments[0]["msgtype"] == "image"


@pytest.mark.parametrize("album", [False, True])
async def test_attachments(corp: Corp, album: bool) -> None:
    made = await corp.wecom.upload_attachment("video", "a.mp4", MP4, album=album)
    assert (made.type, made.created_at) == ("video", corp.world.clock())


async def test_a_file_that_wecom_fetches_itself(corp: Corp) -> None:
    content, url = MP4 + bytes(1000), "https://cdn.example.com/a.mp4"
    await corp.control("web_files", url=url, content_base64=base64.b64encode(content).decode())
    md5 = hashlib.md5(content).hexdigest()
    good = await corp.wecom.upload_by_url("video", "a.mp4", url, md5)
    bad = await corp.wecom.upload_by_url("video", "a.mp4", url, "0" * 32)
    assert (await corp.wecom.get_upload_by_url_result(good)).status is UploadStatus.RUNNING
    await corp.control("clock", advance_seconds=60)
    ended = [event for event in await corp.events() if isinstance(event, MediaJobEvent)]
    assert {event.job_id for event in ended} == {good, bad}
    done = await corp.wecom.get_upload_by_url_result(good)
    assert (done.status, done.errcode) == (UploadStatus.DONE, 0)
    assert done.media_id
    assert done.created_at is not None
    failed = await corp.wecom.get_upload_by_url_result(bad)
    assert failed.status is UploadStatus.FAILED
    assert failed.errcode
    with pytest.raises(Refused) as caught:
        await corp.wecom.upload_by_url("video", "a.mp4", "ftp://example.com/a.mp4", md5)
    assert caught.value.errcode == 830001


async def test_intercept_rules(corp: Corp) -> None:
    await corp.hire("zhangsan", "lisi")
    rule_id = await corp.wecom.add_intercept_rule(
        NewInterceptRule(
            rule_name="红包",
            word_list=("红包", "返现"),
            applicable_range=InterceptRange(user_list=("zhangsan",)),
            semantics_list=(Semantics.MOBILE,),
        )
    )
    (listed,) = await corp.wecom.list_intercept_rules()
    assert (listed.rule_id, listed.rule_name) == (rule_id, "红包")
    assert listed.create_time == corp.world.clock()
    await corp.wecom.update_intercept_rule(
        rule_id,
        word_list=["返现"],
        semantics_list=[],
        intercept_type=InterceptType.WARN,
        add_range=InterceptRange(user_list=("lisi",)),
        remove_range=InterceptRange(user_list=("zhangsan",)),
    )
    rule = await corp.wecom.get_intercept_rule(rule_id)
    assert (rule.word_list, rule.semantics_list, rule.intercept_type) == (("返现",), (), InterceptType.WARN)
    assert rule.applicable_range == InterceptRange(user_list=("lisi",))
    await corp.wecom.delete_intercept_rule(rule_id)
    with pytest.raises(Refused) as caught:
        await corp.wecom.get_intercept_rule(rule_id)
    assert caught.value.errcode in (41070, 41071)
