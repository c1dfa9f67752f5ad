"""Segments over a million customers: counted, streamed in pages, and held against Python on the same rows."""

import contextlib
import resource
import tempfile
import time
from collections.abc import Awaitable
from pathlib import Path
from typing import Any, TypeVar

from sqlmodel import col, select

from bench import crowd
from domain.conditions import holds
from domain.playbook import Condition
from domain.wording import words
from playbooks.loader import load_policy
from settings import ROOT, utc_now
from starter.preview.postgres import own_database, own_postgres
from storage import audience
from storage.database import Database
from storage.facts import facts_of
from storage.tables import Customer

PAGE, SAMPLE = 2_000, 4_000
KIB_PER_MIB = 1024
WHO: tuple[dict[str, Any], ...] = (
    {"orders": {"least": 1}},
    {"tag": "T3"},
    {"visits": {"least": 2, "within": "90d"}, "reachable": "private"},
    {"spend": {"least": 300}, "last_order": {"longer_than": "30d"}},
    {"bought": {"category": "K7", "within": "90d"}, "store": ["S7", "S8", "S9"]},
    {"tier": "price_sensitive", "last_message": {"longer_than": "14d"}},
    {"none": [{"in_group": "store"}], "prefers": ["K1", "K2"]},
)
Answer = TypeVar("Answer")


async def measure() -> None:
    """Prints one line for each segment, all of it in seconds."""
    with contextlib.ExitStack() as opened:
        folder = opened.enter_context(tempfile.TemporaryDirectory(prefix="journeys-bench-"))
        url = opened.enter_context(own_database(opened.enter_context(own_postgres(Path(folder)))))
        database = Database(url)
        began = time.monotonic()
        made = await crowd.fill(database)
        print(", ".join(f"{rows:,} {what}" for what, rows in made.items()))
        print(f"made in {time.monotonic() - began:.0f} s; this process has had {_peak():.0f} MiB")
        print(f"{'who':>9}{'count':>7}{'reach':>7}{'stream':>8}{'by page':>9}  in seconds")
        measured = [_Measured(database, Condition.model_validate(fields)) for fields in WHO]
        for one in measured:
            await one.tell()
        print(f"the most memory that this process has had until now: {_peak():.0f} MiB")
        print(f"the same {SAMPLE:,} customers in Python take as many times as long as in PostgreSQL:")
        for one in measured:
            print(f"{await one.python_per_postgres():>9.0f}  {words(one.who)}")
        await database.close()


class _Measured:
    """One segment."""

    def __init__(self, database: Database, who: Condition) -> None:
        self.database, self.who = database, who
        self.tiers, self.now = load_policy(ROOT / "playbooks").tiers, utc_now()

    async def tell(self) -> None:
        matching, counting = await _timed(self._count())
        _, reaching = await _timed(self._reach())
        (pages, streamed), streaming = await _timed(self._stream())
        assert streamed == matching
        print(
            f"{matching:>9,}{counting:>7.1f}{reaching:>7.1f}{streaming:>8.1f}{streaming / pages:>9.3f}"
            f"  {words(self.who)}"
        )

    async def _count(self) -> int:
        async with self.database.transaction() as session:
            return await audience.count(session, self.who, self.tiers, self.now)

    async def _reach(self) -> audience.Reach:
        async with self.database.transaction() as session:
            return await audience.reach(session, self.who, self.tiers, self.now)

    async def _stream(self) -> tuple[int, int]:
        """How many pages, and how many customers were in them."""
        after, pages, found = "", 0, 0
        while pages == 0 or found == pages * PAGE:
            async with self.database.transaction() as session:
                page = await audience.page(session, self.who, self.tiers, self.now, after=after, size=PAGE)
            pages, found, after = pages + 1, found + len(page), page[-1] if page else after
        return pages, found

    async def python_per_postgres(self) -> float:
        """How many times as long Python takes; both must mean the same ones."""
        async with self.database.transaction() as session:
            she = col(Customer.external_userid)
            ids = list((await session.exec(select(she).order_by(she).limit(SAMPLE))).all())
            matching = audience.matches(self.who, self.tiers, self.now)
            query = select(she).where(she <= ids[-1], matching)
            in_postgres, fast = await _timed(session.exec(query))
            facts, slow = await _timed(facts_of(session, ids, self.now))
            began = time.monotonic()
            in_python = {one for one in ids if holds(self.who, facts[one], self.tiers, self.now)}
            assert set(in_postgres.all()) == in_python
            return (slow + time.monotonic() - began) / fast


async def _timed(work: Awaitable[Answer]) -> tuple[Answer, float]:
    began = time.monotonic()
    return await work, time.monotonic() - began


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIB_PER_MIB
