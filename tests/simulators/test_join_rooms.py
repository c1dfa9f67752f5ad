"""Rooms that a join way makes by itself, and whose way it is (contract §7.2)."""

from typing import Any

import pytest

from tests.simulators.sim import Sim
from tests.simulators.test_groups import GET, join, join_way
from tests.simulators.test_join_ways import ADD_WAY, GET_WAY

pytestmark = pytest.mark.anyio


async def full_way(sim: Sim, **more: Any) -> tuple[str, str, str]:
    """Two groups with an owner each, both full."""
    first, second = await sim.group("甲群"), await sim.group("乙群", owner="lisi")
    config_id = await join_way(sim, first, second, **more)
    await sim.control("settings", qr_join_cap=1)
    return config_id, first, second


async def test_the_new_room_belongs_to_the_owner_of_the_last_or_the_first(sim: Sim) -> None:
    config_id, _, _ = await full_way(sim, room_base_name="客服群")
    _, joined = await join(sim, config_id=config_id)
    await sim.control("settings", auto_room_owner="first")
    _, next_joined = await join(sim, config_id=config_id)
    owners = [sim.world.groups.all[one["chat_id"]].owner for one in (joined, next_joined)]
    assert owners == ["lisi", "zhangsan"]


async def test_a_new_room_may_stay_out_of_the_list_and_is_found_all_the_same(sim: Sim) -> None:
    config_id, first, second = await full_way(sim, room_base_name="客服群", room_base_id=7)
    await sim.control("settings", auto_room_listed=False, qr_join_cap=2)
    for _ in range(2):
        await join(sim, config_id=config_id)
    _, opened = await join(sim, config_id=config_id)
    assert opened["created"]
    await sim.control("settings", qr_join_cap=3)
    await sim.control("dismiss", chat_id=first)
    await sim.control("dismiss", chat_id=second)
    _, followed = await join(sim, config_id=config_id)
    assert followed == {"chat_id": opened["chat_id"], "joined": True, "created": False}
    way = (await sim.api(GET_WAY, {"config_id": config_id}))["join_way"]
    assert (way["chat_id_list"], way["room_base_id"]) == ([first, second], 8)


async def test_without_a_base_name_the_room_is_called_like_its_model(sim: Sim) -> None:
    config_id, _, _ = await full_way(sim)
    _, joined = await join(sim, config_id=config_id)
    assert (await sim.api(GET, {"chat_id": joined["chat_id"]}))["group_chat"]["name"] == "乙群1"


async def test_an_app_sees_only_its_own_ways(sim: Sim) -> None:
    chat_id = await sim.group()
    config_id = await join_way(sim, chat_id)
    other = await sim.other_app()
    body = {"config_id": config_id, "scene": 2, "chat_id_list": [chat_id]}
    for path in ("get_join_way", "update_join_way", "del_join_way"):
        assert await other.errcode(f"externalcontact/groupchat/{path}", body) == 41044
    assert await sim.errcode(GET_WAY, body) == 0


async def test_auto_create_room_is_on_or_off(sim: Sim) -> None:
    body = {"scene": 2, "chat_id_list": [await sim.group()], "auto_create_room": 2}
    assert await sim.errcode(ADD_WAY, body) == 40058


async def test_a_mini_program_way_has_no_qr_and_mark_source_comes_back(sim: Sim) -> None:
    body = {"scene": 1, "chat_id_list": [await sim.group()], "mark_source": True}
    config_id = (await sim.api(ADD_WAY, body))["config_id"]
    way = (await sim.api(GET_WAY, {"config_id": config_id}))["join_way"]
    assert "qr_code" not in way
    assert way["mark_source"] is True
