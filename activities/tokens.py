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

    async def wrong_secret(self) -> wecom.WrongSecret | None:
        found = await self._shared.wrong_secret()
        return wecom.WrongSecret(digest=found[0], errcode=found[1], at=found[2]) if found else None

    async def remember_wrong(self, wrong: wecom.WrongSecret) -> None:
        await self._shared.remember_wrong(wrong.digest, wrong.errcode, wrong.at)

    def lock(self) -> AbstractAsyncContextManager[None]:
        return self._shared.lock()
