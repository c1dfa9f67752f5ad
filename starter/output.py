"""Tables for people, CSV for Excel, JSON for programs."""

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from csv import writer as csv_writer
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from starter.runtime import CommandFailed, console

JsonOption = Annotated[bool, typer.Option("--json", help="print JSON instead of a table")]
CsvOption = Annotated[
    Path | None, typer.Option("--csv", help="write everything into this file, for Excel", dir_okay=False)
]
FORMULA = ("=", "+", "-", "@", "\t", "\r")

WriteRow = Callable[[Mapping[str, Any]], None]


def show(
    rows: Sequence[Mapping[str, Any]], as_json: bool, *, csv: Path | None = None, empty: str = "nothing here"
) -> None:
    """Print rows of equal keys, or write them into the file `csv`. Raises CommandFailed if that cannot be."""
    if csv:
        with csv_file(csv) as write:
            for row in rows:
                write(row)
        console.print(f"{len(rows)} rows written to {csv}", markup=False)
    elif as_json:
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


@contextlib.contextmanager
def csv_file(file: Path, titles: Mapping[str, str] | None = None) -> Iterator[WriteRow]:
    """A file for Excel, written row by row: a million rows take no memory.

    `titles`: what the columns are called; by default as the keys of the first row. Raises CommandFailed when
    the file cannot be written.
    """
    try:
        with file.open("w", encoding="utf-8-sig", newline="") as out:  # without a BOM Excel reads GB18030
            cells = csv_writer(out)
            columns = titles
            if titles:
                cells.writerow(titles.values())

            def write(row: Mapping[str, Any]) -> None:
                nonlocal columns
                if columns is None:
                    columns = {name: name for name in row}
                    cells.writerow(columns)
                cells.writerow(_harmless(_cell(row[name])) for name in columns)

            yield write
    except OSError as error:
        raise CommandFailed(f"{file} cannot be written: {error.strerror}") from None


@contextlib.contextmanager
def json_array() -> Iterator[WriteRow]:
    """One JSON array on standard output, written row by row: a million rows take no memory."""
    begins = "["

    def write(row: Mapping[str, Any]) -> None:
        nonlocal begins
        print(begins)
        print("  " + json.dumps(row, ensure_ascii=False, default=_json), end="")
        begins = ","

    yield write
    print("[]" if begins == "[" else "\n]")


def print_json(value: Any) -> None:
    """One JSON document on standard output, times in ISO 8601."""
    print(json.dumps(value, ensure_ascii=False, default=_json, indent=2))


def _json(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _text(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:%Y-%m-%d %H:%M:%S}Z" if hasattr(value, "hour") else str(value)


def _cell(value: Any) -> Any:
    """Numbers stay numbers."""
    return value if isinstance(value, int | float) else _text(value)


def _harmless(value: Any) -> Any:
    """Excel would run a text that begins like a formula; the apostrophe makes it a text."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
