"""Keruyun behind httpx.MockTransport: it gives tokens by itself and answers a path with what is prepared."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import httpx
from pydantic import SecretStr

from integrations.pos import Access, Means, PosPort, connect
from integrations.pos.keruyun.client import TOKEN_PATH
from tests.integrations.fakes import Clock

SECRET = "66e53b22f1496d183e71b4ab90f4acf7"
ACCESS = Access(
    base_url="https://openapi.keruyun.com/",
    api_key=SecretStr(SECRET),
    app_id="301001",
    account="32296",
)
Reply = Mapping[str, Any] | httpx.Response | Exception


def result(**fields: Any) -> dict[str, Any]:
    return {"code": 0, "message": "成功[OK]", "messageUuid": "u1", "result": {"success": True, **fields}}


def refused(code: int) -> dict[str, Any]:
    return {"code": code, "message": "13800138000 出错", "messageUuid": "u2", "result": None}


def order(**changes: Any) -> dict[str, Any]:
    """The data of queryDetail: an amount may be a text or a number, ids are long."""
    base = {
        "orderId": "9007199254740993001",
        "shopId": "810094162",
        "orderStatus": "SETTLED",
        "orderType": "FOR_HERE",
        "orderReceivedAmt": "4500",
        "openTime": "2026-03-01 11:30:00",
        "settleTime": "2026-03-01 12:00:00",
        "memberId": 9007199254740993002,
        "memberPhone": "13800138000",
        "relatedOrderId": None,
    }
    return {"orderBaseVO": base | changes, "orderItemVoList": [ITEM]}


ITEM = {
    "itemId": "77",
    "itemCode": "NRM",
    "itemName": "牛肉面",
    "bigTypeName": "主食",
    "midTypeName": "面",
    "quantity": "1.5000",
    "salePrice": "3000",
    "itemReceivedAmt": "4500",
    "giftFlag": False,
    "saleStatusTypeCode": "NORMAL",
}


class Keruyun:
    """`asked` are the calls beside those for tokens, as path and body."""

    def __init__(self, options: Mapping[str, Any] | None = None) -> None:
        self.clock = Clock()
        self.requests: list[httpx.Request] = []
        self.tokens = 0
        self._replies: dict[str, list[Reply]] = {}
        self.http = httpx.AsyncClient(transport=httpx.MockTransport(self._answer))
        access = Access(**{**vars(ACCESS), "options": options or {}})
        self.till: PosPort = connect("keruyun", access, Means(self.http, self.clock))

    def prepare(self, path: str, *replies: Reply) -> Keruyun:
        """In order, the last one for ever."""
        self._replies[path] = list(replies)
        return self

    @property
    def asked(self) -> list[tuple[str, Any]]:
        return [(one.url.path, json.loads(one.content)) for one in self.requests]

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == TOKEN_PATH:
            self.tokens += 1
            return httpx.Response(200, json={"code": 0, "result": {"token": f"token-{self.tokens}"}})
        self.requests.append(request)
        prepared = next(replies for path, replies in self._replies.items() if request.url.path.endswith(path))
        reply = prepared.pop(0) if len(prepared) > 1 else prepared[0]
        if isinstance(reply, Exception):
            raise reply
        return reply if isinstance(reply, httpx.Response) else httpx.Response(200, json=reply)
