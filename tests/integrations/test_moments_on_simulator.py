"""Moments (客户朋友圈) against the simulator: a job, a task, what employees publish and customers see."""

from __future__ import annotations

from datetime import timedelta

import pytest

from integrations.wecom import (
    BusinessState,
    JobStatus,
    MomentLink,
    MomentTask,
    QuotaExceeded,
    Refused,
    WeComError,
    error_for,
)
from tests.integrations.corp import Corp

pytestmark = pytest.mark.anyio

PNG = b"\x89PNG\r\n\x1a\n" + bytes(16)


async def published(corp: Corp, task: MomentTask) -> str:
    """The moment_id of the finished job."""
    jobid = await corp.wecom.add_moment_task(task)
    assert (await corp.wecom.get_moment_task_result(jobid)).status is not JobStatus.DONE
    await corp.control("clock", advance_seconds=10)
    job = await corp.wecom.get_moment_task_result(jobid)
    assert job.status is JobStatus.DONE
    assert job.result is not None
    assert job.result.errcode == 0
    return job.result.moment_id


async def test_a_moment_from_its_job_to_its_likes(corp: Corp) -> None:
    await corp.hire("zhangsan", "lisi")
    tagged, other = await corp.friends("zhangsan"), await corp.friends("zhangsan")
    (tag,) = (await corp.wecom.add_corp_tags("口味", ["latte"])).tag
    await corp.wecom.mark_tag("zhangsan", tagged, add=[tag.id])
    image = await corp.wecom.upload_attachment("image", "a.png", PNG)
    start = corp.world.clock()
    task = MomentTask(text="新品拿铁", images=(image.media_id,), users=("zhangsan", "nobody"), tags=(tag.id,))
    jobid = await corp.wecom.add_moment_task(task)
    await corp.control("clock", advance_seconds=10)
    result = (await corp.wecom.get_moment_task_result(jobid)).result
    assert result is not None
    assert result.invalid_sender_list.user_list == ("nobody",)
    moment_id = result.moment_id
    (member,) = await corp.wecom.get_moment_task(moment_id)
    assert (member.userid, member.published) == ("zhangsan", False)
    assert [one async for one in corp.wecom.get_moment_customers(moment_id, "zhangsan")] == [tagged]
    with pytest.raises(BusinessState) as early:
        _ = [one async for one in corp.wecom.get_moment_send_result(moment_id, "zhangsan")]
    assert early.value.errcode == 41062
    await corp.control("moments/publish", moment_id=moment_id, userid="zhangsan")
    await corp.control("moments/react", moment_id=moment_id, userid="zhangsan", by=tagged)
    await corp.control(
        "moments/react", moment_id=moment_id, userid="zhangsan", by="lisi", kind="comment", text="好喝"
    )
    (member,) = await corp.wecom.get_moment_task(moment_id)
    assert member.published
    assert [one async for one in corp.wecom.get_moment_send_result(moment_id, "zhangsan")] == [tagged]
    assert other not in corp.world.inboxes.by_customer
    reactions = await corp.wecom.get_moment_comments(moment_id, "zhangsan")
    assert [(like.external_userid, like.userid) for like in reactions.like_list] == [(tagged, None)]
    assert [comment.userid for comment in reactions.comment_list] == ["lisi"]
    (listed,) = [one async for one in corp.wecom.list_moments(start, corp.world.clock())]
    assert (listed.moment_id, listed.text, listed.creator) == (moment_id, "新品拿铁", None)
    assert [picture.media_id for picture in listed.image] == [image.media_id]


async def test_a_link_as_a_moment_and_personal_moments(corp: Corp) -> None:
    await corp.hire("zhangsan")
    await corp.friends("zhangsan")
    picture = await corp.wecom.upload_attachment("image", "a.png", PNG)
    link = MomentLink(title="菜单", url="https://example.com/menu", media_id=picture.media_id)
    start = corp.world.clock()
    moment_id = await published(corp, MomentTask(link=link, users=("zhangsan",)))
    await corp.control("moments/personal", userid="zhangsan", text="打烊了")
    end = corp.world.clock() + timedelta(minutes=1)
    ofcorp = [one async for one in corp.wecom.list_moments(start, end, filter_type=0)]
    assert [(one.moment_id, one.link and one.link.url) for one in ofcorp] == [
        (moment_id, "https://example.com/menu")
    ]
    (own,) = [one async for one in corp.wecom.list_moments(start, end, creator="ZhangSan")]
    assert (own.creator, own.create_type, own.text) == ("zhangsan", 1, "打烊了")


async def test_a_cancelled_moment_is_not_published(corp: Corp) -> None:
    await corp.hire("zhangsan")
    await corp.friends("zhangsan")
    moment_id = await published(corp, MomentTask(text="旧闻", users=("zhangsan",)))
    await corp.wecom.cancel_moment_task(moment_id)
    assert await corp.wecom.get_moment_task(moment_id) == []


async def test_a_moment_for_nobody_fails_in_its_job(corp: Corp) -> None:
    jobid = await corp.wecom.add_moment_task(MomentTask(text="hello", users=("nobody",)))
    await corp.control("clock", advance_seconds=10)
    result = (await corp.wecom.get_moment_task_result(jobid)).result
    assert result is not None
    assert result.errcode
    failure = error_for(result.errcode, result.errmsg, "externalcontact/add_moment_task")
    assert isinstance(failure, WeComError)
    assert result.moment_id == ""


async def test_a_media_id_of_the_wrong_upload(corp: Corp) -> None:
    await corp.hire("zhangsan")
    image = await corp.wecom.upload_media("image", "a.png", PNG)
    with pytest.raises(Refused) as caught:
        await corp.wecom.add_moment_task(MomentTask(images=(image.media_id,), users=("zhangsan",)))
    assert caught.value.errcode in (40007, 41072)


async def test_the_eleventh_moment_in_a_minute(corp: Corp) -> None:
    await corp.hire("zhangsan")
    await corp.friends("zhangsan")
    task = MomentTask(text="hello", users=("zhangsan",))
    for _ in range(10):
        await corp.wecom.add_moment_task(task)
    with pytest.raises(QuotaExceeded) as caught:
        await corp.wecom.add_moment_task(task)
    assert (caught.value.errcode, caught.value.retry_after) == (45009, 60)
