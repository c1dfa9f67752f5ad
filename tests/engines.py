"""The real engines, for the fixtures and for `make histories`."""

import contextlib
import functools
import itertools
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.runtime import LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter
from temporalio.testing import WorkflowEnvironment

from activities import attributes
from starter.stack import find_binary, search_attribute, start_postgres
from storage.database import migrate
from workflows.plugin import plugin

_numbers = itertools.count()
TEMPLATE = "template_journeys"


@contextlib.contextmanager
def postgres() -> Iterator[str]:
    """The address of a PostgreSQL 18 with a migrated template database.

    Not in pytest's own temporary folder: another pytest that starts meanwhile tidies that up.
    """
    folder = Path(tempfile.mkdtemp(prefix="journeys-pg-"))
    server = start_postgres(folder / "data")
    uri: str = server.get_uri()
    with psycopg.connect(uri, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")  # nothing here has to outlive a power cut
        connection.execute("SELECT pg_reload_conf()")
        connection.execute(f"CREATE DATABASE {TEMPLATE}")
    migrate(_sqlalchemy(uri, TEMPLATE))
    try:
        yield uri
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def fresh_database(postgres_uri: str) -> Iterator[str]:
    """The URL of a migrated database of one's own: a copy of the template, so it costs milliseconds."""
    name = f"test_{next(_numbers)}"
    with psycopg.connect(postgres_uri, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY FILE_COPY")
    try:
        yield _sqlalchemy(postgres_uri, name)
    finally:
        with psycopg.connect(postgres_uri, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextlib.asynccontextmanager
async def skipping_server() -> AsyncIterator[WorkflowEnvironment]:
    """The real time-skipping test server."""
    async with await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=find_binary("temporal-test-server"),
        plugins=[plugin()],
        runtime=_quiet_runtime(),
    ) as env:
        await env.client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(
                namespace=env.client.namespace,
                search_attributes={k.name: k.indexed_value_type.value for k in attributes.ALL},  # type: ignore[misc]
            )
        )
        yield env


@contextlib.asynccontextmanager
async def real_server() -> AsyncIterator[WorkflowEnvironment]:
    """The real Temporal server, in memory. Its time is real."""
    tuning = ("--dynamic-config-value", "history.transferProcessorMaxPollRPS=1000")
    named = [part for k in attributes.ALL for part in ("--search-attribute", search_attribute(k))]
    async with await WorkflowEnvironment.start_local(
        dev_server_existing_path=find_binary("temporal"),
        dev_server_extra_args=[*tuning, *named],
        dev_server_log_level="error",
        plugins=[plugin()],
        runtime=_quiet_runtime(),
    ) as env:
        yield env


@functools.cache
def _quiet_runtime() -> Runtime:
    """The SDK's core warns of what the test server cannot do, once per worker: only errors are shown."""
    errors = TelemetryFilter(core_level="ERROR", other_level="ERROR")
    return Runtime(telemetry=TelemetryConfig(logging=LoggingConfig(filter=errors)))


def _sqlalchemy(uri: str, name: str) -> str:
    return uri.replace("postgresql:", "postgresql+psycopg:", 1).replace("/postgres?", f"/{name}?", 1)
