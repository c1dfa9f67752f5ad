"""`journeys`: the operators' command line."""

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


def main() -> None:
    app()


if __name__ == "__main__":
    main()
