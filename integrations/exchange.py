"""One HTTP request and its answer: bounded in time and size, silent about the URL, which may hold a token."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import httpx

MAX_ANSWER_BYTES = 8 * 1024 * 1024  # a full externalcontact/list of 20,000 contacts is about 0.7 MB

_NEVER_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.InvalidURL,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
    UnicodeEncodeError,  # a key with characters that no header can hold
)


class NoAnswer(Exception):
    """Nothing usable came back. `maybe_done` is False only when the request certainly never left us."""

    def __init__(self, reason: str, *, maybe_done: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.maybe_done = maybe_done


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: httpx.Headers
    body: bytes


@dataclass(frozen=True, slots=True)
class Upload:
    """One multipart file; `part` is the form field's name."""

    part: str
    filename: str
    content: bytes


async def exchange(
    http: httpx.AsyncClient,
    method: str,
    url: str,
    *,
    timeout_seconds: float,
    params: Mapping[str, str | Sequence[str]] | None = None,
    headers: Mapping[str, str] | None = None,
    json: object | None = None,
    content: bytes | None = None,
    upload: Upload | None = None,
    follow_redirects: bool = False,
    max_bytes: int = MAX_ANSWER_BYTES,
) -> Answer:
    """`timeout_seconds` bounds the whole. Raises NoAnswer, no httpx exception: those carry the URL.

    `content` is a body whose very bytes matter, because the caller has signed them.
    """
    try:
        async with (
            asyncio.timeout(timeout_seconds),  # httpx's own timeouts bound only a phase or a chunk each
            http.stream(
                method,
                url,
                params=params,
                headers=headers,
                json=json,
                content=content,
                files={upload.part: (upload.filename, upload.content)} if upload else None,
                follow_redirects=follow_redirects,
                timeout=_phases(timeout_seconds),
            ) as response,
        ):
            return Answer(response.status_code, response.headers, await _read(response, max_bytes))
    except (httpx.RequestError, httpx.InvalidURL, UnicodeEncodeError) as error:
        raise NoAnswer(type(error).__name__, maybe_done=not isinstance(error, _NEVER_SENT)) from None
    except TimeoutError:
        raise NoAnswer(f"no answer within {timeout_seconds:g} s", maybe_done=True) from None


def _phases(seconds: float) -> httpx.Timeout:
    # A third for each phase before sending: a dead host is then reported as "never sent", not as "who knows".
    return httpx.Timeout(seconds, connect=seconds / 3, pool=seconds / 3)


async def _read(response: httpx.Response, max_bytes: int) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > max_bytes:
            raise NoAnswer(f"answer larger than {max_bytes} bytes", maybe_done=True)
    return bytes(body)
