"""The access token: one per app secret, cached, shared between processes (contract §1.1)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import Protocol

from pydantic import AwareDatetime, BaseModel, ConfigDict, SecretStr

from integrations.wecom.errors import Misconfigured

REFRESH_BEFORE = timedelta(seconds=300)  # contract §1.1: refresh when this little is left of the 7200 s
REFETCH_AFTER = timedelta(seconds=60)
# About 2000 wrong secrets in an hour ban the IP (contract §1.1): one try per 5 minutes stays far below.
DEFAULT_FAILURE_MEMORY_SECONDS = 300.0


class Token(BaseModel):
    """`value` is up to 512 bytes; its repr and str show stars."""

    model_config = ConfigDict(frozen=True)

    value: SecretStr
    expires_at: AwareDatetime


class TokenStore(Protocol):
    """Where the processes share the token."""

    async def load(self) -> Token | None: ...

    async def save(self, token: Token) -> None: ...

    async def drop(self, value: str) -> None:
        """Forget the token only if it is still this one: another process may have replaced it already."""

    def lock(self) -> AbstractAsyncContextManager[None]:
        """Held around a refresh, over all processes."""


class MemoryTokenStore:
    """For one process: tests and small tools."""

    def __init__(self) -> None:
        self._token: Token | None = None
        self._lock = asyncio.Lock()

    async def load(self) -> Token | None:
        return self._token

    async def save(self, token: Token) -> None:
        self._token = token

    async def drop(self, value: str) -> None:
        if self._token is not None and self._token.value.get_secret_value() == value:
            self._token = None

    def lock(self) -> AbstractAsyncContextManager[None]:
        return self._lock


class TokenSource:
    """Gives the current token; fetches it once, however many ask at the same time."""

    def __init__(
        self,
        fetch: Callable[[], Awaitable[Token]],
        store: TokenStore,
        clock: Callable[[], datetime],
        *,
        failure_memory_seconds: float = DEFAULT_FAILURE_MEMORY_SECONDS,
    ) -> None:
        self._fetch = fetch
        self._store = store
        self._clock = clock
        self._failure_memory = timedelta(seconds=failure_memory_seconds)
        self._known: Token | None = None  # spares a read of the store per call; a rejection clears it
        self._failure: Misconfigured | None = None
        self._failed_at: datetime | None = None
        self._fetched_at: datetime | None = None
        # In front of the store's lock: many waiting tasks then hold one database connection, not one each.
        self._one_at_a_time = asyncio.Lock()

    async def get(self) -> str:
        """Raises Misconfigured without calling WeCom while a wrong secret is remembered."""
        if not self._fresh(self._known):
            async with self._one_at_a_time:
                if not self._fresh(self._known):
                    self._known = await self._load_or_fetch()
        assert self._known is not None
        return self._known.value.get_secret_value()

    async def rejected(self, value: str) -> None:
        """WeCom refused this token. One that has been replaced in the meantime is kept."""
        if self._known is not None and self._known.value.get_secret_value() == value:
            self._known = None
        await self._store.drop(value)

    def _fresh(self, token: Token | None) -> bool:
        """WeCom gives the same token again while it is valid: near its end once a minute is often enough."""
        if token is None:
            return False
        now = self._clock()
        lately = self._fetched_at is not None and now - self._fetched_at < REFETCH_AFTER
        return token.expires_at - now > (timedelta() if lately else REFRESH_BEFORE)

    async def _load_or_fetch(self) -> Token:
        stored = await self._store.load()
        if stored is not None and self._fresh(stored):
            return stored
        async with self._store.lock():
            stored = await self._store.load()  # another process may have fetched it while we waited
            if stored is not None and self._fresh(stored):
                return stored
            token = await self._fetch_unless_known_to_fail()
            await self._store.save(token)
            return token

    async def _fetch_unless_known_to_fail(self) -> Token:
        if self._failure is not None and self._failed_at is not None:
            if self._clock() - self._failed_at < self._failure_memory:
                raise self._failure.with_traceback(None)
            self._failure = None
        try:
            token = await self._fetch()
            self._fetched_at = self._clock()
            return token
        except Misconfigured as failure:
            self._failure, self._failed_at = failure, self._clock()
            raise
