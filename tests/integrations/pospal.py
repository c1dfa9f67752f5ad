"""Pospal's adapter on the simulated Pospal, or before answers of the test's own."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cache
from typing import Any

import httpx
from fastapi import FastAPI
from pydantic import SecretStr

from integrations.pos import Access, Means, Meter, PosEvent, Push, StoreKey
from integrations.pos.pospal import Pospal, connect
from simulators.app import create_app
from simulators.world import World
from tests.integrations.corp import BASE, CONFIG
from tests.integrations.fakes import Clock

PUSH_URL = "http://gateway/pos/pospal/events"
ACCESS = Access(
    base_url=f"{BASE}/pospal",
    app_id="hq",
    api_key=SecretStr("hq-key"),
    store_keys={
        "S001": StoreKey("app-1", SecretStr("key-1")),
        "S002": StoreKey("app-2", SecretStr("key-2")),
    },
)
PLAYED = {
    "pos_provider": "pospal",
    "pos_app_id": "hq",
    "pos_api_key": "hq-key",
    "pos_store_keys": "S001=app-1:key-1,S002=app-2:key-2",
    "pos_push_url": PUSH_URL,
}


@cache
def _app() -> FastAPI:
    """Building the routes takes longer than a test."""
    return create_app(CONFIG)


class PospalTill:
    """A simulated chain on Pospal. `pos` is the adapter; `control` does what happens at the counter."""

    def __init__(self, world: World, http: httpx.AsyncClient, delivered: list[httpx.Request]) -> None:
        self.world, self._http, self._delivered = world, http, delivered
        self.pos = self.connected()

    def connected(self, **options: object) -> Pospal:
        access = Access(**{**vars(ACCESS), "options": options})
        return connect(access, Means(http=self._http, clock=self.world.clock))

    async def control(self, path: str, **body: object) -> Any:
        response = await self._http.post(f"{BASE}/_control/{path}", json=body)
        assert response.is_success, response.text
        return response.json()

    async def pushed(self) -> list[PosEvent]:
        """The pushes since the last time, verified and read by the adapter."""
        await self.world.drain()
        arrived, self._delivered[:] = list(self._delivered), []
        pushes = [Push(url=str(one.url), headers=dict(one.headers), body=one.content) for one in arrived]
        return [event for push in pushes for event in self.pos.open_push(push, self.world.clock())]


@asynccontextmanager
async def running_pospal() -> AsyncIterator[PospalTill]:
    """With the stores S001 and S002."""
    delivered: list[httpx.Request] = []

    def door(request: httpx.Request) -> httpx.Response:
        delivered.append(request)
        return httpx.Response(200)

    app = _app()
    world = app.state.world = World(CONFIG.model_copy(update=PLAYED), Clock(), httpx.MockTransport(door))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as http:
        till = PospalTill(world, http, delivered)
        for store in ("S001", "S002"):
            await till.control("till/stores", store_id=store, name=f"店{store}")
        yield till
        await world.close()


def over(
    handler: Callable[[httpx.Request], httpx.Response], meter: Meter | None = None, **changes: Any
) -> Pospal:
    http = httpx.AsyncClient(transport=httpx.MockTransport(handler))
    access = Access(**{**vars(ACCESS), "base_url": "https://area28-win.pospal.cn:443", **changes})
    return connect(access, Means(http=http, clock=Clock(), meter=meter))


def answering(*data: object, **changes: Any) -> tuple[Pospal, list[httpx.Request]]:
    """The adapter before these answers, each in its envelope, the last repeated; and what it asked."""
    asked: list[httpx.Request] = []
    left = list(data)

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        answer = left.pop(0) if len(left) > 1 else left[0]
        return httpx.Response(200, content=json.dumps({"status": "SUCCESS", "messages": [], "data": answer}))

    return over(handle, **changes), asked


def refusing(*messages: str, status: int = 200) -> Pospal:
    told = {"status": "error", "messages": messages, "errorCode": 77, "data": None}
    return over(lambda _: httpx.Response(status, json=told))


def body_of(request: httpx.Request) -> Any:
    return json.loads(request.content)
