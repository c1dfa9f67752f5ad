"""Reading moments, answering them, stopping them (contract §8.3)."""

from typing import Any

import pytest

from tests.simulators.sim import Sim
from tests.simulators.test_media import MP4
from tests.simulators.test_moments import (
    AUDIENCE,
    CANCEL,
    COMMENTS,
    DAY,
    LIST,
    SEEN,
    TASK,
    _items,
    attachment,
    moment,
    senders,
)

pytestmark = pytest.mark.anyio


async def listed(sim: Sim, **more: Any) -> list[dict[str, Any]]:
    now = sim.world.clock.unix()
    body = {"start_time": now - DAY, "end_time": now, **more}
    found: list[dict[str, Any]] = (await sim.api(LIST, body))["moment_list"]
    return found


async def test_the_list_tells_what_it_holds(sim: Sim) -> None:
    await sim.friend()
    picture, video = await attachment(sim), await attachment(sim, MP4, "video")
    await moment(sim, attachments=_items("image", {"media_id": picture}, {"media_id": picture}))
    await moment(sim, attachments=_items("video", {"media_id": video}), text=None)
    link = {"title": "菜单", "url": "https://shop", "media_id": picture}
    await moment(sim, attachments=_items("link", link))
    with_pictures, with_video, with_link = await listed(sim)
    assert with_pictures["image"] == [{"media_id": picture}] * 2
    assert with_pictures["text"] == {"content": "新品上市"}
    assert isinstance(with_pictures["create_time"], str)
    assert "creator" not in with_pictures
    assert with_video["video"]["media_id"] == video
    assert "text" not in with_video
    assert with_link["link"] == {"title": "菜单", "url": "https://shop"}


async def test_the_corps_and_the_employees_own(sim: Sim) -> None:
    person = await sim.friend()
    await sim.friend("lisi")
    of_corp = await moment(sim)
    own = (await sim.control("moments/personal", userid="zhangsan", text="早安"))["moment_id"]

    async def ids(**more: Any) -> list[str]:
        return [one["moment_id"] for one in await listed(sim, **more)]

    assert await ids() == await ids(filter_type=2) == [of_corp, own]
    assert await ids(filter_type=0) == [of_corp]
    assert await ids(filter_type=1) == await ids(creator="zhangsan") == [own]
    (shown,) = await listed(sim, filter_type=1)
    assert (shown["create_type"], shown["creator"], shown["visible_type"]) == (1, "zhangsan", 1)
    ask = {"moment_id": own, "userid": "zhangsan"}
    assert (await sim.api(SEEN, ask))["customer_list"] == [{"external_userid": person}]
    assert [await sim.errcode(path, ask) for path in (TASK, CANCEL)] == [41067, 41067]
    assert await sim.errcode(AUDIENCE, {"moment_id": own, "userid": "lisi"}) == 41061


async def test_an_employees_own_moment_for_a_part_of_the_customers(sim: Sim) -> None:
    one, _ = await sim.friend(), await sim.friend()
    body = {"userid": "zhangsan", "text": "早安"}
    seen = await sim.control("moments/personal", **body, visible_to=[one])
    assert seen["seen_by"] == [one]
    assert (await listed(sim))[0]["visible_type"] == 0
    assert await sim.refused("moments/personal", **body, visible_to=["wm_none"]) == 409
    assert await sim.refused("moments/personal", userid="zhangsan") == 409, "empty"


async def test_the_list_in_pages_and_its_limits(sim: Sim) -> None:
    await sim.friend()
    ids = [await moment(sim) for _ in range(3)]
    now = sim.world.clock.unix()
    body = {"start_time": now - 60, "end_time": now, "limit": 2}
    first = await sim.api(LIST, body)
    second = await sim.api(LIST, {**body, "cursor": first["next_cursor"]})
    assert [one["moment_id"] for one in first["moment_list"] + second["moment_list"]] == ids
    await sim.control("settings", moment_list_max=1)
    assert len(await listed(sim, limit=100)) == len(await listed(sim)) == 1
    assert await sim.errcode(LIST, {**body, "start_time": now - 31 * DAY}) == 40058
    assert await sim.errcode(LIST, {**body, "filter_type": 3}) == 40058
    assert await sim.errcode(LIST, {"start_time": now}) == 40058


async def test_a_deleted_moment_is_gone(sim: Sim) -> None:
    await sim.friend()
    moment_id = await moment(sim)
    await sim.control("moments/delete", moment_id=moment_id)
    assert await listed(sim) == []
    assert await sim.errcode(TASK, {"moment_id": moment_id}) == 41060
    assert await sim.refused("moments/publish", moment_id=moment_id, userid="zhangsan") == 404
    assert await sim.refused("moments/delete", moment_id="mom_none") == 404


async def test_likes_and_comments(sim: Sim) -> None:
    person, blind = await sim.friend(), await sim.friend("lisi")
    moment_id = await moment(sim, visible_range=senders("zhangsan"))
    ask = {"moment_id": moment_id, "userid": "zhangsan"}
    assert await sim.refused("moments/react", **ask, by=person) == 409, "nobody sees it yet"
    await sim.control("moments/publish", **ask)
    await sim.control("moments/react", **ask, by=person)
    await sim.control("moments/react", **ask, by="lisi", kind="comment", text="好看")
    assert await sim.refused("moments/react", **ask, by=person) == 409, "liked before"
    assert await sim.refused("moments/react", **ask, by=blind) == 409
    assert await sim.refused("moments/react", **ask, by=person, kind="comment") == 422
    answer = await sim.api(COMMENTS, ask)
    at = sim.world.clock.unix()
    assert answer["like_list"] == [{"external_userid": person, "create_time": at}]
    assert answer["comment_list"] == [{"userid": "lisi", "create_time": at}]


@pytest.mark.parametrize("method", ["POST", "GET"])
async def test_a_cancelled_task_stops_who_has_not_published(sim: Sim, method: str) -> None:
    await sim.friend("zhangsan")
    await sim.friend("lisi")
    moment_id = await moment(sim)
    await sim.control("moments/publish", moment_id=moment_id, userid="zhangsan")
    query = {"access_token": await sim.access_token()}
    answer = await sim.http.request(method, f"/cgi-bin/{CANCEL}", params=query, json={"moment_id": moment_id})
    assert answer.json()["errcode"] == 0
    assert await sim.refused("moments/publish", moment_id=moment_id, userid="lisi") == 409
    tasks = (await sim.api(TASK, {"moment_id": moment_id}))["task_list"]
    assert tasks == [{"userid": "zhangsan", "publish_status": 1}], "what was published stays"


async def test_a_cancellation_names_its_moment(sim: Sim) -> None:
    query = {"access_token": await sim.access_token()}
    answer = await sim.http.request("GET", f"/cgi-bin/{CANCEL}", params=query, json={})
    assert answer.json()["errcode"] == 41059
    assert await sim.errcode(CANCEL, {"moment_id": "mom_none"}) == 41060
    assert await sim.errcode(CANCEL, {}) == 41059


async def test_straight_after_the_job_it_may_be_being_dispatched(sim: Sim) -> None:
    await sim.friend()
    await sim.control("settings", moment_dispatch_seconds=10)
    moment_id = await moment(sim)
    ask = {"moment_id": moment_id, "userid": "zhangsan"}
    assert [await sim.errcode(path, ask) for path in (TASK, AUDIENCE, CANCEL)] == [41079] * 3
    await sim.advance(10)
    assert [await sim.errcode(path, ask) for path in (TASK, AUDIENCE)] == [0, 0]


async def test_audiences_in_pages(sim: Sim) -> None:
    people = [await sim.friend() for _ in range(3)]
    moment_id = await moment(sim)
    await sim.control("moments/publish", moment_id=moment_id, userid="zhangsan")
    for path in (AUDIENCE, SEEN):
        ask = {"moment_id": moment_id, "userid": "zhangsan", "limit": 2}
        first = await sim.api(path, ask)
        second = await sim.api(path, {**ask, "cursor": first["next_cursor"]})
        listed_people = first["customer_list"] + second["customer_list"]
        assert [one["external_userid"] for one in listed_people] == people
        assert len((await sim.api(path, {**ask, "limit": 9999}))["customer_list"]) == 3


async def test_an_app_sees_the_members_of_its_range(sim: Sim) -> None:
    await sim.friend("zhangsan")
    await sim.friend("lisi")
    moment_id = await moment(sim)
    await sim.control("apps/1000002", visible={"users": ["zhangsan"]})
    tasks = (await sim.api(TASK, {"moment_id": moment_id}))["task_list"]
    assert [task["userid"] for task in tasks] == ["zhangsan"]
    for path in (AUDIENCE, SEEN, COMMENTS):
        assert await sim.errcode(path, {"moment_id": moment_id, "userid": "lisi"}) == 60011
