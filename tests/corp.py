"""A chain under test, without the processes: simulators and gateway speak HTTP, Temporal skips time."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    Interceptor,
    Worker,
)

import settings as settings_module
from activities.composition import Activities, compose, connections, till_client, wecom_client
from activities.courier import Courier
from domain import addresses
from domain.customer import Command, CommandKind, CustomerState
from domain.messages import CommandAnswer
from domain.playbook import Playbook
from domain.policy import Policy
from gateway.app import Doors
from gateway.app import create_app as gateway_app
from gateway.intake import Intake
from integrations import wecom
from playbooks.loader import load_playbook, load_policy
from settings import ROOT, Settings
from simulators.app import create_app as simulator_app
from simulators.from_settings import simulator_config
from simulators.world import World
from starter import lifelines
from starter.codes import Codes, WantedCode
from starter.demo.street import Street
from storage import directory, lives
from storage.database import Database
from storage.story import StoryLine, story
from storage.tables import Customer, Employee, Group, Region, Store, Touch
from worker import build_workers

CALLBACK_AES_KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
STORES = (Store(id="S001", name="中关村店", region_id="bj"), Store(id="S002", name="望京店", region_id="bj"))
EMPLOYEES = (
    Employee(userid="chen", name="陈静", store_id="S001"),
    Employee(userid="li", name="李薇", store_id="S002"),
)


class SkippingClock:
    """Follows the time-skipping server: brought up to its time before every activity and every request."""

    def __init__(self, env: WorkflowEnvironment) -> None:
        self._env, self._now = env, datetime.now(UTC)  # noqa: TID251 - until the first look at the server

    def __call__(self) -> datetime:
        return self._now

    async def look(self) -> None:
        self._now = (await self._env.get_current_time()).astimezone(UTC)


class _ClockInterceptor(Interceptor):
    def __init__(self, clock: SkippingClock) -> None:
        self.clock = clock

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        clock = self.clock

        class Inbound(ActivityInboundInterceptor):
            async def execute_activity(self, input: ExecuteActivityInput) -> Any:
                await clock.look()
                return await super().execute_activity(input)

        return Inbound(next)


@dataclass
class Corp:
    """What a test holds in its hands."""

    env: WorkflowEnvironment
    settings: Settings
    database: Database
    clock: SkippingClock
    world: World
    street: Street
    http: httpx.AsyncClient
    client: wecom.WeComClient
    activities: Activities
    courier: Courier
    policy: Policy
    gateway_url: str
    workers: Callable[..., Sequence[Worker]]
    groups: dict[str, str] = field(default_factory=dict)
    join_ways: dict[str, str] = field(default_factory=dict)

    async def newcomer(self, nickname: str = "小满") -> str:
        return (await self.street.newcomer(nickname))[0]

    async def scan(self, customer: str, state: str = "S002-cashier", **how: Any) -> str:
        """She scans a code; returns the employee. The callbacks have arrived when this returns."""
        await self.clock.look()
        answer = await self.street.do("scan", external_userid=customer, state=state, **how)
        await self.world.drain()
        return str(answer["userid"])

    async def do(self, what: str, **body: Any) -> Any:
        """Something happens outside; its callbacks have arrived when this returns."""
        await self.clock.look()
        answer = await self.street.do(what, **body)
        await self.world.drain()
        return answer

    async def join(self, customer: str, store: str = "S002") -> None:
        await self.do("join", external_userid=customer, config_id=self.join_ways[store])
        if self.env.supports_time_skipping:
            await self.sleep(seconds=3)  # the group is read when its burst is over

    async def member(self, customer: str) -> str:
        """She is a member at the till."""
        unionid = next(
            c["unionid"]
            for c in (await self.street.see("world"))["customers"]
            if c["external_userid"] == customer
        )
        return str((await self.street.do("till/members", unionid=unionid))["member_id"])

    async def sleep(self, **duration: float) -> None:
        """Let time pass; the server skips what nobody waits for."""
        await self.env.sleep(timedelta(**duration))
        await self.clock.look()

    async def state(self, customer: str) -> CustomerState | None:
        """Her state: parked or of the running workflow (asked through the mirror in PostgreSQL)."""
        async with self.database.transaction() as session:
            return await lives.unpark(session, customer)

    async def customer(self, customer: str) -> Customer:
        async with self.database.transaction() as session:
            return await session.get_one(Customer, customer)

    async def stage(self, customer: str) -> str:
        return str((await self.customer(customer)).stage)

    async def stage_of(self, customer: str) -> str:
        """Her stage once her life has written down everything it did."""
        await asyncio.sleep(0.2)
        return await self.stage(customer)

    async def publish(self, playbook: Playbook) -> None:
        async with self.database.transaction() as session:
            await directory.publish(session, playbook, author="test", now=self.clock())

    def set_policy(self, **changes: Any) -> None:
        """Change the policy that all activities share."""
        for name, value in changes.items():
            setattr(self.policy, name, value)

    async def until(self, look: Callable[[], Awaitable[object]], wanted: object = True) -> None:
        """Wait until the world is as wanted: a little real time for work that is under way."""
        seen = await look()
        for _ in range(1000):
            if seen == wanted:
                return
            await asyncio.sleep(0.02)
            seen = await look()
        raise AssertionError(f"still {seen!r}, wanted {wanted!r}")

    async def until_stage(self, customer: str, stage: str) -> None:
        async def look() -> str:
            async with self.database.transaction() as session:
                row = await session.get(Customer, customer)
            return str(row.stage) if row else "unknown"

        await self.until(look, stage)

    async def until_logged(self, customer: str, what: str) -> None:
        async def look() -> bool:
            return any(line.what == what for line in await self.story(customer))

        await self.until(look)

    async def story(self, customer: str) -> list[StoryLine]:
        async with self.database.transaction() as session:
            return await story(session, customer)

    async def touches(self, customer: str, channel: str = "private") -> list[Touch]:
        from sqlmodel import col, select

        async with self.database.transaction() as session:
            query = select(Touch).where(Touch.external_userid == customer, Touch.channel == channel)
            return list((await session.exec(query.order_by(col(Touch.planned_at), col(Touch.key)))).all())

    async def received(self, customer: str) -> list[dict[str, Any]]:
        return await self.street.received(customer)

    async def order(self, customer: str, kind: CommandKind, **more: Any) -> CommandAnswer:
        command = Command(id=f"{kind}-{self.clock().timestamp()}", kind=kind, by="tester", **more)
        return await lifelines.order(self.env.client, customer, command)

    async def history(self, workflow_id: str) -> Any:
        return await self.env.client.get_workflow_handle(workflow_id).fetch_history()


@contextlib.asynccontextmanager
async def running_corp(
    env: WorkflowEnvironment,
    database_url: str,
    *,
    policy: Policy | None = None,
    playbooks: Sequence[Playbook] = (),
    renew_after_events: int | None = None,
    changed_settings: Mapping[str, Any] | None = None,
    **worker_options: Any,
) -> AsyncIterator[Corp]:
    """A corp with two stores, their codes and groups, and workers on every queue."""
    clock = SkippingClock(env)
    await clock.look()
    database = Database(database_url, pool_size=5)
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(database.close)
        http = await stack.enter_async_context(connections())
        gateway, simulators = uvicorn_socket(), uvicorn_socket()
        settings = corp_settings(database_url, gateway.port, simulators.port)
        settings = settings.model_copy(update=changed_settings)
        till = till_client(settings, http)
        courier = Courier(env.client, database, clock, renew_after_events=renew_after_events)
        doors = Doors(
            crypto=wecom.CallbackCrypto("SimulatedToken1", CALLBACK_AES_KEY, settings.wecom_corp_id),
            till=till,
            intake=Intake(database, courier, clock),
            database=database,
            temporal=env.client,
            clock=clock,
            callback_max_age_seconds=600,
            link_key=settings.link_key.get_secret_value().encode(),
        )
        simulator = simulator_app(simulator_config(settings), clock)
        await stack.enter_async_context(serving(gateway_app(doors), gateway))
        await stack.enter_async_context(serving(simulator, simulators))
        chosen = policy.model_copy() if policy else _everyday_policy()
        activities = compose(
            settings, http=http, database=database, temporal=env.client, policy=chosen, clock=clock
        )
        corp = Corp(
            env=env,
            settings=settings,
            database=database,
            clock=clock,
            world=simulator.state.world,
            street=Street(http, f"http://127.0.0.1:{simulators.port}"),
            http=http,
            client=wecom_client(settings, http, database, clock),
            activities=activities,
            courier=courier,
            policy=chosen,
            gateway_url=settings.gateway_url,
            workers=lambda queues: build_workers(
                env.client,
                activities,
                settings,
                queues,
                interceptors=[_ClockInterceptor(clock)],
                **worker_options,
            ),
        )
        await furnish(corp, playbooks or [load_playbook(ROOT / "playbooks" / "coffee-welcome.yaml")])
        for worker in corp.workers((addresses.JOURNEYS, addresses.WELCOME, addresses.WECOM, addresses.POS)):
            await stack.enter_async_context(worker)
        yield corp


def _everyday_policy() -> Policy:
    """The shipped policy without quiet hours (tests run at any hour) and with rarer polls."""
    shipped = load_policy(ROOT / "playbooks")
    rhythm = shipped.staff_task.model_copy(update={"poll_every": timedelta(minutes=30)})
    return shipped.model_copy(update={"quiet_hours": None, "staff_task": rhythm})


async def furnish(corp: Corp, playbooks: Sequence[Playbook]) -> None:
    """Publish the playbooks; make stores, employees, groups with their QR pictures, and one code a store."""
    async with corp.database.transaction() as session:
        for playbook in playbooks:
            await directory.publish(session, playbook, author="test", now=corp.clock())
        await directory.upsert(session, Region(id="bj", name="北京"))
        for row in (*STORES, *EMPLOYEES):
            await directory.upsert(session, type(row)(**row.model_dump()))
    codes = Codes(corp.database, corp.client, corp.clock)
    for store, employee in zip(STORES, EMPLOYEES, strict=True):
        await corp.street.do("employees", userid=employee.userid, name=employee.name)
        await corp.street.do("till/stores", store_id=store.id, name=store.name)
        chat = await corp.street.do("groups", name=f"{store.name}群", owner=employee.userid)
        corp.groups[store.id] = chat["chat_id"]
        way = wecom.NewJoinWay(chat_id_list=(chat["chat_id"],), state=store.id)
        corp.join_ways[store.id] = await corp.client.add_join_way(way)
        group = Group(
            chat_id=chat["chat_id"],
            store_id=store.id,
            name=f"{store.name}群",
            join_config_id=corp.join_ways[store.id],
            created_at=corp.clock(),
        )
        async with corp.database.transaction() as session:
            await directory.upsert(session, group)
        await corp.activities.upkeep.upload_group_qr(group)
        for placement in ("cashier", "table"):
            await codes.create(WantedCode(store.id, placement, playbooks[0].playbook, (employee.userid,)))
    await corp.world.drain()


@dataclass
class Listening:
    """A bound socket, so that the port is known before the server runs."""

    socket: Any
    port: int


def uvicorn_socket() -> Listening:
    import socket

    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    return Listening(bound, bound.getsockname()[1])


@contextlib.asynccontextmanager
async def serving(app: FastAPI, listening: Listening) -> AsyncIterator[None]:
    """Serve an app on a real socket in this event loop."""
    config = uvicorn.Config(app, log_level="warning", access_log=False, lifespan="on")
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    task = asyncio.create_task(server.serve(sockets=[listening.socket]))
    while not server.started:  # noqa: ASYNC110 - uvicorn offers no event
        await asyncio.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        await task


def corp_settings(database_url: str, gateway_port: int, simulators_port: int) -> Settings:
    from dotenv import dotenv_values

    values = {k.lower(): v for k, v in dotenv_values(ROOT / ".env.example").items()}
    return settings_module.load(
        **values
        | {
            "database_url": database_url.replace("+psycopg", ""),
            "data_dir": Path("/nonexistent"),
            "gateway_url": f"http://127.0.0.1:{gateway_port}",
            "public_url": "",
            "wecom_base_url": f"http://127.0.0.1:{simulators_port}",
            "pos_base_url": f"http://127.0.0.1:{simulators_port}/pos",
        }
    )
