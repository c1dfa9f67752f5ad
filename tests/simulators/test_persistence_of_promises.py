"""What was promised before an end happens after it: handovers, jobs, greetings that wait, tasks, QRs."""

from pathlib import Path

import httpx
import pytest

from simulators.config import SimulatorConfig
from simulators.persistence import StateFile
from simulators.world import World
from tests.simulators.conftest import START
from tests.simulators.sim import Receiver, Sim
from tests.simulators.test_attachments import FETCH, FETCHED, job, put
from tests.simulators.test_group_templates import welcomed_group
from tests.simulators.test_groups import join
from tests.simulators.test_handover import move, statuses, two
from tests.simulators.test_moments import TASK, moment

pytestmark = pytest.mark.anyio

DAY = 24 * 3600


async def ended_and_begun_again(sim: Sim, config: SimulatorConfig, file: Path) -> None:
    """The same HTTP door, but another process, as it were."""
    kept = StateFile(file, lambda: sim.world)
    await sim.world.drain()
    await kept.commit()
    kept.close()
    await sim.world.close()
    again = World(config, lambda: START, httpx.MockTransport(Receiver()))
    StateFile(file, lambda: again).close()
    sim.world = again
    sim.http._transport.app.state.world = again  # type: ignore[attr-defined]


async def test_promises_outlast_the_process(sim: Sim, config: SimulatorConfig, tmp_path: Path) -> None:
    person = await two(sim)
    await move(sim, person)
    moment_id = await moment(sim)
    sent = await sim.control("tasks/personal", userid="zhangsan", recipients=[person], text="早")
    jobid = (await sim.api(FETCH, job(await put(sim))))["jobid"]
    chat_id = await welcomed_group(sim)
    await sim.control("settings", group_welcome_interval_seconds=60)
    for _ in range(2):
        await join(sim, chat_id=chat_id)
    qr = await sim.control("groups/export_qr", chat_id=chat_id)
    await sim.api(
        "externalcontact/add_intercept_rule",
        {
            "rule_name": "竞品",
            "word_list": ["跳槽"],
            "intercept_type": 1,
            "applicable_range": {"user_list": ["zhangsan"]},
        },
    )

    await ended_and_begun_again(sim, config, tmp_path / "world.state")

    spoken = await sim.control("say", userid="zhangsan", external_userid=person, text="跳槽")
    assert spoken["sent"] is False
    again = {"userid": "zhangsan", "recipients": [person], "text": "又早"}
    assert (await sim.control("tasks/personal", **again))["statuses"] == {person: 3}, "a second one today"
    assert sent["msgid"] in sim.world.mass.all
    (_, joined) = await join(sim, qr_token=qr["qr_token"])
    assert joined["joined"]
    await sim.advance(60)
    assert (await sim.api(FETCHED, {"jobid": jobid}))["status"] == 2
    assert len(await sim.look("groups/messages", chat_id=chat_id)) == 2, "who waited has been greeted"
    assert len((await sim.api(TASK, {"moment_id": moment_id}))["task_list"]) == 1
    await sim.later(DAY)
    assert await statuses(sim) == {person: 1}
