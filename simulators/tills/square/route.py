"""Square's gate: bearer token, version, fault buttons, errors in Square's shape."""

import re
from typing import Literal

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from simulators.faults import through
from simulators.gate import GateRoute, Handler
from simulators.state.refused import Refused, Unknown
from simulators.world import World

PREFIX = "/square/v2"
# A fault button gives an HTTP status; this is what Square's code would be.
CODES = {
    400: "BAD_REQUEST",
    401: "UNAUTHORIZED",
    403: "INSUFFICIENT_SCOPES",
    404: "NOT_FOUND",
    409: "CONFLICT",
    429: "RATE_LIMITED",
    500: "INTERNAL_SERVER_ERROR",
    503: "SERVICE_UNAVAILABLE",
}
CATEGORIES = {401: "AUTHENTICATION_ERROR", 403: "AUTHENTICATION_ERROR", 429: "RATE_LIMIT_ERROR"}


class SquareError(Refused):
    """`code` is one of Square's."""

    def __init__(self, code: str, detail: str, *, status: int = 400) -> None:
        super().__init__(detail, status=status)
        self.code = code


class Search(BaseModel):
    cursor: str | None = None


class Exact(BaseModel):
    exact: str


class Span(BaseModel):
    """RFC 3339; a side that is left out is open."""

    start_at: str | None = None
    end_at: str | None = None


Order = Literal["ASC", "DESC"]


def refuse(status: int, code: str | None = None, detail: str = "") -> JSONResponse:
    category = CATEGORIES.get(status, "API_ERROR" if status >= 500 else "INVALID_REQUEST_ERROR")
    error = {"category": category, "code": code or CODES.get(status, "BAD_REQUEST"), "detail": detail}
    return JSONResponse({"errors": [error]}, status_code=status)


async def _answer(world: World, api: str, request: Request, handle: Handler) -> Response:
    async def act() -> Response:
        try:
            return await handle(request)
        except SquareError as error:
            return refuse(error.status, error.code, error.reason)
        except Unknown as error:
            return refuse(404, detail=error.reason)
        except RequestValidationError as error:
            return refuse(400, detail=str(error.errors()[0]["msg"]))

    if request.headers.get("Authorization") != f"Bearer {world.config.pos_api_key}":
        return refuse(401, detail="This request could not be authorized.")
    version = request.headers.get("Square-Version", "2026-09-16")
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", version):
        return refuse(400, "INVALID_SQUARE_VERSION_FORMAT", "Square-Version is a date")
    return await through(world.faults.take(request.method, api), act, refuse)


class SquareRoute(GateRoute):
    answer = staticmethod(_answer)


def square_router() -> APIRouter:
    return APIRouter(route_class=SquareRoute, tags=["square"])
