"""`journeys codes …`: entry codes (渠道活码)."""

from typing import Annotated

import typer

from starter import context
from starter.codes import WantedCode
from starter.output import JsonOption, show
from starter.runtime import run
from storage.tables import EntryCode

app = typer.Typer(no_args_is_help=True, help="Entry codes (渠道活码): one per store and placement.")


@app.command()
def create(
    store: Annotated[list[str], typer.Option(help="store id; may be given several times")],
    placement: Annotated[list[str], typer.Option(help="where it hangs, e.g. cashier, table; several times")],
    playbook: Annotated[str, typer.Option(help="the playbook that its customers enter")],
    employee: Annotated[
        list[str] | None, typer.Option(help="userid behind the code; default: the store's active employees")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Make one code per store and placement in WeCom. A code that exists is left as it is."""
    wanted = [WantedCode(s, p, playbook, tuple(employee or ())) for s in store for p in placement]
    run(_create(wanted, as_json))


@app.command(name="list")
def list_codes(as_json: JsonOption = False) -> None:
    """Show all codes with their QR pictures' addresses."""
    run(_list(as_json))


async def _create(wanted: list[WantedCode], as_json: bool) -> None:
    rows = []
    async with context.codes() as codes:
        for one in wanted:
            row, made = await codes.create(one)
            rows.append(_row(row) | {"new": made})
    show(rows, as_json)


async def _list(as_json: bool) -> None:
    async with context.codes() as codes:
        rows = [_row(row) for row in await codes.list()]
    show(rows, as_json)


def _row(row: EntryCode) -> dict[str, object]:
    return {
        "state": row.state,
        "store": row.store_id,
        "placement": row.placement,
        "playbook": row.playbook,
        "employees": ",".join(row.userids),
        "qr_code": row.qr_code or "not made yet: run create again",
    }
