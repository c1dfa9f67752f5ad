"""`journeys results alerts`: stores whose codes bring far less than they should (M32)."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from domain.funnels import SURE, far_under
from domain.lift import wilson
from playbooks.loader import load_policy
from settings import utc_now
from starter import context
from starter.output import show
from storage.results import codes, funnel
from storage.results.codes import By
from storage.results.funnel import Days


async def show_alerts(
    days: int, expected: float | None, at_least: int, region: str | None, csv: Path | None, as_json: bool
) -> None:
    policy = load_policy(context.quiet_settings().playbooks_dir)
    async with context.database() as database, database.transaction() as session:
        await context.known(session, regions=[region])
        found = await codes.sources(session, By.STORE, policy.default_playbook)
        counted = await funnel.rates(session, found, _last(days, utc_now()))
        regions = await codes.regions(session)
    scans, adds = (sum(numbers) for numbers in zip(*counted.values(), strict=True)) if counted else (0, 0)
    rate = expected if expected is not None else adds / scans if scans else 0.0
    rows = [
        _row(regions.get(store), store, mine, rate)
        for store, mine in counted.items()
        if far_under(mine[1], mine[0], rate, at_least=at_least) and region in (None, regions.get(store))
    ]
    rows.sort(key=lambda row: (str(row["region"]), row["rate"], row["store"]))
    show(rows, as_json, csv=csv, empty=f"no store is far under {rate:.0%}")


def _last(days: int, now: datetime) -> Days:
    """Of zones a day apart, so that today counts everywhere."""
    return Days(since=(now - timedelta(days=days - 1)).date())


def _row(region: str | None, store: str, counted: tuple[int, int], expected: float) -> dict[str, Any]:
    scans, adds = counted
    return {
        "region": region,
        "store": store,
        "scans": scans,
        "adds": adds,
        "rate": round(adds / scans, 4),
        "at_best": round(wilson(min(adds, scans), scans, SURE).high, 4),
        "expected": round(expected, 4),
        "what": f"of {scans} scans {scans - adds} led to no friend: look at the code, its place and the page",
    }
