"""One process of several that write to the same customers at once, as workers do. Its arguments are one JSON.

Prints what became of its calls: {"done": 40, "45033": 2}. `hold`: takes a place, says so, and never ends.
It imports little: several of these start in every run of the tests.
"""

import asyncio
import json
import sys
from collections import Counter
from contextlib import AsyncExitStack
from typing import Any

import httpx

from activities.governor import PostgresGovernor
from activities.tokens import PostgresTokenStore
from integrations import wecom
from settings import utc_now
from storage.database import Database
from storage.tokens import SharedToken


def client(
    http: httpx.AsyncClient, what: dict[str, Any], database: Database | None = None
) -> wecom.WeComClient:
    """As the composition makes it; without a database one that asks nobody before it calls."""
    return wecom.WeComClient(
        http=http,
        base_url=what["base_url"],
        corp_id=what["corp_id"],
        secret=what["secret"],
        agent_id=what["agent_id"],
        token_store=PostgresTokenStore(SharedToken(database, "app"))
        if database
        else wecom.MemoryTokenStore(),
        clock=utc_now,
        governor=PostgresGovernor(database, utc_now, writes=4, reads=8) if database else None,
    )


async def mark(wecom_client: wecom.WeComClient, customer: str, tag: str, counts: Counter[str]) -> None:
    """A refusal of WeCom's is counted; without a place in time it tries again, as Temporal would."""
    while True:
        try:
            await wecom_client.mark_tag("li", customer, add=[tag])
            counts["done"] += 1
            return
        except wecom.TooConcurrent as refusal:
            if refusal.errcode is not None:
                counts[str(refusal.errcode)] += 1
                return


async def hammer(what: dict[str, Any]) -> None:
    counts: Counter[str] = Counter()
    async with AsyncExitStack() as stack:
        database = Database(what["database_url"])
        stack.push_async_callback(database.close)
        http = await stack.enter_async_context(httpx.AsyncClient())
        one = client(http, what, database if what["governed"] else None)
        await asyncio.gather(
            *(mark(one, customer, tag, counts) for customer in what["customers"] for tag in what["tags"])
        )
    print(json.dumps(counts))


async def hold(what: dict[str, Any]) -> None:
    database = Database(what["database_url"])
    governor = PostgresGovernor(database, utc_now, writes=1, reads=1, after_timeout=0)
    deadline = asyncio.get_running_loop().time() + what["seconds"]
    async with governor.admit(wecom.Admission("some/api", deadline, pair="li/wm1")):
        print("inside", flush=True)
        await asyncio.sleep(60)


if __name__ == "__main__":
    wanted = json.loads(sys.argv[1])
    asyncio.run(hold(wanted) if "seconds" in wanted else hammer(wanted))
