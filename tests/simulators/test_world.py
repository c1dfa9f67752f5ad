"""Reset, clock, settings, overview."""

import pytest

from tests.simulators.conftest import START
from tests.simulators.sim import Sim

pytestmark = pytest.mark.anyio


async def test_a_reset_forgets_everything_but_the_configuration(sim: Sim) -> None:
    await sim.friend()
    await sim.control("settings", qr_join_cap=1)
    await sim.advance(3600)
    await sim.control("reset")
    world = await sim.look("world")
    assert set(world["counts"].values()) == {0}
    assert world["settings"]["qr_join_cap"] == 200
    assert sim.world.clock() == START
    assert await sim.look("received") == {}


async def test_the_clock_moves_forward_only(sim: Sim) -> None:
    assert await sim.control("clock", advance_seconds=90) == {"now": "2026-03-02T04:01:30Z"}
    assert await sim.look("clock") == {"now": "2026-03-02T04:01:30Z"}
    assert await sim.refused("clock", advance_seconds=-1) == 422


async def test_settings_are_checked_and_all_or_nothing(sim: Sim) -> None:
    assert await sim.refused("settings", group_cap=7, mass_cap="year") == 422
    assert await sim.refused("settings", typo=1) == 422
    assert sim.world.config.group_cap == 500
    assert (await sim.control("settings", group_cap=7))["group_cap"] == 7


async def test_the_overview_shows_the_world_and_no_secrets(sim: Sim) -> None:
    person = await sim.friend(state="door")
    await sim.group()
    world = await sim.look("world")
    assert world["relations"][0]["external_userid"] == person
    assert world["relations"][0]["state"] == "door"
    assert world["groups"][0]["owner"] == "zhangsan"
    assert world["counts"]["callbacks"] == 2
    assert "secret" not in world["settings"]


async def test_the_api_describes_itself(sim: Sim) -> None:
    paths = (await sim.http.get("/openapi.json")).json()["paths"]
    assert "/cgi-bin/externalcontact/send_welcome_msg" in paths
    assert "/_control/scan" in paths
