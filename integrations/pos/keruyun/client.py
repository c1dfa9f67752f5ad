"""One call of Keruyun's API: signed, for the brand or for one shop, its answer taken out of two envelopes.

    {"code": 0, "message", "messageUuid", "result": {"success": true, "data": …}}

An error says `messageUuid`, by which the provider finds the call, and never `message`, which may repeat what
was asked.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import httpx
from pydantic import SecretStr

from integrations.exchange import Answer, NoAnswer, exchange
from integrations.pos.access import Clock
from integrations.pos.errors import (
    PosAuthError,
    PosError,
    PosInvalidRequest,
    PosNotFound,
    PosOutcomeUnknown,
    PosRateLimited,
    PosUnavailable,
)
from integrations.pos.keruyun.codes import BAD_SIGNATURE, OK, REFUSALS
from integrations.pos.keruyun.signing import VERSION, signature
from integrations.pos.till_http import parse_object
from integrations.redaction import hide_secrets_in_httpx_log

TOKEN_PATH = "/open/v1/token/get"  # noqa: S105

Fields = Mapping[str, Any]


@dataclass(frozen=True)
class Scope:
    """For whom a call speaks: the brand or one of its shops, which have a token each."""

    name: Literal["brandId", "shopIdenty"]
    id: str


class KeruyunClient:
    """`base_url` without a slash at the end. `send_token` repeats the token among the parameters."""

    def __init__(
        self,
        *,
        http: httpx.AsyncClient,
        clock: Clock,
        base_url: str,
        app_key: str,
        secret: SecretStr,
        timeout_seconds: float,
        send_token: bool = False,
    ) -> None:
        hide_secrets_in_httpx_log()
        self._http, self._clock, self._base_url = http, clock, base_url.rstrip("/")
        self._app_key, self._secret = app_key, secret
        self._timeout_seconds = timeout_seconds
        self._send_token = send_token
        self._tokens: dict[Scope, SecretStr] = {}

    async def read(
        self, path: str, scope: Scope, body: Fields, *, timeout_seconds: float | None = None
    ) -> Fields:
        """The `result`. Raises PosUnavailable when no usable answer came: reading again is harmless."""
        return await self._call(path, scope, body, PosUnavailable, timeout_seconds)

    async def write(self, path: str, scope: Scope, body: Fields) -> Fields:
        """The `result`. Raises PosOutcomeUnknown when it may have been done."""
        return await self._call(path, scope, body, PosOutcomeUnknown, None)

    async def _call(
        self, path: str, scope: Scope, body: Fields, unclear: type[PosError], timeout_seconds: float | None
    ) -> Fields:
        content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        token = await self._token(scope, timeout_seconds)
        try:
            return await self._ask("POST", path, scope, token, content, unclear, timeout_seconds)
        except PosAuthError as error:
            if error.provider_code != BAD_SIGNATURE:
                raise
        if self._tokens.get(scope) is token:  # else somebody has fetched a new one meanwhile
            del self._tokens[scope]
        token = await self._token(scope, timeout_seconds)
        return await self._ask("POST", path, scope, token, content, unclear, timeout_seconds)

    async def _token(self, scope: Scope, timeout_seconds: float | None) -> SecretStr:
        """Kept until it is refused: the provider says nothing of when it expires."""
        if scope not in self._tokens:
            result = await self._ask(
                "GET", TOKEN_PATH, scope, self._secret, None, PosUnavailable, timeout_seconds
            )
            if not isinstance(token := result.get("token"), str):
                raise PosUnavailable(f"{TOKEN_PATH}: the answer has no token")
            self._tokens[scope] = SecretStr(token)
        return self._tokens[scope]

    async def _ask(
        self,
        method: str,
        path: str,
        scope: Scope,
        key: SecretStr,
        content: bytes | None,
        unclear: type[PosError],
        timeout_seconds: float | None,
    ) -> Fields:
        try:
            answer = await exchange(
                self._http,
                method,
                self._base_url + path,
                params=self._signed(scope, key, content),
                content=content,
                headers={"Content-Type": "application/json; charset=utf-8"},
                timeout_seconds=timeout_seconds or self._timeout_seconds,
            )
        except NoAnswer as none:
            kind = unclear if none.maybe_done else PosUnavailable
            raise kind(f"{path}: {none.reason}") from None
        return _result(path, answer, unclear)

    def _signed(self, scope: Scope, key: SecretStr, content: bytes | None) -> dict[str, str]:
        query = {
            "appKey": self._app_key,
            scope.name: scope.id,
            "timestamp": str(int(self._clock().timestamp())),
            "version": VERSION,
        }
        if self._send_token and content is not None:
            query["token"] = key.get_secret_value()
        return query | {"sign": signature(query, key.get_secret_value(), content)}


def _result(path: str, answer: Answer, unclear: type[PosError]) -> Fields:
    if answer.status == httpx.codes.TOO_MANY_REQUESTS:
        raise PosRateLimited(f"{path}: HTTP 429")
    fields = parse_object(answer.body)
    if answer.status != httpx.codes.OK or fields is None:
        raise unclear(f"{path}: HTTP {answer.status} without an answer of Keruyun's")
    code, trace = str(fields.get("code")), fields.get("messageUuid")
    if code != OK:
        kind = REFUSALS.get(code, unclear)
        raise kind(f"{path}: code {code}, messageUuid {trace}", provider_code=code)
    result = fields.get("result")
    if not isinstance(result, dict):
        raise unclear(f"{path}: the answer has no result, messageUuid {trace}")
    if str(result.get("success", True)).lower() != "true":  # one interface writes it as text
        raise _refusal(path, result, trace)
    return result


def _refusal(path: str, result: Fields, trace: object) -> PosError:
    """What a service behind the gateway refused. It publishes no codes, but says whether to try again."""
    code = str(result.get("msgCode") or result.get("serverCode"))
    says = "".join(str(result.get(name) or "") for name in ("msgInfo", "bizMessage", "errorDesc"))
    kind: type[PosError] = PosNotFound if "不存在" in says else PosInvalidRequest
    if result.get("canRetry") is True:
        kind = PosUnavailable
    return kind(f"{path}: refused with {code}, messageUuid {trace}", provider_code=code)
