"""`journeys customers …`: who is where, why, and orders to one life."""

from typing import Annotated, Any
from uuid import uuid4

import typer

from activities.composition import form_links
from domain.customer import Command, CommandKind
from domain.events import FormName
from domain.links import LINK_LIFE
from domain.stages import Stage
from settings import utc_now
from starter import context, lifelines
from starter.members.showing import habits_of
from starter.output import JsonOption, print_json, show
from starter.runtime import console, run
from storage import lives
from storage.story import story
from storage.tables import Customer
from workflows.connection import connect

app = typer.Typer(no_args_is_help=True, help="Customers: where each stands, why, and orders to one life.")

Who = Annotated[str, typer.Argument(help="external_userid")]
By = Annotated[str, typer.Option(help="your name; it is recorded")]
Reason = Annotated[str, typer.Option(help="why; `explain` will show it")]
OfPlaybook = Annotated[str | None, typer.Option("--playbook", help="only this playbook; else all")]


@app.command(name="list")
def list_customers(
    stage: Annotated[Stage | None, typer.Option(help="only this stage")] = None,
    store: Annotated[str | None, typer.Option(help="only this store's")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="how many at most")] = 50,
    as_json: JsonOption = False,
) -> None:
    """List customers with their stage and what is next. Needs no worker."""
    run(_list(stage, store, limit, as_json))


@app.command(name="show")
def show_customer(who: Who, as_json: JsonOption = False) -> None:
    """Show where one customer stands. Needs no worker."""
    run(_show(who, as_json))


@app.command()
def explain(who: Who, as_json: JsonOption = False) -> None:
    """Tell her whole story: what happened, what she was sent or not, and why. Needs no worker."""
    run(_explain(who, as_json))


@app.command()
def pause(who: Who, by: By, reason: Reason = "", as_json: JsonOption = False) -> None:
    """Plan nothing for her until `resume`; events are still heard."""
    run(_order(who, CommandKind.PAUSE, by, reason, None, as_json))


@app.command()
def resume(who: Who, by: By, reason: Reason = "", as_json: JsonOption = False) -> None:
    """Go on after a pause."""
    run(_order(who, CommandKind.RESUME, by, reason, None, as_json))


@app.command()
def skip(
    who: Who,
    by: By,
    playbook: Annotated[str, typer.Option(help="the playbook whose current step is skipped")],
    reason: Reason = "",
    as_json: JsonOption = False,
) -> None:
    """Leave the current step of a playbook for the next one."""
    run(_order(who, CommandKind.SKIP, by, reason, playbook, as_json))


@app.command(name="exit")
def exit_journeys(
    who: Who, by: By, reason: Reason, playbook: OfPlaybook = None, as_json: JsonOption = False
) -> None:
    """End her journeys, and stop what is on its way to her."""
    run(_order(who, CommandKind.EXIT, by, reason, playbook, as_json))


@app.command(name="opt-out")
def opt_out(who: Who, by: By, reason: Reason, as_json: JsonOption = False) -> None:
    """Record that she wants no more messages. It is on record before this returns."""
    run(_order(who, CommandKind.OPT_OUT, by, reason, None, as_json))


@app.command()
def form(
    who: Who,
    name: Annotated[FormName, typer.Argument(help="which form")],
    as_json: JsonOption = False,
) -> None:
    """Print the link of a short form for one customer, to be sent to her by hand. Needs no worker."""
    run(_form(who, name, as_json))


async def _list(stage: Stage | None, store: str | None, limit: int, as_json: bool) -> None:
    async with context.database() as database, database.transaction() as session:
        await context.known(session, stores=[store])
        rows = await lives.list_customers(session, stage=stage, store_id=store, limit=limit)
    show([_row(row) for row in rows], as_json, empty="no customers")


async def _show(who: str, as_json: bool) -> None:
    provider = context.quiet_settings().pos_provider
    async with context.database() as database:
        customer = await context.customer_or_fail(database, who)
        async with database.transaction() as session:
            buys = await habits_of(session, provider, customer.member_id, utc_now())
            follows = await lives.follows_of(session, who)
            groups = await lives.current_groups(session, who)
    details = _row(customer) | {
        "reason": customer.stage_reason,
        "playbooks": ", ".join(customer.playbooks),
        "friends": ", ".join(f.userid for f in follows if f.lost_at is None),
        "lost": ", ".join(f"{f.userid} ({f.lost_reason})" for f in follows if f.lost_at),
        "groups": ", ".join(m.chat_id for m in groups),
        "paused_by": customer.paused_by,
        "opted_out": customer.opted_out_at,
        "member": customer.member_id,
        **buys,
    }
    if as_json:
        print_json(details)
    else:
        show([{"field": name, "value": value} for name, value in details.items()], as_json)


async def _explain(who: str, as_json: bool) -> None:
    async with context.database() as database:
        await context.customer_or_fail(database, who)
        async with database.transaction() as session:
            lines = await story(session, who)
    show([{"at": line.at, "what": line.what, "why": line.reason} for line in lines], as_json)


async def _form(who: str, name: FormName, as_json: bool) -> None:
    async with context.database() as database:
        await context.customer_or_fail(database, who)
    now = utc_now()
    link = form_links(context.quiet_settings()).link(who, name, now)
    if as_json:
        print_json({"customer": who, "form": name, "link": link, "expires_at": now + LINK_LIFE})
    else:
        print(link)  # alone on its line, however long: it will be copied


async def _order(
    who: str, kind: CommandKind, by: str, reason: str, playbook: str | None, as_json: bool
) -> None:
    async with context.database() as database:
        await context.customer_or_fail(database, who)
    client = await connect(context.quiet_settings())
    command = Command(id=f"{kind}-{uuid4()}", kind=kind, by=by, reason=reason, playbook=playbook)
    answer = await lifelines.order(client, who, command)
    if as_json:
        print_json({"customer": who, "order": kind, "answer": answer.answer})
    else:
        console.print(answer.answer, markup=False)


def _row(customer: Customer) -> dict[str, Any]:
    return {
        "customer": customer.external_userid,
        "stage": str(customer.stage),
        "since": customer.stage_since,
        "store": customer.store_id,
        "next": customer.next_at,
        "next_what": customer.next_what,
    }
