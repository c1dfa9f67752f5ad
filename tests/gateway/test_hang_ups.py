"""Phones lose their connection in the middle of a request: that is nothing for the log of errors."""

from typing import Any

import httpx
import pytest

from tests.gateway.chain import Chain
from tests.gateway.door import CALLBACK, PUSH, Door, gateway
from tests.gateway.test_forms import path

pytestmark = pytest.mark.anyio


async def hang_up_on(door: Door, address: str) -> int:
    """Send a piece of a body and go; the status that nobody hears."""
    inbox: list[dict[str, Any]] = [
        {"type": "http.request", "body": b"lat=1", "more_body": True},
        {"type": "http.disconnect"},
    ]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return inbox.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": address, "query_string": b"", "headers": []}
    async with httpx.AsyncClient() as outside:
        await gateway(door.settings, door.database, door.temporal, outside)(scope, receive, send)
    return int(sent[0]["status"])


async def test_a_cut_request_changes_nothing_and_raises_nothing(door: Door) -> None:
    chain = await Chain(door.database).open()
    for address in (CALLBACK, PUSH, path(door, "wm1"), "/s/S001-cashier/nearest"):
        assert await hang_up_on(door, address) < 500
    assert await door.rows() == []
    assert await chain.scans() == {}
