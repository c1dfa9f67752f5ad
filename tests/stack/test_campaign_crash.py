"""A campaign to 3,000 customers, its worker killed ten times: none lost, none doubled, no task too many."""

import asyncio
import random
import shutil
import signal
from pathlib import Path

import pytest

from activities.composition import connections
from activities.courier import Courier
from bench.town import Town
from domain.campaign import CampaignStatus
from settings import ROOT, utc_now
from starter import stack
from starter.demo.street import Street
from storage import campaigns
from storage.database import Database
from tests.stack.ports import free_ports
from workflows.connection import connect

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(400)]

CUSTOMERS, EMPLOYEES, KILLS, NAME = 3_000, 30, 10, "crash"
SEED = 20261122
POLICY = """
default_playbook: demo-opening
window: 5s
frequency: {most: 1, per: 36h}
holidays: none
staff_task: {poll_every: 1s, remind_after: 1h, todo_after: 2h, escalate_after: 3h, expire_after: 4h}
sweep_every: 2s
"""


async def test_a_campaign_survives_ten_kills_of_the_worker(tmp_path: Path) -> None:
    playbooks = tmp_path / "playbooks"
    shutil.copytree(ROOT / "playbooks" / "demo", playbooks)
    (playbooks / "policy.yaml").write_text(POLICY)
    overrides = free_ports() | {"DATA_DIR": str(tmp_path / "data"), "PLAYBOOKS_DIR": str(playbooks)}
    async with stack.running(print, **overrides) as up, connections() as http:
        database = Database(up.settings.sqlalchemy_url)
        town = Town(Street(http, up.simulators), database, CUSTOMERS, EMPLOYEES)
        await town.settle()
        await town.approve(NAME, utc_now())
        await Courier(await connect(up.settings), database, utc_now).start_campaign(NAME)
        tapping = asyncio.create_task(town.confirm(NAME))
        await _kill(up)
        await _until_finished(database)
        tapping.cancel()
        phones = await town.phones()
        assert set(phones.values()) == {1}, "somebody got it twice"
        assert len(phones) == CUSTOMERS, "somebody was lost"
        assert await town.statuses(NAME) == {"sent": CUSTOMERS}
        assert await town.creates() == town.tasks == EMPLOYEES, (
            "a lost answer is adopted, not asked for again"
        )
        await database.close()


async def _kill(up: stack.Stack) -> None:
    """At any moment of it: while it is written down, handed over, created, confirmed and read."""
    chance = random.Random(SEED)
    for _ in range(KILLS):
        await asyncio.sleep(chance.uniform(0.5, 3.0))
        for name in stack.WORKERS:
            await up.children.stop_one(name, signal.SIGKILL)
        await up.start_workers()


async def _until_finished(database: Database) -> None:
    for _ in range(600):
        async with database.transaction() as session:
            row = await campaigns.find(session, NAME)
            told = await campaigns.progress(session, NAME)
        if row and row.status == CampaignStatus.FINISHED:
            return
        await asyncio.sleep(0.3)
    raise AssertionError(f"it stands still: {told}")
