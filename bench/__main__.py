"""`make bench`: every benchmark, each on a fresh stack; `python -m bench opening` runs one."""

import argparse
import asyncio
import tempfile
from collections.abc import Awaitable, Callable

from activities.composition import connections
from bench import greetings, opening, preview
from bench.chain import Chain, chain
from settings import ROOT
from starter import stack

BENCHMARKS: dict[str, Callable[[Chain], Awaitable[None]]] = {
    "greetings": greetings.measure,
    "opening": opening.measure,
}
ALONE: dict[str, Callable[[], Awaitable[None]]] = {"preview": preview.measure}  # starts what it needs itself


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
    names = parser.parse_args().names or known
    if unknown := [name for name in names if name not in known]:
        parser.error(f"no such benchmark: {', '.join(unknown)}; there is {', '.join(known)}")
    for name in names:
        print(f"== {name}")
        asyncio.run(_run(name))


if __name__ == "__main__":
    main()
