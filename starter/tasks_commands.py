"""`journeys tasks …`: messages that employees must confirm (企业群发, 朋友圈), and how they keep up."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from domain.shape import spell
from settings import utc_now
from starter import context
from starter.output import CsvOption, JsonOption, show
from starter.runtime import CommandFailed, run
from storage import open_tasks
from storage import sla as slas
from storage.directory import DEFAULT_ZONE
from storage.open_tasks import WaitingTask
from storage.sla import By, Sla

app = typer.Typer(no_args_is_help=True, help="Messages that wait for an employee's confirmation (群发任务).")

DAY = ["%Y-%m-%d"]
USUAL_DAYS = timedelta(days=30)
TEXT_CHARS = 30  # of a message, in a table


@app.command(name="list")
def list_tasks(
    employee: Annotated[str | None, typer.Option(help="only this userid's")] = None,
    store: Annotated[str | None, typer.Option(help="only of this store, by its id")] = None,
    region: Annotated[str | None, typer.Option(help="only of this region, by its id")] = None,
    csv: CsvOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what is not confirmed yet, the oldest first: whose it is, for how many, since when, until when."""
    run(_list(employee, store, region, csv, as_json))


@app.command()
def sla(
    by: Annotated[By, typer.Option(help="whose figures")] = By.STORE,
    since: Annotated[
        datetime | None, typer.Option(formats=DAY, help="created on this day or later; 30 days ago if absent")
    ] = None,
    until: Annotated[datetime | None, typer.Option(formats=DAY, help="created on this day or before")] = None,
    csv: CsvOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show how tasks were confirmed, the lowest share first; days are China's.

    `no_manager` counts tasks of which nobody could be told: the store has no manager.
    """
    run(_sla(by, since, until, csv, as_json))


async def _list(
    employee: str | None, store: str | None, region: str | None, csv: Path | None, as_json: bool
) -> None:
    userid, now = employee.lower() if employee else None, utc_now()
    async with context.database() as database, database.transaction() as session:
        await context.known(session, stores=[store], regions=[region], employees=[userid])
        found = await open_tasks.waiting(session, userid=userid, store_id=store, region_id=region)
    rows = [_waiting(task, now, whole=as_json or csv is not None) for task in found]
    show(rows, as_json, csv=csv, empty="nothing waits for a confirmation")


async def _sla(
    by: By, since: datetime | None, until: datetime | None, csv: Path | None, as_json: bool
) -> None:
    zone, now = ZoneInfo(DEFAULT_ZONE), utc_now()
    first = since.replace(tzinfo=zone) if since else now - USUAL_DAYS
    end = until.replace(tzinfo=zone) + timedelta(days=1) if until else now
    if first >= end:
        raise CommandFailed("--since is after --until: no day is between them")
    async with context.database() as database, database.transaction() as session:
        found = await slas.sla(session, by, first, end)
    show([_row(one, by) for one in found], as_json, csv=csv, empty="no tasks were created in these days")


def _waiting(task: WaitingTask, now: datetime, *, whole: bool) -> dict[str, Any]:
    age = timedelta(minutes=(now - task.since) // timedelta(minutes=1))
    return {
        "task": task.batch_id,
        "employee": task.userid,
        "store": task.store_id,
        "channel": task.channel.value,
        "recipients": task.recipients,
        "age": spell(age),
        "expires": task.expires_at,
        "reminded": task.reminded,
        "told": task.told_at,
        "escalated": task.escalated_at,
        "text": task.text if whole else task.text[:TEXT_CHARS],
    }


def _row(one: Sla, by: By) -> dict[str, Any]:
    return {
        by.value: one.id,
        "name": one.name,
        "tasks": one.tasks,
        "customers": one.customers,
        "open": one.open,
        "confirmed_percent": one.confirmed_percent,
        "median_minutes": None if one.median is None else round(one.median / 60, 1),
        "reminded": one.reminded,
        "escalated": one.escalated,
        "no_manager": one.no_manager,
        "expired": one.expired,
        "backfilled": one.backfilled,
    }
