"""The simulators as one FastAPI application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.exception_handlers import http_exception_handler
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException as StarletteHTTPException

from simulators import control, images, till, wecom
from simulators.clock import Clock
from simulators.config import SimulatorConfig
from simulators.errors import WeComFault, error_response
from simulators.state.refused import Refused
from simulators.wecom.route import PREFIX, client_ip
from simulators.world import World


def create_app(
    config: SimulatorConfig,
    clock: Clock | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
) -> FastAPI:
    """`transport` carries callbacks and pushes; a test may pass one of its own."""
    world = World(config, clock, transport)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await world.close()

    app = FastAPI(title="Simulators of WeCom and a till", version="1", lifespan=lifespan)
    app.state.world = world
    for router in (wecom.router, till.router, control.router, images.router):
        app.include_router(router)
    app.add_exception_handler(StarletteHTTPException, _wrong_method)
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(WeComFault, _fault_at_control)
    return app


async def _wrong_method(request: Request, error: Exception) -> Response:
    """WeCom answers a wrong method with an errcode (§13.2); an unknown path is a plain 404."""
    assert isinstance(error, HTTPException | StarletteHTTPException)
    path = request.url.path
    if error.status_code == 405 and path.startswith(PREFIX):
        world: World = request.app.state.world
        fault = WeComFault(40063, "wrong HTTP method")
        api = path.removeprefix(PREFIX + "/")
        return error_response(fault, api=api, ip=client_ip(request), unix=world.clock.unix())
    return await http_exception_handler(request, error)


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return JSONResponse({"detail": error.reason}, status_code=error.status)


async def _fault_at_control(_: Request, error: Exception) -> Response:
    """A control call that trips over a rule of the API, such as a way that was deleted."""
    assert isinstance(error, WeComFault)
    return JSONResponse({"detail": f"errcode {error.code} {error.detail}".strip()}, status_code=409)
