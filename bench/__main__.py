"""`make bench`: every benchmark, each on a fresh stack; `python -m bench opening` runs one."""

import argparse
import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from functools import partial

from activities.composition import connections
from bench import campaign, greetings, opening, preview, segments
from bench.chain import Chain, chain
from settings import ROOT
from starter import stack

BENCHMARKS: dict[str, Callable[[Chain], Awaitable[None]]] = {
    "greetings": greetings.measure,
    "opening": opening.measure,
}
ALONE: dict[str, Callable[[], Awaitable[None]]] = {  # each starts what it needs itself
    "preview": preview.measure,
    "segments": segments.measure,
    "campaign": campaign.measure,
}


async def _run(name: str) -> None:
    if name in ALONE:
        await ALONE[name]()
        return
    with tempfile.TemporaryDirectory(prefix="journeys-bench-") as folder:
        overrides = {"DATA_DIR": folder, "PLAYBOOKS_DIR": str(ROOT / "playbooks" / "demo")}
        async with stack.running(print, **overrides) as up, connections() as http, chain(up, http) as ready:
            await BENCHMARKS[name](ready)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    known = [*BENCHMARKS, *ALONE]
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(known))
    parser.add_argument(
        "--customers", type=int, default=campaign.CUSTOMERS, help="of `campaign` (%(default)s)"
    )
    arguments = parser.parse_args()
    names = arguments.names or known
    ALONE["campaign"] = partial(campaign.measure, arguments.customers)
    if unknown := [name for name in names if name not in known]:
        parser.error(f"no such benchmark: {', '.join(unknown)}; there is {', '.join(known)}")
    for name in names:
        print(f"== {name}")
        asyncio.run(_run(name))


if __name__ == "__main__":
    main()
