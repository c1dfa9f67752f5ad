"""What the gate of every till does around the provider's own rules: it counts a call, and records its end."""

from collections.abc import Callable, Coroutine
from typing import Any, ClassVar

from fastapi import Request, Response
from fastapi.routing import APIRoute

from simulators.world import World

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class GateRoute(APIRoute):
    """`answer` is the provider's: who may call, fault buttons, the shape of errors."""

    answer: ClassVar["staticmethod[[World, str, Request, Handler], Coroutine[Any, Any, Response]]"]

    @property
    def api(self) -> str:
        """What fault buttons and counts call it."""
        return self.path.removeprefix("/")

    def get_route_handler(self) -> Handler:
        handle, api, answer = super().get_route_handler(), self.api, type(self).answer

        async def guarded(request: Request) -> Response:
            world: World = request.app.state.world
            world.traffic.counts[f"{request.method} {api}"] += 1
            response = await answer(world, api, request, handle)
            world.traffic.record(request.method, api, response.status_code)
            return response

        return guarded
