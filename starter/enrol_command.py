"""`journeys enrol`: existing customers into a playbook."""

from pathlib import Path
from typing import Annotated

import typer

from activities.courier import Courier
from settings import utc_now
from starter import context
from starter import enrol as enrolling
from starter.output import JsonOption, print_json
from starter.runtime import CommandFailed, console, run
from workflows.connection import connect


def enrol(
    playbook: Annotated[str, typer.Argument(help="a published playbook")],
    customer: Annotated[list[str] | None, typer.Argument(help="external_userids")] = None,
    csv: Annotated[
        Path | None, typer.Option(help="a CSV file with a column external_userid", dir_okay=False)
    ] = None,
    reference: Annotated[
        str | None,
        typer.Option(help="names this order; the same order given again changes nothing. Default: today"),
    ] = None,
    per_second: Annotated[float, typer.Option(min=0.1, max=1000, help="customers a second")] = 50,
    as_json: JsonOption = False,
) -> None:
    """Put existing customers into a playbook. All are checked before the first one is handed over.

    Each customer's own life decides: a re-entry rule may still refuse. `journeys customers explain` tells.
    """
    run(_enrol(playbook, customer or [], csv, reference, per_second, as_json))


async def _enrol(
    playbook: str,
    customers: list[str],
    csv: Path | None,
    reference: str | None,
    per_second: float,
    as_json: bool,
) -> None:
    if bool(customers) == bool(csv):
        raise CommandFailed("name customers, or a file with --csv; one of the two")
    given: list[tuple[int, str]] = list(enumerate(dict.fromkeys(customers), start=1))
    rows, problems = enrolling.read_csv(csv) if csv else (given, [])
    async with context.database() as database:
        await enrolling.check(database, playbook, rows, str(csv or "argument"), problems)
        client = await connect(context.quiet_settings())
        order = enrolling.Enrolment(
            playbook=playbook,
            reference=reference or utc_now().date().isoformat(),
            customers=[found for _, found in rows],
        )
        courier = Courier(client, database, utc_now)
        new = await enrolling.enrol(database, courier, utc_now, order, per_second)
    if as_json:
        print_json({"playbook": playbook, "customers": len(rows), "new": new})
    else:
        console.print(f"{new} handed over, {len(rows) - new} were in this order before")
