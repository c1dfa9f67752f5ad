"""The gate of the till: bearer key, fault buttons, one shape of error."""

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from simulators.faults import through
from simulators.gate import GateRoute, Handler
from simulators.state.refused import Refused
from simulators.world import World

PREFIX = "/pos"
CODES = {400: "bad_request", 401: "unauthorized", 404: "not_found", 409: "conflict", 429: "too_many_requests"}


def refuse(status: int, message: str = "") -> JSONResponse:
    error = {"code": CODES.get(status, "error"), "message": message}
    return JSONResponse({"error": error}, status_code=status)


async def _answer(world: World, api: str, request: Request, handle: Handler) -> Response:
    async def act() -> Response:
        try:
            return await handle(request)
        except Refused as error:
            return refuse(error.status, error.reason)
        except RequestValidationError as error:
            return refuse(400, str(error.errors()[0]["msg"]))

    if request.headers.get("Authorization") != f"Bearer {world.config.pos_api_key}":
        return refuse(401, "wrong or missing API key")
    return await through(world.faults.take(request.method, api), act, refuse)


class TillRoute(GateRoute):
    answer = staticmethod(_answer)


def till_router() -> APIRouter:
    return APIRouter(prefix=PREFIX, route_class=TillRoute, tags=["till"])
