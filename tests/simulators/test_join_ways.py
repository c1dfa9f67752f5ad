"""Join ways (加入群聊): what they answer, and which group one lands in (contract §7.2, §13.9)."""

from typing import Any

import pytest

from tests.simulators.sim import Sim
from tests.simulators.test_groups import GET, join, join_way

pytestmark = pytest.mark.anyio

ADD_WAY = "externalcontact/groupchat/add_join_way"
GET_WAY = "externalcontact/groupchat/get_join_way"


async def test_a_full_group_makes_way_for_the_next_and_then_a_new_one(sim: Sim) -> None:
    await sim.control("settings", qr_join_cap=2)  # the owner counts
    first, second = await sim.group(), await sim.group(owner="lisi")
    config_id = await join_way(sim, first, second, room_base_name="客服群", room_base_id=10)
    homes = [(await join(sim, config_id=config_id))[1] for _ in range(4)]
    assert [home["chat_id"] for home in homes[:2]] == [first, second]
    third, fourth = homes[2]["chat_id"], homes[3]["chat_id"]
    assert homes[2]["created"]
    assert homes[3]["created"]
    changes = [event.get("UpdateDetail", event["ChangeType"]) for event in sim.events()]
    assert changes[-4:] == ["create", "add_member", "create", "add_member"]
    names = [(await sim.api(GET, {"chat_id": chat_id}))["group_chat"]["name"] for chat_id in (third, fourth)]
    assert names == ["客服群10", "客服群11"]
    way = (await sim.api(GET_WAY, {"config_id": config_id}))["join_way"]
    assert way["chat_id_list"] == [first, second, third, fourth]


async def test_without_auto_create_the_qr_says_full(sim: Sim) -> None:
    await sim.control("settings", qr_join_cap=1)
    config_id = await join_way(sim, await sim.group(), auto_create_room=0)
    assert await sim.refused("join", external_userid=await sim.person(), config_id=config_id) == 409


async def test_a_join_ways_answer_is_its_id_alone(sim: Sim) -> None:
    chat_id = await sim.group()
    body = {"scene": 2, "chat_id_list": [chat_id], "remark": "备" * 40, "state": "s"}
    answer = await sim.api(ADD_WAY, body)
    assert set(answer) == {"errcode", "errmsg", "config_id"}
    way = (await sim.api(GET_WAY, {"config_id": answer["config_id"]}))["join_way"]
    assert way["remark"] == "备" * 30, "cut without a word"
    assert (await sim.http.get(way["qr_code"])).content.startswith(b"\x89PNG")
    assert (way["auto_create_room"], way["state"], way["chat_id_list"]) == (1, "s", [chat_id])


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        ({"scene": None}, 41038),
        ({"scene": 3}, 41040),
        ({"chat_id_list": []}, 40063),
        ({"chat_id_list": None}, 40058),
        ({"chat_id_list": ["wr"] * 6}, 41091),
        ({"chat_id_list": ["wr_none"]}, 90501),
        ({"state": "s" * 31}, 40058),
        ({"room_base_name": "n" * 41}, 40058),
    ],
)
async def test_what_makes_no_join_way(sim: Sim, changes: dict[str, Any], errcode: int) -> None:
    body = {"scene": 2, "chat_id_list": [await sim.group()], **changes}
    given = {name: value for name, value in body.items() if value is not None}
    assert await sim.errcode(ADD_WAY, given) == errcode


async def test_updating_and_deleting_a_join_way(sim: Sim) -> None:
    first, second = await sim.group(), await sim.group()
    config_id = await join_way(sim, first, remark="old")
    update = {"config_id": config_id, "scene": 2, "chat_id_list": [second], "state": "s2"}
    assert await sim.errcode("externalcontact/groupchat/update_join_way", update) == 0
    way = (await sim.api(GET_WAY, {"config_id": config_id}))["join_way"]
    assert (way["chat_id_list"], way["state"], way["remark"]) == ([second], "s2", "")
    body = {"config_id": config_id}
    assert await sim.errcode("externalcontact/groupchat/del_join_way", body) == 0
    assert await sim.errcode(GET_WAY, body) == 41044
    assert await sim.refused("join", external_userid=await sim.person(), config_id=config_id) == 404
    assert await sim.refused("join", external_userid=await sim.person()) == 422
