"""Youzan behind httpx.MockTransport: it gives tokens by itself and answers an API with what is prepared."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import httpx
from pydantic import SecretStr

from integrations.pos import Access, Means, Meter, PosPort, connect
from tests.integrations.fakes import Clock

ACCESS = Access(
    base_url="https://open.youzanyun.com/",
    api_key=SecretStr("test-client-secret"),
    app_id="testclientid000001",
    account="153242272",
)
Reply = Mapping[str, Any] | httpx.Response | Exception


def served(data: object, **beside: object) -> dict[str, Any]:
    return {
        "success": True,
        "code": 200,
        "data": data,
        "message": "successful",
        "trace_id": "yz7-1",
        **beside,
    }


def refused(code: object, message: str = "13800138000 出错", **data: object) -> dict[str, Any]:
    return {"success": False, "code": code, "data": data, "message": message, "trace_id": "yz7-2"}


def gateway_refused(code: int, message: str = "13800138000 出错") -> dict[str, Any]:
    return {"gw_err_resp": {"err_code": code, "err_msg": message, "trace_id": "yz7-3"}}


def full_order(pay: Mapping[str, Any] | None = None, **info: Any) -> dict[str, Any]:
    """As a list tells it: yuan as text beside fen as numbers, ids as numbers, a phone as ciphertext."""
    base = {
        "tid": "E20260301120000000100017",
        "status": "TRADE_SUCCESS",
        "refund_state": 0,
        "created": "2026-03-01 11:59:50",
        "pay_time": "2026-03-01 12:00:00",
        "update_time": "2026-03-01 12:00:05",
        "success_time": "1970-01-01 08:00:00",
        "node_kdt_id": 153242273,
        "shop_display_no": "S001",
    }
    return {
        "order_info": base | info,
        "buyer_info": {"yz_open_id": "open1", "buyer_phone": "$c2VjcmV0$1$"},
        "pay_info": {
            "total_fee": "9.82",
            "post_fee": "0.00",
            "payment": "9.82",
            "deduction_pay": 1000,
            **(pay or {}),
        },
        "orders": [LINE],
    }


LINE = {
    "oid": "2756299110000000001",
    "title": "苹果",
    "item_no": "P001",
    "item_id": 9007199254740993001,
    "root_item_id": 9007199254740993002,
    "num": 1.5,
    "payment": "9.82",
    "is_present": False,
}


def listed(*orders: Mapping[str, Any], total: int | None = None) -> dict[str, Any]:
    rows = [{"full_order_info": one} for one in orders]
    return served({"total_results": len(rows) if total is None else total, "full_order_info_list": rows})


class Youzan:
    """`asked` are the calls beside those for tokens, as API and body."""

    def __init__(self, options: Mapping[str, Any] | None = None, meter: Meter | None = None) -> None:
        self.clock = Clock()
        self.requests: list[httpx.Request] = []
        self.grants: list[dict[str, Any]] = []
        self.grant_reply: Reply | None = None
        self._replies: dict[str, list[Reply]] = {}
        http = httpx.AsyncClient(transport=httpx.MockTransport(self._answer))
        access = Access(**{**vars(ACCESS), "options": options or {}})
        self.till: PosPort = connect("youzan", access, Means(http, self.clock, meter))

    def prepare(self, api: str, *replies: Reply) -> Youzan:
        """In order, the last one for ever."""
        self._replies[api] = list(replies)
        return self

    @property
    def asked(self) -> list[tuple[str, Any]]:
        return [(one.url.path.removeprefix("/api/"), json.loads(one.content)) for one in self.requests]

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/auth/token":
            self.grants.append(json.loads(request.content))
            return _response(self.grant_reply or self._token())
        self.requests.append(request)
        prepared = self._replies[request.url.path.removeprefix("/api/").partition("/")[0]]
        return _response(prepared.pop(0) if len(prepared) > 1 else prepared[0])

    def _token(self) -> dict[str, Any]:
        expires = int((self.clock() + timedelta(days=7)).timestamp() * 1000)
        return served({"access_token": f"token-{len(self.grants)}", "expires": expires})


def _response(reply: Reply) -> httpx.Response:
    if isinstance(reply, Exception):
        raise reply
    return reply if isinstance(reply, httpx.Response) else httpx.Response(200, json=reply)
