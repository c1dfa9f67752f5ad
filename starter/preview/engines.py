"""The engines of previews and tests: the time-skipping Temporal server, and fresh databases in no time."""

import contextlib
import functools
from collections.abc import AsyncIterator, Iterator

import psycopg
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.runtime import LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter
from temporalio.testing import WorkflowEnvironment

from activities import attributes
from starter.stack import find_binary
from storage.database import migrate
from workflows.plugin import plugin

TEMPLATE = "template_journeys"


def make_template(postgres_uri: str) -> None:
    """A migrated database to copy from; and no waiting for the disk."""
    with psycopg.connect(postgres_uri, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")  # nothing here has to outlive a power cut
        connection.execute("SELECT pg_reload_conf()")
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [TEMPLATE]).fetchone():
            connection.execute(f"CREATE DATABASE {TEMPLATE}")
    migrate(sqlalchemy_url(postgres_uri, TEMPLATE))


@contextlib.contextmanager
def fresh_database(postgres_uri: str, name: str) -> Iterator[str]:
    """The URL of a migrated database of one's own: a copy of the template, so it costs milliseconds."""
    with psycopg.connect(postgres_uri, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY FILE_COPY")
    try:
        yield sqlalchemy_url(postgres_uri, name)
    finally:
        with psycopg.connect(postgres_uri, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextlib.asynccontextmanager
async def skipping_server() -> AsyncIterator[WorkflowEnvironment]:
    """The real time-skipping test server."""
    async with await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=find_binary("temporal-test-server"),
        plugins=[plugin()],
        runtime=quiet_runtime(),
    ) as env:
        await env.client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(
                namespace=env.client.namespace,
                search_attributes={k.name: k.indexed_value_type.value for k in attributes.ALL},  # type: ignore[misc]
            )
        )
        yield env


@functools.cache
def quiet_runtime() -> Runtime:
    """The SDK's core warns of what the test server cannot do, once per worker: only errors are shown."""
    errors = TelemetryFilter(core_level="ERROR", other_level="ERROR")
    return Runtime(telemetry=TelemetryConfig(logging=LoggingConfig(filter=errors)))


def sqlalchemy_url(uri: str, name: str) -> str:
    return uri.replace("postgresql:", "postgresql+psycopg:", 1).replace("/postgres?", f"/{name}?", 1)
