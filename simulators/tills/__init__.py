"""Tills of other providers over the one simulated till: each package speaks one contract, and its rules.

A package has `router` (its API, under /<provider>), and `pushed`, which writes a push as the provider does.
"""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import httpx
from fastapi import APIRouter

from simulators.clock import SimulatorClock
from simulators.config import SimulatorConfig
from simulators.state.till import Coupon, Order, Till

PROVIDERS: tuple[str, ...] = ("keruyun", "square", "pospal", "youzan")


@dataclass(frozen=True)
class Told:
    """Something happened at the till: "order.paid", "order.refunded", "coupon.redeemed", "member.changed"."""

    what: str
    order: Order | None = None
    coupon: Coupon | None = None
    member_id: str | None = None
    refund_id: str | None = None  # the ticket that gives money back, where a provider has such tickets


Pushed = Callable[[SimulatorConfig, SimulatorClock, Till, Told], list[str]]
"""The bodies that the provider pushes; most push one, some none."""

Sealed = Callable[[SimulatorConfig, SimulatorClock, str, str], httpx.Request]
"""A body on its way to an address, signed now."""


def pushed_by(provider: str) -> tuple[Pushed, Sealed]:
    package = "till" if provider == "generic" else f"tills.{provider}"
    module = importlib.import_module(f"simulators.{package}.push")
    return cast(Pushed, module.pushed), cast(Sealed, module.sealed)


def routers() -> list[APIRouter]:
    return [importlib.import_module(f"simulators.tills.{name}").router for name in PROVIDERS]
