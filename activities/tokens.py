"""WeCom's token store, kept in PostgreSQL."""

from contextlib import AbstractAsyncContextManager

from pydantic import SecretStr

from integrations import wecom
from storage.tokens import SharedToken


class PostgresTokenStore:
    """A wecom.TokenStore for any number of processes."""

    def __init__(self, shared: SharedToken) -> None:
        self._shared = shared

    async def load(self) -> wecom.Token | None:
        found = await self._shared.read()
        return wecom.Token(value=SecretStr(found[0]), expires_at=found[1]) if found else None

    async def save(self, token: wecom.Token) -> None:
        await self._shared.write(token.value.get_secret_value(), token.expires_at)

    async def drop(self, value: str) -> None:
        await self._shared.drop(value)

    def lock(self) -> AbstractAsyncContextManager[None]:
        return self._shared.lock()
