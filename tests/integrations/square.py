"""Square's adapter on the simulated Square, or before answers of the test's own."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import cache
from typing import Any

import httpx
from fastapi import FastAPI
from pydantic import SecretStr

from integrations.pos import Access, EventKind, Means, Push
from integrations.pos.square import SquarePos, connect
from simulators.app import create_app
from simulators.world import World
from tests.integrations.corp import BASE, CONFIG
from tests.integrations.fakes import Clock

PUSH_URL = "http://gateway/pos/square/events"
ACCESS = Access(
    base_url=f"{BASE}/square",
    api_key=SecretStr(CONFIG.pos_api_key),
    webhook_secret=SecretStr(CONFIG.pos_push_secret),
    push_url=PUSH_URL,
)
Asked = list[tuple[str, dict[str, Any]]]


@cache
def _app() -> FastAPI:
    """Building the routes takes longer than a test."""
    return create_app(CONFIG)


class SquareTill:
    """A simulated chain on Square. `pos` is the adapter; `control` does what happens at the counter."""

    def __init__(self, world: World, http: httpx.AsyncClient, delivered: list[httpx.Request]) -> None:
        self.world, self._http, self._delivered = world, http, delivered
        self.pos = self.adapter()

    def adapter(self, **options: object) -> SquarePos:
        access = replace(ACCESS, options=options)
        return connect(access, Means(http=self._http, clock=self.world.clock))

    async def control(self, path: str, **body: object) -> Any:
        response = await self._http.post(f"{BASE}/_control/{path}", json=body)
        assert response.is_success, response.text
        return response.json()

    async def pushed(self) -> list[tuple[EventKind, dict[str, Any]]]:
        """What the pushes since the last time said, verified and read by the adapter."""
        await self.world.drain()
        arrived, self._delivered[:] = list(self._delivered), []
        found = []
        for request in arrived:
            push = Push(url=str(request.url), headers=dict(request.headers), body=request.content)
            for event in self.pos.open_push(push, self.world.clock()):
                ids = event.model_dump(include={"order_id", "coupon_id", "member_id"}, exclude_none=True)
                found.append((event.kind, ids))
        return found


@asynccontextmanager
async def running_square() -> AsyncIterator[SquareTill]:
    delivered: list[httpx.Request] = []

    def door(request: httpx.Request) -> httpx.Response:
        delivered.append(request)
        return httpx.Response(200)

    app = _app()
    config = CONFIG.model_copy(update={"pos_provider": "square", "pos_push_url": PUSH_URL})
    world = app.state.world = World(config, Clock(), httpx.MockTransport(door))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as http:
        yield SquareTill(world, http, delivered)
        await world.close()


def over(handler: Callable[[httpx.Request], httpx.Response], **changes: Any) -> SquarePos:
    http = httpx.AsyncClient(transport=httpx.MockTransport(handler))
    return connect(replace(ACCESS, **changes), Means(http=http, clock=Clock()))


def answering(*answers: object, status: int = 200, **headers: str) -> tuple[SquarePos, Asked]:
    """The adapter before these answers, the last of which is repeated; and what it asked, path and body."""
    asked: Asked = []
    left = list(answers)

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append((request.url.path, json.loads(request.content or b"{}")))
        answer = left.pop(0) if len(left) > 1 else left[0]
        content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        return httpx.Response(status, content=content, headers=headers)

    return over(handle), asked
