"""Many calls at a time, but not too many, with a bar for people and lines for logs."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

T = TypeVar("T")
Work = Callable[[T], Awaitable[None]]
Look = Callable[[str, int, int], None]
LINES = 20  # in a log, for the whole work
FEWEST = 25  # less work needs no telling


async def each(items: Sequence[T], work: Work[T], *, label: str, at_once: int) -> None:
    """Do the work for every item, `at_once` of them at a time. An error stops the others and is raised."""
    waiting = iter(items)
    with _telling(label, len(items)) as done:

        async def worker() -> None:
            for item in waiting:
                await work(item)
                done()

        workers = [asyncio.create_task(worker()) for _ in range(min(at_once, len(items)))]
        try:
            await asyncio.gather(*workers)
        finally:
            for one in workers:
                one.cancel()
            await asyncio.gather(*workers, return_exceptions=True)


@contextlib.contextmanager
def following() -> Iterator[Look]:
    """A function to call with every look at what others do: in words, how much is done, and of how much."""
    console = Console(stderr=True, highlight=False, emoji=False)
    if console.is_terminal:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        with Progress(*columns, console=console) as progress:
            bar = progress.add_task("", total=None)

            def show(words: str, done: int, of: int) -> None:
                progress.update(bar, description=words, completed=done, total=of or None)

            yield show
    else:
        said = ""

        def tell(words: str, done: int, of: int) -> None:
            nonlocal said
            if words != said:
                said = words
                console.print(words, markup=False, soft_wrap=True)

        yield tell


@contextlib.contextmanager
def _telling(label: str, total: int) -> Iterator[Callable[[], None]]:
    """A function to call when one more is done. Everything goes to standard error."""
    console = Console(stderr=True, highlight=False, emoji=False)
    if total < FEWEST:
        yield lambda: None
    elif console.is_terminal:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=console) as progress:
            bar = progress.add_task(label, total=total)
            yield lambda: progress.advance(bar)
    else:
        finished = 0
        step = max(1, total // LINES)

        def tell() -> None:
            nonlocal finished
            finished += 1
            if finished % step == 0 or finished == total:
                console.print(f"{label}: {finished} of {total}", markup=False)

        yield tell
