"""`journeys playbook preview`: one made-up customer, or many, through the production workflows in seconds."""

from pathlib import Path
from typing import Annotated

import typer

from starter.runtime import run

MOST_PEOPLE = 500


def preview(
    book: Annotated[str, typer.Argument(help="a playbook file, or the name of one in PLAYBOOKS_DIR")],
    days: Annotated[int, typer.Option(min=1, max=730, help="how many days to look ahead")] = 90,
    persona: Annotated[str, typer.Option(help="who comes: the name of a file in personas/")] = "newcomer",
    customer: Annotated[Path | None, typer.Option(help="who comes: a persona file of your own")] = None,
    personas: Annotated[
        int, typer.Option(min=1, max=MOST_PEOPLE, help="so many copies of her, each with draws of her own")
    ] = 1,
    seed: Annotated[int, typer.Option(help="of all draws: the same seed gives the same lives")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="print events as JSON")] = False,
) -> None:
    """Show what a playbook would do to a customer, day by day, with every decision and its reason.

    The production workflows run under a clock that skips, against simulators, in a database of its own.
    Nothing is sent to anybody, and nothing has to be up. With --personas N the funnel is printed instead.
    """
    from starter.preview.showing import Order, show  # simulators, gateway and worker: not for every command

    run(show(Order(book, days, persona, customer, personas, seed), as_json))
