"""Moments: the job, the task, the employee who publishes, who sees it (contract §8.3, §13.12)."""

from typing import Any

import pytest

from tests.simulators.sim import PNG, Sim
from tests.simulators.test_media import MP4
from tests.simulators.test_tags import MARK, make_tags

pytestmark = pytest.mark.anyio

ADD = "externalcontact/add_moment_task"
JOB = "externalcontact/get_moment_task_result"
LIST = "externalcontact/get_moment_list"
TASK = "externalcontact/get_moment_task"
AUDIENCE = "externalcontact/get_moment_customer_list"
SEEN = "externalcontact/get_moment_send_result"
COMMENTS = "externalcontact/get_moment_comments"
CANCEL = "externalcontact/cancel_moment_task"
TEXT = {"text": {"content": "新品上市"}}
DAY = 24 * 3600


async def attachment(sim: Sim, content: bytes = PNG, kind: str = "image", scene: str = "1") -> str:
    answer = await sim.upload(content, "media/upload_attachment", media_type=kind, attachment_type=scene)
    return str(answer["media_id"])


async def result(sim: Sim, **body: Any) -> dict[str, Any]:
    """What the job says when it is done."""
    sim.token = ""
    answer = await sim.api(ADD, {**TEXT, **body})
    assert answer["errcode"] == 0, answer
    await sim.advance(3)
    done: dict[str, Any] = (await sim.api(JOB, jobid=answer["jobid"]))["result"]
    return done


async def moment(sim: Sim, **body: Any) -> str:
    return str((await result(sim, **body))["moment_id"])


def senders(*userids: str, **more: Any) -> dict[str, Any]:
    return {"sender_list": {"user_list": userids, **more}}


async def audience(sim: Sim, moment_id: str, userid: str = "zhangsan") -> list[str]:
    found = await sim.api(AUDIENCE, {"moment_id": moment_id, "userid": userid})
    return [one["external_userid"] for one in found["customer_list"]]


async def test_a_job_waits_runs_and_is_done(sim: Sim) -> None:
    await sim.friend()
    jobid = (await sim.api(ADD, TEXT))["jobid"]
    seen = []
    for _ in range(4):
        answer = await sim.api(JOB, jobid=jobid)
        seen.append(answer["status"])
        assert ("result" in answer) == (answer["status"] == 3)
        assert answer["type"] == "add_moment_task"
        await sim.advance(1)
    assert seen == [1, 2, 2, 3]
    now = sim.world.clock.unix()
    (listed,) = (await sim.api(LIST, {"start_time": now - 60, "end_time": now}))["moment_list"]
    assert listed["moment_id"] == (await sim.api(JOB, jobid=jobid))["result"]["moment_id"]


async def test_a_job_is_its_apps_own_for_a_day(sim: Sim) -> None:
    await sim.friend()
    jobid = (await sim.api(ADD, TEXT))["jobid"]
    other = await sim.other_app()
    assert await other.errcode(JOB, jobid=jobid) == 40058
    assert await sim.errcode(JOB, jobid="none") == 40058
    await sim.later(DAY)
    assert await sim.errcode(JOB, jobid=jobid) == 0
    await sim.later(1)
    assert await sim.errcode(JOB, jobid=jobid) == 40058


async def test_ten_a_minute_and_so_many_at_once(sim: Sim) -> None:
    await sim.friend()
    assert [await sim.errcode(ADD, TEXT) for _ in range(11)] == [0] * 10 + [45009]
    await sim.advance(60)
    await sim.control("settings", moment_jobs_running=1)
    assert [await sim.errcode(ADD, TEXT) for _ in range(2)] == [0, 41078]
    await sim.advance(3)
    assert await sim.errcode(ADD, TEXT) == 0


def _items(kind: str, *bodies: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"msgtype": kind, kind: body} for body in bodies]


async def test_what_a_moment_may_hold(sim: Sim) -> None:
    await sim.friend()
    picture = {"media_id": await attachment(sim)}
    video = {"media_id": await attachment(sim, MP4, "video")}
    link = {"title": "菜单", "url": "https://shop", **picture}
    ordinary = {"media_id": (await sim.upload(PNG, type="image"))["media_id"]}
    album = {"media_id": await attachment(sim, scene="2")}
    cases: list[tuple[dict[str, Any], int]] = [
        ({}, 41089),
        ({"attachments": []}, 41088),
        ({"text": {"content": "长" * 2000}}, 0),
        ({"text": {"content": "长" * 2001}}, 45002),
        ({"attachments": _items("image", *[picture] * 9)}, 0),
        ({"attachments": _items("image", *[picture] * 10)}, 41064),
        ({"attachments": _items("video", video)}, 0),
        ({"attachments": _items("video", video, video)}, 41065),
        ({"attachments": _items("video", picture)}, 40007),
        ({"attachments": _items("link", link)}, 0),
        ({"attachments": _items("link", {**link, "title": "长" * 22})}, 40058),
        ({"attachments": _items("link", link) + _items("image", picture)}, 41065),
        ({"attachments": _items("file", picture)}, 41065),
        ({"attachments": _items("image", ordinary)}, 40007),
        ({"attachments": _items("image", album)}, 41072),
        ({"attachments": _items("image", {"media_id": "none"})}, 40007),
        ({"attachments": "all"}, 40058),
    ]
    await sim.control("settings", moments_per_minute=100, moment_jobs_running=100)
    for body, errcode in cases:
        assert await sim.errcode(ADD, body) == errcode, body


async def test_nine_pictures_of_a_post_and_none_of_them_a_message(sim: Sim) -> None:
    person = await sim.friend()
    media_id = await attachment(sim)
    await moment(sim, attachments=_items("image", {"media_id": media_id}))
    body = {"external_userid": [person], "attachments": _items("image", {"media_id": media_id})}
    assert await sim.errcode("externalcontact/add_msg_template", body) == 40007
    await sim.later(3 * DAY + 1)
    assert await sim.errcode(ADD, {"attachments": _items("image", {"media_id": media_id})}) == 40007


async def corp(sim: Sim) -> dict[str, str]:
    """zhangsan has a gold customer and another one, lisi a gold one, wangwu none."""
    people = {
        "z gold": await sim.friend("zhangsan"),
        "z": await sim.friend("zhangsan"),
        "l gold": await sim.friend("lisi"),
    }
    await sim.employee("wangwu")
    (gold,) = await make_tags(sim, "gold")
    for userid, name in (("zhangsan", "z gold"), ("lisi", "l gold")):
        await sim.api(MARK, {"userid": userid, "external_userid": people[name], "add_tag": [gold]})
    return {**people, "tag": gold}


async def test_who_publishes_to_whom(sim: Sim) -> None:
    known = await corp(sim)
    tags = {"external_contact_list": {"tag_list": [known["tag"]]}}
    to_all = await moment(sim)
    by_sender = await moment(sim, visible_range=senders("ZhangSan", "wangwu"))
    by_tag = await moment(sim, visible_range=tags)
    by_both = await moment(sim, visible_range={**senders("zhangsan"), **tags})

    async def who(moment_id: str) -> list[str]:
        return [one["userid"] for one in (await sim.api(TASK, {"moment_id": moment_id}))["task_list"]]

    assert await who(to_all) == ["zhangsan", "lisi"]
    assert await who(by_sender) == ["zhangsan", "wangwu"]
    assert await audience(sim, by_sender) == [known["z gold"], known["z"]]
    assert await who(by_tag) == ["zhangsan", "lisi"]
    assert await audience(sim, by_tag, "lisi") == [known["l gold"]]
    assert await who(by_both) == ["zhangsan"]
    assert await audience(sim, by_both) == [known["z gold"]]
    now = sim.world.clock.unix()
    listed = (await sim.api(LIST, {"start_time": now - 60, "end_time": now}))["moment_list"]
    assert [one["visible_type"] for one in listed] == [1, 1, 0, 0]
    assert [one["kind"] for one in await sim.look("notices", userid="wangwu")] == ["moment_task"]


async def test_a_department_sends_with_all_below_it(sim: Sim) -> None:
    await sim.control("departments", name="华东", department_id=2)
    await sim.control("departments", name="上海", department_id=3, parent_id=2)
    await sim.friend("zhangsan")
    await sim.employee("lisi", departments=[3])
    moment_id = await moment(sim, visible_range=senders(department_list=[2]))
    tasks = (await sim.api(TASK, {"moment_id": moment_id}))["task_list"]
    assert tasks == [{"userid": "lisi", "publish_status": 0}]


async def test_unknown_senders_and_tags_are_named_by_the_job(sim: Sim) -> None:
    known = await corp(sim)
    range_ = {
        **senders("zhangsan", "nobody", department_list=[9]),
        "external_contact_list": {"tag_list": [known["tag"], "et_none"]},
    }
    done = await result(sim, visible_range=range_)
    assert done["errcode"] == 0
    assert done["invalid_sender_list"] == {"user_list": ["nobody"], "department_list": [9]}
    assert done["invalid_external_contact_list"] == {"tag_list": ["et_none"]}
    nobody = await result(sim, visible_range=senders("nobody"))
    assert (nobody["errcode"], nobody["moment_id"]) == (40031, "")
    no_tag = await result(sim, visible_range={"external_contact_list": {"tag_list": ["et_none"]}})
    assert no_tag["errcode"] == 40068
    await sim.control("settings", moment_senders=1)
    assert await sim.errcode(ADD, {**TEXT, "visible_range": senders("a", "b")}) == 40035


async def test_nothing_is_seen_before_the_employee_publishes(sim: Sim) -> None:
    friend, gone = await sim.friend(), await sim.friend()
    moment_id = await moment(sim)
    ask = {"moment_id": moment_id, "userid": "zhangsan"}
    assert [await sim.errcode(path, ask) for path in (SEEN, COMMENTS)] == [41062, 41062]
    await sim.control("delete", userid="zhangsan", external_userid=gone, by="customer")
    published = await sim.control("moments/publish", **ask)
    assert published["seen_by"] == [friend]
    tasks = (await sim.api(TASK, {"moment_id": moment_id}))["task_list"]
    assert tasks == [{"userid": "zhangsan", "publish_status": 1}]
    assert (await sim.api(SEEN, ask))["customer_list"] == [{"external_userid": friend}]
    assert await audience(sim, moment_id) == [friend, gone], "what was meant, not what came of it"
    (received,) = await sim.look(f"received/{friend}")
    assert (received["channel"], received["text"], received["msgid"]) == ("moment", "新品上市", moment_id)
    assert await sim.refused("moments/publish", **ask) == 409


async def test_a_customer_sees_three_a_day(sim: Sim) -> None:
    person = await sim.friend()
    shown = []
    for _ in range(4):
        moment_id = await moment(sim)
        published = await sim.control("moments/publish", moment_id=moment_id, userid="zhangsan")
        shown.append(published["seen_by"])
    assert shown == [[person]] * 3 + [[]]
    await sim.control("settings", moment_cap_per_month=4)
    await sim.advance(DAY)
    for wanted in ([person], []):
        moment_id = await moment(sim)
        published = await sim.control("moments/publish", moment_id=moment_id, userid="zhangsan")
        assert published["seen_by"] == wanted
