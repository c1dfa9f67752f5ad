"""One call of Pospal: signed as it is sent, counted, and its answer opened. Contract §5.1, §5.2, §5.8."""

from __future__ import annotations

import asyncio
import json
import re
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta

from integrations.exchange import Answer, NoAnswer, exchange
from integrations.pos.access import Access, Means, StoreKey
from integrations.pos.errors import (
    PosAuthError,
    PosDuplicate,
    PosError,
    PosInvalidRequest,
    PosNotFound,
    PosPermissionError,
    PosQuotaExhausted,
    PosRateLimited,
    PosUnavailable,
)
from integrations.pos.pospal import signing
from integrations.pos.pospal.choices import Door, Options
from integrations.pos.till_http import parse_object

ROOTS: dict[Door, str] = {
    "v1": "/pospal-api2/openapi/v1/",
    "v2": "/openinterface/",
    "auth": "/pospal-api/api/auth/openapi/",
}
AT_ONCE = 2  # calls of one appId; Pospal names no rate

# Pospal publishes no error codes: what a message says decides, the first that fits. None: it broke down.
_BY_MESSAGE: tuple[tuple[str, type[PosError] | None], ...] = (
    ("访问次数", PosQuotaExhausted),
    ("频繁", PosRateLimited),
    ("签名", PosAuthError),
    ("appId", PosAuthError),
    ("权限", PosPermissionError),
    ("未授权", PosPermissionError),
    ("重复", PosDuplicate),
    ("已存在", PosDuplicate),
    ("不存在", PosNotFound),
    ("系统", None),
    ("繁忙", None),
    ("超时", None),
    ("稍后", None),
)
_BY_STATUS: dict[int, type[PosError]] = {
    401: PosAuthError,
    403: PosPermissionError,
    404: PosInvalidRequest,
    429: PosRateLimited,
}


class PospalHttp:
    """`base_url` is https://<area>-win.pospal.cn:443, as it came with the keys."""

    def __init__(self, access: Access, options: Options, means: Means) -> None:
        self._hosts = _hosts(access.base_url.rstrip("/"), options.v2_base_url.rstrip("/"))
        self._timeout_seconds = access.timeout_seconds
        self._options, self._means = options, means
        self._at_once = defaultdict[str, asyncio.Semaphore](lambda: asyncio.Semaphore(AT_ONCE))

    async def ask(
        self,
        key: StoreKey,
        path: str,
        fields: Mapping[str, object] | None = None,
        *,
        door: Door = "v1",
        unclear: type[PosError] = PosUnavailable,
        timeout_seconds: float | None = None,
    ) -> object:
        """The answer's `data`. `unclear` is raised when nobody knows what came of it."""
        if self._means.meter is not None:
            await self._means.meter.spend(f"pospal/{key.app_id}", self._options.calls_per_day, per="day")
        # Once: these bytes are signed, and these are sent.
        body = json.dumps({"appId": key.app_id, **(fields or {})}, ensure_ascii=False, separators=(",", ":"))
        try:
            async with self._at_once[key.app_id]:
                answer = await exchange(
                    self._means.http,
                    "POST",
                    self._hosts[door] + ROOTS[door] + path,
                    headers=self._headers(key, body.encode(), door),
                    content=body.encode(),
                    timeout_seconds=timeout_seconds or self._timeout_seconds,
                )
        except NoAnswer as none:
            kind = unclear if none.maybe_done else PosUnavailable
            raise kind(f"{path}: {none.reason}") from None
        return self._opened(path, answer, unclear)

    async def page(
        self,
        key: StoreKey,
        path: str,
        fields: Mapping[str, object] | None = None,
        *,
        back: object = None,
        timeout_seconds: float | None = None,
    ) -> tuple[list[object], object]:
        """Records, and the `postBackParameter` of the next page as it came; None: this was the last."""
        if back is not None:
            fields = {**(fields or {}), "postBackParameter": back}
        data = await self.ask(key, path, fields, timeout_seconds=timeout_seconds)
        if isinstance(data, list):  # some lists come whole
            return data, None
        if not isinstance(data, dict) or not isinstance(data.get("result"), list):
            return _no_records(path, data)
        size = data.get("pageSize")
        full = len(data["result"]) >= (size if isinstance(size, int) and size > 0 else 1)
        following = data.get("postBackParameter") if full else None
        if following is not None and following == back:
            raise PosUnavailable(f"{path}: the next page is this one again")
        return data["result"], following

    async def every(
        self, key: StoreKey, path: str, fields: Mapping[str, object] | None = None
    ) -> AsyncIterator[object]:
        """All records of all pages."""
        back: object = None
        while True:
            records, back = await self.page(key, path, fields, back=back)
            for record in records:
                yield record
            if back is None:
                return

    def _headers(self, key: StoreKey, body: bytes, door: Door) -> dict[str, str]:
        timestamp = str(int(self._means.clock().timestamp() * 1000))
        app_key = key.app_key.get_secret_value()
        headers = {
            "User-Agent": "openApi",
            "Content-Type": "application/json; charset=utf-8",
            "Accept-Encoding": "gzip,deflate",
            "time-stamp": timestamp,
        }
        if door == "v2":
            signature = signing.v2(key.app_id, app_key, timestamp, body)
            return headers | {"appId": key.app_id, "data-signature-v3": signature}
        return headers | {"data-signature": signing.v1(app_key, body)}

    def _opened(self, path: str, answer: Answer, unclear: type[PosError]) -> object:
        if answer.status != 200:
            raise _BY_STATUS.get(answer.status, unclear)(f"{path}: HTTP {answer.status}")
        told = parse_object(answer.body)
        status = str((told or {}).get("status")).lower()
        if told is None or status not in ("success", "error"):
            raise unclear(f"{path}: the answer is not Pospal's")
        if status == "success":
            return told.get("data")
        raise self._refusal(path, told, unclear)

    def _refusal(self, path: str, told: Mapping[str, object], unclear: type[PosError]) -> PosError:
        """Its text quotes only what we know: a message may name a customer."""
        said, code = str(told.get("messages")), str(told.get("errorCode"))
        word, kind = next((one for one in _BY_MESSAGE if one[0] in said), ("refused", PosInvalidRequest))
        wait = None
        if kind is PosQuotaExhausted:
            wait = _until_tomorrow(self._means.clock().astimezone(self._options.zone))
        return (kind or unclear)(f"{path}: {word} ({code})", provider_code=code, retry_after_s=wait)


def _hosts(base: str, v2: str) -> dict[Door, str]:
    """An area has two hosts: area28-win.pospal.cn and, for V2, openapi28.pospal.cn."""
    derived = re.sub(r"//area(\d+)-win\.([^/:]+)(:\d+)?$", r"//openapi\1.\2", base)
    return {"v1": base, "auth": base, "v2": v2 or derived}


def _no_records(path: str, data: object) -> tuple[list[object], object]:
    if data is None:
        return [], None
    raise PosUnavailable(f"{path}: no list in the answer")


def _until_tomorrow(now: datetime) -> float:
    """Seconds until the day's calls begin anew, at midnight where the stores are."""
    tomorrow = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return (tomorrow - now).total_seconds()
