"""Fault buttons: the next calls of an API, or a share of them, misbehave as asked."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Literal

from fastapi import Response
from fastapi.responses import PlainTextResponse

from simulators.lots import Lots

Kind = Literal["errcode", "http_500", "timeout_before", "timeout_after", "delay", "garbage"]

GARBAGE = "<html><body>502 Bad Gateway</body></html>"


@dataclass
class Fault:
    """`api` is "externalcontact/get", or "pos/coupons", or with a method: "POST pos/coupons".

    A star at the end stands for the rest: "externalcontact/*". With a rate below 1 the calls that misbehave
    are drawn by lot; times is then, as always, how many of them do, and None: all, until it is released.
    """

    api: str
    kind: Kind
    errcode: int = -1  # at the till: the HTTP status
    seconds: float = 0
    times: int | None = 1
    rate: float = 1
    lots: Lots = field(default_factory=Lots)

    def concerns(self, method: str, api: str) -> bool:
        names = (api, f"{method} {api}")
        if self.api.endswith("*"):
            return any(name.startswith(self.api[:-1]) for name in names)
        return self.api in names


@dataclass
class Faults:
    pressed: list[Fault] = field(default_factory=list)

    def take(self, method: str, api: str) -> Fault | None:
        for fault in self.pressed:
            if fault.concerns(method, api) and fault.lots.fall(fault.rate):
                self._use(fault)
                return fault
        return None

    def _use(self, fault: Fault) -> None:
        if fault.times is not None:
            fault.times -= 1
            if fault.times <= 0:
                self.pressed.remove(fault)


async def through(
    fault: Fault | None,
    act: Callable[[], Awaitable[Response]],
    refuse: Callable[[int], Response],
) -> Response:
    """Answers the call as the fault says. Before or after matters: has the effect happened?"""
    if fault is None:
        return await act()
    match fault.kind:
        case "errcode":
            return refuse(fault.errcode)
        case "http_500":
            return PlainTextResponse("Internal Server Error", status_code=500)
        case "delay":
            await asyncio.sleep(fault.seconds)
            return await act()
        case "garbage":  # of a proxy on the way back: the effect has happened
            await act()
            return PlainTextResponse(GARBAGE, media_type="text/html")
        case "timeout_after":
            await act()
        case "timeout_before":
            pass
    await asyncio.sleep(fault.seconds)
    return PlainTextResponse("Gateway Time-out", status_code=504)
