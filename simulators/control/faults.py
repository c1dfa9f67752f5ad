"""Fault buttons."""

from fastapi import APIRouter
from pydantic import Field, NonNegativeFloat, PositiveInt

from simulators.control.base import ControlModel, Done
from simulators.faults import Fault, Kind
from simulators.lots import Lots
from simulators.state.refused import Refused
from simulators.world import WorldDep

router = APIRouter()


class Press(ControlModel):
    api: str = Field(description='"externalcontact/get", "externalcontact/*", "POST pos/coupons"')
    kind: Kind
    errcode: int | None = Field(default=None, description="at the till: the HTTP status")
    seconds: NonNegativeFloat = 0
    times: PositiveInt | None = Field(
        default=None, description="left out: once; with a rate, until it is released"
    )
    rate: float | None = Field(default=None, gt=0, le=1, description="share of the calls, drawn by the seed")
    seed: int = 0


@router.post("/faults", status_code=201)
async def press(world: WorldDep, body: Press) -> Fault:
    if (body.kind == "errcode") != (body.errcode is not None):
        raise Refused("errcode goes with the kind errcode, and only with it", status=422)
    times = 1 if body.times is None and body.rate is None else body.times
    fault = Fault(
        body.api, body.kind, body.errcode or 0, body.seconds, times, body.rate or 1, Lots(body.seed)
    )
    world.faults.pressed.append(fault)
    return fault


@router.get("/faults")
async def pressed(world: WorldDep) -> list[Fault]:
    return world.faults.pressed


@router.delete("/faults")
async def release(world: WorldDep) -> Done:
    world.faults.pressed.clear()
    return Done()
