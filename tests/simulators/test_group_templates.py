"""Group welcomes: what a template may hold, and what a newcomer reads (contract §4.2)."""

from typing import Any

import pytest

from tests.simulators.sim import PNG, Sim
from tests.simulators.test_groups import join
from tests.simulators.test_media import MP4

pytestmark = pytest.mark.anyio

ADD = "externalcontact/group_welcome_template/add"
EDIT = "externalcontact/group_welcome_template/edit"
GET = "externalcontact/group_welcome_template/get"
DELETE = "externalcontact/group_welcome_template/del"
HELLO = {"text": {"content": "欢迎 %NICKNAME%！%NICKNAME% 请看群公告"}}
LINK = {"title": "菜单", "url": "https://shop/menu"}


async def template(sim: Sim, **more: Any) -> str:
    answer = await sim.api(ADD, {**HELLO, **more})
    assert answer["errcode"] == 0, answer
    return str(answer["template_id"])


async def welcomed_group(sim: Sim, **more: Any) -> str:
    chat_id = await sim.group()
    template_id = await template(sim, **more)
    await sim.control("groups/apply_template", chat_id=chat_id, userid="zhangsan", template_id=template_id)
    return chat_id


@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        (HELLO, 0),
        ({"link": LINK}, 0),
        ({}, 40063),
        ({"text": {"content": ""}}, 40063),
        ({"text": {"content": "长" * 1000}}, 0),
        ({"text": {"content": "长" * 1001}}, 45002),
        ({"link": {"title": "长" * 43, "url": "u"}}, 40058),
        ({"image": {}}, 40058),
        ({"image": {"media_id": "none"}}, 40007),
        ({"image": {"pic_url": "https://elsewhere/a.png"}}, 40058),
        ({"file": {"media_id": "none"}}, 40007),
        ({"notify": 2, **HELLO}, 40058),
        ({"agentid": 7, **HELLO}, 301002),
        ({"agentid": 1000002, **HELLO}, 0),
    ],
)
async def test_what_a_template_may_hold(sim: Sim, body: dict[str, Any], errcode: int) -> None:
    assert await sim.errcode(ADD, body) == errcode


async def test_of_several_objects_the_first_in_rank_counts(sim: Sim) -> None:
    media_id = (await sim.upload(PNG, type="image"))["media_id"]
    video = (await sim.upload(MP4, type="video"))["media_id"]
    template_id = await template(sim, video={"media_id": video}, link=LINK, image={"media_id": media_id})
    answer = await sim.api(GET, {"template_id": template_id})
    assert set(answer) == {"errcode", "errmsg", "text", "image"}
    assert set(answer["image"]) == {"pic_url"}
    await sim.later(4 * 24 * 3600)
    assert (await sim.http.get(answer["image"]["pic_url"])).content == PNG, "longer than the media id"
    template_id = await template(sim, link=LINK, file={"media_id": "none"})
    assert (await sim.api(GET, {"template_id": template_id}))["link"] == LINK


async def test_a_media_id_wins_over_an_address(sim: Sim) -> None:
    pic_url = (await sim.upload(PNG, "media/uploadimg"))["url"]
    other = PNG + b"other"
    media_id = (await sim.upload(other, type="image"))["media_id"]
    by_url = await template(sim, image={"pic_url": pic_url})
    by_both = await template(sim, image={"pic_url": pic_url, "media_id": media_id})
    assert (await sim.api(GET, {"template_id": by_url}))["image"]["pic_url"] == pic_url
    shown = (await sim.api(GET, {"template_id": by_both}))["image"]["pic_url"]
    assert (await sim.http.get(shown)).content == other


async def test_an_edit_replaces_and_has_a_limit_of_its_own(sim: Sim) -> None:
    template_id = await template(sim, link=LINK)
    long_text = {"text": {"content": "长" * 1333}}
    assert await sim.errcode(EDIT, {"template_id": template_id, **long_text}) == 0
    answer = await sim.api(GET, {"template_id": template_id})
    assert answer["text"] == long_text["text"]
    assert "link" not in answer
    assert await sim.errcode(EDIT, {"template_id": template_id, "text": {"content": "长" * 1334}}) == 45002
    assert await sim.errcode(EDIT, {"template_id": "msg_none", **HELLO}) == 60136


async def test_a_template_is_its_apps_own(sim: Sim) -> None:
    template_id = await template(sim)
    other = await sim.other_app()
    assert await other.errcode(EDIT, {"template_id": template_id, **HELLO}) == 41058
    assert await other.errcode(DELETE, {"template_id": template_id}) == 41058
    assert await sim.errcode(DELETE, {"template_id": template_id, "agentid": 7}) == 301002
    assert await sim.errcode(DELETE, {"template_id": template_id}) == 0
    assert await sim.errcode(GET, {"template_id": template_id}) == 60136


async def test_the_corps_limit(sim: Sim) -> None:
    await sim.control("settings", group_welcome_templates=1)
    template_id = await template(sim)
    assert await sim.errcode(ADD, HELLO) == 41055
    await sim.api(DELETE, {"template_id": template_id})
    assert await sim.errcode(ADD, HELLO) == 0


async def test_members_are_told_unless_notify_is_off(sim: Sim) -> None:
    await sim.employee()
    await template(sim, notify=0)
    assert await sim.look("notices") == []
    template_id = await template(sim)
    (notice,) = await sim.look("notices", userid="zhangsan")
    assert (notice["kind"], notice["about"]) == ("group_welcome_template", template_id)


async def test_a_newcomer_is_greeted_by_name(sim: Sim) -> None:
    chat_id = await welcomed_group(sim, link=LINK)
    person, _ = await join(sim, chat_id=chat_id)
    (message,) = await sim.look("groups/messages", chat_id=chat_id)
    assert message["text"] == "欢迎 小李！小李 请看群公告"
    assert message["attachments"] == [{"msgtype": "link", "link": LINK}]
    (received,) = await sim.look(f"received/{person}")
    assert (received["channel"], received["chat_id"]) == ("group_welcome", chat_id)


async def test_who_comes_together_is_greeted_together(sim: Sim) -> None:
    chat_id = await welcomed_group(sim)
    people = [await sim.person(name) for name in ("小王", "小张")]
    await sim.control("groups/invite", chat_id=chat_id, by="zhangsan", external_userids=people)
    (message,) = await sim.look("groups/messages", chat_id=chat_id)
    assert message["text"].startswith("欢迎 小王、小张！")


async def test_a_pause_between_two_greetings(sim: Sim) -> None:
    chat_id = await welcomed_group(sim)
    await sim.control("settings", group_welcome_interval_seconds=30)
    await join(sim, chat_id=chat_id)
    names = ("小王", "小张", "小赵")
    people = [await sim.person(name) for name in names]
    for person in people:
        await sim.control("join", external_userid=person, chat_id=chat_id)
    await sim.control("leave", external_userid=people[2], chat_id=chat_id)
    assert len(await sim.look("groups/messages", chat_id=chat_id)) == 1
    await sim.advance(30)
    _, second = await sim.look("groups/messages", chat_id=chat_id)
    assert second["text"].startswith("欢迎 小王、小张！")


async def test_only_the_owner_or_an_admin_applies_it(sim: Sim) -> None:
    chat_id, template_id = await sim.group(), await template(sim)
    await sim.employee("lisi")
    wish = {"chat_id": chat_id, "userid": "lisi", "template_id": template_id}
    assert await sim.refused("groups/apply_template", **wish) == 409
    await sim.control("groups/invite", chat_id=chat_id, by="zhangsan", userids=["lisi"])
    await sim.control("groups/admin", chat_id=chat_id, userid="lisi")
    await sim.control("groups/apply_template", **wish)
    assert await sim.refused("groups/apply_template", **{**wish, "template_id": "msg_none"}) == 404
    await sim.control("groups/apply_template", **{**wish, "template_id": None})
    await join(sim, chat_id=chat_id)
    assert await sim.look("groups/messages", chat_id=chat_id) == []


async def test_staff_are_not_greeted_nor_anybody_by_a_deleted_template(sim: Sim) -> None:
    chat_id = await welcomed_group(sim)
    await sim.employee("lisi")
    await sim.control("groups/invite", chat_id=chat_id, by="zhangsan", userids=["lisi"])
    sim.world.templates.all.clear()
    await join(sim, chat_id=chat_id)
    assert await sim.look("groups/messages", chat_id=chat_id) == []
