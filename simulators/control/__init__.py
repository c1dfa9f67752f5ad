"""What people and operators do in the simulated world; none of it exists at WeCom."""

from fastapi import APIRouter, Depends

from simulators.acts.due import settle
from simulators.control import (
    callbacks,
    cards,
    clients,
    faults,
    friends,
    group_life,
    groups,
    handovers,
    links,
    media,
    moments,
    org,
    people,
    received,
    scans,
    tags,
    tasks,
    till,
    words,
    world,
)
from simulators.world import WorldDep

MODULES = (
    world,
    org,
    people,
    friends,
    scans,
    links,
    clients,
    words,
    groups,
    group_life,
    tasks,
    moments,
    handovers,
    tags,
    media,
    received,
    cards,
    faults,
    callbacks,
    till,
)


async def _settled(world: WorldDep) -> None:
    """What has ended by itself meanwhile has happened before anybody acts or looks."""
    settle(world)


router = APIRouter(prefix="/_control", tags=["control"], dependencies=[Depends(_settled)])
for module in MODULES:
    router.include_router(module.router)
