"""A light shop: every test of an activity gets a fresh database and a fresh world, and no Temporal.

The shop is furnished once; each test gets a copy of its database and of its world.
"""

import copy
import itertools
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import httpx
import psycopg
import pytest
from fastapi import FastAPI

from settings import Settings
from simulators.app import create_app
from simulators.from_settings import simulator_config
from simulators.world import World
from starter.preview.corp import made_up_settings
from storage.database import Database
from tests.activities.shop import SIMULATORS, Shop, ToldClock, furnish, open_shop

TEMPLATE = "template_shop"
_numbers = itertools.count()


@dataclass
class Furnished:
    """The world in which the template database was furnished."""

    world: World
    clock: ToldClock
    groups: dict[str, str]
    join_ways: dict[str, str]

    def copy(self, clock: ToldClock) -> World:
        """The same world under another clock."""
        shared = self.world._http  # it calls nobody
        return copy.deepcopy(self.world, {id(self.clock): clock, id(shared): shared})


@pytest.fixture(scope="session")
def settings() -> Settings:
    at_simulators = {"wecom_base_url": SIMULATORS, "pos_base_url": f"{SIMULATORS}/pos"}
    return made_up_settings("postgresql://nowhere/none", 0, 0).model_copy(update=at_simulators)


@pytest.fixture(scope="session")
def simulators(settings: Settings) -> FastAPI:
    """The routes hold no state and take longer to build than a test: every test sets a world of its own."""
    return create_app(simulator_config(settings))


@pytest.fixture(scope="session")
async def outside(simulators: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """The one way to the simulators, without a network."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=simulators), verify=False) as http:
        yield http


@pytest.fixture(scope="session")
async def furnished(
    postgres: str, settings: Settings, simulators: FastAPI, outside: httpx.AsyncClient
) -> AsyncIterator[Furnished]:
    clock = ToldClock()
    config = simulator_config(settings).model_copy(
        update={
            "callback_url": None,
            "cards_need_callback": False,
            "pos_push_url": None,
            "mark_tag_seconds": 0,
        }
    )
    world = simulators.state.world = World(config, clock, httpx.MockTransport(_nobody_there))
    _create(postgres, TEMPLATE, "template_journeys")
    database = Database(_address(postgres, TEMPLATE))
    shop = open_shop(settings, database, clock, world, outside)
    await furnish(shop)
    await database.close()
    world.traffic.counts.clear()
    yield Furnished(world, clock, shop.groups, shop.join_ways)
    await world.close()


@pytest.fixture
def database_url(postgres: str, furnished: Furnished) -> Iterator[str]:
    """A copy of the furnished database."""
    name = f"shop_{next(_numbers)}"
    _create(postgres, name, TEMPLATE)
    yield _address(postgres, name)
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def shop(
    settings: Settings,
    database: Database,
    simulators: FastAPI,
    outside: httpx.AsyncClient,
    furnished: Furnished,
) -> Shop:
    """Two stores with their employees, codes and groups. Callbacks are written down and not sent."""
    clock = ToldClock()
    world = simulators.state.world = furnished.copy(clock)
    opened = open_shop(settings, database, clock, world, outside)
    opened.groups, opened.join_ways = dict(furnished.groups), dict(furnished.join_ways)
    return opened


def _nobody_there(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("no callback is sent here", request=request)


def _create(postgres: str, name: str, template: str) -> None:
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")


def _address(postgres: str, name: str) -> str:
    return postgres.replace("postgresql:", "postgresql+psycopg:", 1).replace("/postgres?", f"/{name}?", 1)
