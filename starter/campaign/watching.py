"""Following a campaign while it runs: a bar for people, lines for logs."""

import asyncio

from domain.campaign import CampaignStatus
from domain.campaigning import RUNS
from starter.progress import following
from storage import campaigns
from storage.campaigns import Progress
from storage.database import Database

EVERY = 2.0  # seconds between two looks


async def watch(database: Database, name: str) -> None:
    """Tell how far it has come until it stands."""
    with following() as tell:
        while True:
            async with database.transaction() as session:
                progress = await campaigns.progress(session, name)
            tell(words(progress), *settled(progress))
            if stands(progress):
                return
            await asyncio.sleep(EVERY)


def stands(progress: Progress) -> bool:
    """Whether nothing happens before somebody decides, or ever again."""
    return CampaignStatus(progress.status) not in RUNS or any(wave.asks for wave in progress.waves)


def settled(progress: Progress) -> tuple[int, int]:
    """How many people have an outcome, of how many that were looked at so far."""
    waves = progress.waves
    done = sum(w.sent + sum(w.refused.values()) + sum(w.failed.values()) for w in waves)
    return done, sum(w.targeted for w in waves)


def words(progress: Progress) -> str:
    """One line: the wave that is under way, and what became of people so far."""
    waves = progress.waves
    where = f"wave {len(waves)} ({waves[-1].name})" if waves else "no wave has begun"
    done, of = settled(progress)
    sent, asked = sum(w.sent for w in waves), sum(w.tasked for w in waves)
    return f"{progress.status}, {where}: {done} of {of} settled, {sent} sent, {asked} wait for employees"
