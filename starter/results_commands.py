"""`journeys results …`: what came of codes, campaigns and playbooks."""

from datetime import datetime
from typing import Annotated

import typer

from starter.output import CsvOption, JsonOption
from starter.results import alerts as alerting
from starter.results import campaign as campaigns
from starter.results import funnel as funnels
from starter.results import playbook as playbooks
from starter.runtime import run
from storage.results.campaign import Parts
from storage.results.codes import By
from storage.results.funnel import Days

app = typer.Typer(
    no_args_is_help=True, help="Results: funnels, alerts, and what campaigns and playbooks were worth."
)

DAY = ["%Y-%m-%d"]
Since = Annotated[
    datetime | None, typer.Option(formats=DAY, help="arrived on this day or later, by each store's clock")
]
Until = Annotated[datetime | None, typer.Option(formats=DAY, help="arrived on this day or before")]


@app.command()
def funnel(
    by: Annotated[By, typer.Option(help="what the rows are")] = By.PLAYBOOK,
    since: Since = None,
    until: Until = None,
    store: Annotated[list[str] | None, typer.Option(help="only these stores; several times")] = None,
    csv: CsvOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show how far people come: scan, friend, greeting, invitation, group, orders, goal; and where they fall
    off. Placements are ranked by the time from purchase to add.
    """
    days = Days(since.date() if since else None, until.date() if until else None)
    run(funnels.show_funnel(by, days, store or None, csv, as_json))


@app.command()
def alerts(
    days: Annotated[int, typer.Option(min=1, max=3650, help="of the last so many days")] = 30,
    rate: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="friends for every scan, e.g. 0.6; default: the chain's"),
    ] = None,
    at_least: Annotated[int, typer.Option(min=1, help="scans before a store can be flagged")] = 30,
    region: Annotated[str | None, typer.Option(help="only stores of this region")] = None,
    csv: CsvOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the stores whose codes bring far fewer friends for their scans than the chain's, or than a rate:
    so few that chance does not explain it.
    """
    run(alerting.show_alerts(days, rate, at_least, region, csv, as_json))


@app.command()
def campaign(
    name: Annotated[str, typer.Argument(help="of the campaign")],
    by: Annotated[Parts, typer.Option(help="what the rows are")] = Parts.CHANNEL,
    csv: CsvOption = None,
    as_json: JsonOption = False,
) -> None:
    """Look back on a campaign: planned and real at each step, who was refused why, orders and revenue, and
    what it was worth against those held out.
    """
    run(campaigns.show_campaign(name, by, csv, as_json))


@app.command()
def playbook(
    name: Annotated[str, typer.Argument(help="of a published playbook")],
    version: Annotated[int | None, typer.Option(min=1, help="only this version's; default: all")] = None,
    days: Annotated[int, typer.Option(min=1, max=365, help="orders so long after the draw count")] = 30,
    csv: CsvOption = None,
    as_json: JsonOption = False,
) -> None:
    """Look back on a playbook: who entered, the funnel of its steps, its goals, and what it was worth against
    those held out.
    """
    run(playbooks.show_playbook(name, version, days, csv, as_json))
