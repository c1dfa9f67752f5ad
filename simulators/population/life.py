"""The story goes on: whatever is due happens, in order, and the clock of the world moves with it."""

import asyncio
import logging
from datetime import datetime, timedelta
from random import Random

from fastapi import FastAPI

from simulators.acts.due import settle
from simulators.population import chance, staff
from simulators.population.deeds import Deeds
from simulators.population.door import Door
from simulators.population.plan import Plan
from simulators.population.story import Due, Person, Story
from simulators.state.refused import Refused
from simulators.world import World

# How often a population in real time looks at the clock and at new tasks.
LOOK_SECONDS = 0.5

_log = logging.getLogger(__name__)


def begin(app: FastAPI, plan: Plan) -> None:
    world: World = app.state.world
    population = world.population
    if population.story is not None:
        raise Refused("there is a population already: DELETE it first")
    population.runs += 1
    seed, run = world.config.seed if plan.seed is None else plan.seed, population.runs
    population.story = Story(plan, seed, run, world.clock(), Random(f"{seed}/{run}"))
    resume(app)


def end(world: World) -> None:
    """Who came stays; but nobody does anything any more."""
    world.population.cancel()
    world.population.story = None


def resume(app: FastAPI) -> None:
    """At the start of a story, and of a process that was ended in the middle of one."""
    world: World = app.state.world
    story = world.population.story
    if story is None:
        return
    _mend(story, world)
    if story.plan.real_time:
        world.population.task = asyncio.create_task(_live(app, world, story))


async def advance(app: FastAPI, hours: float, pause_seconds: float) -> None:
    """After each deed its callbacks are waited for, and then so long for what the app does about it."""
    world: World = app.state.world
    until = world.clock() + timedelta(hours=hours)
    async with world.population.turn:
        story = told(world)
        while (due := _next(story, world, until)) is not None:
            _move(world, due.at)
            await _act(app, world, story, due)
            await world.drain()
            await asyncio.sleep(pause_seconds)
        _move(world, until)
        await world.drain()


def told(world: World) -> Story:
    if world.population.story is None:
        raise Refused("there is no population: POST one first")
    return world.population.story


async def _live(app: FastAPI, world: World, story: Story) -> None:
    try:
        while True:
            async with world.population.turn:
                due = _next(story, world, world.clock())
                if due is not None:
                    await _act(app, world, story, due)
            if due is None:
                await asyncio.sleep(LOOK_SECONDS)
    except Exception:
        _log.exception("the population has stopped")
        raise


def _next(story: Story, world: World, until: datetime) -> Due | None:
    staff.notice(story, world)
    return story.next_until(until)


def _move(world: World, to: datetime) -> None:
    world.clock.advance(max(0, (to - world.clock()).total_seconds()))
    settle(world)


async def _act(app: FastAPI, world: World, story: Story, due: Due) -> None:
    story.now = due.at
    door = Door(app)
    try:
        if due.what in ("confirm_task", "publish_moment"):
            await staff.tap(story, door, due)
        else:
            await _live_on(Deeds(world, story, door), story, world, due)
    finally:
        await door.close()


async def _live_on(deeds: Deeds, story: Story, world: World, due: Due) -> None:
    if due.what == "arrive":
        person = await deeds.arrive()
        _await_the_next(story)
    else:
        person = story.people[due.person or 0]
        if person.thought != due.number:
            return  # thought of in another mood
        if due.what == "confirm_half_add":
            await deeds.confirm_half_add(person)
        else:
            await deeds.do(due.what, person)
    if person.mood != "waiting":
        _think(story, world, person)


def _await_the_next(story: Story) -> None:
    if len(story.people) < story.plan.people:
        story.expect(chance.arrival(story, story.now), "arrive")


def _think(story: Story, world: World, person: Person) -> None:
    stores = bool(story.plan.stores or world.till.stores)
    deed = chance.next_deed(story, person, story.now, stores=stores)
    person.thought = None if deed is None else story.expect(*deed, person=person.number)


def _mend(story: Story, world: World) -> None:
    """Whoever was in the middle of something thinks anew; for a new story, somebody has to come first."""
    numbers = {due.number for due in story.due}
    for person in story.people.values():
        if person.mood != "waiting" and person.thought not in numbers:
            _think(story, world, person)
        elif person.thought is not None and person.thought not in numbers:
            person.thought = story.expect(story.now, "confirm_half_add", person=person.number)
    if not any(due.what == "arrive" for due in story.due):
        _await_the_next(story)
