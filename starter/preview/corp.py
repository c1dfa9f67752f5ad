"""A whole chain in one process: simulators and gateway over real HTTP, workers, all by the server's clock."""

import contextlib
import functools
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Interceptor, Worker

import settings as settings_module
from activities.composition import Activities, compose, connections, wecom_client
from activities.courier import Courier
from activities.identify import LOOKUP_SECONDS
from activities.till_clients import member_keys, till_client
from domain.policy import Policy
from gateway.app import Doors
from gateway.app import create_app as gateway_app
from gateway.intake import Intake
from integrations import wecom
from playbooks.overstock_files import Rule
from settings import Settings
from simulators.app import create_app as simulator_app
from simulators.from_settings import simulator_config
from simulators.world import World
from starter.demo.street import Street
from starter.preview.clock import ClockInterceptor, SkippingClock
from starter.preview.serving import free_socket, serving
from starter.simulated_tills import till_path
from storage.database import Database
from worker import build_workers

# Of a corp that is nowhere but here: they open nothing. The simulators accept exactly these.
MADE_UP: Mapping[str, Any] = {
    "link_key": "any-32-characters-that-nobody-knows",
    "wecom_corp_id": "ww0123456789abcdef",
    "wecom_agent_id": 1000002,
    "wecom_secret": "simulated-app-secret",
    "wecom_callback_token": "SimulatedToken1",
    "wecom_callback_aes_key": "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C",
    "pos_api_key": "simulated-till-key",
    "pos_webhook_secret": "simulated-till-webhook-secret",
    "pos_app_id": "simulated-app",
    "pos_account": "100001",
    "pos_store_keys": "S001=simulated-app-1:simulated-key-1,S002=simulated-app-2:simulated-key-2",
    "member_key": "cd" * 32,
    "data_dir": Path("/nonexistent"),
    "public_url": "",
}


@dataclass
class Corp:
    """What runs, and the handles to it."""

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
    worker_options: Callable[[], dict[str, Any]]

    def workers(self, queues: Sequence[str]) -> Sequence[Worker]:
        """Not running yet."""
        return build_workers(self.env.client, self.activities, self.settings, queues, **self.worker_options())

    @property
    def gateway_url(self) -> str:
        return self.settings.gateway_url


@contextlib.asynccontextmanager
async def open_corp(
    env: WorkflowEnvironment,
    database_url: str,
    *,
    policy: Policy,
    renew_after_events: int | None = None,
    changed_settings: Mapping[str, Any] | None = None,
    lookup_seconds: float = LOOKUP_SECONDS,
    calendars: Path | None = None,
    overstock: Sequence[Rule] = (),
    simulators_app: FastAPI | None = None,
    interceptor: Callable[[SkippingClock], Interceptor] = ClockInterceptor,
    **worker_options: Any,
) -> AsyncIterator[Corp]:
    """Doors, simulators and clients are up; the workers are the caller's to start."""
    clock, database = SkippingClock(env), Database(database_url, pool_size=5)
    await clock.look()
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(database.close)
        http = await stack.enter_async_context(connections())
        gateway, simulators = free_socket(), free_socket()
        settings = made_up_settings(database_url, gateway.port, simulators.port, changed_settings)
        courier = Courier(env.client, database, clock, renew_after_events=renew_after_events)
        simulator = _simulator(stack, settings, clock, simulators_app)
        doors = gateway_app(_doors(settings, http, env, database, courier, clock))
        for app, socket in ((doors, gateway), (simulator, simulators)):
            await stack.enter_async_context(serving(app, socket))
        shared = functools.partial(compose, settings, http=http, database=database, temporal=env.client)
        composed = functools.partial(shared, policy=policy, clock=clock, lookup_seconds=lookup_seconds)
        activities = composed(calendars=calendars, overstock=overstock)
        yield Corp(
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
            policy=policy,
            worker_options=lambda: worker_options | {"interceptors": [interceptor(clock)]},
        )


def _simulator(
    stack: contextlib.AsyncExitStack, settings: Settings, clock: SkippingClock, app: FastAPI | None
) -> FastAPI:
    """A new app, or one that nobody uses at the moment, with a new world; that is closed in the end."""
    if app is None:
        app = simulator_app(simulator_config(settings), clock)
    else:
        app.state.world = World(simulator_config(settings), clock)
    stack.push_async_callback(app.state.world.close)
    return app


def made_up_settings(
    database_url: str, gateway_port: int, simulators_port: int, changed: Mapping[str, Any] | None = None
) -> Settings:
    """Settings that depend on no .env and no environment; `changed` are values as the fields have them."""
    fields = Settings.model_fields.items()
    defaults = {n: f.get_default(call_default_factory=True) for n, f in fields if not f.is_required()}
    till = till_path((changed or {}).get("pos_provider", "generic"))
    made_up = settings_module.load(
        **defaults
        | dict(MADE_UP)
        | {
            "database_url": database_url.replace("+psycopg", ""),
            "gateway_url": f"http://127.0.0.1:{gateway_port}",
            "wecom_base_url": f"http://127.0.0.1:{simulators_port}",
            "pos_base_url": f"http://127.0.0.1:{simulators_port}{till}",
        }
    )
    return made_up.model_copy(update=changed)


def authors_settings() -> Settings:
    """What is set, whatever else is missing: for what touches neither the corp nor its database."""
    required = {name: MADE_UP.get(name) for name, f in Settings.model_fields.items() if f.is_required()}
    return settings_module.load(**required | {"database_url": "postgresql://nowhere/none"})


def folders() -> tuple[Path, Path]:
    """DATA_DIR and PLAYBOOKS_DIR, whatever else is set or missing."""
    settings = authors_settings()
    return settings.data_dir, settings.playbooks_dir


def _doors(
    settings: Settings,
    http: httpx.AsyncClient,
    env: WorkflowEnvironment,
    database: Database,
    courier: Courier,
    clock: SkippingClock,
) -> Doors:
    return Doors(
        crypto=wecom.CallbackCrypto(
            settings.wecom_callback_token.get_secret_value(),
            settings.wecom_callback_aes_key.get_secret_value(),
            settings.wecom_corp_id,
        ),
        till=till_client(settings, http, clock),
        keys=member_keys(settings),
        intake=Intake(database, courier, clock),
        database=database,
        temporal=env.client,
        clock=clock,
        callback_max_age_seconds=settings.wecom_callback_max_age_seconds,
        link_key=settings.link_key.get_secret_value().encode(),
    )
