"""How soon greetings reach the phone, alone and beside a storm; the ratio of one and the same run.

Wall-clock numbers of a shared machine say little by themselves. What is compared here was measured side
by side: the same scans on the same stack, without and with three hundred lives that wake at once.
"""

import asyncio

from activities.courier import Courier, Parcel
from bench.chain import Chain, report
from domain.events import Event, EventKind
from settings import utc_now

SCANS, PER_SECOND = 60, 5.0
STORM = 300


async def measure(chain: Chain) -> None:
    await chain.scans("warm", SCANS, PER_SECOND)
    alone = report("alone", await chain.scans("alone", SCANS, PER_SECOND))
    storm = asyncio.create_task(_storm(chain, chain.courier))
    beside = report("beside a storm", await chain.scans("beside", SCANS, PER_SECOND))
    await storm
    print(f"ratio beside/alone: {beside / alone:.1f}")


async def _storm(chain: Chain, courier: Courier) -> None:
    """Lives that all want something at once: each wakes, finds her till and her tags to do."""
    people = [(await chain.street.newcomer(f"storm{n}"))[0] for n in range(STORM)]
    for she in people:
        event = Event(id=f"bench/{she}", kind=EventKind.ENROLLED, at=utc_now(), playbook="demo-opening")
        await courier.send(f"customer/{she}", Parcel(event=event))
