"""One request to the generic till: bearer key in the header, errors by HTTP status (table _BY_STATUS)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NoReturn

import httpx
from pydantic import SecretStr

from integrations.exchange import Answer, NoAnswer, exchange
from integrations.pos.errors import (
    PosAuthError,
    PosError,
    PosInvalidRequest,
    PosNotFound,
    PosOutcomeUnknown,
    PosRateLimited,
    PosUnavailable,
)
from integrations.redaction import hide_secrets_in_httpx_log

# Refusals: the till has decided and changed nothing. Any other status but 2xx leaves open what happened.
_BY_STATUS: dict[int, type[PosError]] = {
    400: PosInvalidRequest,
    401: PosAuthError,
    403: PosAuthError,
    404: PosNotFound,
    409: PosInvalidRequest,  # the idempotency key was used with another body: a bug on our side
    422: PosInvalidRequest,
    429: PosRateLimited,
}

LONGEST_WAIT_SECONDS = 86_400.0

Query = Mapping[str, str | Sequence[str]]  # a list gives a parameter several times


class TillHttp:
    """`base_url` is the till's root, e.g. http://127.0.0.1:8090/pos"""

    def __init__(
        self, *, http: httpx.AsyncClient, base_url: str, api_key: str, timeout_seconds: float
    ) -> None:
        hide_secrets_in_httpx_log()
        self._http = http
        self._base_url = base_url.rstrip("/")
        self._api_key = SecretStr(api_key)
        self._timeout_seconds = timeout_seconds

    async def read(
        self, path: str, query: Query | None = None, *, timeout_seconds: float | None = None
    ) -> dict[str, object]:
        """Raises PosUnavailable when no usable answer came: reading again is harmless."""
        return await self._ask("GET", path, PosUnavailable, query=query, timeout_seconds=timeout_seconds)

    async def write(self, path: str, body: Mapping[str, object]) -> dict[str, object]:
        """Raises PosOutcomeUnknown when the till may have done it, PosUnavailable when it surely did not."""
        return await self._ask("POST", path, PosOutcomeUnknown, body=body)

    async def _ask(
        self,
        method: str,
        path: str,
        unclear: type[PosError],
        *,
        query: Query | None = None,
        body: Mapping[str, object] | None = None,
        timeout_seconds: float | None = None,
    ) -> dict[str, object]:
        what = f"{method} {path}"
        try:
            answer = await exchange(
                self._http,
                method,
                f"{self._base_url}{path}",
                params=query,
                json=body,
                headers={"Authorization": f"Bearer {self._api_key.get_secret_value()}"},
                timeout_seconds=timeout_seconds or self._timeout_seconds,
            )
        except NoAnswer as none:
            kind = unclear if none.maybe_done else PosUnavailable
            raise kind(f"{what}: {none.reason}") from None
        fields = parse_object(answer.body)
        if not 200 <= answer.status < 300:
            raise _refusal(what, answer, fields, unclear)
        if fields is None:
            raise unclear(f"{what}: the answer is not a JSON object")
        return fields


def parse_object(body: bytes) -> dict[str, object] | None:
    """A JSON object with exact numbers, or None. Python takes NaN and Infinity too, which are not JSON."""
    try:
        fields = json.loads(body, parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, RecursionError):
        return None
    return fields if isinstance(fields, dict) else None


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON")


def _refusal(
    what: str, answer: Answer, fields: Mapping[str, object] | None, unclear: type[PosError]
) -> PosError:
    error = (fields or {}).get("error")
    code = str(error["code"]) if isinstance(error, dict) and "code" in error else None
    kind = _BY_STATUS.get(answer.status, unclear)
    text = f"{what}: HTTP {answer.status}" + (f" {code}" if code else "")
    return kind(text, provider_code=code, retry_after_s=retry_after(answer.headers.get("retry-after", "")))


def retry_after(value: str) -> float | None:
    """Seconds of the header; None for a date, which is allowed too, and for what is longer than a day."""
    seconds = float(value) if value.isascii() and value.isdigit() else None
    return seconds if seconds is not None and seconds <= LONGEST_WAIT_SECONDS else None
