"""What Square's SDK sends through: our own exchange, which bounds time and size."""

from __future__ import annotations

import json

import httpx

from integrations.exchange import exchange
from integrations.pos.till_http import parse_object


class Wire(httpx.AsyncBaseTransport):
    """Raises NoAnswer. The SDK would cut 15.5 to the integer 15, so fractions reach it as text, exact."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await exchange(
            self._http,
            request.method,
            str(request.url),
            headers=request.headers,
            content=await request.aread(),
            timeout_seconds=request.extensions["timeout"]["read"],
        )
        fields = parse_object(answer.body)
        body = b"" if fields is None else json.dumps(fields, default=str).encode()
        after = answer.headers.get("retry-after")
        return httpx.Response(answer.status, headers={"retry-after": after} if after else None, content=body)
