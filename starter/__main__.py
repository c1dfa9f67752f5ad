"""`journeys`: the operators' command line."""

from typing import Annotated

import typer

from starter import (
    campaign_commands,
    codes_commands,
    customers_commands,
    employees_commands,
    groups_commands,
    overstock_commands,
    playbook_commands,
    removals_commands,
    results_commands,
    segments_commands,
    stores_commands,
    tasks_commands,
    todos_commands,
)
from starter.apply_command import apply
from starter.doctor_command import doctor
from starter.enrol_command import enrol
from starter.runtime import console, run

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.add_typer(stores_commands.app, name="stores")
app.add_typer(employees_commands.app, name="employees")
app.add_typer(groups_commands.app, name="groups")
app.add_typer(codes_commands.app, name="codes")
app.add_typer(playbook_commands.app, name="playbook")
app.add_typer(segments_commands.app, name="segments")
app.add_typer(campaign_commands.app, name="campaign")
app.add_typer(overstock_commands.app, name="overstock")
app.add_typer(customers_commands.app, name="customers")
app.add_typer(todos_commands.app, name="todos")
app.add_typer(tasks_commands.app, name="tasks")
app.add_typer(removals_commands.app, name="removals")
app.add_typer(results_commands.app, name="results")
app.command()(apply)
app.command()(enrol)
app.command()(doctor)


@app.callback()
def journeys() -> None:
    """Durable customer journeys for chain stores on WeCom (企业微信).

    Exit codes: 0 done, 1 not done (the reason is on standard error), 2 a wrong command line.
    """


@app.command()
def up() -> None:
    """Start the whole embedded stack and keep it up until Ctrl-C."""
    from starter.up import stay_up

    run(stay_up())


@app.command()
def demo(stay: Annotated[bool, typer.Option(help="keep the stack up afterwards")] = False) -> None:
    """Play one store opening through the real stack; exit 0 only if every stage happened."""
    from starter.demo.opening import demo as play

    run(play(stay))


@app.command()
def migrate() -> None:
    """Bring the database of DATABASE_URL to the newest schema. Safe to run again, and twice at once."""
    run(_migrate())


async def _migrate() -> None:
    from settings import load
    from storage.database import migrate as upgrade

    upgrade(load().sqlalchemy_url)
    console.print("the schema is up to date")


def main() -> None:
    app()


if __name__ == "__main__":
    main()
