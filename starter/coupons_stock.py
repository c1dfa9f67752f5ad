"""`journeys coupons stock …`: how many of a voucher each store has to give (M62)."""

from pathlib import Path
from typing import Annotated

import typer

from settings import utc_now
from starter import context
from starter.chain.printing import File
from starter.chain.reading import Table, understand
from starter.chain.rows import VoucherRow
from starter.chain.sheets import read
from starter.output import JsonOption, show
from starter.runtime import CommandFailed, console, run
from storage import chain, coupons, voucher_stocks
from storage.tables import Store

stock = typer.Typer(no_args_is_help=True, help="How many of a voucher each store has to give.")
MOST = 999_999  # as in a spreadsheet
Template = Annotated[str, typer.Argument(help="the till's coupon template, as playbooks name it")]


@stock.command(name="set")
def set_stock(
    template: Template,
    stores: Annotated[list[str], typer.Argument(help="STORE=TOTAL, such as S001=50; one or more")],
) -> None:
    """Say how many of a voucher stores have in all, what is given out or used already included.

    From then on a coupon of this template is issued only where one is left: 0 at every store issues none.
    """
    totals = dict(map(_pair, stores))
    if len(totals) < len(stores):
        raise typer.BadParameter("a store is named twice: say each once")
    run(_set(template, totals))


@stock.command(name="import")
def import_stock(template: Template, file: File) -> None:
    """Say it for many stores from a spreadsheet with the columns 门店编号 and 数量. All of it, or nothing."""
    run(_import(template, file))


@stock.command(name="list")
def list_stock(
    template: Annotated[str | None, typer.Option(help="only this template's")] = None,
    store: Annotated[str | None, typer.Option(help="only this store's")] = None,
    as_json: JsonOption = False,
) -> None:
    """Show what each store has to give, holds for coupons that are out, has used, and has left.

    Less than nothing is left where vouchers of other stores were used: so many more are out than there are.
    """
    run(_list(template, store, as_json))


def _pair(text: str) -> tuple[str, int]:
    store, _, total = text.partition("=")
    if not store or not (total.isascii() and total.isdigit()):
        raise typer.BadParameter(f"{text!r} is not STORE=TOTAL, such as S001=50")
    if int(total) > MOST:
        raise typer.BadParameter(f"{text!r}: no store has more than {MOST} of a voucher")
    return store, int(total)


async def _set(template: str, totals: dict[str, int]) -> None:
    now = utc_now()
    async with context.database() as database, database.transaction() as session:
        await context.known(session, stores=list(totals))
        rows = [
            await voucher_stocks.set_total(
                session, template, store, total, now, out=await coupons.out_of(session, template, store)
            )
            for store, total in sorted(totals.items())
        ]
    for row in rows:
        left = row.total - row.held - row.used
        over = "" if left >= 0 else f": {-left} more are out than there are"
        console.print(f"{row.store_id}: {row.total} of {template}, {max(left, 0)} left{over}", markup=False)


async def _import(template: str, file: Path) -> None:
    table: Table[VoucherRow] = understand(read(file), VoucherRow)
    async with context.database() as database, database.transaction() as session:
        there = await chain.existing(session, Store, {one.row.store_id for one in table.rows})
        for one in table.rows:
            if one.row.store_id not in there:
                table.problem(one.line, "store_id", "is no store of ours", "see `journeys stores list`")
    table.done()
    await _set(template, {one.row.store_id: one.row.total for one in table.rows})


async def _list(template: str | None, store: str | None, as_json: bool) -> None:
    async with context.database() as database, database.transaction() as session:
        await context.known(session, stores=[store])
        found = await voucher_stocks.stocks(session, template, store)
    if template and not found:
        raise CommandFailed(f"no store has a stock of {template!r}; see `journeys coupons stock list`")
    show(
        [
            {
                "template": row.template,
                "store": row.store_id,
                "name": at.name,
                "total": row.total,
                "held": row.held,
                "used": row.used,
                "left": row.total - row.held - row.used,
                "updated": row.updated_at,
            }
            for row, at in found
        ],
        as_json,
        empty="no stocks: coupons are issued without counting",
    )
