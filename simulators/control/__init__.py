"""What people and operators do in the simulated world; none of it exists at WeCom."""

from fastapi import APIRouter

from simulators.control import (
    callbacks,
    faults,
    friends,
    groups,
    people,
    received,
    tasks,
    till,
    world,
)

router = APIRouter(prefix="/_control", tags=["control"])
for module in (world, people, friends, groups, tasks, received, faults, callbacks, till):
    router.include_router(module.router)
