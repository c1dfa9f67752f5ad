"""One preview: a town, its people, so many days of Temporal's time, and what there is to tell."""

import asyncio
import contextlib
import functools
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from fastapi import FastAPI
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner

from domain import addresses
from domain.playbook import Playbook
from domain.policy import Policy
from playbooks.loader import Written
from simulators.app import create_app as simulator_app
from simulators.from_settings import standalone_config
from starter.preview.agenda import Agenda
from starter.preview.around import News, Upkeep
from starter.preview.clock import ANCHOR, skip_to
from starter.preview.corp import Corp, open_corp
from starter.preview.diary import Diary
from starter.preview.funnel import Funnel, count
from starter.preview.persona import Persona
from starter.preview.player import Player
from starter.preview.staff import Employees
from starter.preview.telling import Teller
from starter.preview.town import build
from starter.preview.watch import Watch
from starter.runtime import CommandFailed

QUEUES = (addresses.JOURNEYS, addresses.WELCOME, addresses.WECOM, addresses.POS)
SPREAD_DAYS = 7  # over so many days the copies of a persona come
STUCK_SECONDS = 60.0  # of real time without anything happening
PATIENT_SECONDS = 6.5  # for the look-ups of a greeting: a busy machine is not a slow till
NEVER = timedelta(days=3650)


@dataclass(frozen=True)
class Wanted:
    """What is to be seen. With `copies` many lives are drawn from the seed, else the persona lives once.

    `settings` are those in which the corp is not like any other: which till it has.
    """

    written: Written[Playbook]
    persona: Persona
    policy: Policy
    days: int = 90
    copies: int = 1
    seed: int = 0
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def book(self) -> Playbook:
        return self.written.model


@dataclass(frozen=True)
class Seen:
    """What came of it."""

    wanted: Wanted
    diaries: Sequence[Diary]
    counted: Funnel
    seconds: float = field(compare=False)  # of real time, for the days alone

    def page(self) -> list[str]:
        """One life day by day, or the funnel of many."""
        persona, days = self.wanted.persona, f"{self.wanted.days} days"
        who = f"{persona.persona} ({persona.title})"
        if self.wanted.copies > 1:
            head = f"{self.wanted.copies} copies of {who}, {days}, seed {self.wanted.seed}"
            return [f"{self.wanted.book.playbook}: {head}", "", *self.counted.page()]
        (diary,) = self.diaries
        return [f"{self.wanted.book.playbook}: {who}, {days}", "", *diary.page()]


async def preview(
    env: WorkflowEnvironment,
    database_url: str,
    wanted: Wanted,
    told: Callable[[float], None] = lambda _: None,
) -> Seen:
    """Live through all the days. `told` is called with the share of them that is over.

    `env` is a server at whose time nothing has happened yet. Raises CommandFailed if it does not go on.
    """
    await skip_to(env, ANCHOR)
    async with _town(env, database_url, wanted) as town:
        spread = SPREAD_DAYS if wanted.copies > 1 else 0
        time = asyncio.get_running_loop().time
        began = time()
        for player in town.players:
            await player.born(ANCHOR, spread)
        await _live(town, ANCHOR + timedelta(days=wanted.days + spread + 1), told)
        seconds = time() - began
        around = town.employees.lines if wanted.copies == 1 else []
        diaries = [await town.teller.whole(player, around) for player in town.players]
        return Seen(wanted, diaries, await count(town.corp.database, wanted.book.playbook), seconds)


@dataclass(frozen=True)
class _Town:
    corp: Corp
    agenda: Agenda
    watch: Watch
    players: list[Player]
    employees: Employees
    teller: Teller


@contextlib.asynccontextmanager
async def _town(env: WorkflowEnvironment, database_url: str, wanted: Wanted) -> AsyncIterator[_Town]:
    async with contextlib.AsyncExitStack() as stack:
        made: list[Watch] = []
        corp = await stack.enter_async_context(
            open_corp(
                env,
                database_url,
                policy=_policy(wanted),
                changed_settings=wanted.settings,
                lookup_seconds=PATIENT_SECONDS,
                simulators_app=_simulators(),
                interceptor=lambda _: made[0],
                max_cached_workflows=1000,
                workflow_runner=UnsandboxedWorkflowRunner(),  # tests look for rules that read clocks
            )
        )
        corp.world.till_push.outbox.one_by_one = True  # an order before the coupon that it used
        persona = wanted.persona
        comes = [persona.comes, *(d.scan for d in persona.does if d.scan)]
        built = await build(corp, persona.town, wanted.written, comes)
        agenda, seed = Agenda(env.client, corp.clock), f"{wanted.seed}"
        players = [Player(persona, n, seed, corp, built, agenda) for n in range(wanted.copies)]
        employees = Employees(persona.staff, corp, agenda, built, seed)
        teller = Teller(corp, built)

        watch = Watch(
            corp.world,
            corp.clock,
            agenda,
            news=News(corp, employees, players).tell,
            saved=lambda what: teller.saved(what, corp.clock()),
            upkeep=Upkeep(corp).before_a_send,
        )
        made.append(watch)
        for worker in (*corp.workers(QUEUES), agenda.worker(watch)):
            await stack.enter_async_context(worker)
        yield _Town(corp, agenda, watch, players, employees, teller)


@functools.cache
def _simulators() -> FastAPI:
    """One for all previews of a process, which are one after the other: its routes are made at first use."""
    return simulator_app(standalone_config())


def _policy(wanted: Wanted) -> Policy:
    """Nobody leaves Temporal: who rests there is woken by its timers, not by a sweep every few minutes."""
    return wanted.policy.model_copy(update={"park_after": NEVER, "default_playbook": wanted.book.playbook})


async def _live(town: _Town, until: datetime, told: Callable[[float], None]) -> None:
    """Let the server's time pass; it stands while anybody works."""
    clock, began = town.corp.clock, town.corp.clock()
    sleeping = asyncio.create_task(skip_to(town.corp.env, until))
    seen, idle = -1, 0.0
    while not sleeping.done():
        await asyncio.wait([sleeping], timeout=0.2)
        if town.agenda.trouble:
            sleeping.cancel()
            raise town.agenda.trouble
        idle = idle + 0.2 if town.watch.activities == seen else 0.0
        seen = town.watch.activities
        if idle > STUCK_SECONDS:
            sleeping.cancel()
            raise CommandFailed(f"the preview stands still at {clock():%F %T}Z: a workflow cannot go on")
        told((clock() - began) / (until - began))
    await sleeping
    await clock.look()
    told(1.0)
