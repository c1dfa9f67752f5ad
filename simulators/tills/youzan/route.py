"""The gate of the gateway: token in the query, capability packs, 20 calls a second, fault buttons, envelopes.

Everything is HTTP 200. A fault's errcode is the gateway's up to 5002, beyond that the business's.
"""

from datetime import timedelta
from itertools import takewhile
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from simulators.faults import through
from simulators.gate import GateRoute, Handler
from simulators.state.refused import Refused
from simulators.tills.youzan import token
from simulators.world import World

PREFIX = "/youzan"
SECOND = timedelta(seconds=1)
GATEWAY_CODES = range(4000, 5003)

Answer = dict[str, Any]


class Failure(Exception):
    """What the business refuses."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def served(data: object, **beside: object) -> Answer:
    return {
        "success": True,
        "code": 200,
        "data": data,
        "message": "successful",
        "trace_id": "yz7-0a",
        **beside,
    }


def youzan_router() -> APIRouter:
    return APIRouter(prefix=f"{PREFIX}/api", route_class=YouzanRoute, tags=["youzan"])


async def _answer(world: World, api: str, request: Request, handle: Handler) -> Response:
    async def act() -> Response:
        try:
            return await handle(request)
        except Failure as error:
            return _failed(error.code, error.message)
        except Refused as error:
            return _failed(5000, error.reason)
        except (RequestValidationError, ValueError, OverflowError):
            return _gateway(5001, "系统异常")

    ends = token.ends(world.config, request.query_params.get("access_token", ""))
    if ends is None:
        return _gateway(4201, "非法的请求凭证")
    if ends <= world.clock():
        return _gateway(4203, "请求凭证已过期")
    if any(api.startswith(f"youzan/api/{name}") for name in world.config.youzan_missing_packs):
        return _gateway(4204, "应用没有该接口的能力包")
    if _too_many(world):
        return _gateway(4101, "请求过于频繁")
    return await through(world.faults.take(request.method, api), act, _refuse)


class YouzanRoute(GateRoute):
    answer = staticmethod(_answer)


def _too_many(world: World) -> bool:
    """Counted from the log of calls: those that were refused count as well."""
    since = world.clock() - SECOND
    lately = takewhile(lambda call: call.at > since, reversed(world.traffic.log))
    return sum(call.api.startswith("youzan/") for call in lately) >= world.config.youzan_calls_per_second


def _refuse(code: int) -> Response:
    return (_gateway if code in GATEWAY_CODES else _failed)(code, "故障")


def _gateway(code: int, message: str) -> Response:
    return JSONResponse({"gw_err_resp": {"err_code": code, "err_msg": message, "trace_id": "yz7-0a"}})


def _failed(code: int, message: str) -> Response:
    """`data` is not empty: who looks at it before `success` takes a failure for an empty list."""
    empty: Answer = {"full_order_info_list": [], "user_list": []}
    return JSONResponse(
        {"success": False, "code": code, "data": empty, "message": message, "trace_id": "yz7-0a"}
    )
