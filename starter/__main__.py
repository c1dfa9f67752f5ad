"""`journeys`: the operators' command line."""

import importlib
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from starter.runtime import console, run

GROUPS = (
    "stores",
    "employees",
    "groups",
    "codes",
    "playbook",
    "segments",
    "coupons",
    "campaign",
    "overstock",
    "till",
    "customers",
    "members",
    "todos",
    "tasks",
    "removals",
    "results",
)
SINGLE = ("apply", "enrol", "doctor")


class _OnDemand(TyperGroup):
    """Imports the module of a command when it is asked for: all of them take seconds."""

    def list_commands(self, ctx: Any) -> list[str]:
        return [*GROUPS, *SINGLE, *super().list_commands(ctx)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name in GROUPS:
            module = importlib.import_module(f"starter.{cmd_name}_commands")
            group = typer.main.get_group(module.app)
            group.name = cmd_name
            return group
        if cmd_name in SINGLE:
            module = importlib.import_module(f"starter.{cmd_name}_command")
            alone = typer.Typer(add_completion=False)
            alone.command(name=cmd_name)(getattr(module, cmd_name))
            return typer.main.get_command(alone)
        return super().get_command(ctx, cmd_name)


app = typer.Typer(cls=_OnDemand, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


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
