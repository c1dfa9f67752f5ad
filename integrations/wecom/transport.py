"""One typed call to WeCom: a token, the answer as a model, one refresh and one replay, no other retries."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from integrations.validation import places
from integrations.wecom.errors import TokenRejected, Unreachable
from integrations.wecom.tokens import TokenSource
from integrations.wecom.wire import Call, Wire

Model = TypeVar("Model", bound=BaseModel)


class Nothing(BaseModel):
    """The answer of a call that only says "ok"."""


class Page(BaseModel):
    """Cursor paging, contract §0.2: the last page has no cursor or an empty one."""

    next_cursor: str = ""


AnyPage = TypeVar("AnyPage", bound=Page)


class Transport:
    """`timeout_seconds` is for a call, `transfer_timeout_seconds` for what moves a file."""

    def __init__(
        self, wire: Wire, tokens: TokenSource, *, timeout_seconds: float, transfer_timeout_seconds: float
    ) -> None:
        self._wire = wire
        self._tokens = tokens
        self._timeout_seconds = timeout_seconds
        self.transfer_timeout_seconds = transfer_timeout_seconds

    async def call(self, call: Call, answer: type[Model], *, timeout_seconds: float | None = None) -> Model:
        """`timeout_seconds` bounds the whole call, with waiting for a token and the replay."""
        deadline = asyncio.get_running_loop().time() + (timeout_seconds or self._timeout_seconds)
        token = await self._token(call.api, deadline)
        try:
            return await self._ask(call, answer, token, deadline)
        except TokenRejected:
            await self._tokens.rejected(token)
        token = await self._token(call.api, deadline)
        return await self._ask(call, answer, token, deadline)

    async def pages(
        self, api: str, body: Mapping[str, object], page: type[AnyPage]
    ) -> AsyncIterator[AnyPage]:
        """Every page of a POST list API, asked for one at a time."""
        cursor = ""
        while True:
            found = await self.call(Call(api, body={**body, "cursor": cursor}), page)
            yield found
            if not found.next_cursor:
                return
            if found.next_cursor == cursor:
                raise Unreachable(api, "the cursor does not advance", maybe_done=True)
            cursor = found.next_cursor

    async def download_image(self, api: str, url: str, *, max_bytes: int) -> bytes:
        """An image of WeCom's picture host; `api` names the call in errors."""
        return await self._wire.download_image(
            api, url, timeout_seconds=self.transfer_timeout_seconds, max_bytes=max_bytes
        )

    async def _token(self, api: str, deadline: float) -> str:
        try:
            async with asyncio.timeout_at(deadline):
                return await self._tokens.get()
        except TimeoutError:
            raise Unreachable(api, "no token in time", maybe_done=False) from None

    async def _ask(self, call: Call, answer: type[Model], token: str, deadline: float) -> Model:
        left = deadline - asyncio.get_running_loop().time()
        if left <= 0:
            raise Unreachable(call.api, "no time left after waiting for a token", maybe_done=False)
        fields = await self._wire.ask(call, {"access_token": token}, timeout_seconds=left)
        try:
            return answer.model_validate(fields)
        except ValidationError as error:
            raise Unreachable(call.api, f"unexpected answer at {places(error)}", maybe_done=True) from None
