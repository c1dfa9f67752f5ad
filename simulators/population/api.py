"""The buttons of a population."""

from collections import Counter

from fastapi import APIRouter, Request
from pydantic import AwareDatetime, BaseModel, Field, NonNegativeFloat, PositiveFloat

from simulators.control.base import ControlModel, Done
from simulators.population import life
from simulators.population.plan import Plan
from simulators.population.story import Happening
from simulators.world import World, WorldDep

router = APIRouter(prefix="/_control/population", tags=["population"])


class Advance(ControlModel):
    hours: PositiveFloat
    pause_seconds: NonNegativeFloat = Field(
        0, description="real time after each deed, for the app under test to act before the clock moves on"
    )


class Seen(BaseModel):
    plan: Plan | None
    now: AwareDatetime
    next_at: AwareDatetime | None = Field(description="null: nothing will ever happen any more")
    people: int
    moods: dict[str, int]
    deeds: dict[str, int] = Field(description="how often each was attempted")


@router.post("", status_code=201)
async def begin(request: Request, plan: Plan) -> Seen:
    """One population at a time."""
    life.begin(request.app, plan)
    return _seen(request.app.state.world)


@router.get("")
async def see(world: WorldDep) -> Seen:
    return _seen(world)


@router.delete("")
async def end(world: WorldDep) -> Done:
    """Who came stays in the world, and does nothing any more."""
    life.end(world)
    return Done()


@router.post("/advance")
async def advance(request: Request, body: Advance) -> Seen:
    """Lives so many hours at once, with the clock of the world."""
    await life.advance(request.app, body.hours, body.pause_seconds)
    return _seen(request.app.state.world)


@router.get("/log")
async def log(world: WorldDep) -> list[Happening]:
    return list(life.told(world).log)


def _seen(world: World) -> Seen:
    story = world.population.story
    if story is None:
        return Seen(plan=None, now=world.clock(), next_at=None, people=0, moods={}, deeds={})
    return Seen(
        plan=story.plan,
        now=world.clock(),
        next_at=story.due[0].at if story.due else None,
        people=len(story.people),
        moods=Counter(person.mood for person in story.people.values()),
        deeds=story.deeds,
    )
