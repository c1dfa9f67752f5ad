"""Rules 10 to 18 of contract §13, one test each; 1 to 9 are in `test_rules`."""

from collections import Counter
from typing import Any

import anyio
import pytest

from tests.simulators.sim import PNG, Sim

pytestmark = pytest.mark.anyio

MARK = "externalcontact/mark_tag"
MASS = "externalcontact/add_msg_template"
TASK = "externalcontact/get_groupmsg_task"
MOMENT = "externalcontact/add_moment_task"
TEXT = {"text": {"content": "您好"}}
DAY = 24 * 3600


async def all_at_once(sim: Sim, path: str, bodies: list[dict[str, Any]]) -> Counter[int]:
    codes: Counter[int] = Counter()

    async def call(body: dict[str, Any]) -> None:
        codes[await sim.errcode(path, body)] += 1

    await sim.access_token()
    async with anyio.create_task_group() as calls:
        for body in bodies:
            calls.start_soon(call, body)
    return codes


async def test_rule_10_a_mass_task_is_decided_at_creation_and_sent_by_the_tap(sim: Sim) -> None:
    gone, capped, fine = [await sim.friend() for _ in range(3)]
    await sim.employee("lisi")
    await sim.control("add", userid="lisi", external_userid=fine)
    await sim.control("chat", userid="zhangsan", external_userid=fine)  # later than lisi
    await sim.control("settings", mass_cap="day")
    first = (await sim.api(MASS, {"external_userid": [capped], **TEXT}))["msgid"]
    await sim.control("tasks/confirm", msgid=first, userid="zhangsan")
    msgid = (await sim.api(MASS, {"external_userid": [gone, capped, fine], **TEXT}))["msgid"]
    assert await sim.errcode(TASK, {"msgid": msgid}) == 41063
    await sim.advance(2)
    (part,) = (await sim.api(TASK, {"msgid": msgid}))["task_list"]
    assert (part["userid"], part["status"]) == ("zhangsan", 0)
    await sim.control("delete", userid="zhangsan", external_userid=gone, by="customer")
    sent = await sim.control("tasks/confirm", msgid=msgid, userid="zhangsan")
    assert sent["statuses"] == {gone: 2, capped: 3, fine: 1}


async def test_rule_11_reminders_are_counted_and_a_cancelled_task_is_over(sim: Sim) -> None:
    person = await sim.friend()
    msgid = (await sim.api(MASS, {"external_userid": [person], **TEXT}))["msgid"]
    remind = "externalcontact/remind_groupmsg_send"
    assert [await sim.errcode(remind, {"msgid": msgid}) for _ in range(4)] == [0, 0, 0, 41094]
    await sim.later(DAY)
    assert await sim.errcode(remind, {"msgid": msgid}) == 0
    assert await sim.errcode("externalcontact/cancel_groupmsg_send", {"msgid": msgid}) == 0
    assert await sim.errcode(remind, {"msgid": msgid}) == 41093
    assert await sim.errcode(TASK, {"msgid": msgid}) == 41093
    assert await sim.refused("tasks/confirm", msgid=msgid, userid="zhangsan") == 409


async def test_rule_12_a_moments_job_takes_three_seconds_and_the_member_publishes(sim: Sim) -> None:
    await sim.friend()
    jobid = (await sim.api(MOMENT, TEXT))["jobid"]
    statuses = []
    for _ in range(4):
        job = await sim.api("externalcontact/get_moment_task_result", jobid=jobid)
        statuses.append(job["status"])
        await sim.advance(1)
    assert statuses == [1, 2, 2, 3]
    moment_id = job["result"]["moment_id"]
    published = []
    for _ in range(2):
        (task,) = (await sim.api("externalcontact/get_moment_task", {"moment_id": moment_id}))["task_list"]
        published.append(task["publish_status"])
        if not task["publish_status"]:
            await sim.control("moments/publish", moment_id=moment_id, userid="zhangsan")
    assert published == [0, 1]


async def test_rule_13_a_handover_takes_a_day_and_the_third_is_too_often(sim: Sim) -> None:
    person = await sim.friend()
    await sim.employee("lisi")

    async def transfer(giver: str, taker: str) -> list[int]:
        body = {"handover_userid": giver, "takeover_userid": taker, "external_userid": ["wm_none", person]}
        customers = (await sim.api("externalcontact/transfer_customer", body))["customer"]
        return [one["errcode"] for one in customers]

    for giver, taker in (("zhangsan", "lisi"), ("lisi", "zhangsan")):
        assert await transfer(giver, taker) == [40096, 0]
        before = len(sim.events())
        await sim.later(DAY - 1)
        assert len(sim.events()) == before
        await sim.later(1)
        left, came = sim.events()[before:]
        assert (left["ChangeType"], left["Source"]) == ("del_external_contact", "DELETE_BY_TRANSFER")
        assert (came["ChangeType"], came["UserID"]) == ("add_external_contact", taker)
    assert await transfer("zhangsan", "lisi") == [40096, 40128]
    await sim.later(90 * DAY)
    assert await transfer("zhangsan", "lisi") == [40096, 0]


async def test_rule_14_media_live_three_days_and_moments_take_only_their_own(sim: Sim) -> None:
    message = (await sim.upload(PNG, type="image"))["media_id"]
    query = {"media_type": "image", "attachment_type": "1"}
    attachment = (await sim.upload(PNG, "media/upload_attachment", **query))["media_id"]
    person = await sim.friend()

    def shown(media_id: str) -> dict[str, Any]:
        return {"attachments": [{"msgtype": "image", "image": {"media_id": media_id}}]}

    mass = {"external_userid": [person], **shown(message)}
    assert await sim.errcode(MASS, mass) == 0
    assert await sim.errcode(MOMENT, shown(attachment)) == 0
    assert await sim.errcode(MOMENT, shown(message)) == 40007
    await sim.later(3 * DAY + 1)
    assert await sim.errcode(MASS, mass) == 40007
    assert await sim.errcode(MOMENT, shown(attachment)) == 40007


async def test_rule_15_the_31st_message_is_accepted_and_dropped(sim: Sim) -> None:
    await sim.employee()
    body = {"touser": "zhangsan|nobody", "msgtype": "text", "agentid": 1000002, **TEXT}
    answers = [await sim.api("message/send", body) for _ in range(31)]
    assert {(one["errcode"], one["invaliduser"]) for one in answers} == {(0, "nobody")}
    assert [one["dropped"] for one in await sim.look("messages")] == [False] * 30 + [True]
    assert await sim.errcode("message/send", {**body, "touser": "nobody"}) == 81013


async def test_rule_16_a_cursor_belongs_to_its_query(sim: Sim) -> None:
    for userid in ("zhangsan", "zhangsan", "lisi", "lisi"):
        await sim.friend(userid)
    batch = "externalcontact/batch/get_by_user"
    page = await sim.api(batch, {"userid_list": ["zhangsan"], "limit": 1})
    cursor = page["next_cursor"]
    assert not cursor.isdigit()
    last = await sim.api(batch, {"userid_list": ["zhangsan"], "limit": 1, "cursor": cursor})
    assert last["next_cursor"] == ""
    seen = [one["external_contact"]["external_userid"] for one in page["external_contact_list"]]
    assert last["external_contact_list"][0]["external_contact"]["external_userid"] not in seen
    assert await sim.errcode(batch, {"userid_list": ["lisi"], "limit": 1, "cursor": cursor}) == 50100
    assert await sim.errcode(batch, {"userid_list": ["zhangsan"], "cursor": "made-up"}) == 50100


async def test_rule_17_tags_have_a_cap_and_marking_has_its_concurrency(sim: Sim) -> None:
    pairs = [{"userid": "zhangsan", "external_userid": await sim.friend()} for _ in range(6)]
    names = [{"name": str(number)} for number in range(3001)]
    made = await sim.api("externalcontact/add_corp_tag", {"group_name": "g", "tag": names})
    tags = [tag["id"] for tag in made["tag_group"]["tag"]]
    assert await sim.errcode(MARK, {**pairs[0], "add_tag": tags[:3000]}) == 0
    assert await sim.errcode(MARK, {**pairs[0], "add_tag": tags[3000:]}) != 0
    await sim.control("settings", mark_tag_seconds=0.05)
    one = {"add_tag": tags[:1]}
    assert await all_at_once(sim, MARK, [{**pair, **one} for pair in pairs]) == {0: 5, 45033: 1}
    assert await all_at_once(sim, MARK, [{**pairs[0], **one}] * 2) == {0: 1, 45035: 1}


async def test_rule_18_what_is_too_long_is_refused_or_cut(sim: Sim) -> None:
    await sim.employee()
    way = {"type": 1, "scene": 2, "user": ["zhangsan"]}
    assert await sim.errcode("externalcontact/add_contact_way", {**way, "state": "字" * 30}) == 0
    assert await sim.errcode("externalcontact/add_contact_way", {**way, "state": "字" * 31}) == 40058
    join = {"scene": 2, "chat_id_list": [await sim.group()], "remark": "字" * 31}
    config_id = (await sim.api("externalcontact/groupchat/add_join_way", join))["config_id"]
    shown = await sim.api("externalcontact/groupchat/get_join_way", {"config_id": config_id})
    assert shown["join_way"]["remark"] == "字" * 30
    link = {"link_name": "小店", "range": {"user_list": ["zhangsan"]}}
    url = (await sim.api("externalcontact/customer_acquisition/create_link", link))["link"]["url"]
    channel = "c" * 65
    await sim.control(
        "open_link", external_userid=await sim.person(), url=f"{url}?customer_channel={channel}"
    )
    assert sim.last_event()["State"] == "c" * 64
