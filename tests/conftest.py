"""Fixtures shared by every test: one PostgreSQL for the session, a fresh database and corp for each test."""

import itertools
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.testing import WorkflowEnvironment

from activities import attributes
from starter.stack import find_binary, start_postgres
from storage.database import Database, migrate
from tests.corp import Corp, running_corp
from workflows.plugin import plugin

_numbers = itertools.count()


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a PostgreSQL 18 with a migrated template database.

    Not in pytest's own temporary folder: another pytest that starts meanwhile tidies that up.
    """
    folder = Path(tempfile.mkdtemp(prefix="journeys-pg-"))
    server = start_postgres(folder / "data")
    uri: str = server.get_uri()
    with psycopg.connect(uri, autocommit=True) as connection:
        connection.execute("CREATE DATABASE template_journeys")
    migrate(_sqlalchemy(uri, "template_journeys"))
    yield uri
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def database_url(postgres: str) -> Iterator[str]:
    """A fresh, migrated database: a copy of the template, so it costs milliseconds."""
    name = f"test_{next(_numbers)}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template_journeys")
    yield _sqlalchemy(postgres, name)
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = Database(database_url)
    yield opened
    await opened.close()


@pytest.fixture
async def skipping() -> AsyncIterator[WorkflowEnvironment]:
    """The real time-skipping test server."""
    async with await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=find_binary("temporal-test-server"), plugins=[plugin()]
    ) as env:
        await env.client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(
                namespace=env.client.namespace,
                search_attributes={k.name: k.indexed_value_type.value for k in attributes.ALL},  # type: ignore[misc]
            )
        )
        yield env


@pytest.fixture
async def corp(skipping: WorkflowEnvironment, database_url: str, tmp_path: Path) -> AsyncIterator[Corp]:
    """A whole chain under time skipping: simulators and gateway over HTTP, workers, stores, codes, groups."""
    async with running_corp(skipping, database_url) as running:
        yield running


def _sqlalchemy(uri: str, name: str) -> str:
    return uri.replace("postgresql:", "postgresql+psycopg:", 1).replace("/postgres?", f"/{name}?", 1)
