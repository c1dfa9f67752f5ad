"""Square's own SDK, asked once per call: its retries are off, since retries belong to Temporal.

Refused calls become PosErrors by the table _BY_CODE, then by HTTP status. An error's detail is left out of
our texts: it repeats what was sent, such as a phone.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import httpx
from pydantic import BaseModel
from square import AsyncSquare
from square.core.api_error import ApiError

from integrations.exchange import NoAnswer
from integrations.pos.access import parsed
from integrations.pos.errors import (
    PosAuthError,
    PosDuplicate,
    PosError,
    PosInvalidRequest,
    PosNotFound,
    PosOutcomeUnknown,
    PosPermissionError,
    PosRateLimited,
    PosUnavailable,
)
from integrations.pos.square.wire import Wire
from integrations.pos.till_http import retry_after
from integrations.redaction import hide_secrets_in_httpx_log

Told = TypeVar("Told", bound=BaseModel)
Method = Callable[..., Awaitable[object]]

SQUARE_VERSION = "2026-09-16"  # pinned: a newer version may name things otherwise

_BY_CODE: dict[str, type[PosError]] = {
    "INSUFFICIENT_SCOPES": PosPermissionError,
    "IDEMPOTENCY_KEY_REUSED": PosDuplicate,  # with another body
}
_BY_STATUS: dict[int, type[PosError]] = {
    401: PosAuthError,
    403: PosPermissionError,
    404: PosNotFound,
    429: PosRateLimited,
}
_UNDECIDED = {408, 409}  # the SDK itself would ask again


class Square:
    """`api` has Square's calls; give them to `read` or `write`, never call them alone."""

    def __init__(self, *, http: httpx.AsyncClient, base_url: str, token: str, timeout_seconds: float) -> None:
        hide_secrets_in_httpx_log()
        self._timeout_seconds = timeout_seconds
        self._sdk_http = httpx.AsyncClient(transport=Wire(http))
        self.api = AsyncSquare(
            base_url=base_url, token=token, version=SQUARE_VERSION, httpx_client=self._sdk_http
        )

    async def read(
        self, shape: type[Told], method: Method, *, timeout_seconds: float | None = None, **what: Any
    ) -> Told:
        """Raises PosUnavailable when no usable answer came: asking again is harmless."""
        seconds = timeout_seconds or self._timeout_seconds
        return await self._ask(shape, method, PosUnavailable, seconds, what)

    async def write(self, shape: type[Told], method: Method, **what: Any) -> Told:
        """Raises PosOutcomeUnknown when Square may have done it, PosUnavailable when it surely did not."""
        return await self._ask(shape, method, PosOutcomeUnknown, self._timeout_seconds, what)

    async def close(self) -> None:
        await self._sdk_http.aclose()

    async def _ask(
        self,
        shape: type[Told],
        method: Method,
        unclear: type[PosError],
        seconds: float,
        what: dict[str, Any],
    ) -> Told:
        name = method.__qualname__
        try:
            told = await method(**what, request_options={"max_retries": 0, "timeout_in_seconds": seconds})
        except NoAnswer as none:
            kind = unclear if none.maybe_done else PosUnavailable
            raise kind(f"{name}: {none.reason}") from None
        except ApiError as error:
            raise _refusal(name, error, unclear) from None
        except (AttributeError, TypeError, ValueError):  # the SDK on JSON that is not Square's
            raise unclear(f"{name}: the answer cannot be read") from None
        return parsed(shape, told, unclear)


def from_cursor(cursor: str | None) -> dict[str, Any]:
    """Square refuses an empty one."""
    return {"cursor": cursor} if cursor else {}


def _refusal(name: str, error: ApiError, unclear: type[PosError]) -> PosError:
    status = error.status_code or 0
    code = str(error.errors[0].code) if error.errors else None
    kind = _BY_CODE.get(code or "") or _BY_STATUS.get(status)
    if kind is None:
        refused = 400 <= status < 500 and status not in _UNDECIDED
        kind = PosInvalidRequest if refused else unclear
    text = f"{name}: HTTP {status}" + (f" {code}" if code else "")
    return kind(
        text, provider_code=code, retry_after_s=retry_after((error.headers or {}).get("retry-after", ""))
    )
