"""Customers refuse a handover (contract §13.6); and what waits."""

from fastapi import APIRouter

from simulators.acts.handover import refuse as act_refuse
from simulators.control.base import ControlModel, Done
from simulators.state.handovers import Handover
from simulators.state.refused import Refused
from simulators.world import WorldDep

router = APIRouter(prefix="/handovers")


class Refuse(ControlModel):
    external_userid: str
    takeover_userid: str | None = None  # only needed when several employees are to take over


@router.post("/refuse")
async def refuse(world: WorldDep, body: Refuse) -> Done:
    waiting = [
        one
        for one in world.handovers.waiting
        if one.external_userid == body.external_userid and body.takeover_userid in (None, one.takeover_userid)
    ]
    if len(waiting) != 1:
        raise Refused(f"{len(waiting)} handovers of this customer are waiting")
    act_refuse(world, waiting[0])
    return Done()


@router.get("")
async def handovers(world: WorldDep) -> list[Handover]:
    return world.handovers.all
