"""Ninety days of every shipped playbook: how long a preview takes, side by side in one environment.

What is started once (PostgreSQL, the imports) and what is started for each preview (the Temporal server, the
town with its simulators, gateway and workers) is told apart from the ninety days themselves.
"""

import statistics
import tempfile
import time
from pathlib import Path

from domain.playbook import Playbook
from playbooks.loader import Written, load_policy, read_playbooks
from starter.preview.engines import skipping_server
from starter.preview.golden import PLAYBOOKS
from starter.preview.personas import EVERYDAY, find_persona
from starter.preview.postgres import own_database, own_postgres
from starter.preview.running import Wanted, preview
from starter.preview.showing import quiet

DAYS, ROUNDS, LIMIT_SECONDS = 90, 3, 2.0


async def measure() -> None:
    """Prints one line for each playbook: medians of the rounds after one that warms up."""
    quiet()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="journeys-bench-") as folder, own_postgres(Path(folder)) as uri:
        print(f"PostgreSQL, made anew: {time.monotonic() - began:.2f} s, once")
        print(f"{'playbook':<20}{'90 days':>9}{'start':>9}{'CPU':>9}   medians of {ROUNDS}, in seconds")
        number = 0
        for written in read_playbooks(PLAYBOOKS):
            rounds = []
            for _ in range(ROUNDS + 1):
                number += 1
                with own_database(uri, number) as url:
                    rounds.append(await _once(written, url))
            _tell(written.model.playbook, rounds[1:])


async def _once(written: Written[Playbook], url: str) -> tuple[float, float, float]:
    """Seconds of the ninety days, of the start, and of CPU for both."""
    persona, policy = find_persona(EVERYDAY, PLAYBOOKS), load_policy(PLAYBOOKS)
    began, cpu = time.monotonic(), time.process_time()
    async with skipping_server() as env:
        seen = await preview(env, url, Wanted(written, persona, policy, DAYS))
    return seen.seconds, time.monotonic() - began - seen.seconds, time.process_time() - cpu


def _tell(name: str, rounds: list[tuple[float, float, float]]) -> None:
    lived, start, cpu = (statistics.median(column) for column in zip(*rounds, strict=True))
    verdict = "" if lived <= LIMIT_SECONDS else f"   over {LIMIT_SECONDS:.0f} s"
    print(f"{name:<20}{lived:>9.2f}{start:>9.2f}{cpu:>9.2f}{verdict}")
