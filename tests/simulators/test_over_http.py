"""The whole wire: a real server, a real receiver, from the scan to the welcome."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import uvicorn
from defusedxml import ElementTree
from fastapi import FastAPI, Request, Response

from simulators.app import create_app
from simulators.callback_crypto import CallbackCrypto
from simulators.config import SimulatorConfig

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def serving(app: FastAPI) -> AsyncIterator[str]:
    """On a port of the system's choice."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await task


class Gateway:
    """Verifies, decrypts, and puts the event where the test waits for it."""

    def __init__(self, config: SimulatorConfig) -> None:
        self.crypto = CallbackCrypto(config.callback_token, config.callback_aes_key, config.corp_id)
        self.events: asyncio.Queue[dict[str, str]] = asyncio.Queue()
        self.app = FastAPI()
        self.app.post("/wecom/callback")(self.receive)

    async def receive(self, request: Request, msg_signature: str, timestamp: str, nonce: str) -> Response:
        encrypted = ElementTree.fromstring(await request.body()).findtext("Encrypt") or ""
        assert msg_signature == self.crypto.signature(timestamp, nonce, encrypted)
        tree = ElementTree.fromstring(self.crypto.decrypt(encrypted))
        await self.events.put({element.tag: element.text or "" for element in tree})
        return Response()


async def test_from_the_scan_to_the_welcome(config: SimulatorConfig) -> None:
    gateway = Gateway(config)
    async with (
        serving(gateway.app) as gateway_url,
        serving(
            create_app(config.model_copy(update={"callback_url": f"{gateway_url}/wecom/callback"}))
        ) as base_url,
        httpx.AsyncClient(base_url=base_url, trust_env=False) as http,
    ):
        answer = await http.get(
            "/cgi-bin/gettoken", params={"corpid": config.corp_id, "corpsecret": config.secret}
        )
        token = {"access_token": answer.json()["access_token"]}

        async def post(path: str, body: dict[str, Any]) -> Any:
            return (await http.post(path, params=token, json=body)).raise_for_status().json()

        await post("/_control/employees", {"userid": "zhangsan", "name": "张三"})
        person = (await post("/_control/people", {"nickname": "小李"}))["external_userid"]
        way = await post(
            "/cgi-bin/externalcontact/add_contact_way",
            {"type": 1, "scene": 2, "user": ["zhangsan"], "state": "door"},
        )
        assert (await http.get(way["qr_code"])).headers["Content-Type"] == "image/png"
        await post("/_control/scan", {"external_userid": person, "config_id": way["config_id"]})
        event = await gateway.events.get()
        assert (event["ExternalUserID"], event["State"]) == (person, "door")
        welcome = {"welcome_code": event["WelcomeCode"], "text": {"content": "欢迎"}}
        assert (await post("/cgi-bin/externalcontact/send_welcome_msg", welcome))["errcode"] == 0
        (message,) = (await http.get(f"/_control/received/{person}")).json()
        assert message["text"] == "欢迎"


async def test_a_receiver_that_is_down_or_too_slow(config: SimulatorConfig) -> None:
    slow = FastAPI()

    @slow.post("/slow")
    async def sleep() -> None:
        await asyncio.sleep(1)

    limits = {"callback_timeout_seconds": 0.05, "callback_retry_delays": (0,)}
    app = create_app(config.model_copy(update=limits))
    world = app.state.world
    async with serving(slow) as slow_url:
        for url in (f"{slow_url}/slow", "http://127.0.0.1:9/refused"):
            world.config.callback_url = url
            world.callbacks.raw("<Event>x</Event>")
            await world.drain()
    await world.close()
    errors = [[attempt.error for attempt in delivery.attempts] for delivery in world.callbacks.outbox.log]
    assert [delivery.outcome for delivery in world.callbacks.outbox.log] == ["failed", "failed"]
    assert errors[0] == ["TimeoutError()"] * 2
    assert all("ConnectError" in error for error in errors[1])
