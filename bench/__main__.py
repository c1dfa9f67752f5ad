"""`make bench`: how soon greetings reach the phone, alone and beside a storm; ratios of one and the same run.

Wall-clock numbers of a shared machine say little by themselves. What is compared here was measured side by
side: the same scans on the same stack, without and with three hundred lives that wake at once.
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Sequence

import httpx

from activities.composition import compose, connections, wecom_client
from activities.courier import Courier, Parcel
from domain.events import Event, EventKind
from integrations import wecom
from playbooks.loader import load_policy
from settings import ROOT, utc_now
from starter import stack
from starter.demo.street import Street
from starter.demo.town import Town, build
from storage.database import Database
from workflows.connection import connect

SCANS, PER_SECOND = 60, 5.0
STORM = 300
WELCOME_SECONDS = 20.0  # contract §4.1


class Bench:
    """The stack, the chain and the people of one run."""

    def __init__(self, street: Street, town: Town, courier: Courier) -> None:
        self.street, self.town, self.courier = street, town, courier

    async def greetings(self, label: str) -> list[float]:
        """Seconds from the scan to the greeting on the phone; late ones count as infinite."""
        tasks = []
        for number in range(SCANS):
            tasks.append(asyncio.create_task(self._greeting(f"{label}{number}")))
            await asyncio.sleep(1 / PER_SECOND)
        return await asyncio.gather(*tasks)

    async def _greeting(self, nickname: str) -> float:
        she, _ = await self.street.newcomer(nickname)
        began = time.monotonic()
        await self.street.do("scan", external_userid=she, state="S002-cashier")
        while time.monotonic() - began < WELCOME_SECONDS + 5:
            if await self.street.received(she):
                return time.monotonic() - began
            await asyncio.sleep(0.05)
        return float("inf")

    async def storm(self) -> None:
        """Lives that all want something at once: each wakes, finds her till and her tags to do."""
        people = [(await self.street.newcomer(f"storm{n}"))[0] for n in range(STORM)]
        for she in people:
            event = Event(id=f"bench/{she}", kind=EventKind.ENROLLED, at=utc_now(), playbook="demo-opening")
            await self.courier.send(f"customer/{she}", Parcel(event=event))


def _report(label: str, seconds: Sequence[float]) -> float:
    reached = [s for s in seconds if s <= WELCOME_SECONDS]
    ordered = sorted(reached)
    p99 = ordered[int(len(ordered) * 0.99) - 1] if ordered else float("inf")
    print(
        f"{label:<16} inside 20 s: {len(reached)}/{len(seconds)}   "
        f"median {statistics.median(ordered) * 1000:.0f} ms   p99 {p99 * 1000:.0f} ms"
    )
    return statistics.median(ordered)


async def _measure(up: stack.Stack, http: httpx.AsyncClient) -> None:
    database = Database(up.settings.sqlalchemy_url)
    temporal = await connect(up.settings)
    street = Street(http, up.simulators)
    client: wecom.WeComClient = wecom_client(up.settings, http, database, utc_now)
    policy = load_policy(up.settings.playbooks_dir)
    activities = compose(
        up.settings, http=http, database=database, temporal=temporal, policy=policy, clock=utc_now
    )
    town = await build(street, database, client, activities)
    bench = Bench(street, town, Courier(temporal, database, utc_now))
    await bench.greetings("warm")
    alone = _report("alone", await bench.greetings("alone"))
    storm = asyncio.create_task(bench.storm())
    beside = _report("beside a storm", await bench.greetings("beside"))
    await storm
    print(f"ratio beside/alone: {beside / alone:.1f}")
    await database.close()


async def main() -> None:
    with tempfile.TemporaryDirectory(prefix="journeys-bench-") as folder:
        overrides = {"DATA_DIR": folder, "PLAYBOOKS_DIR": str(ROOT / "playbooks" / "demo")}
        async with stack.running(print, **overrides) as up, connections() as http:
            await _measure(up, http)


if __name__ == "__main__":
    asyncio.run(main())
