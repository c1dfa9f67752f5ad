"""The gate of Pospal's API: who asks, its signature, the day's calls, fault buttons, and the envelope."""

import hmac
import json
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from simulators.clock import CHINA
from simulators.faults import through
from simulators.gate import GateRoute, Handler
from simulators.tills.pospal.keys import Shop, shops, sign, sign_v3
from simulators.tills.pospal.refusals import MESSAGES, Refusal
from simulators.world import World

V1, V2 = "/pospal/pospal-api2/openapi/v1", "/pospal/openinterface"
AUTH = "/pospal/pospal-api/api/auth/openapi"

Answer = dict[str, Any]


def ok(data: Any) -> Answer:
    return {"status": "success", "messages": [], "data": data}


async def _answer(world: World, api: str, request: Request, handle: Handler) -> Response:
    async def act() -> Response:
        try:
            return await handle(request)
        except Refusal as refusal:
            return _refuse(refusal.code)
        except RequestValidationError:
            return _refuse(1003)

    try:
        request.state.shop = _caller(world, request, await request.body())
        _count(world, request.state.shop)
    except Refusal as refusal:
        return _refuse(refusal.code)
    return await through(world.faults.take(request.method, api), act, _refuse)


class PospalRoute(GateRoute):
    answer = staticmethod(_answer)

    @property
    def api(self) -> str:
        return f"pospal/{self.path.rstrip('/').rpartition('/')[2]}"


def _refuse(code: int) -> Response:
    """Business errors are HTTP 200. A fault button's number may be an HTTP status instead."""
    told = {"status": "error", "messages": [MESSAGES.get(code, "系统异常")], "errorCode": code, "data": None}
    return JSONResponse(told, status_code=code if 400 <= code < 600 else 200)


def _caller(world: World, request: Request, body: bytes) -> Shop:
    shop = shops(world.config).get(_app_id(body))
    if shop is None:
        raise Refusal(1002)
    headers, path = request.headers, request.url.path
    timestamp = headers.get("time-stamp", "")
    if not (timestamp.isdecimal() and len(timestamp) == 13):  # milliseconds
        raise Refusal(1003)
    if path.startswith(V2):
        expected, said = sign_v3(shop.app_id, shop.app_key, timestamp, body), "data-signature-v3"
        if headers.get("appId") != shop.app_id:
            raise Refusal(1002)
    else:
        expected, said = sign(shop.app_key, body), "data-signature"
    if not hmac.compare_digest(expected.encode(), headers.get(said, "").encode()):
        raise Refusal(1001)
    return shop


def _app_id(body: bytes) -> str:
    try:
        return str(json.loads(body)["appId"])
    except (ValueError, TypeError, KeyError, RecursionError):
        raise Refusal(1003) from None


def _count(world: World, shop: Shop) -> None:
    """Each appId has so many calls a day."""
    today = f"{shop.app_id} {world.clock().astimezone(CHINA).date()}"
    if world.till.calls[today] >= world.config.pospal_calls_per_day:
        raise Refusal(1005)
    world.till.calls[today] += 1


def _shop(request: Request) -> Shop:
    shop: Shop = request.state.shop
    return shop


def _store(shop: Annotated[Shop, Depends(_shop)]) -> str:
    if shop.store_id is None:
        raise Refusal(1004)
    return shop.store_id


ShopDep = Annotated[Shop, Depends(_shop)]
StoreDep = Annotated[str, Depends(_store)]
"""The store whose keys these are; the head office sells nothing."""


def pospal_router() -> APIRouter:
    return APIRouter(route_class=PospalRoute, tags=["Pospal"])
