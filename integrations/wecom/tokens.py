"""The access token: one per app secret, cached, shared between processes (contract §1.1)."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import Protocol

from pydantic import AwareDatetime, BaseModel, ConfigDict, SecretStr

from integrations.wecom.errcodes import rule_for
from integrations.wecom.errors import Misconfigured

REFRESH_BEFORE = timedelta(seconds=300)  # contract §1.1: refresh when this little is left of the 7200 s
REFETCH_AFTER = timedelta(seconds=60)
# About 2000 wrong secrets in an hour ban the IP (contract §1.1): one try per 5 minutes stays far below.
DEFAULT_FAILURE_MEMORY_SECONDS = 300.0
# A secret or a corpid is wrong for every process; an untrusted address (60020) is one machine's own.
_WRONG_FOR_ALL = {40001, 40013}


class Token(BaseModel):
    """`value` is up to 512 bytes; its repr and str show stars."""

    model_config = ConfigDict(frozen=True)

    value: SecretStr
    expires_at: AwareDatetime


class WrongSecret(BaseModel):
    """WeCom refused the corpid and secret of this digest. Another secret has another digest: it is tried."""

    model_config = ConfigDict(frozen=True)

    digest: str
    errcode: int
    at: AwareDatetime


def digest_of(corp_id: str, secret: SecretStr) -> str:
    """Tells one secret from another without telling it."""
    return hashlib.sha256(f"{corp_id}/{secret.get_secret_value()}".encode()).hexdigest()


class TokenStore(Protocol):
    """Where the processes share the token, and what is known of its secret."""

    async def load(self) -> Token | None: ...

    async def save(self, token: Token) -> None: ...

    async def drop(self, value: str) -> None:
        """Forget the token only if it is still this one: another process may have replaced it already."""

    async def wrong_secret(self) -> WrongSecret | None:
        """The last one that was refused."""

    async def remember_wrong(self, wrong: WrongSecret) -> None: ...

    def lock(self) -> AbstractAsyncContextManager[None]:
        """Held around a refresh, over all processes."""


class MemoryTokenStore:
    """For one process: tests and small tools."""

    def __init__(self) -> None:
        self._token: Token | None = None
        self._wrong: WrongSecret | None = None
        self._lock = asyncio.Lock()

    async def load(self) -> Token | None:
        return self._token

    async def save(self, token: Token) -> None:
        self._token = token

    async def drop(self, value: str) -> None:
        if self._token is not None and self._token.value.get_secret_value() == value:
            self._token = None

    async def wrong_secret(self) -> WrongSecret | None:
        return self._wrong

    async def remember_wrong(self, wrong: WrongSecret) -> None:
        self._wrong = wrong

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
        secret_digest: str = "",
        failure_memory_seconds: float = DEFAULT_FAILURE_MEMORY_SECONDS,
    ) -> None:
        self._secret_digest = secret_digest
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
        await self._recall()
        try:
            token = await self._fetch()
            self._fetched_at = self._clock()
            return token
        except Misconfigured as failure:
            self._failure, self._failed_at = failure, self._clock()
            if failure.errcode is not None and failure.errcode in _WRONG_FOR_ALL:
                wrong = WrongSecret(digest=self._secret_digest, errcode=failure.errcode, at=self._failed_at)
                await self._store.remember_wrong(wrong)
            raise

    async def _recall(self) -> None:
        """Raises what this process, or any other with the same secret, was told lately."""
        if self._failure is not None and self._failed_at is not None and self._lately(self._failed_at):
            raise self._failure.with_traceback(None)
        self._failure = None
        wrong = await self._store.wrong_secret()
        if wrong is not None and wrong.digest == self._secret_digest and self._lately(wrong.at):
            again = wrong.at + self._failure_memory
            self._failure, self._failed_at = _remembered(wrong, again), wrong.at
            raise self._failure

    def _lately(self, at: datetime) -> bool:
        return self._clock() - at < self._failure_memory


def _remembered(wrong: WrongSecret, again: datetime) -> Misconfigured:
    said = f"refused at {wrong.at:%H:%M:%S} UTC and not tried again before {again:%H:%M:%S} UTC"
    return Misconfigured(
        "gettoken",
        wrong.errcode,
        f"{said}; a changed secret is tried at once",
        rule=rule_for(wrong.errcode, "gettoken"),
    )
