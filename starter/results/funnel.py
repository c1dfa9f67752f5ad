"""`journeys results funnel`: how far people come, and where they fall off."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from domain.funnels import FunnelStep, Stage, path_of, stages, worst
from playbooks.loader import load_policy
from starter import context
from starter.output import show
from starter.runtime import CommandFailed
from storage.results import codes, funnel
from storage.results.codes import By
from storage.results.funnel import Days, Row

NOT_THERE = "–"  # a step that this pattern does not have


async def show_funnel(by: By, days: Days, stores: list[str] | None, csv: Path | None, as_json: bool) -> None:
    if days.since and days.until and days.since > days.until:
        raise CommandFailed("--since is after --until: no day is between them")
    policy = load_policy(context.quiet_settings().playbooks_dir)
    async with context.database() as database, database.transaction() as session:
        await context.known(session, stores=stores or ())
        found = await codes.sources(session, by, policy.default_playbook, stores)
        rows = ordered(by, await funnel.rows(session, found, days))
    if csv or as_json:
        show([line for name, row in rows.items() for line in lines(by, name, row)], as_json, csv=csv)
    else:
        show([_wide(by, name, row) for name, row in rows.items()], False, empty="no entry codes here")


def ordered(by: By, rows: Mapping[str, Row]) -> dict[str, Row]:
    """Placements by the time from purchase to add, the soonest first (M31); all else by name."""
    by_delay = by is By.PLACEMENT

    def place(name: str) -> tuple[bool, timedelta, str]:
        delay = rows[name].delay if by_delay else None
        return delay is None, delay or timedelta(0), name

    return {name: rows[name] for name in sorted(rows, key=place)}


def _stages(row: Row) -> list[Stage]:
    return stages(path_of(row.links), row.people)


def lines(by: By, name: str, row: Row) -> list[dict[str, Any]]:
    """One line per step; a step that the row's patterns do not have says so."""
    there = {stage.step: stage for stage in _stages(row)}
    return [
        {
            by.value: name,
            "patterns": ",".join(sorted(set(row.links))),
            "step": step.value,
            "number": list(there).index(step) + 1 if step in there else None,
            "applies": step in there,
            "people": there[step].people if step in there else None,
            "of_previous": _rounded(there[step].of_previous) if step in there else None,
            "of_first": _rounded(there[step].of_first) if step in there else None,
            "lost": there[step].lost if step in there else None,
            "delay_minutes": _minutes(row.delay) if step is FunnelStep.FRIEND else None,
        }
        for step in (*there, *(step for step in FunnelStep if step not in there))
    ]


def _wide(by: By, name: str, row: Row) -> dict[str, Any]:
    there = {stage.step: stage for stage in _stages(row)}
    lost_at = worst(list(there.values()))
    cells = {step.value: _cell(there[step]) if step in there else NOT_THERE for step in FunnelStep}
    return {
        by.value: name,
        "steps": len(there),
        **cells,
        "delay_min": _minutes(row.delay),
        "most_fall_off_at": lost_at.step.value if lost_at else "",
    }


def _cell(stage: Stage) -> str:
    """How many, and of those at the step before which part."""
    return str(stage.people) if stage.of_previous is None else f"{stage.people} ({stage.of_previous:.0%})"


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 4)


def _minutes(delay: timedelta | None) -> float | None:
    return None if delay is None else round(delay / timedelta(minutes=1), 1)
