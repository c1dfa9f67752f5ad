"""The worker: settings → clients → activities → workers. Drains on SIGTERM.

One process runs all task queues; `python worker.py --queues welcome` runs only some, so that at scale the
welcome has machines of its own.
"""

import argparse
import asyncio
import contextlib
import logging
import signal
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.worker import Worker

from activities import publishing
from activities.composition import Activities, compose, connections
from domain import addresses
from domain.messages import SweepStart
from domain.playbook import Playbook
from playbooks.group_calendars import load_calendars
from playbooks.loader import Written, read_corp
from playbooks.overstock_files import load_rules
from settings import Settings, load, utc_now
from storage.database import Database
from workflows.campaign import Campaign
from workflows.connection import connect
from workflows.customer_lifecycle import CustomerLifecycle
from workflows.group_lifecycle import GroupLifecycle
from workflows.staff_task import StaffTask
from workflows.sweep import Sweep
from workflows.till_feed import TillFeed
from workflows.till_walk import TillWalk
from workflows.todo import Todo
from workflows.welcome import Welcome

QUEUES = (addresses.JOURNEYS, addresses.WELCOME, addresses.WECOM, addresses.POS)
DRAIN = timedelta(seconds=10)  # activities in flight may finish; compose and Kubernetes wait longer than this
# What makes the welcome queue quick.
GREETING: dict[str, Any] = {
    # Every greeting is a new run, and of the default's five polls only one looks for new ones.
    "max_concurrent_workflow_task_polls": 20,
    "nonsticky_to_sticky_poll_ratio": 0.5,
    # A run that was cached by a killed worker is offered to another one after this; default 10 s.
    "sticky_queue_schedule_to_start_timeout": timedelta(seconds=2),
    "max_heartbeat_throttle_interval": timedelta(seconds=1),
    "default_heartbeat_throttle_interval": timedelta(seconds=1),
}
JOURNEY_WORKFLOWS: list[type] = [
    CustomerLifecycle,
    GroupLifecycle,
    StaffTask,
    Campaign,
    Todo,
    TillFeed,
    TillWalk,
    Sweep,
]

log = logging.getLogger("worker")


def build_workers(
    client: Client,
    activities: Activities,
    settings: Settings,
    queues: Sequence[str] = QUEUES,
    **common: Any,
) -> list[Worker]:
    """One Temporal worker per task queue, each with the slots and rates of its outside system.

    `common` goes to every worker; tests pass interceptors and a cache of their own.
    """

    def make(queue: str, work: list[Callable[..., Any]], **options: Any) -> Worker:
        return Worker(
            client, task_queue=queue, activities=work, graceful_shutdown_timeout=DRAIN, **(options | common)
        )

    kinds: dict[str, Callable[[], Worker]] = {
        addresses.JOURNEYS: lambda: make(
            addresses.JOURNEYS, activities.on_journeys, workflows=JOURNEY_WORKFLOWS
        ),
        addresses.WELCOME: lambda: make(
            addresses.WELCOME,
            activities.on_welcome,
            workflows=[Welcome],
            **GREETING,
        ),
        addresses.WECOM: lambda: make(
            addresses.WECOM,
            activities.on_wecom,
            # Of one API WeCom takes about five at once (contract §12); leases see to that, for all workers
            # together. So many more may wait for a place, and other APIs are called meanwhile.
            max_concurrent_activities=20,
            max_task_queue_activities_per_second=settings.wecom_calls_per_second,
        ),
        addresses.POS: lambda: make(
            addresses.POS,
            activities.on_pos,
            max_task_queue_activities_per_second=settings.pos_calls_per_second,
        ),
    }
    return [kinds[queue]() for queue in queues]


async def run(settings: Settings, queues: Sequence[str] = QUEUES) -> None:
    """Work until SIGTERM or SIGINT, then finish what is in flight."""
    database = Database(settings.sqlalchemy_url)
    welcome_database = Database(settings.sqlalchemy_url, pool_size=5)  # no greeting waits behind a storm
    stop = asyncio.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signum, stop.set)
    playbooks, policy = read_corp(settings.playbooks_dir)
    overstock = load_rules(settings.playbooks_dir)
    load_calendars(settings.playbooks_dir, policy.model)  # a wrong one is told now, not when a group needs it
    async with connections() as http, contextlib.AsyncExitStack() as running:
        running.push_async_callback(database.close)
        running.push_async_callback(welcome_database.close)
        await publish(playbooks, database)
        client = await connect(settings)
        activities = compose(
            settings,
            http=http,
            database=database,
            welcome_database=welcome_database,
            temporal=client,
            policy=policy.model,
            overstock=overstock,
            calendars=settings.playbooks_dir,
            clock=utc_now,
        )
        workers = build_workers(client, activities, settings, queues)
        working = [asyncio.create_task(worker.run()) for worker in workers]
        await start_sweep(client)
        log.info("working on %s", ", ".join(queues))
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait([stopping, *working], return_when=asyncio.FIRST_COMPLETED)
        log.info("draining")
        stopping.cancel()
        # All at once: one after the other could take longer than Kubernetes waits.
        await asyncio.gather(*(worker.shutdown() for worker in workers))
        await asyncio.gather(*working)


async def publish(playbooks: Sequence[Written[Playbook]], database: Database) -> None:
    """Publish what never was. Editing a file and starting anew changes nothing for customers."""
    for found in await publishing.publish_what_is_new(database, playbooks, utc_now()):
        name, number = found.version.playbook, found.version.number
        if found.new:
            log.info("published %s as version %d of %s", found.file, number, name)
        elif found.differs:
            log.warning(
                "%s differs from version %d of %s, which stays in force until somebody publishes the file: "
                'journeys playbook publish %s --by NAME --note "WHY"',
                *(found.file, number, name, found.file),
            )


async def start_sweep(client: Client) -> None:
    await client.start_workflow(
        addresses.SWEEP,
        SweepStart(),
        id=addresses.SWEEP_ID,
        task_queue=addresses.JOURNEYS,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        static_summary="looks for what was left lying",
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--queues", nargs="+", choices=QUEUES, default=list(QUEUES))
    arguments = parser.parse_args()
    settings = load()
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)  # its INFO lines show URLs, and URLs hold the token
    asyncio.run(run(settings, arguments.queues))


if __name__ == "__main__":
    main()
