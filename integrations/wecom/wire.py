"""The lowest layer: one request under /cgi-bin, judged by HTTP status and errcode. Also gettoken."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import httpx
from pydantic import BaseModel, SecretStr, ValidationError

from integrations.exchange import MAX_ANSWER_BYTES, Answer, NoAnswer, Upload, exchange
from integrations.redaction import hide_secrets_in_httpx_log
from integrations.wecom.errors import Refused, Unreachable, error_for
from integrations.wecom.tokens import Token


@dataclass(frozen=True, slots=True)
class Call:
    """`api` is the path below /cgi-bin/. A call with a body or a file is a POST, any other a GET."""

    api: str
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: Mapping[str, object] | None = field(default=None, repr=False)
    upload: Upload | None = None

    @property
    def method(self) -> str:
        return "GET" if self.body is None and self.upload is None else "POST"


class Wire:
    """`base_url` is without /cgi-bin, e.g. https://qyapi.weixin.qq.com"""

    def __init__(self, http: httpx.AsyncClient, base_url: str) -> None:
        hide_secrets_in_httpx_log()
        self._http = http
        self._base_url = base_url.rstrip("/")

    async def ask(
        self, call: Call, credentials: Mapping[str, str], *, timeout_seconds: float
    ) -> dict[str, object]:
        """The answer's JSON when its errcode is 0 or absent. `credentials` go into the query, into no text.

        Raises Unreachable (transport, 5xx, not JSON), Refused (404, 3xx) or the error of the errcode.
        """
        return _judged(call.api, await self._send(call, credentials, timeout_seconds), credentials)

    async def download(
        self, call: Call, credentials: Mapping[str, str], *, timeout_seconds: float, max_bytes: int
    ) -> Answer:
        """A file has a Content-Disposition; without one it is an error in JSON (contract §11.2)."""
        answer = await self._send(call, credentials, timeout_seconds, max_bytes)
        _check_status(call.api, answer.status)
        if "content-disposition" not in answer.headers:
            _judged(call.api, answer, credentials)
            raise Unreachable(call.api, "the answer is not a file", maybe_done=True)
        return answer

    async def _send(
        self,
        call: Call,
        credentials: Mapping[str, str],
        timeout_seconds: float,
        max_bytes: int = MAX_ANSWER_BYTES,
    ) -> Answer:
        try:
            return await exchange(
                self._http,
                call.method,
                f"{self._base_url}/cgi-bin/{call.api}",
                params={**credentials, **call.query},
                json=call.body,
                upload=call.upload,
                timeout_seconds=timeout_seconds,
                max_bytes=max_bytes,
            )
        except NoAnswer as none:
            raise Unreachable(call.api, none.reason, maybe_done=none.maybe_done) from None

    async def download_image(self, api: str, url: str, *, timeout_seconds: float, max_bytes: int) -> bytes:
        """`url` is absolute and on another host: no token goes there."""
        try:
            answer = await exchange(
                self._http,
                "GET",
                url,
                follow_redirects=True,
                timeout_seconds=timeout_seconds,
                max_bytes=max_bytes,
            )
        except NoAnswer as none:
            raise Unreachable(api, none.reason, maybe_done=none.maybe_done) from None
        _check_status(api, answer.status)
        if not answer.headers.get("content-type", "").startswith("image/"):
            raise Refused(api, None, "the answer is not an image")
        return answer.body


def _check_status(api: str, status: int) -> None:
    # A redirect means a base_url of http:// (contract §0.2), a 404 an unknown path: repeating cannot help.
    if status == httpx.codes.NOT_FOUND or httpx.codes.is_redirect(status):
        raise Refused(api, None, f"HTTP {status}")
    if status != httpx.codes.OK:
        raise Unreachable(api, f"HTTP {status}", maybe_done=True)


def _judged(api: str, answer: Answer, credentials: Mapping[str, str]) -> dict[str, object]:
    fields = _object(api, answer)
    errcode = _errcode(api, fields)
    if errcode:
        raise error_for(errcode, _without(credentials, str(fields.get("errmsg", ""))), api)
    return fields


def _object(api: str, answer: Answer) -> dict[str, object]:
    _check_status(api, answer.status)
    try:
        fields = json.loads(answer.body)
    except (ValueError, RecursionError):
        raise Unreachable(api, "the answer is not JSON", maybe_done=True) from None
    if not isinstance(fields, dict):
        raise Unreachable(api, "the answer is not a JSON object", maybe_done=True)
    return fields


def _errcode(api: str, fields: Mapping[str, object]) -> int:
    """Absent or null means 0; a numeric string is tolerated (contract §0.2)."""
    try:
        return int(str(fields.get("errcode") or 0))
    except ValueError:
        raise Unreachable(api, "the errcode is not a number", maybe_done=True) from None


def _without(credentials: Mapping[str, str], text: str) -> str:
    for secret in credentials.values():
        text = text.replace(secret, "***") if secret else text
    return text


class _NewToken(BaseModel):
    access_token: SecretStr
    expires_in: int  # seconds


async def gettoken(
    wire: Wire, corp_id: str, secret: SecretStr, clock: Callable[[], datetime], *, timeout_seconds: float
) -> Token:
    """contract §1.1. Its Unreachable always says maybe_done=False: a token lost on the way is no change."""
    asked_at = clock()  # before the call: the 7200 s began at the latest when WeCom answered
    credentials = {"corpid": corp_id, "corpsecret": secret.get_secret_value()}
    try:
        fields = await wire.ask(Call("gettoken"), credentials, timeout_seconds=timeout_seconds)
        new = _NewToken.model_validate(fields)
    except Unreachable as error:
        raise Unreachable(error.api, error.errmsg, maybe_done=False) from None
    except ValidationError:
        raise Unreachable("gettoken", "the answer has no usable token", maybe_done=False) from None
    return Token(value=new.access_token, expires_at=asked_at + timedelta(seconds=new.expires_in))
