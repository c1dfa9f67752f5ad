"""Temporary sessions (临时会话): quota, dying codes, conclusions (contract §2.1, §2.2)."""

from typing import Any

import pytest

from tests.simulators.sim import PNG, Sim

pytestmark = pytest.mark.anyio

ADD = "externalcontact/add_contact_way"
WAY = {"type": 1, "scene": 2, "user": ["zhangsan"], "state": "S1", "is_temp": True}
DAY = 24 * 3600
LINK = {"title": "t", "url": "https://x"}
MINI = {"title": "t", "pic_media_id": "nonsense", "appid": "wx1", "page": "p"}


async def image(sim: Sim) -> str:
    query = {"access_token": await sim.access_token(), "type": "image"}
    answer = await sim.http.post("/cgi-bin/media/upload", params=query, files={"media": ("x.png", PNG)})
    return str(answer.json()["media_id"])


async def get(sim: Sim, config_id: str) -> dict[str, Any]:
    way: dict[str, Any] = (await sim.api("externalcontact/get_contact_way", {"config_id": config_id}))[
        "contact_way"
    ]
    return way


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        ({}, 0),
        ({"type": 2}, 40058),
        ({"expires_in": 14 * DAY, "chat_expires_in": 14 * DAY}, 0),
        ({"expires_in": 14 * DAY + 1}, 40058),
        ({"chat_expires_in": 14 * DAY + 1}, 40058),
        ({"expires_in": 0}, 40058),
        ({"conclusions": {"text": {"content": "长" * 1333}}}, 0),
        ({"conclusions": {"text": {"content": "长" * 1334}}}, 40058),
        ({"conclusions": {"link": LINK}}, 0),
        ({"conclusions": {"link": {**LINK, "title": "长" * 43}}}, 40058),
        ({"conclusions": {"link": {**LINK, "desc": "长" * 171}}}, 40058),
        ({"conclusions": {"link": {"title": "t"}}}, 40058),
        ({"conclusions": {"miniprogram": MINI}}, 40007),
        ({"conclusions": {"miniprogram": {**MINI, "title": "长" * 22}}}, 40058),
        ({"conclusions": {"image": {"media_id": "nonsense"}}}, 40007),
        ({"conclusions": {"image": {}}}, 40058),
    ],
)
async def test_what_a_temporary_way_may_be(sim: Sim, changes: dict[str, Any], errcode: int) -> None:
    await sim.employee()
    assert await sim.errcode(ADD, {**WAY, **changes}) == errcode


async def test_defaults_are_shown(sim: Sim) -> None:
    await sim.employee()
    way = await get(sim, await sim.contact_way("zhangsan", is_temp=True))
    assert (way["expires_in"], way["chat_expires_in"]) == (7 * DAY, DAY)


async def test_the_code_dies_by_itself(sim: Sim) -> None:
    await sim.employee()
    config_id = await sim.contact_way("zhangsan", is_temp=True)
    await sim.advance(7 * DAY)
    sim.token = ""
    assert await sim.refused("scan", external_userid=await sim.person(), config_id=config_id) == 409
    assert await sim.refused("scan", external_userid=await sim.person(), state="S1") == 404


async def test_a_code_for_one_customer(sim: Sim) -> None:
    await sim.employee()
    config_id = await sim.contact_way("zhangsan", is_temp=True, unionid="o1")
    stranger, wanted = await sim.person(), await sim.person(unionid="o1")
    assert await sim.refused("scan", external_userid=stranger, config_id=config_id) == 409
    assert (await sim.control("scan", external_userid=wanted, config_id=config_id))["added"]


async def test_a_quota_of_its_own_every_day(sim: Sim) -> None:
    await sim.control("settings", temporary_ways_per_day=1, ways_per_corp=0)
    await sim.employee()
    assert await sim.errcode(ADD, WAY) == 0
    assert await sim.errcode(ADD, WAY) == 45009
    await sim.advance(DAY)
    sim.token = ""
    assert await sim.errcode(ADD, WAY) == 0


async def test_a_corp_outside_the_medical_industry(sim: Sim) -> None:
    await sim.control("settings", temporary_ways=False)
    await sim.employee()
    assert await sim.errcode(ADD, WAY) == 48002


async def test_of_several_conclusions_the_image_wins_and_is_shown_by_address(sim: Sim) -> None:
    await sim.employee()
    conclusions = {"text": {"content": "再见"}, "link": LINK, "image": {"media_id": await image(sim)}}
    config_id = await sim.contact_way("zhangsan", is_temp=True, conclusions=conclusions)
    shown = (await get(sim, config_id))["conclusions"]
    assert shown["text"] == {"content": "再见"}
    assert shown.keys() == {"text", "image"}
    assert shown["image"].keys() == {"pic_url"}
    assert (await sim.http.get(shown["image"]["pic_url"])).content == PNG
    update = {"config_id": config_id, "remark": "r", "conclusions": shown}
    assert await sim.errcode("externalcontact/update_contact_way", update) == 0
    assert (await get(sim, config_id))["conclusions"] == shown


async def test_the_chat_ends_by_itself_with_the_conclusion(sim: Sim) -> None:
    await sim.employee()
    conclusions = {"text": {"content": "再见"}, "link": LINK}
    await sim.contact_way("zhangsan", is_temp=True, conclusions=conclusions, chat_expires_in=3600)
    person = await sim.person()
    await sim.control("scan", external_userid=person, state="S1")
    await sim.advance(3599)
    assert await sim.errcode("externalcontact/get", external_userid=person) == 0
    await sim.advance(1)
    assert await sim.errcode("externalcontact/get", external_userid=person) == 84061
    (message,) = await sim.look(f"received/{person}")
    assert (message["channel"], message["text"]) == ("conclusion", "再见")
    assert message["attachments"] == [{"msgtype": "link", "link": LINK}]


async def test_the_chat_can_be_closed(sim: Sim) -> None:
    lasting = await sim.friend()
    await sim.contact_way("zhangsan", is_temp=True)
    person = await sim.person()
    await sim.control("scan", external_userid=person, state="S1")
    close = "externalcontact/close_temp_chat"
    pair = {"userid": "zhangsan", "external_userid": person}
    assert await sim.errcode(close, pair) == 0
    assert await sim.errcode(close, pair) == 84061
    assert await sim.errcode(close, {**pair, "external_userid": lasting}) == 84061
