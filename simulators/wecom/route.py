"""The gate before every API: the check order of contract §13.2, and the shape of answers (§0.2)."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from simulators.errors import WeComFault, error_response, from_validation
from simulators.faults import through
from simulators.world import World

PREFIX = "/cgi-bin"

Answer = dict[str, Any]


def ok(**fields: Any) -> Answer:
    return {"errcode": 0, "errmsg": "ok", **fields}


def client_ip(request: Request) -> str:
    return request.client.host if request.client else "127.0.0.1"


class WeComRoute(APIRoute):
    """Runs before FastAPI reads the body: a call without a token never gets as far as its JSON."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        api = self.path.removeprefix(PREFIX + "/")

        async def guarded(request: Request) -> Response:
            world: World = request.app.state.world
            world.traffic.counts[api] += 1
            response = await _answer(world, api, request, handle)
            if response.headers.get("Content-Type") == "application/json":
                response.headers["Content-Type"] = "application/json; charset=UTF-8"  # as production does
            errcode = response.headers.get("Error-Code")
            world.traffic.record(
                request.method, api, response.status_code, int(errcode) if errcode is not None else None
            )
            return response

        return guarded


async def _answer(
    world: World, api: str, request: Request, handle: Callable[[Request], Coroutine[Any, Any, Response]]
) -> Response:
    def refuse(fault: WeComFault) -> Response:
        return error_response(fault, api=api, ip=client_ip(request), unix=world.clock.unix())

    async def act() -> Response:
        try:
            with world.traffic.admit(api):
                response = await handle(request)
        except WeComFault as fault:
            return refuse(fault)
        except RequestValidationError as error:
            return refuse(from_validation(error))
        response.headers["Error-Code"] = "0"
        response.headers["Error-Msg"] = "ok"
        return response

    if api != "gettoken":
        try:
            world.tokens.check(request.query_params.get("access_token"))
        except WeComFault as fault:
            return refuse(fault)
    pressed = world.faults.take(request.method, api)
    return await through(pressed, act, lambda code: refuse(WeComFault(code)))


def wecom_router() -> APIRouter:
    return APIRouter(prefix=PREFIX, route_class=WeComRoute, tags=["WeCom"])
