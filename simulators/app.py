"""The simulators as one FastAPI application."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext, suppress
from pathlib import Path

import httpx
from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.exception_handlers import http_exception_handler
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException as StarletteHTTPException

from simulators import control, images, till, tills, wecom
from simulators.acts.due import tick
from simulators.clock import Clock
from simulators.config import SimulatorConfig
from simulators.errors import WeComFault, error_response
from simulators.page import api as page
from simulators.persistence import SaveBeforeAnswering, StateFile
from simulators.plain_json import plain_json
from simulators.population import api as population
from simulators.population import life
from simulators.state.refused import Refused
from simulators.wecom.route import PREFIX, client_ip
from simulators.world import World

PARTS = (wecom.router, till.router, control.router, population.router, images.router, page.router)


def create_app(
    config: SimulatorConfig,
    clock: Clock | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
    state: Path | None = None,
) -> FastAPI:
    """`transport` carries callbacks and pushes; a test may pass one of its own.

    With `state` the world is read from that file and kept in it. Raises StateError if it cannot be.
    """
    world = World(config, clock, transport)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with kept.kept() if kept else nullcontext():
            life.resume(app)
            changed = kept.touch if kept else lambda: None
            ticking = asyncio.create_task(tick(lambda: app.state.world, changed))
            yield
            ticking.cancel()
            with suppress(asyncio.CancelledError):
                await ticking
        await world.close()

    # FastAPI's own pages load their scripts from a network; ours is /_control/docs.
    app = FastAPI(
        title="Simulators of WeCom and a till",
        version="1",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        dependencies=[Depends(plain_json)],
    )
    app.state.world = world
    kept = None if state is None else StateFile(state, lambda: app.state.world)
    if kept is not None:
        app.add_middleware(SaveBeforeAnswering, file=kept)
    for router in (*PARTS, *tills.routers()):
        app.include_router(router)
    app.add_exception_handler(StarletteHTTPException, _wrong_method)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(OverflowError, _too_large)
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


async def _invalid(_: Request, error: Exception) -> Response:
    """What is wrong and where, but not the value: it may be bytes or half a character, and no answer then."""
    assert isinstance(error, RequestValidationError)
    wrong = [{name: one[name] for name in ("type", "loc", "msg")} for one in error.errors()]
    return JSONResponse({"detail": wrong}, status_code=422)


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return JSONResponse({"detail": error.reason}, status_code=error.status)


async def _too_large(_: Request, error: Exception) -> Response:
    """A span of time that ends beyond Python's calendar."""
    return JSONResponse({"detail": f"a number is too large: {error}"}, status_code=422)


async def _fault_at_control(_: Request, error: Exception) -> Response:
    """A control call that trips over a rule of the API, such as a way that was deleted."""
    assert isinstance(error, WeComFault)
    return JSONResponse({"detail": f"errcode {error.code} {error.detail}".strip()}, status_code=409)
