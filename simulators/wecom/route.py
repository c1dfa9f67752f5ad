"""The gate before every API: the check order of contract §13.2, and the shape of answers (§0.2)."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from simulators.acts.due import settle
from simulators.errors import WeComFault, error_response, from_validation
from simulators.faults import through
from simulators.state.org import App
from simulators.world import World

PREFIX = "/cgi-bin"

Answer = dict[str, Any]
Handler = Callable[[Request], Coroutine[Any, Any, Response]]


def ok(**fields: Any) -> Answer:
    return {"errcode": 0, "errmsg": "ok", **fields}


def client_ip(request: Request) -> str:
    return request.client.host if request.client else "127.0.0.1"


class WeComRoute(APIRoute):
    """Runs before FastAPI reads the body: a call without a token never gets as far as its JSON."""

    def get_route_handler(self) -> Handler:
        handle = super().get_route_handler()
        api = self.path.removeprefix(PREFIX + "/")

        async def guarded(request: Request) -> Response:
            world: World = request.app.state.world
            settle(world)
            world.traffic.counts[api] += 1
            _read_as_json(request)
            response = await _answer(world, api, request, handle)
            if response.headers.get("Content-Type") == "application/json":
                response.headers["Content-Type"] = "application/json; charset=UTF-8"  # as production does
            response.headers["X-W-No"] = str(world.traffic.counts.total())
            errcode = response.headers.get("Error-Code")
            world.traffic.record(
                request.method, api, response.status_code, int(errcode) if errcode is not None else None
            )
            return response

        return guarded


def _read_as_json(request: Request) -> None:
    """The body decides, not its label: many clients, and `curl -d`, send JSON with another type or none."""
    headers = [(name, value) for name, value in request.scope["headers"] if name != b"content-type"]
    kind = next((value for name, value in request.scope["headers"] if name == b"content-type"), b"")
    if not kind.lower().startswith(b"multipart/"):
        request.scope["headers"] = [*headers, (b"content-type", b"application/json")]


async def _answer(world: World, api: str, request: Request, handle: Handler) -> Response:
    def refuse(fault: WeComFault) -> Response:
        return error_response(fault, api=api, ip=client_ip(request), unix=world.clock.unix())

    async def act() -> Response:
        try:
            with world.traffic.admit(api, client_ip(request)):
                response = await handle(request)
        except WeComFault as fault:
            return refuse(fault)
        except RequestValidationError as error:
            return refuse(from_validation(error))
        except HTTPException as error:  # a body that could not even be taken apart
            return refuse(WeComFault(40058, f"Warning: wrong json format. {error.detail}"))
        response.headers["Error-Code"] = "0"
        response.headers["Error-Msg"] = "ok"
        return response

    token = request.query_params.get("access_token")
    app = world.org.app(world.tokens.agent_of(token))
    try:
        if api != "gettoken":
            _check_caller(world, app, api, client_ip(request), token)
        if request.query_params.get("debug") == "1":
            world.traffic.debugging()
    except WeComFault as fault:
        return refuse(fault)
    pressed = world.faults.take(request.method, api)
    with world.org.called_by(app):
        return await through(pressed, act, lambda code: refuse(WeComFault(code)))


def _check_caller(world: World, app: App, api: str, ip: str, token: str | None) -> None:
    """The IP comes first (§13.2), and it is the app's: a token that never was counts as the main app's."""
    if app.trusted_ips and ip not in app.trusted_ips:
        raise WeComFault(60020)
    world.tokens.check(token)
    if not app.may_call(api):
        raise WeComFault(48002)


def wecom_router() -> APIRouter:
    return APIRouter(prefix=PREFIX, route_class=WeComRoute, tags=["WeCom"])
