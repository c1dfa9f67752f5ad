"""A till behind httpx.MockTransport."""

from __future__ import annotations

import json
from collections.abc import Callable

import httpx

from integrations.pos import (
    Coupon,
    GenericPos,
    PosPort,
)

Handler = Callable[[httpx.Request], httpx.Response]

COUPON = {"coupon_id": "c1", "template_id": "t1", "member_id": "m1", "status": "issued"}


def till(handler: Handler) -> GenericPos:
    http = httpx.AsyncClient(transport=httpx.MockTransport(handler))
    return GenericPos(http=http, base_url="https://till.example/pos/", api_key="key", webhook_secret="hook")


def answering(body: object, status: int = 200, **headers: str) -> tuple[GenericPos, list[httpx.Request]]:
    asked: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(status, content=json.dumps(body).encode(), headers=headers)

    return till(handle), asked


def failing(failure: Exception) -> GenericPos:
    def handle(request: httpx.Request) -> httpx.Response:
        raise failure

    return till(handle)


async def issue(pos: PosPort) -> Coupon:
    return await pos.issue_coupon(template_id="t1", member_id="m1", idempotency_key="journey/step/m1")
