"""Stand-ins behind httpx.MockTransport. Strict: a call that nobody prepared fails the test."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

import httpx

from integrations.wecom import Governor, MemoryTokenStore, TokenStore, WeComClient

CORP_ID = "ww55ca070cb9b7eb22"
SECRET = "app-secret-app-secret-app-secret-app-secret"
START = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)

Reply = Mapping[str, object] | httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]


class Clock:
    def __init__(self, now: datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class FakeWeCom:
    """Answers each api with its prepared replies in order, the last one for ever; gettoken counts up."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []
        self.tokens = 0
        self._replies: dict[str, list[Reply]] = {}

    def prepare(self, api: str, *replies: Reply) -> FakeWeCom:
        self._replies[api] = list(replies)
        return self

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        api = request.url.path.removeprefix("/cgi-bin/")
        self.requests.append(request)
        if api == "gettoken" and api not in self._replies:
            self.tokens += 1
            return httpx.Response(
                200, json={"errcode": 0, "access_token": f"token-number-{self.tokens}", "expires_in": 7200}
            )
        assert api in self._replies, f"unexpected call of {api}"
        prepared = self._replies[api]
        return _response(prepared.pop(0) if len(prepared) > 1 else prepared[0], request)

    def calls(self, api: str) -> list[httpx.Request]:
        return [request for request in self.requests if request.url.path == f"/cgi-bin/{api}"]

    def bodies(self, api: str) -> list[dict[str, object]]:
        return [json.loads(request.content) for request in self.calls(api)]

    def used_tokens(self, api: str) -> list[str]:
        return [request.url.params["access_token"] for request in self.calls(api)]


def _response(reply: Reply, request: httpx.Request) -> httpx.Response:
    if isinstance(reply, Exception):
        raise reply
    if isinstance(reply, httpx.Response):
        return reply
    return reply(request) if callable(reply) else httpx.Response(200, json=dict(reply))


def error(errcode: int, errmsg: str = "some text") -> dict[str, object]:
    """As in production: list fields come empty next to the error (contract §0.2)."""
    hint = "hint: [1646594702057801817545474], from ip: 203.0.113.7"
    return {"errcode": errcode, "errmsg": f"{errmsg}, {hint}", "external_userid": []}


def client_on(
    fake: Callable[[httpx.Request], object],
    *,
    clock: Clock | None = None,
    store: TokenStore | None = None,
    timeout_seconds: float = 5.0,
    secret: str = SECRET,
    governor: Governor | None = None,
) -> WeComClient:
    return WeComClient(
        http=httpx.AsyncClient(transport=httpx.MockTransport(fake)),  # type: ignore[arg-type]
        base_url="https://qyapi.example",
        corp_id=CORP_ID,
        secret=secret,
        agent_id=1000002,
        token_store=store or MemoryTokenStore(),
        clock=clock or Clock(),
        timeout_seconds=timeout_seconds,
        governor=governor,
    )
