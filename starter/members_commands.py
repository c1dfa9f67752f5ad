"""`journeys members …`: whose account at the till is whose, where keys do not say it alone."""

from typing import Annotated

import typer

from activities.composition import connections
from activities.courier import Courier
from activities.till_clients import member_keys, till_client
from domain.addresses import customer_id
from integrations import pos
from settings import utc_now
from starter import context
from starter.members.showing import details, dispute
from starter.output import JsonOption, print_json, show
from starter.runtime import CommandFailed, console, run
from storage import inbound, member_conflicts, member_links, member_merges, members
from storage.database import Database
from storage.lives import find_customer
from storage.member_conflicts import Word
from workflows.connection import connect

app = typer.Typer(
    no_args_is_help=True, help="Members of the till: who is whose customer, conflicts, merged accounts."
)

Customer = Annotated[str, typer.Argument(metavar="CUSTOMER", help="external_userid")]
Member = Annotated[str, typer.Argument(metavar="MEMBER", help="the account's id at the till")]
By = Annotated[str, typer.Option(help="your name; it is recorded")]
Reason = Annotated[str, typer.Option(help="why; it is recorded")]


@app.command()
def conflicts(as_json: JsonOption = False) -> None:
    """List customers who stay unlinked: several accounts match, or one that is somebody else's."""
    run(_conflicts(as_json))


@app.command(name="show")
def show_member(
    who: Annotated[str, typer.Argument(metavar="MEMBER_OR_CUSTOMER", help="either id")],
    as_json: JsonOption = False,
) -> None:
    """Show an account, whose it is and was, and what was merged. Phones show their last two digits."""
    run(_show(who, as_json))


@app.command()
def link(who: Customer, member: Member, by: By, reason: Reason) -> None:
    """Say that this customer is this member. What waited for the member goes to her."""
    run(_link(who, member, by, reason))


@app.command()
def unlink(who: Customer, member: Member, by: By, reason: Reason) -> None:
    """Say that she is not this member, or not this candidate of a conflict. Only `link` undoes it."""
    run(_unlink(who, member, by, reason))


@app.command()
def merge(
    account: Annotated[str, typer.Argument(metavar="FROM", help="the account that is used no longer")],
    into: Annotated[str, typer.Argument(metavar="INTO", help="the account that goes on for both")],
    by: By,
    reason: Reason,
) -> None:
    """Say that two accounts are one person. Orders of both count for INTO; there is no way back."""
    run(_merge(account, into, by, reason))


async def _conflicts(as_json: bool) -> None:
    async with context.database() as database, database.transaction() as session:
        found = await member_conflicts.still_open(session, context.quiet_settings().pos_provider)
    show([dispute(one) for one in found], as_json, empty="no conflicts")


async def _show(who: str, as_json: bool) -> None:
    settings = context.quiet_settings()
    provider, keys = settings.pos_provider, member_keys(settings)
    async with context.database() as database, database.transaction() as session:
        customer = await find_customer(session, who)
        member_id = (customer.member_id if customer else who) or ""
        member = await members.find_member(session, provider, member_id)
        if customer is None and member is None:
            raise CommandFailed(f"{provider} told us of no member {who!r}, and there is no such customer")
        told = await details(session, provider, member_id, customer, member, keys)
    if as_json:
        print_json(told)
        return
    show([{"field": name, "value": value} for name, value in told.items() if not _rows(value)], False)
    for name in ("links", "conflicts", "merges"):
        if told[name]:
            console.print(f"{name}:")
            show(told[name], False)


def _rows(value: object) -> bool:
    return isinstance(value, list)


async def _link(who: str, member: str, by: str, reason: str) -> None:
    provider, word = context.quiet_settings().pos_provider, Word(by, reason, utc_now())
    async with context.database() as database:
        await context.customer_or_fail(database, who)
        await _learn(database, member)
        async with database.transaction() as session:
            await member_links.link(session, who, provider, member, word)
        console.print(f"{who} is member {member}", markup=False)
        await _deliver(database, who)


async def _unlink(who: str, member: str, by: str, reason: str) -> None:
    provider, word = context.quiet_settings().pos_provider, Word(by, reason, utc_now())
    async with context.database() as database:
        await context.customer_or_fail(database, who)
        async with database.transaction() as session:
            await member_links.unlink(session, who, provider, member, word)
    console.print(f"{who} is not member {member}", markup=False)


async def _merge(account: str, into: str, by: str, reason: str) -> None:
    provider, word = context.quiet_settings().pos_provider, Word(by, reason, utc_now())
    async with context.database() as database:
        for one in (account, into):
            await _learn(database, one)
        async with database.transaction() as session:
            await member_merges.merge(session, provider, account, into, word)
            customers = await member_links.customers_of(session, into)
        console.print(f"{account} goes on as {into}", markup=False)
        for she in customers:
            await _deliver(database, she)


async def _learn(database: Database, member_id: str) -> None:
    """An account of which nothing has told us yet is read of the till. Raises CommandFailed: it has none."""
    settings = context.quiet_settings()
    async with database.transaction() as session:
        if await members.find_member(session, settings.pos_provider, member_id):
            return
    async with connections() as http:
        till = till_client(settings, http, utc_now)
        found = await till.find_members(pos.MemberKey(kind="member_id", value=member_id))
    if not any(one.member_id == member_id for one in found):
        raise CommandFailed(f"{settings.pos_provider} has no member {member_id!r}: look up the id there")
    async with database.transaction() as session:
        for one in found:
            await members.keep(session, till.provider, one, member_keys(settings), utc_now())


async def _deliver(database: Database, who: str) -> None:
    """What waited for the account. If it cannot be delivered now, the sweep does it."""
    subject = customer_id(who)
    async with database.transaction() as session:
        waiting = await inbound.undelivered(session, subject)
    if waiting:
        courier = Courier(await connect(context.quiet_settings()), database, utc_now)
        console.print(f"what waited was delivered to {who}: {await courier.deliver(subject)}", markup=False)
