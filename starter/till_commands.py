"""`journeys till …`: what is read of the till besides its pushes."""

import typer

from starter.till.status import status
from starter.till.walks import backfill, stop, sync

app = typer.Typer(
    no_args_is_help=True, help="The till: synchronise, read the orders of years, see what no push had told."
)
app.command()(sync)
app.command()(backfill)
app.command()(stop)
app.command()(status)
