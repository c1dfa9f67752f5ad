"""What came of a playbook: whom it took in, the funnel of its steps, its goals, its control group."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select, true
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.lift import Arm
from domain.outcomes import Steps
from domain.playbook import Holdout
from storage.results import effects, fetch, messages
from storage.tables import PlaybookVersion, Standing

_PLACE = r"/([a-z_][a-z_.0-9]*)(?:/[0-9]+)?$"  # of a touch's key: …/1/nurture.2.then.0/1


@dataclass
class Worth:
    """One playbook, or one version of it. Steps are in the order of their names or places.

    `refused`: messages by rule; `goals`: how many people reached each; `undone`: how many had, by an order
    that was refunded or cancelled since.
    """

    name: str
    entered: int = 0
    inside: int = 0
    steps: dict[str, Steps] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)
    goals: dict[str, int] = field(default_factory=dict)
    undone: dict[str, int] = field(default_factory=dict)
    holdout: Holdout | None = None
    treated: Arm = field(default_factory=Arm)
    held_out: Arm = field(default_factory=Arm)


async def worth(
    session: AsyncSession, row: PlaybookVersion, number: int | None, long: timedelta, now: datetime
) -> Worth:
    """Of `row`'s playbook: all versions, or the one of the `number`. Orders count `long` from the draw on."""
    found = Worth(
        name=row.playbook, holdout=Holdout.model_validate(h) if (h := row.body.get("holdout")) else None
    )
    everybody = _standings(row.playbook, number, func.count(), func.count().filter(_inside()))
    found.entered, found.inside = (await fetch(session, everybody))[0]
    message = messages.of(lambda table: _of(table, row.playbook, number))
    place = func.coalesce(message.c.step, func.substring(message.c.key, _PLACE), "")
    query = select(place, *messages.counts(message)).group_by(place).order_by(place)
    for name, *numbers in await fetch(session, query):
        found.steps[name] = Steps(*numbers)
    found.refused = await messages.refused(session, message)
    found.goals = await _goals(session, row.playbook, number, Standing.reached)
    found.undone = await _goals(session, row.playbook, number, Standing.undone)
    if found.holdout:
        experiment = found.holdout.experiment
        found.treated, found.held_out = await effects.for_each(session, experiment, long, now, number)
    return found


def _inside() -> ColumnElement[bool]:
    return col(Standing.ended_at).is_(None)


def _standings(playbook: str, number: int | None, *columns: Any) -> Select[Any]:
    query = select(*columns).select_from(Standing).where(col(Standing.playbook) == playbook)
    if number is None:
        return query
    version = col(PlaybookVersion.version) == Standing.version
    return query.join(PlaybookVersion, version).where(col(PlaybookVersion.number) == number)


def _of(table: Any, playbook: str, number: int | None) -> ColumnElement[bool]:
    """A message of the playbook; of a version, by the enrolment that planned it."""
    mine = col(table.playbook) == playbook
    if number is None:
        return mine
    hers = and_(
        col(Standing.external_userid) == table.external_userid, col(Standing.number) == table.enrolment
    )
    return and_(mine, _standings(playbook, number, Standing.number).where(hers).exists())


async def _goals(session: AsyncSession, playbook: str, number: int | None, names: Any) -> dict[str, int]:
    goal = func.jsonb_array_elements_text(names).table_valued("value").lateral("goal")
    people = func.count(col(Standing.external_userid).distinct())
    query = _standings(playbook, number, goal.c.value, people).join(goal, true()).group_by(goal.c.value)
    found = await fetch(session, query.order_by(goal.c.value))
    return {str(name): int(count) for name, count in found}
