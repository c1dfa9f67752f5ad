"""Fault buttons."""

from fastapi import APIRouter
from pydantic import Field, NonNegativeFloat, PositiveInt

from simulators.control.base import ControlModel, Done
from simulators.faults import Fault, Kind
from simulators.state.refused import Refused
from simulators.world import WorldDep

router = APIRouter()


class Press(ControlModel):
    api: str = Field(description='"externalcontact/get", "pos/coupons" or "POST pos/coupons"')
    kind: Kind
    errcode: int | None = Field(default=None, description="at the till: the HTTP status")
    seconds: NonNegativeFloat = 0
    times: PositiveInt = 1


@router.post("/faults", status_code=201)
async def press(world: WorldDep, body: Press) -> Fault:
    if (body.kind == "errcode") != (body.errcode is not None):
        raise Refused("errcode goes with the kind errcode, and only with it", status=422)
    fault = Fault(body.api, body.kind, body.errcode or 0, body.seconds, body.times)
    world.faults.pressed.append(fault)
    return fault


@router.get("/faults")
async def pressed(world: WorldDep) -> list[Fault]:
    return world.faults.pressed


@router.delete("/faults")
async def release(world: WorldDep) -> Done:
    world.faults.pressed.clear()
    return Done()
