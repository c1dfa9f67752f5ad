"""Following a campaign while it runs: a bar for people, lines for logs."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
from rich.progress import Progress as Bars

from domain.campaign import CampaignStatus
from domain.campaigning import RUNS
from storage import campaigns
from storage.campaigns import Progress
from storage.database import Database

EVERY = 2.0  # seconds between two looks
Tell = Callable[[Progress], None]


async def watch(database: Database, name: str) -> None:
    """Tell how far it has come until it stands."""
    with _telling() as tell:
        while True:
            async with database.transaction() as session:
                progress = await campaigns.progress(session, name)
            tell(progress)
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


@contextlib.contextmanager
def _telling() -> Iterator[Tell]:
    """A function to call with every look. Everything goes to standard error."""
    console = Console(stderr=True, highlight=False, emoji=False)
    if console.is_terminal:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        with Bars(*columns, console=console) as bars:
            bar = bars.add_task("", total=None)

            def show(progress: Progress) -> None:
                done, of = settled(progress)
                bars.update(bar, description=words(progress), completed=done, total=of or None)

            yield show
    else:
        said = ""

        def tell(progress: Progress) -> None:
            nonlocal said
            if (line := words(progress)) != said:
                said = line
                console.print(line, markup=False, soft_wrap=True)

        yield tell
