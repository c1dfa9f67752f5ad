"""The set-up that is examined: its settings as far as they are usable, and the ways to its parts."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import httpx
from pydantic import SecretStr
from temporalio.client import Client

import settings as settings_module
from activities.composition import token_store, wecom_client
from integrations import wecom
from settings import Clock, Settings, SettingsError
from starter.doctor import semantics
from storage.database import Database

REAL_WECOM = "qyapi.weixin.qq.com"
# About 2000 wrong secrets in an hour ban the IP (contract §1.1). Without a database nobody remembers that one
# was refused: with this pause even doctors in an endless loop stay under half of it.
UNREMEMBERED_PAUSE_SECONDS = 4.0
# Stand in for what is missing or unusable, so that the rest can be read; no check uses them.
_STAND_INS: dict[str, Any] = {
    "database_url": SecretStr("postgresql://nobody@127.0.0.1:1/none"),
    "link_key": SecretStr("-" * 32),
    "wecom_corp_id": "-",
    "wecom_agent_id": 0,
    "wecom_secret": SecretStr("-"),
    "wecom_callback_token": SecretStr("-"),
    "wecom_callback_aes_key": SecretStr("A" * 43),
}


@dataclass
class Setup:
    """`problems`: field → what is wrong with it. Checks fill in what later checks need."""

    settings: Settings
    problems: dict[str, str]
    http: httpx.AsyncClient
    clock: Clock
    database: Database | None = None
    temporal: Client | None = None
    schema_is_current: bool = False
    is_writable: bool = False
    serving: frozenset[str] = frozenset()  # userids with customer contact, as the app sees them
    pause_seconds: float = UNREMEMBERED_PAUSE_SECONDS
    _client: wecom.WeComClient | None = None

    @property
    def on_real_wecom(self) -> bool:
        """Whether customers are at the other end, or a simulator."""
        return urlsplit(self.settings.wecom_base_url).hostname == REAL_WECOM

    @property
    def db(self) -> Database:
        """Only for checks that run after the one that connects."""
        assert self.database is not None
        return self.database

    @property
    def remembers_refusals(self) -> bool:
        """Whether PostgreSQL remembers a refused secret for the next run."""
        return self.database is not None and self.schema_is_current and self.is_writable

    def client(self) -> wecom.WeComClient:
        """A client that shares its token, and the memory of a refused secret, with all our processes.

        Without a database that can be written it remembers for this run alone.
        """
        if self._client is None and self.remembers_refusals:
            self._client = wecom_client(self.settings, self.http, self.db, self.clock)
        elif self._client is None:
            self._client = self._with(self._store)
        return self._client

    def client_asking_anew(self) -> wecom.WeComClient:
        """One that does not rest on a token that an earlier secret got: its first call proves the secret.

        WeCom gives the same token again while it is valid. A refused secret is remembered all the same.
        """
        return self._with(_Anew(self._store))

    @cached_property
    def _store(self) -> wecom.TokenStore:
        if self.remembers_refusals:
            return token_store(self.settings, self.db)
        return wecom.MemoryTokenStore()

    def _with(self, store: wecom.TokenStore) -> wecom.WeComClient:
        return wecom.WeComClient(
            http=self.http,
            base_url=self.settings.wecom_base_url,
            corp_id=self.settings.wecom_corp_id,
            secret=self.settings.wecom_secret.get_secret_value(),
            agent_id=self.settings.wecom_agent_id,
            token_store=store,
            clock=self.clock,
        )


class _Anew:
    """A store that gives no token out, so that one is asked for."""

    def __init__(self, store: wecom.TokenStore) -> None:
        self._store = store

    async def load(self) -> wecom.Token | None:
        return None

    async def save(self, token: wecom.Token) -> None:
        await self._store.save(token)

    async def drop(self, value: str) -> None:
        await self._store.drop(value)

    async def wrong_secret(self) -> wecom.WrongSecret | None:
        return await self._store.wrong_secret()

    async def remember_wrong(self, wrong: wecom.WrongSecret) -> None:
        await self._store.remember_wrong(wrong)

    def lock(self) -> AbstractAsyncContextManager[None]:
        return self._store.lock()


def read_settings(**overrides: Any) -> tuple[Settings, dict[str, str]]:
    """The settings with a stand-in for whatever cannot be used, and what is wrong with each of those."""
    try:
        settings, problems = settings_module.load(**overrides), {}
    except SettingsError as error:
        problems = dict(error.problems)
        settings = settings_module.load(**overrides | {name: _stand_in(name) for name in problems})
    problems |= {name: problem for name, problem in semantics.problems(settings) if name not in problems}
    return settings.model_copy(update={name: _stand_in(name) for name in problems}), problems


def _stand_in(name: str) -> Any:
    return (
        _STAND_INS[name]
        if name in _STAND_INS
        else Settings.model_fields[name].get_default(call_default_factory=True)
    )
