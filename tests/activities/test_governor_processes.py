"""Several real processes on one simulator: WeCom never sees more at once than it takes (contract §12)."""

import asyncio
import json
import sys
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from activities.governor import PostgresGovernor
from integrations import wecom
from settings import ROOT, utc_now
from simulators.app import create_app
from simulators.from_settings import simulator_config
from simulators.world import World
from starter.demo.street import Street
from starter.preview.corp import made_up_settings
from starter.preview.serving import free_socket, serving
from storage.database import Database
from tests.activities.hammer import client

pytestmark = pytest.mark.anyio

PROCESSES = 3
TAGS = ("a", "b", "c", "d")


@dataclass
class Crowd:
    """A simulated corp over HTTP, and what its processes need to know."""

    world: World
    customers: list[str]
    what: dict[str, Any]

    def marked(self) -> int:
        return sum(len(relation.tag_ids) for relation in self.world.people.relations())

    def errcodes(self) -> Counter[int | None]:
        return Counter(c.errcode for c in self.world.traffic.log if c.api == "externalcontact/mark_tag")


@pytest.fixture
async def crowd(database_url: str) -> AsyncIterator[Crowd]:
    listening = free_socket()
    settings = made_up_settings(database_url, 0, listening.port)
    config = simulator_config(settings).model_copy(update={"callback_url": None, "mark_tag_seconds": 0.03})
    app = create_app(config)
    async with serving(app, listening), httpx.AsyncClient() as http:
        street = Street(http, settings.wecom_base_url)
        await street.do("employees", userid="li", name="李薇")
        customers = [(await street.newcomer(f"客{n}"))[0] for n in range(6)]
        for customer in customers:
            await street.do("add", userid="li", external_userid=customer)
        what: dict[str, Any] = {
            "database_url": database_url,
            "base_url": settings.wecom_base_url,
            "corp_id": config.corp_id,
            "secret": config.secret,
            "agent_id": config.agent_id,
            "customers": customers,
        }
        group = await client(http, what).add_corp_tags("试", TAGS)
        what["tags"] = [tag.id for tag in group.tag]
        yield Crowd(app.state.world, customers, what)


async def run(what: dict[str, Any]) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.activities.hammer",
        json.dumps(what),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )


async def hammer(crowd: Crowd, *, governed: bool = True) -> Counter[str]:
    """All processes at once, on the same customers; what became of their calls."""
    processes = [await run({**crowd.what, "governed": governed}) for _ in range(PROCESSES)]
    counts: Counter[str] = Counter()
    for process in processes:
        said, _ = await process.communicate()
        assert process.returncode == 0
        counts.update(json.loads(said))
    return counts


async def test_processes_together_stay_within_what_wecom_takes(crowd: Crowd) -> None:
    counts = await hammer(crowd)
    wanted = len(crowd.customers) * len(TAGS)
    assert counts == {"done": PROCESSES * wanted}
    assert set(crowd.errcodes()) == {0}, "neither 45033 nor 45035"
    assert crowd.marked() == wanted


async def test_processes_without_a_governor_are_refused(crowd: Crowd) -> None:
    """The test above can fail: the same processes, each for itself."""
    counts = await hammer(crowd, governed=False)
    assert counts["45033"] + counts["45035"] > 0


async def test_the_place_of_a_killed_process_is_free_again_when_its_lease_ends(
    database: Database, database_url: str
) -> None:
    process = await run({"database_url": database_url, "seconds": 2.0})
    assert process.stdout is not None
    assert await process.stdout.readline() == b"inside\n"
    process.kill()
    await process.wait()
    governor = PostgresGovernor(database, utc_now, writes=1, reads=1)

    def wanted(seconds: float) -> wecom.Admission:
        return wecom.Admission("some/api", asyncio.get_running_loop().time() + seconds, pair="li/wm1")

    with pytest.raises(wecom.TooConcurrent):
        async with governor.admit(wanted(0.2)):
            raise AssertionError("the lease has not ended")
    async with governor.admit(wanted(60)):
        pass
