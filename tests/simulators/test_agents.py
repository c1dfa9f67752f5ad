"""agent/get: an app reads about itself, and about no other (official page 90227)."""

import pytest

from tests.simulators.sim import Sim

pytestmark = pytest.mark.anyio


async def test_an_app_reads_its_own_range(sim: Sim) -> None:
    own = str(sim.world.config.agent_id)
    everybody = await sim.api("agent/get", agentid=own)
    assert (everybody["agentid"], everybody["close"]) == (int(own), 0)
    assert everybody["allow_partys"] == {"partyid": [1]}
    await sim.employee()
    await sim.control(f"apps/{own}", visible={"users": ["zhangsan"]})
    some = await sim.api("agent/get", agentid=own)
    assert some["allow_userinfos"] == {"user": [{"userid": "zhangsan"}]}
    assert some["allow_partys"] == {"partyid": []}


async def test_another_apps_id_is_refused(sim: Sim) -> None:
    other = await sim.other_app(1000003)
    assert await other.errcode("agent/get", agentid="1000003") == 0
    assert await sim.errcode("agent/get", agentid="1000003") == 301002
    assert await sim.errcode("agent/get", agentid="nonsense") == 40056
