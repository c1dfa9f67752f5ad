"""Fault buttons: the next calls of one API misbehave as asked."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Literal

from fastapi import Response
from fastapi.responses import PlainTextResponse

Kind = Literal["errcode", "http_500", "timeout_before", "timeout_after", "delay"]


@dataclass
class Fault:
    """`api` is "externalcontact/get", or "pos/coupons", or with a method: "POST pos/coupons"."""

    api: str
    kind: Kind
    errcode: int = -1  # at the till: the HTTP status
    seconds: float = 0
    times: int = 1


@dataclass
class Faults:
    pressed: list[Fault] = field(default_factory=list)

    def take(self, method: str, api: str) -> Fault | None:
        for fault in self.pressed:
            if fault.api in (api, f"{method} {api}"):
                fault.times -= 1
                if fault.times <= 0:
                    self.pressed.remove(fault)
                return fault
        return None


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
        case "timeout_after":
            await act()
        case "timeout_before":
            pass
    await asyncio.sleep(fault.seconds)
    return PlainTextResponse("Gateway Time-out", status_code=504)
