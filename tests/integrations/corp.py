"""A simulated corp with our clients on it: every endpoint meets the contract's rules over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from integrations.pos import GenericPos
from integrations.wecom import (
    CallbackCrypto,
    CallbackEvent,
    MemoryTokenStore,
    WeComClient,
    open_callback,
    parse_event,
)
from simulators.app import create_app
from simulators.config import SimulatorConfig
from simulators.world import World
from tests.integrations.fakes import CORP_ID, SECRET, Clock

AES_KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
CALLBACK_TOKEN = "QDG6eK"
CONFIG = SimulatorConfig(
    corp_id=CORP_ID,
    agent_id=1000002,
    secret=SECRET,
    callback_token=CALLBACK_TOKEN,
    callback_aes_key=AES_KEY,
    callback_url="http://gateway/wecom/callback",
    pos_api_key="till-key",
    pos_push_url="http://gateway/pos/generic/events",
    pos_push_secret="push-secret",
)
BASE = "http://simulators"


class Corp:
    """`delivered` are the callbacks and pushes that the corp made, as they arrived at a door."""

    def __init__(self, world: World, http: httpx.AsyncClient, delivered: list[httpx.Request]) -> None:
        self.world = world
        self.delivered = delivered
        self.crypto = CallbackCrypto(CALLBACK_TOKEN, AES_KEY, CORP_ID)
        self.wecom = WeComClient(
            http=http,
            base_url=BASE,
            corp_id=CORP_ID,
            secret=SECRET,
            agent_id=1000002,
            token_store=MemoryTokenStore(),
            clock=world.clock,
        )
        self.till = GenericPos(
            http=http, base_url=f"{BASE}/pos", api_key="till-key", webhook_secret="push-secret"
        )
        self._http = http

    async def control(self, path: str, **body: object) -> Any:
        response = await self._http.post(f"{BASE}/_control/{path}", json=body)
        assert response.is_success, response.text
        return response.json()

    async def look(self, path: str) -> Any:
        response = await self._http.get(f"{BASE}/_control/{path}")
        assert response.is_success, response.text
        return response.json()

    async def press_delete(self, path: str) -> None:
        """What the console deletes, unlike the API."""
        response = await self._http.delete(f"{BASE}/_control/{path}")
        assert response.is_success, response.text

    async def hire(self, *userids: str) -> None:
        for userid in userids:
            await self.control("employees", userid=userid, name=userid)

    async def born(self, nickname: str) -> str:
        """The external_userid."""
        return str((await self.control("people", nickname=nickname))["external_userid"])

    async def friends(self, *userids: str) -> str:
        """A new customer who is a friend of these employees."""
        customer = await self.born("小明")
        for userid in userids:
            await self.control("add", userid=userid, external_userid=customer)
        return customer

    async def events(self) -> list[CallbackEvent]:
        """What arrived at the callback door since the last time, opened and parsed."""
        await self.world.drain()
        arrived, self.delivered[:] = list(self.delivered), []
        now = self.world.clock()
        return [
            parse_event(open_callback(self.crypto, request.content, request.url.params, now))
            for request in arrived
        ]


@asynccontextmanager
async def running_corp() -> AsyncIterator[Corp]:
    delivered: list[httpx.Request] = []

    def door(request: httpx.Request) -> httpx.Response:
        delivered.append(request)
        return httpx.Response(200)

    app = create_app(CONFIG, Clock(), httpx.MockTransport(door))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as http:
        yield Corp(app.state.world, http, delivered)
        await app.state.world.close()
