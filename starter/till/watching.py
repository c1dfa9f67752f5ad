"""Following a walk through the till: a bar for people, lines for logs."""

import asyncio
import math

from domain.days import local_day
from domain.walk_messages import WalkStatus
from domain.walking import STEP, ZONE
from starter.progress import following
from storage.database import Database
from storage.tables import TillWalk

EVERY = 1.0  # seconds between two looks


async def watch(database: Database, walk_id: str) -> TillWalk:
    """Tell how far it has come until it runs no more; it goes on without us, too."""
    with following() as tell:
        while True:
            async with database.transaction() as session:
                walk = await session.get_one(TillWalk, walk_id)
            tell(words(walk), *days(walk))
            if walk.status != WalkStatus.RUNNING:
                return walk
            await asyncio.sleep(EVERY)


def words(walk: TillWalk) -> str:
    """One line: what it has seen, down to which day, and why it does not get on."""
    where = f", down to {local_day(walk.reached, ZONE)}" if walk.reached else ""
    waits = f"; waits until {walk.next_at:%F %H:%M}Z" if walk.next_at else ""
    why = f": {walk.reason}" if walk.reason else ""
    seen = f"{walk.seen} seen, {walk.new} new, {walk.changed} changed"
    return f"{walk.kind} {walk.status}{where}: {seen}{waits}{why}"


def days(walk: TillWalk) -> tuple[int, int]:
    """How many days are done, of how many; a list has none."""
    if not (walk.since and walk.until and walk.reached):
        return 0, 0
    return math.ceil((walk.until - walk.reached) / STEP), math.ceil((walk.until - walk.since) / STEP)
