"""Group QRs exported by hand live seven days; those of join ways do not expire (contract §7.2, §7.3)."""

import pytest

from tests.simulators.sim import Sim
from tests.simulators.test_groups import join, join_way

pytestmark = pytest.mark.anyio

DAY = 24 * 3600


async def test_an_exported_qr_lets_in_for_seven_days(sim: Sim) -> None:
    chat_id = await sim.group()
    qr = await sim.control("groups/export_qr", chat_id=chat_id)
    assert (await sim.http.get(qr["qr_code"])).content.startswith(b"\x89PNG")
    assert qr["expires_at"] == "2026-03-09T04:00:00Z"
    person, joined = await join(sim, qr_token=qr["qr_token"])
    assert joined == {"chat_id": chat_id, "joined": True, "created": False}
    event = sim.last_event()
    assert (event["UpdateDetail"], event["JoinScene"]) == ("add_member", "3")
    member = sim.world.groups.all[chat_id].members[person]
    assert (member.join_scene, member.state) == (3, None)
    await sim.later(7 * DAY - 1)
    await join(sim, qr_token=qr["qr_token"])
    await sim.later(1)
    late = await sim.person()
    assert await sim.refused("join", external_userid=late, qr_token=qr["qr_token"]) == 409
    assert (await sim.http.get(qr["qr_code"])).status_code == 200, "a picture does not vanish"


async def test_the_qr_of_a_join_way_does_not_expire(sim: Sim) -> None:
    chat_id = await sim.group()
    config_id = await join_way(sim, chat_id)
    await sim.later(400 * DAY)
    _, joined = await join(sim, config_id=config_id)
    assert joined["joined"]


async def test_an_exported_qr_stops_at_the_cap(sim: Sim) -> None:
    chat_id = await sim.group()
    token = (await sim.control("groups/export_qr", chat_id=chat_id))["qr_token"]
    await sim.control("settings", qr_join_cap=2)
    person, _ = await join(sim, qr_token=token)
    late = await sim.person()
    assert await sim.refused("join", external_userid=late, qr_token=token) == 409
    again = await sim.control("join", external_userid=person, qr_token=token)
    assert again["joined"] is False


async def test_a_qr_of_nothing(sim: Sim) -> None:
    chat_id = await sim.group()
    person = await sim.person()
    token = (await sim.control("groups/export_qr", chat_id=chat_id))["qr_token"]
    assert await sim.refused("join", external_userid=person, qr_token="none") == 404
    assert await sim.refused("join", external_userid=person, qr_token=token, chat_id=chat_id) == 422
    await sim.control("dismiss", chat_id=chat_id)
    assert await sim.refused("join", external_userid=person, qr_token=token) == 409
