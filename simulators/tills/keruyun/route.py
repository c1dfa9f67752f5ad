"""The gate of Keruyun's API: signature, whose name the call is in, fault buttons, and the envelope."""

import hmac
import uuid
from collections.abc import Callable, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from simulators.faults import through
from simulators.gate import GateRoute, Handler
from simulators.state.refused import Refused
from simulators.tills.keruyun.signing import VERSION, fresh, sign, token
from simulators.world import World

PREFIX = "/keruyun"
TOKEN_PATH = f"{PREFIX}/open/v1/token/get"
MESSAGES = {
    0: "成功[OK]",
    1000: "参数错误",
    1001: "签名验证失败",
    1002: "没有该门店的权限",
    2003: "订单不存在",
    3000: "系统错误",
}

Answer = dict[str, Any]


class Failure(Exception):
    """One refusal by the gateway: a code of the envelope."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def enveloped(code: int, result: Any = None) -> Answer:
    message = MESSAGES.get(code, "业务错误")
    return {
        "code": code,
        "message": message,
        "messageUuid": uuid.uuid4().hex,
        "apiMessage": None,
        "result": result,
    }


def ok(result: Any) -> Answer:
    return enveloped(0, result)


def served(**fields: Any) -> Answer:
    """The second envelope, of a service behind the gateway."""
    return ok({"success": True, "serverCode": 200, "messageId": uuid.uuid4().hex, **fields})


def failed(code: str, says: str) -> Answer:
    return ok({"success": False, "msgCode": code, "msgInfo": says, "data": None})


async def _answer(world: World, api: str, request: Request, handle: Handler) -> Response:
    async def act() -> Response:
        try:
            return await handle(request)
        except Failure as failure:
            return _refuse(failure.code)
        except RequestValidationError:
            return _refuse(1000)
        except Refused as refused:  # by the till itself, so by a service behind the gateway
            says = "数据不存在" if refused.status == 404 else "业务校验失败"
            return JSONResponse(failed(f"BIZ_{refused.status}", says))

    try:
        request.state.scope = _caller(world, request, await request.body())
    except Failure as failure:
        return _refuse(failure.code)
    return await through(world.faults.take(request.method, api), act, _refuse)


class KeruyunRoute(GateRoute):
    answer = staticmethod(_answer)


def _refuse(code: int) -> Response:
    """A fault button's number is an HTTP status where it can be one, else a code of the envelope."""
    return JSONResponse(enveloped(code), status_code=code if 400 <= code < 600 else 200)


def _caller(world: World, request: Request, body: bytes) -> tuple[str, str]:
    """In whose name: ("brandId", …) or ("shopIdenty", …)."""
    params: Mapping[str, str] = request.query_params
    scope = [(name, params[name]) for name in ("brandId", "shopIdenty") if params.get(name)]
    if len(scope) != 1 or params.get("version") != VERSION:
        raise Failure(1000)
    name, value = scope[0]
    asks_token = request.url.path == TOKEN_PATH
    key = world.config.pos_api_key if asks_token else token(world.config, world.clock, value)
    signed = sign(params, key, None if request.method == "GET" else body)
    right = hmac.compare_digest(signed.encode(), params.get("sign", "").encode())
    known = params.get("appKey") == world.config.pos_app_id
    if not right or not known or not fresh(params.get("timestamp", ""), world.clock):
        raise Failure(1001)
    ours = value == world.config.pos_account if name == "brandId" else value in world.till.stores
    if not ours:
        raise Failure(1002)
    return name, value


def _scope(name: str) -> Callable[[Request], str]:
    def only(request: Request) -> str:
        asked, value = request.state.scope
        if asked != name:
            raise Failure(1002)
        return str(value)

    return only


Brand = Annotated[str, Depends(_scope("brandId"))]
Shop = Annotated[str, Depends(_scope("shopIdenty"))]


def keruyun_router() -> APIRouter:
    return APIRouter(prefix=PREFIX, route_class=KeruyunRoute, tags=["Keruyun"])
