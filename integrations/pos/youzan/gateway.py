"""One call of Youzan's gateway: token in the query, JSON both ways, quota, pace, and errors by code.

A refused token is fetched again, and the call repeated, once. All other retries are Temporal's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta

from pydantic import BaseModel, SecretStr

from integrations.exchange import Answer, NoAnswer, exchange
from integrations.pos.access import Access, Means, parsed
from integrations.pos.errors import PosAuthError, PosError, PosOutcomeUnknown, PosUnavailable
from integrations.pos.till_http import parse_object
from integrations.pos.youzan.choices import CALLS_PER_MONTH, Options
from integrations.pos.youzan.pace import Pace
from integrations.pos.youzan.refusals import TOKEN_REFUSED, refusal, unusable
from integrations.pos.youzan.wire import Moment
from integrations.redaction import hide_secrets_in_httpx_log

REFRESH_BEFORE = timedelta(days=1)  # of the 7 that a token lives
TOKEN_API = "auth/token"  # noqa: S105 - a path


class _Token(BaseModel):
    """`expires` is an absolute moment, in milliseconds."""

    access_token: SecretStr
    expires: Moment


class _TokenAnswer(BaseModel):
    data: _Token


class Gateway:
    """An API is named as in the address: "youzan.trade.get/4.0.2"."""

    def __init__(self, access: Access, options: Options, means: Means) -> None:
        hide_secrets_in_httpx_log()
        self._access, self._means = access, means
        self._base_url = access.base_url.rstrip("/")
        self._calls_per_month = CALLS_PER_MONTH[options.plan]
        self._pace = Pace(options.calls_per_second)
        self._token: _Token | None = None
        self._one_fetch = asyncio.Lock()

    async def read(
        self, api: str, body: Mapping[str, object], *, timeout_seconds: float | None = None
    ) -> dict[str, object]:
        """Raises PosUnavailable when no usable answer came: reading again is harmless."""
        return await self._call(api, body, PosUnavailable, timeout_seconds)

    async def write(self, api: str, body: Mapping[str, object]) -> dict[str, object]:
        """Raises PosOutcomeUnknown when it may have been done, PosUnavailable when it surely was not."""
        return await self._call(api, body, PosOutcomeUnknown, None)

    async def _call(
        self, api: str, body: Mapping[str, object], unclear: type[PosError], seconds: float | None
    ) -> dict[str, object]:
        token = await self._current_token()
        try:
            return await self._try(api, body, unclear, seconds, token)
        except PosAuthError as refused:
            if refused.provider_code not in TOKEN_REFUSED:
                raise
        if self._token is token:  # else somebody has fetched another one already
            self._token = None
        return await self._try(api, body, unclear, seconds, await self._current_token())

    async def _try(
        self,
        api: str,
        body: Mapping[str, object],
        unclear: type[PosError],
        seconds: float | None,
        token: _Token,
    ) -> dict[str, object]:
        if self._means.meter is not None:
            await self._means.meter.spend(self._access.account, self._calls_per_month, per="month")
        await self._pace.turn()
        query = {"access_token": token.access_token.get_secret_value()}  # in a header it is refused
        return await self._ask(f"api/{api}", body, unclear, query=query, seconds=seconds)

    async def _current_token(self) -> _Token:
        async with self._one_fetch:
            if self._token is None or self._token.expires - self._means.clock() < REFRESH_BEFORE:
                self._token = await self._fetch_token()
            return self._token

    async def _fetch_token(self) -> _Token:
        """`refresh` would end the token of the other processes: without it all are given the same."""
        grant = {
            "client_id": self._access.app_id,
            "client_secret": self._access.api_key.get_secret_value(),
            "authorize_type": "silent",
            "grant_id": self._access.account,
            "refresh": False,
        }
        answer = await self._ask(TOKEN_API, grant, PosUnavailable, refused=PosAuthError)
        return parsed(_TokenAnswer, answer).data

    async def _ask(
        self,
        path: str,
        body: Mapping[str, object],
        unclear: type[PosError],
        *,
        query: Mapping[str, str] | None = None,
        seconds: float | None = None,
        refused: type[PosError] | None = None,
    ) -> dict[str, object]:
        """`refused` is what an unknown code means where nothing but the grant can be wrong."""
        try:
            answer = await exchange(
                self._means.http,
                "POST",
                f"{self._base_url}/{path}",
                params=query,
                json=body,
                timeout_seconds=seconds or self._access.timeout_seconds,
            )
        except NoAnswer as none:
            kind = unclear if none.maybe_done else PosUnavailable
            raise kind(f"{path}: {none.reason}") from None
        fields = _envelope(path, answer, unclear)
        if error := refusal(path, fields, refused or unclear):
            raise error
        return fields


def _envelope(path: str, answer: Answer, unclear: type[PosError]) -> dict[str, object]:
    fields = parse_object(answer.body)
    if fields is None or not fields.keys() & {"gw_err_resp", "error_response", "response", "success"}:
        raise unusable(path, answer.status, unclear)
    return fields
