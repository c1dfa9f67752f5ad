"""A campaign to 100,000 customers of 500 employees: how long, how much memory, how many calls to WeCom.

Everything runs on this one machine. It fails when one task more than Σ ⌈n / 10,000⌉ over the employees is
asked for, or when a message is lost or doubled.
"""

import asyncio
import shutil
import sys
import tempfile
import time
from pathlib import Path

import psutil

from activities.composition import connections
from activities.courier import Courier
from bench.town import Town
from domain.campaign import CampaignStatus
from settings import ROOT, utc_now
from starter import stack
from starter.demo.street import Street
from storage import campaigns
from storage.database import Database
from workflows.connection import connect

CUSTOMERS, EMPLOYEES, NAME = 100_000, 500, "bench"
MIB = 1024 * 1024
POLICY = """
default_playbook: demo-opening
window: 10s
frequency: {most: 1, per: 36h}
holidays: none
staff_task: {poll_every: 5s, remind_after: 1h, todo_after: 2h, escalate_after: 3h, expire_after: 4h}
sweep_every: 10s
"""


async def measure(customers: int = CUSTOMERS) -> None:
    with tempfile.TemporaryDirectory(prefix="journeys-bench-") as folder:
        playbooks = Path(folder) / "playbooks"
        shutil.copytree(ROOT / "playbooks" / "demo", playbooks)
        (playbooks / "policy.yaml").write_text(POLICY)
        overrides = {"DATA_DIR": f"{folder}/data", "PLAYBOOKS_DIR": str(playbooks)}
        async with stack.running(print, **overrides) as up, connections() as http:
            database = Database(up.settings.sqlalchemy_url)
            town = Town(Street(http, up.simulators), database, customers, EMPLOYEES)
            await _run(up, town)
            await database.close()


async def _run(up: stack.Stack, town: Town) -> None:
    began = time.monotonic()
    await town.settle()
    print(f"{town.customers:,} customers of {town.employees} employees, in {time.monotonic() - began:.0f} s")
    workers = [psutil.Process(child.process.pid) for child in up.children.running if "worker" in child.name]
    watching = asyncio.create_task(_peak(workers))
    tapping = asyncio.create_task(town.confirm(NAME))
    began = time.monotonic()
    await town.approve(NAME, utc_now())
    await Courier(await connect(up.settings), town.database, utc_now).start_campaign(NAME)
    written = await _until_written(town.database) - began
    print(f"written down in {written:.0f} s, {town.customers / written:,.0f} touches a second")
    await _until_finished(town.database)
    print(f"everybody has it after {time.monotonic() - began:.0f} s")
    tapping.cancel()
    watching.cancel()
    print(f"the most memory that a worker had: {max(_peaks.values(), default=0) / MIB:.0f} MiB")
    await _judge(town)


_peaks: dict[int, int] = {}


async def _peak(workers: list[psutil.Process]) -> None:
    while True:
        for worker in workers:
            _peaks[worker.pid] = max(_peaks.get(worker.pid, 0), worker.memory_info().rss)
        await asyncio.sleep(0.2)


async def _until_written(database: Database) -> float:
    while True:
        async with database.transaction() as session:
            waves = await campaigns.waves(session, NAME)
        if waves and waves[0].planned_at:
            return time.monotonic()
        await asyncio.sleep(0.2)


async def _until_finished(database: Database) -> None:
    while True:
        async with database.transaction() as session:
            row = await campaigns.find(session, NAME)
        if row and row.status == CampaignStatus.FINISHED:
            return
        await asyncio.sleep(1)


async def _judge(town: Town) -> None:
    creates, phones, statuses = await town.creates(), await town.phones(), await town.statuses(NAME)
    doubled = sum(1 for number in phones.values() if number > 1)
    lost = town.customers - len(phones)
    print(f"create calls: {creates}, wanted {town.tasks}; doubled {doubled}, lost {lost}; touches {statuses}")
    if creates != town.tasks or doubled or lost or statuses != {"sent": town.customers}:
        sys.exit("the campaign asked WeCom too often, or lost or doubled a message")
