"""A simulated world with a clock that only moves when told to."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest
from fastapi import FastAPI

from simulators.app import create_app
from simulators.config import SimulatorConfig
from simulators.world import World
from tests.simulators.sim import Receiver, Sim

START = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)

# The keys are those of the official crypto sample (contract §3.2).
CONFIG = SimulatorConfig(
    corp_id="wx5823bf96d3bd56c7",
    agent_id=1000002,
    secret="app-secret",
    callback_token="QDG6eK",
    callback_aes_key="jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C",
    callback_url="http://gateway/wecom/callback",
    pos_api_key="till-key",
    pos_push_url="http://gateway/pos/generic/events",
    pos_push_secret="push-secret",
    callback_retry_delays=(0, 0, 0),
    mark_tag_seconds=0,
)


@pytest.fixture
def config() -> SimulatorConfig:
    return CONFIG.model_copy(deep=True)


@pytest.fixture(scope="session")
def app() -> FastAPI:
    """Building the routes takes longer than a test, and they hold no state: each test has its own world."""
    return create_app(CONFIG)


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
async def sim(
    anyio_backend: str, app: FastAPI, config: SimulatorConfig, receiver: Receiver
) -> AsyncIterator[Sim]:
    world = app.state.world = World(config, lambda: START, httpx.MockTransport(receiver))
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://sim") as http:
        yield Sim(http, world)
        await world.close()
