"""`journeys results playbook`: what came of a playbook, or of one version of it."""

from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

from settings import utc_now
from starter import context
from starter.output import print_json, show
from starter.playbook import references
from starter.results import worth
from starter.runtime import console
from storage.results.playbook import Worth
from storage.results.playbook import worth as worth_of


async def show_playbook(name: str, version: int | None, days: int, csv: Path | None, as_json: bool) -> None:
    async with context.database() as database:
        row = await references.version(database, name, version)
        async with database.transaction() as session:
            found = await worth_of(session, row, version, timedelta(days=days), utc_now())
    measures = worth.lines(found.treated, found.held_out)
    if csv:
        show(steps(found), False, csv=csv)
    elif as_json:
        whole = {"playbook": name, "version": version, "entered": found.entered, "inside": found.inside}
        goals = {"goals": found.goals, "undone": found.undone}
        came = {"steps": steps(found), **goals, "refused": found.refused}
        print_json(whole | came | {"lift": measures})
    else:
        console.print(f"{name}: {found.entered} entered, {found.inside} are inside")
        show(steps(found), False, empty="it has planned no message yet")
        show(_counted("goal", found.goals), False, empty="nobody has reached a goal yet")
        if found.undone:
            show(_counted("undone by a refund", found.undone), False)
        show(_counted("not sent because of", found.refused), False, empty="nobody was refused")
        show(measures, False)
        console.print(f"of whom the first {days} days are over, counted from the draw of each")


def steps(found: Worth) -> list[dict[str, Any]]:
    return [{"step": name, **asdict(one)} for name, one in found.steps.items()]


def _counted(what: str, counted: dict[str, int]) -> list[dict[str, Any]]:
    return [{what: name, "people": people} for name, people in counted.items()]
