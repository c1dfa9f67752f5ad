"""`journeys till status`: how far each walk has come, what it found, and how much no push had told."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from domain.walk_messages import WalkKind, WalkStatus
from domain.walking import gap_share, next_night
from settings import Settings, utc_now
from starter import context
from starter.output import JsonOption, print_json, show
from starter.runtime import console, run
from storage import till_walks
from storage.tables import TillWalk

TOLD_BY_PUSHES = (WalkKind.ORDERS, WalkKind.REDEMPTIONS)


def status(as_json: JsonOption = False) -> None:
    """Show the last walk of each kind, and all backfills: the time, pages, what was new, the gap, errors.

    The gap is what was new or changed and no push had told. Nights begin between 2 and 5 in China.
    """
    run(_status(as_json))


async def _status(as_json: bool) -> None:
    settings = context.quiet_settings()
    async with context.database() as database, database.transaction() as session:
        walks = await till_walks.newest(session, settings.pos_provider)
    rows = [row_of(walk, _next(walk, settings)) for walk in walks]
    if as_json:
        print_json([row | {"findings": walk.findings} for row, walk in zip(rows, walks, strict=True)])
        return
    show(rows, as_json, empty="no walk has begun; the first begins tonight, or with `journeys till sync`")
    for line in findings(walks):
        console.print(line, markup=False)


def row_of(walk: TillWalk, next_at: datetime | None) -> dict[str, Any]:
    gap = gap_share(walk.untold, walk.seen)
    return {
        "id": walk.id,
        "status": walk.status,
        "since": walk.since,
        "until": walk.until,
        "reached": walk.reached,
        "pages": walk.pages,
        "seen": walk.seen,
        "new": walk.new,
        "changed": walk.changed,
        "gap": f"{walk.untold} ({gap:.1%})" if walk.kind in TOLD_BY_PUSHES else None,
        "next": next_at,
        "why": walk.reason,
    }


def findings(walks: Iterable[TillWalk]) -> list[str]:
    return [line for walk in walks for line in walk.findings]


def _next(walk: TillWalk, settings: Settings) -> datetime | None:
    """When it goes on, or when the next of its kind begins."""
    if walk.status == WalkStatus.RUNNING or walk.kind == WalkKind.BACKFILL:
        return walk.next_at
    return next_night(utc_now(), settings.wecom_corp_id)
