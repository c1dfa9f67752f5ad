"""What an operator and a load balancer see."""

import asyncio

import pytest
from temporalio.client import Client

from settings import Settings
from storage.database import Database
from tests.gateway.conftest import opened
from tests.gateway.door import CALLBACK, Door
from tests.gateway.line import Line

pytestmark = pytest.mark.anyio


async def counts(door: Door) -> dict[str, float]:
    """The facts by door and result, as Prometheus reads them."""
    lines = (await door.http.get("/metrics")).text.splitlines()
    found = (line.rsplit(" ", 1) for line in lines if line.startswith("journeys_inbound_facts_total{"))
    return {name.partition("{")[2].rstrip("}"): float(value) for name, value in found}


async def test_it_is_alive_and_ready(door: Door) -> None:
    assert (await door.http.get("/healthz")).status_code == 200
    ready = await door.http.get("/readyz")
    assert (ready.status_code, ready.json()) == (200, {"ready": True, "problems": []})


async def test_without_postgresql_it_is_alive_and_not_ready_and_says_why(
    settings: Settings, dead_database: Database, temporal: Client
) -> None:
    async with opened(settings, dead_database, temporal) as door:
        assert (await door.http.get("/healthz")).status_code == 200
        ready = await door.http.get("/readyz")
    assert ready.status_code == 503
    assert ready.json()["problems"] == ["PostgreSQL does not answer: check DATABASE_URL"]


async def test_without_temporal_it_is_not_ready_and_says_why(
    settings: Settings, database: Database, line: Line, on_line: Client
) -> None:
    async with opened(settings, database, on_line) as door:
        await line.cut()
        ready = await door.http.get("/readyz")
        assert ready.status_code == 503
        assert ready.json()["problems"] == ["Temporal does not answer: check TEMPORAL_ADDRESS"]
        await line.mend()
        while (await door.http.get("/readyz")).status_code != 200:  # noqa: ASYNC110 - no event says so
            await asyncio.sleep(0.05)


async def test_facts_are_counted_by_door_and_result(door: Door) -> None:
    xml = door.add("wm-counted")
    await door.callback(xml)
    await door.callback(xml)
    await door.http.post(CALLBACK, content=b"<xml/>")
    await door.http.post(CALLBACK, content=b" " * (1024 * 1024 + 1))
    await door.push({"event_id": "e1", "type": "order.paid", "order_id": "O1"})
    await door.push({}, secret="guessed")
    assert await counts(door) == {
        'door="wecom",result="new"': 1,
        'door="wecom",result="repeated"': 1,
        'door="wecom",result="refused"': 2,
        'door="pos",result="new"': 1,
        'door="pos",result="refused"': 1,
    }


async def test_what_has_to_be_repeated_is_counted(
    settings: Settings, dead_database: Database, temporal: Client
) -> None:
    async with opened(settings, dead_database, temporal) as door:
        await door.callback(door.raw("<Event>unheard_of</Event>"))
        await door.push({"event_id": "e1", "type": "order.paid", "order_id": "O1", "member_id": "M1"})
        assert await counts(door) == {
            'door="wecom",result="try_again"': 1,
            'door="pos",result="try_again"': 1,
        }
