"""The stack and the chain that every benchmark runs on, and how greetings are timed."""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx
from sqlalchemy import func
from sqlmodel import col, select

from activities.composition import compose, wecom_client
from activities.courier import Courier
from domain.touches import Channel
from playbooks.loader import load_policy
from settings import utc_now
from starter import stack
from starter.demo.street import Street
from starter.demo.town import build
from storage.database import Database
from storage.tables import Touch
from workflows.connection import connect

WELCOME_SECONDS = 20.0  # contract §4.1
CODE = "S002-cashier"


@dataclass(frozen=True)
class Chain:
    street: Street
    courier: Courier
    database: Database

    async def scans(self, label: str, count: int, per_second: float) -> list[float]:
        """Seconds from each scan to its greeting on the phone; one that never came counts as infinite.

        The arrival is what the phone's own clock says, so that nobody has to ask while the burst lasts.
        """
        people = [(await self.street.newcomer(f"{label}{n}"))[0] for n in range(count)]
        began, tasks = time.monotonic(), []
        for number, she in enumerate(people):
            await asyncio.sleep(max(0.0, began + number / per_second - time.monotonic()))
            tasks.append(asyncio.create_task(self._scan(she)))
        scanned = await asyncio.gather(*tasks)
        return await self._arrivals(dict(zip(people, scanned, strict=True)))

    async def welcome_outcomes(self) -> dict[str, int]:
        query = select(Touch.status, func.count()).where(Touch.channel == Channel.WELCOME)
        async with self.database.transaction() as session:
            return {str(s): n for s, n in (await session.exec(query.group_by(col(Touch.status)))).all()}

    async def _scan(self, she: str) -> datetime:
        at = utc_now()
        await self.street.do("scan", external_userid=she, state=CODE)
        return at

    async def _arrivals(self, scanned: dict[str, datetime]) -> list[float]:
        last = max(scanned.values()) + timedelta(seconds=WELCOME_SECONDS + 5)
        while True:
            phones = await self.street.see("received")
            if utc_now() > last or all(phones.get(she) for she in scanned):
                break
            await asyncio.sleep(1)
        return [_seconds(phones.get(she), at) for she, at in scanned.items()]


def _seconds(phone: list[dict[str, str]] | None, scanned_at: datetime) -> float:
    if not phone:
        return float("inf")
    return (datetime.fromisoformat(phone[0]["at"]) - scanned_at).total_seconds()


def report(label: str, seconds: Sequence[float]) -> float:
    """Print one line; the median of those inside the 20 seconds."""
    reached = sorted(s for s in seconds if s <= WELCOME_SECONDS)
    median = statistics.median(reached) if reached else float("inf")
    p99 = sorted(seconds)[max(0, -(-len(seconds) * 99 // 100) - 1)]
    print(
        f"{label:<16} inside 20 s: {len(reached)}/{len(seconds)}   lost: {len(seconds) - len(reached)}   "
        f"median {median * 1000:.0f} ms   p99 {p99 * 1000:.0f} ms"
    )
    return median


@asynccontextmanager
async def chain(up: stack.Stack, http: httpx.AsyncClient) -> AsyncIterator[Chain]:
    """The demo's two stores on a running stack."""
    database = Database(up.settings.sqlalchemy_url)
    temporal = await connect(up.settings)
    street = Street(http, up.simulators)
    client = wecom_client(up.settings, http, database, utc_now)
    policy = load_policy(up.settings.playbooks_dir)
    activities = compose(
        up.settings, http=http, database=database, temporal=temporal, policy=policy, clock=utc_now
    )
    await build(street, database, client, activities, up.settings, http)
    yield Chain(street, Courier(temporal, database, utc_now), database)
    await database.close()
