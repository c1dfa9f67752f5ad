"""`journeys coupons …`: what was credited to whom, what is unclear, and the vouchers of stores."""

from typing import Annotated, Literal

import typer

from activities.composition import connections
from activities.coupons import told
from activities.till_clients import till_client
from integrations import pos
from settings import utc_now
from starter import context
from starter.coupons_stock import stock
from starter.output import JsonOption, show
from starter.runtime import CommandFailed, console, run
from storage import coupons
from storage.database import Database
from storage.tables import Coupon

app = typer.Typer(
    no_args_is_help=True, help="Coupons: list them, settle what is unclear, vouchers of stores."
)
app.add_typer(stock, name="stock")

Status = Literal["claimed", "issued", "redeemed", "expired", "void", "refused", "unclear"]
Limit = Annotated[int, typer.Option(min=1, max=10_000, help="how many at most")]


@app.command(name="list")
def list_coupons(
    status: Annotated[Status | None, typer.Option(help="only those")] = None,
    customer: Annotated[str | None, typer.Option(help="only this external_userid's")] = None,
    template: Annotated[str | None, typer.Option(help="only of this template of the till")] = None,
    limit: Limit = 50,
    as_json: JsonOption = False,
) -> None:
    """Show the newest coupons: for whom, of which template, what became of them."""
    run(_list(status, customer, template, limit, as_json))


@app.command()
def unclear(limit: Limit = 50, as_json: JsonOption = False) -> None:
    """Show coupons of which nobody knows whether the till issued them: look there, then `settle` each."""
    run(_list("unclear", None, None, limit, as_json))


@app.command()
def settle(
    key: Annotated[str, typer.Argument(help="of the coupon, as `coupons unclear` shows it")],
    by: Annotated[str, typer.Option(help="your name; it is recorded")],
    reason: Annotated[str, typer.Option(help="how you know; `explain` will show it")],
    issued: Annotated[
        str | None, typer.Option(help="the till's id of the coupon that she has; the till is asked for it")
    ] = None,
    none: Annotated[bool, typer.Option("--none", help="the till has issued none")] = False,
) -> None:
    """Say what became of an unclear coupon. Her journey has gone on without it, and nothing is issued now."""
    if (issued is None) is not none:
        raise typer.BadParameter("give either --issued COUPON_ID or --none")
    run(_settle(key, issued, by, reason))


async def _list(
    status: str | None, customer: str | None, template: str | None, limit: int, as_json: bool
) -> None:
    async with context.database() as database:
        if customer:
            await context.customer_or_fail(database, customer)
        async with database.transaction() as session:
            found = await coupons.list_all(
                session, status=status, external_userid=customer, template=template, limit=limit
            )
    show([_row(row) for row in found], as_json, empty="no coupons")


def _row(row: Coupon) -> dict[str, object]:
    return {
        "key": row.key,
        "customer": row.external_userid,
        "member": row.member_id,
        "template": row.template,
        "status": row.status,
        "reason": row.reason,
        "store": row.store_id,
        "coupon": row.coupon_id,
        "claimed": row.claimed_at,
        "valid_until": row.valid_until,
        "since": row.changed_at,
        "by": row.settled_by,
    }


async def _settle(key: str, issued: str | None, by: str, reason: str) -> None:
    if not by.strip() or not reason.strip():
        raise CommandFailed("--by and --reason must say something")
    async with context.database() as database:
        async with database.transaction() as session:
            row = await session.get(Coupon, key)
        if row is None or row.status != coupons.UNCLEAR:
            raise CommandFailed(
                f"there is no unclear coupon {key!r}"
                + (f": it is {row.status}" if row else "")
                + "; see `journeys coupons unclear`"
            )
        found = await _at_the_till(database, row, issued) if issued else None
        async with database.transaction() as session:
            if found:
                await coupons.issued(session, key, told(found), utc_now(), by=by, reason=reason)
            else:
                await coupons.refuse(session, key, reason, utc_now(), by=by)
    console.print(f"{key} is settled: {f'issued as {issued}' if issued else 'none was issued'}", markup=False)


async def _at_the_till(database: Database, row: Coupon, coupon_id: str) -> pos.Coupon:
    """The coupon as the till knows it. Raises CommandFailed for one that is not hers, or another's."""
    async with connections() as http:
        try:
            found = await till_client(context.quiet_settings(), http, utc_now).get_coupon(
                coupon_id, member_id=row.member_id
            )
        except pos.PosNotFound:
            raise CommandFailed(f"the till has no coupon {coupon_id!r}: look up its id there") from None
    for what, hers, is_of in (
        ("member", row.member_id, found.member_id),
        ("template", row.template, found.template_id),
    ):
        if is_of and is_of != hers:
            raise CommandFailed(f"coupon {coupon_id!r} is of the {what} {is_of}, not {hers}")
    async with database.transaction() as session:
        if other := await coupons.by_id(session, found.coupon_id):
            raise CommandFailed(f"coupon {coupon_id!r} is that of {other.key} already")
    return found
