"""What ends by itself when its time has come, and is told by a callback.

There is no timer in the world, as its clock can be moved: `settle` looks before every call and after every
move of the clock, and once a second while the simulators run by themselves.
"""

import asyncio
from collections.abc import Callable

from simulators.acts import friends, groups, handover, links
from simulators.world import World

TICK_SECONDS = 1


def settle(world: World) -> None:
    for job in world.upload_jobs.finish_due():
        world.callbacks.upload_finished(job.jobid, job.app)
    groups.settle(world)
    handover.settle(world)
    friends.settle(world)
    links.settle(world)


async def tick(world: Callable[[], World], changed: Callable[[], None]) -> None:
    """Runs until cancelled; says when something happened."""
    while True:
        await asyncio.sleep(TICK_SECONDS)
        before = world().callbacks.outbox.count
        settle(world())
        if world().callbacks.outbox.count != before:
            changed()
