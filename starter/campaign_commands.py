"""`journeys campaign …`: one message to everybody whom a segment means (活动)."""

import typer

from starter.campaign.check import check
from starter.campaign.drafting import adapt, approve, create, revise
from starter.campaign.dry_run import dry_run
from starter.campaign.orders import cancel, go, pause, resume
from starter.campaign.people import people
from starter.campaign.showing import list_campaigns, show_campaign

app = typer.Typer(
    no_args_is_help=True, help="Campaigns (活动): draft, approve, roll out in waves, watch, stop."
)
app.command()(check)
app.command()(create)
app.command()(revise)
app.command()(adapt)
app.command(name="dry-run")(dry_run)
app.command()(approve)
app.command()(pause)
app.command()(resume)
app.command()(cancel)
app.command()(go)
app.command(name="list")(list_campaigns)
app.command(name="show")(show_campaign)
app.command()(people)
