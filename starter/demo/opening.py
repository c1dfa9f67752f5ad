"""The opening itself: the stack, the chain, the guests; then what happened, stage by stage."""

import asyncio
import shutil
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path

import httpx

from activities.composition import compose, connections, wecom_client
from domain.customer import Command, CommandKind
from playbooks.loader import load_policy
from settings import ROOT, environment, utc_now
from starter import lifelines, stack
from starter.demo import report
from starter.demo.cast import Guest, cast
from starter.demo.street import Street
from starter.demo.town import Town, build
from starter.runtime import console
from starter.up import until_interrupted
from storage.database import Database
from storage.story import StoryLine, story
from storage.tables import Customer
from workflows.connection import connect

LONGEST = 150.0  # seconds; the story takes about 50 on an idle machine


async def demo(stay: bool) -> int:
    """Play the opening; the exit code is 0 only if every stage happened."""
    folder = Path(environment().get("DATA_DIR", ".data")) / "demo"
    shutil.rmtree(folder, ignore_errors=True)  # every demo begins on an empty street
    began = time.monotonic()
    overrides = {"DATA_DIR": str(folder), "PLAYBOOKS_DIR": str(ROOT / "playbooks" / "demo")}
    async with stack.running(lambda line: console.print(f"[dim]{line}[/dim]"), **overrides) as up:
        database = Database(up.settings.sqlalchemy_url)
        async with connections() as http:
            street = Street(http, up.simulators)
            town = await _town(up, street, http, database)
            console.print(
                f"[dim]chain, groups and codes are there after {time.monotonic() - began:.0f} s[/dim]"
            )
            guests = await _invite(street)
            await _play(up, street, town, guests, database)
            ok = await report.print_report(up, street, database, guests)
        if stay:
            console.print("\nThe stack stays up. Ctrl-C ends it. In another terminal, for example:")
            console.print(f"  DATA_DIR={folder} .venv/bin/journeys customers list", soft_wrap=True)
            await until_interrupted(up)
        await database.close()
    return 0 if ok else 1


async def _town(up: stack.Stack, street: Street, http: httpx.AsyncClient, database: Database) -> Town:
    temporal = await connect(up.settings)
    policy = load_policy(up.settings.playbooks_dir)
    activities = compose(
        up.settings, http=http, database=database, temporal=temporal, policy=policy, clock=utc_now
    )
    client = wecom_client(up.settings, http, database, utc_now)
    return await build(street, database, client, activities, up.settings, http)


async def _invite(street: Street) -> list[Guest]:
    guests = cast()
    for guest in guests:
        guest.external_userid, guest.unionid = await street.newcomer(guest.nickname)
    return guests


async def _play(up: stack.Stack, street: Street, town: Town, guests: list[Guest], database: Database) -> None:
    """All guests at once, employees who tap, an operator who obeys an objection, and a timeline to watch."""
    timeline = Timeline(database, guests[0])
    background = [
        asyncio.create_task(_employees(street)),
        asyncio.create_task(timeline.print_for_ever()),
        asyncio.create_task(up.watch()),
    ]
    plays = [asyncio.create_task(guest.play(guest, street, town)) for guest in guests]
    operator = asyncio.create_task(_operator(up, guests))
    told = asyncio.create_task(_ended(plays, operator, database, guests))
    ends = [told, background[2]]
    done, _ = await asyncio.wait(ends, timeout=LONGEST, return_when=asyncio.FIRST_COMPLETED)
    for task in (*background, *plays, operator, told):
        if task not in done:
            task.cancel()
    for task in done:
        task.result()
    await timeline.print_new()
    if not done:
        console.print(f"[red]the story did not end within {LONGEST:.0f} s[/red]")


async def _ended(
    plays: list[asyncio.Task[None]], operator: asyncio.Task[None], database: Database, guests: list[Guest]
) -> None:
    """Everyone has played her part, and the journeys have come to rest."""
    for outcome in await asyncio.gather(*plays, operator, return_exceptions=True):
        if isinstance(outcome, BaseException):
            console.print(f"[red]{outcome}[/red]")
    await _until(lambda: _stage(database, guests[0].external_userid), "back")


async def _until(look: Callable[[], Awaitable[object]], wanted: object) -> None:
    """Look until the world is as wanted."""
    while await look() != wanted:  # noqa: ASYNC110 - the world is in other processes
        await asyncio.sleep(0.3)


async def _stage(database: Database, external_userid: str) -> str:
    async with database.transaction() as session:
        customer = await session.get(Customer, external_userid)
    return str(customer.stage) if customer else "unknown"


async def _employees(street: Street) -> None:
    """Employees look at their phones every second and tap."""
    while True:
        await street.confirm_all_tasks()
        await asyncio.sleep(1)


async def _operator(up: stack.Stack, guests: list[Guest]) -> None:
    """Records the objection as soon as it is uttered."""
    objector = next(g for g in guests if g.role == "objector")

    async def objected() -> bool:
        return "objected" in objector.did

    await _until(objected, True)
    command = Command(
        id="demo-opt-out", kind=CommandKind.OPT_OUT, by="demo operator", reason="she asked in the shop"
    )
    await lifelines.order(await connect(up.settings), objector.external_userid, command)


class Timeline:
    """The lines of one customer's story, printed as they are written."""

    def __init__(self, database: Database, guest: Guest) -> None:
        self._database, self._guest = database, guest
        self._seen: set[str] = set()
        self._began: datetime | None = None
        console.print(f"\n[bold]The life of {guest.nickname}[/bold] ({guest.external_userid})")

    async def print_for_ever(self) -> None:
        while True:
            await self.print_new()
            await asyncio.sleep(0.3)

    async def print_new(self) -> None:
        async with self._database.transaction() as session:
            lines = await story(session, self._guest.external_userid)
        for line in (each for each in lines if each.key not in self._seen):
            self._seen.add(line.key)
            self._began = self._began or line.at
            console.print(_line(line, self._began, self._guest.external_userid))


def _line(line: StoryLine, began: datetime, external_userid: str) -> str:
    seconds = (line.at - began).total_seconds()
    style = "bold green" if line.what.startswith("stage") else "default"
    what = line.what.replace(f"{external_userid}/", "")
    return f"  {seconds:5.1f}s  [{style}]{what}[/{style}]  [dim]{line.reason}[/dim]"
