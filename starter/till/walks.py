"""`journeys till sync | backfill | stop`: walks through the till that an operator asks for."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta
from typing import Annotated

import typer

from activities.courier import Courier
from activities.till_nights import fresh_walk, kinds_of
from domain.addresses import till_backfill_id, till_walk_id
from domain.days import begin_of
from domain.walk_messages import WalkKind, WalkStatus
from domain.walking import NIGHTLY, ZONE
from integrations import pos
from integrations.pos.registry import capabilities
from settings import Settings, utc_now
from starter import context
from starter.runtime import CommandFailed, console, run
from starter.till.watching import watch, words
from storage import till_walks
from storage.database import Database
from storage.tables import TillWalk
from workflows.connection import connect

DAY = ["%Y-%m-%d"]
Wait = Annotated[bool, typer.Option("--wait", help="follow it until it ends; Ctrl-C ends only the following")]
WalkId = Annotated[str, typer.Argument(metavar="ID", help="of a walk, as `journeys till status` shows it")]


def sync(
    kinds: Annotated[
        list[WalkKind] | None,
        typer.Argument(metavar="[stores|products|members|orders|redemptions]...", help="all, if absent"),
    ] = None,
    wait: Wait = False,
) -> None:
    """Walk through the till now, as every night: what pushes have not told is read and written down."""
    run(_sync(kinds or [], wait))


def backfill(
    since: Annotated[datetime, typer.Option(formats=DAY, help="the oldest day, by the clock of China")],
    until: Annotated[
        datetime | None, typer.Option(formats=DAY, help="the newest day; up to now, if absent")
    ] = None,
    wait: Wait = False,
) -> None:
    """Read the orders of years, the newest day first. What is older than a week starts no journey.

    It runs in the worker: a terminal may close, and the same command again goes on where it was stopped.
    """
    run(_backfill(since.date(), until.date() if until else None, wait))


def stop(
    walk_id: WalkId,
    by: Annotated[str, typer.Option(help="your name; it is recorded")],
    reason: Annotated[str, typer.Option(help="why; it is recorded")] = "",
) -> None:
    """Stop a walk at its next page. What it has read stays; `backfill` again goes on from there."""
    run(_stop(walk_id, by, reason))


async def _sync(wanted: Sequence[WalkKind], wait: bool) -> None:
    async with _till() as (settings, database):
        can = _capabilities(settings)
        able = kinds_of(can)
        if strange := [kind for kind in wanted if kind not in able]:
            raise CommandFailed(_no(strange[0], settings.pos_provider))
        for kind in [kind for kind in able if kind in (wanted or NIGHTLY)]:
            now = utc_now()
            walk_id = till_walk_id(settings.pos_provider, kind, f"{now:%Y-%m-%dT%H:%M:%S}")
            async with database.transaction() as session:
                fresh = await fresh_walk(session, settings.pos_provider, can, kind, walk_id, now)
                walk = await till_walks.open_walk(session, fresh)
            await _start(settings, database, walk, wait)


async def _backfill(since: date, until: date | None, wait: bool) -> None:
    now = utc_now()
    begins = begin_of(since, ZONE)
    ends = min(begin_of(until + timedelta(days=1), ZONE), now) if until else now
    if begins >= ends:
        raise CommandFailed(f"--since {since} is not before the end ({until or 'now'})")
    async with _till() as (settings, database):
        walk_id = till_backfill_id(settings.pos_provider, f"{since}")
        fresh = TillWalk(
            id=walk_id,
            provider=settings.pos_provider,
            kind=WalkKind.BACKFILL,
            since=begins,
            until=ends,
            reached=ends,
            started_at=now,
        )
        async with database.transaction() as session:
            walk = await till_walks.open_walk(session, fresh)
            if walk.id != walk_id:
                raise CommandFailed(f"{walk.id} runs already: wait for it, or `journeys till stop {walk.id}`")
            if until and walk.until != ends:
                raise CommandFailed(f"{walk.id} began with {walk.until:%F %H:%M}Z as its end: no --until now")
        await _start(settings, database, walk, wait)


async def _stop(walk_id: str, by: str, reason: str) -> None:
    async with context.database() as database, database.transaction() as session:
        walk = await session.get(TillWalk, walk_id)
        if walk is None:
            raise CommandFailed(f"there is no walk {walk_id!r}; see `journeys till status`")
        why = f"by {by}: {reason}" if reason else f"by {by}"
        if await till_walks.end(session, walk_id, WalkStatus.STOPPED, why, utc_now()) is None:
            raise CommandFailed(f"{walk_id} is {walk.status}: there is nothing to stop")
    console.print(f"{walk_id} stops at its next page", markup=False)


async def _start(settings: Settings, database: Database, walk: TillWalk, wait: bool) -> None:
    """Have a worker carry it on. Raises CommandFailed when it was followed and failed."""
    if walk.status == WalkStatus.RUNNING:
        client = await connect(settings)
        await Courier(client, database, utc_now).start_till_walk(walk.id)
    if wait:
        walk = await watch(database, walk.id)
    if walk.status == WalkStatus.FAILED:
        raise CommandFailed(f"{walk.id}: {walk.reason}")
    console.print(f"{walk.id}: {words(walk)}", markup=False)


@asynccontextmanager
async def _till() -> AsyncIterator[tuple[Settings, Database]]:
    settings = context.quiet_settings()
    if not settings.pos_base_url:
        raise CommandFailed("POS_BASE_URL is empty: this chain has no till connected")
    async with context.database() as database:
        yield settings, database


def _capabilities(settings: Settings) -> pos.Capabilities:
    try:
        return capabilities(settings.pos_provider)
    except pos.AccessError as error:
        raise CommandFailed(str(error)) from None


def _no(kind: WalkKind, provider: str) -> str:
    if kind is WalkKind.BACKFILL:
        return "a backfill is a command of its own: `journeys till backfill`"
    return f"this till ({provider}) has no list of its {kind}: what pushes tell of them is all there is"
