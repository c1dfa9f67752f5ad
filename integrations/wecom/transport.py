"""One typed call to WeCom: a token, the answer as a model, one refresh and one replay, no other retries."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from integrations.exchange import Answer
from integrations.validation import places
from integrations.wecom.errors import TokenRejected, Unreachable
from integrations.wecom.governor import Governor, admission
from integrations.wecom.tokens import TokenSource
from integrations.wecom.types import Shape
from integrations.wecom.wire import Call, Wire

Model = TypeVar("Model", bound=BaseModel)
Result = TypeVar("Result")


class Nothing(Shape):
    """The answer of a call that only says "ok"."""


class Page(Shape):
    """Cursor paging, contract §0.2: the last page has no cursor or an empty one."""

    next_cursor: str = ""


AnyPage = TypeVar("AnyPage", bound=Page)


class Transport:
    """`timeout_seconds` is for a call, `transfer_timeout_seconds` for what moves a file."""

    def __init__(
        self,
        wire: Wire,
        tokens: TokenSource,
        governor: Governor,
        *,
        timeout_seconds: float,
        transfer_timeout_seconds: float,
    ) -> None:
        self._wire = wire
        self._tokens = tokens
        self._governor = governor
        self._timeout_seconds = timeout_seconds
        self.transfer_timeout_seconds = transfer_timeout_seconds

    async def call(self, call: Call, answer: type[Model], *, timeout_seconds: float | None = None) -> Model:
        """`timeout_seconds` bounds the whole call, with waiting for a token, a place and the replay."""

        async def ask(credentials: Mapping[str, str], left: float) -> Model:
            fields = await self._wire.ask(call, credentials, timeout_seconds=left)
            try:
                return answer.model_validate(fields)
            except ValidationError as error:
                raise Unreachable(
                    call.api, f"unexpected answer at {places(error)}", maybe_done=True
                ) from None

        return await self._admitted(call, ask, timeout_seconds or self._timeout_seconds)

    async def download(self, call: Call, *, max_bytes: int) -> Answer:
        """A file that WeCom itself keeps; its errors come as JSON and are raised."""

        async def ask(credentials: Mapping[str, str], left: float) -> Answer:
            return await self._wire.download(call, credentials, timeout_seconds=left, max_bytes=max_bytes)

        return await self._admitted(call, ask, self.transfer_timeout_seconds)

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

    async def _admitted(
        self, call: Call, ask: Callable[[Mapping[str, str], float], Awaitable[Result]], timeout_seconds: float
    ) -> Result:
        """`ask` gets the credentials and the seconds that are left; a refused token is replaced once."""
        deadline = asyncio.get_running_loop().time() + timeout_seconds
        wanted = admission(call, deadline)

        async def once(token: str) -> Result:
            async with self._governor.admit(wanted):
                left = deadline - asyncio.get_running_loop().time()
                if left <= 0:
                    raise Unreachable(call.api, "no time left after waiting for its turn", maybe_done=False)
                return await ask({"access_token": token}, left)

        token = await self._token(call.api, deadline)
        try:
            return await once(token)
        except TokenRejected:
            await self._tokens.rejected(token)
        return await once(await self._token(call.api, deadline))

    async def _token(self, api: str, deadline: float) -> str:
        try:
            async with asyncio.timeout_at(deadline):
                return await self._tokens.get()
        except TimeoutError:
            raise Unreachable(api, "no token in time", maybe_done=False) from None
