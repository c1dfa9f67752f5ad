"""Fixtures shared by every test: one PostgreSQL for the session, a fresh database and corp for each test."""

from collections.abc import AsyncIterator, Iterator

import pytest
from temporalio.testing import WorkflowEnvironment

from starter.preview.engines import skipping_server
from storage.database import Database
from tests import engines
from tests.corp import Corp, running_corp


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    with engines.postgres() as uri:
        yield uri


@pytest.fixture
def database_url(postgres: str) -> Iterator[str]:
    with engines.fresh_database(postgres) as url:
        yield url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = Database(database_url)
    yield opened
    await opened.close()


@pytest.fixture
async def skipping() -> AsyncIterator[WorkflowEnvironment]:
    async with skipping_server() as env:
        yield env


@pytest.fixture
async def server() -> AsyncIterator[WorkflowEnvironment]:
    async with engines.real_server() as env:
        yield env


@pytest.fixture
async def corp(skipping: WorkflowEnvironment, database_url: str) -> AsyncIterator[Corp]:
    """A whole chain under time skipping: simulators and gateway over HTTP, workers, stores, codes, groups."""
    async with running_corp(skipping, database_url) as running:
        yield running
