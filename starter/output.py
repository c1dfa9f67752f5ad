"""Tables for people, JSON for programs."""

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer
from rich.table import Table

from starter.runtime import console

JsonOption = Annotated[bool, typer.Option("--json", help="print JSON instead of a table")]


def show(rows: Sequence[Mapping[str, Any]], as_json: bool, *, empty: str = "nothing here") -> None:
    """Print rows of equal keys."""
    if as_json:
        print_json(rows)
    elif not rows:
        console.print(empty)
    else:
        table = Table()
        for number, name in enumerate(rows[0]):
            table.add_column(name, overflow="fold", no_wrap=number == 0)  # ids are copied
        for row in rows:
            table.add_row(*(_text(value) for value in row.values()))
        console.print(table)


def print_json(value: Any) -> None:
    """One JSON document on standard output, times in ISO 8601."""
    print(json.dumps(value, ensure_ascii=False, default=_json, indent=2))


def _json(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _text(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:%Y-%m-%d %H:%M:%S}Z" if hasattr(value, "strftime") else str(value)
