"""`journeys overstock …`: stock that will not keep, and the campaigns about it (积压)."""

import typer

from starter.overstock.check import check
from starter.overstock.listing import list_lots

app = typer.Typer(no_args_is_help=True, help="Stock that will not keep (积压): rules, lots, what was sold.")
app.command()(check)
app.command(name="list")(list_lots)
