"""Doors on one Temporal server without workers. Every test has a database and customers of its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from temporalio.client import Client

from settings import Settings
from starter.preview.corp import made_up_settings
from starter.preview.engines import skipping_server
from storage.database import Database
from tests.gateway.door import Door, gateway
from tests.gateway.line import Line, line_to
from workflows.plugin import plugin

DEAD = "postgresql+psycopg://nobody@127.0.0.1:1/nothing"


@pytest.fixture(scope="session")
async def temporal() -> AsyncIterator[Client]:
    """The real server; nobody works on it."""
    async with skipping_server() as env:
        yield env.client


@pytest.fixture(scope="session")
def settings() -> Settings:
    return made_up_settings("postgresql://nowhere/none", 0, 0)


@pytest.fixture
async def door(settings: Settings, database: Database, temporal: Client) -> AsyncIterator[Door]:
    async with opened(settings, database, temporal) as door:
        yield door


@pytest.fixture
async def dead_database() -> AsyncIterator[Database]:
    """PostgreSQL is down."""
    database = Database(DEAD)
    yield database
    await database.close()


@pytest.fixture
async def line(temporal: Client) -> AsyncIterator[Line]:
    """The line to Temporal; cut it, and Temporal is down."""
    async with line_to(temporal.service_client.config.target_host) as line:
        yield line


@pytest.fixture
async def on_line(line: Line, temporal: Client) -> Client:
    """A client that was connected before the outage, as a gateway's is."""
    return await Client.connect(f"127.0.0.1:{line.port}", plugins=[plugin()])


@asynccontextmanager
async def opened(settings: Settings, database: Database, temporal: Client) -> AsyncIterator[Door]:
    async with httpx.AsyncClient() as outside:
        app = gateway(settings, database, temporal, outside)
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway", verify=False) as http:
            yield Door(settings, database, temporal, http)
