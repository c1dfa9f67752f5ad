"""`journeys`: the operators' command line."""

from typing import Annotated

import typer

from starter.runtime import run

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)


@app.callback()
def journeys() -> None:
    """Durable customer journeys for chain stores on WeCom."""


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


def main() -> None:
    app()


if __name__ == "__main__":
    main()
