"""`journeys todos …`: what employees have been asked to do by hand (待办)."""

from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from activities.composition import todo_planner
from domain.todos import Card, TodoKind
from playbooks.loader import load_policy
from settings import utc_now
from starter import context
from starter.output import JsonOption, show
from starter.runtime import CommandFailed, console, run
from storage import directory
from storage import todos as rows
from storage.tables import Employee, Todo
from workflows.connection import connect

app = typer.Typer(no_args_is_help=True, help="To-dos of employees (待办), sent as cards with buttons.")


@app.command(name="list")
def list_todos(
    employee: Annotated[str | None, typer.Option(help="only this userid's")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="how many")] = 50,
    as_json: JsonOption = False,
) -> None:
    """Show the newest to-dos: who, what, how it stands."""
    run(_list(employee, limit, as_json))


@app.command()
def send(
    userid: Annotated[str, typer.Argument(help="of the employee")],
    title: Annotated[str, typer.Argument(help="at most 26 characters")],
    text: Annotated[str, typer.Option(help="at most 112 characters")] = "",
    url: Annotated[str | None, typer.Option(help="what a tap on the card opens")] = None,
) -> None:
    """Send an employee a to-do. The same words on the same day of her store are sent once."""
    run(_send(userid, title, text, url))


async def _list(employee: str | None, limit: int, as_json: bool) -> None:
    userid = employee.lower() if employee else None
    async with context.database() as database, database.transaction() as session:
        await context.known(session, employees=[userid])
        found = await rows.list_all(session, userid, limit)
    show(
        [
            {
                "id": todo.id,
                "employee": todo.userid,
                "kind": todo.kind,
                "title": todo.card["title"],
                "customer": todo.external_userid,
                "status": todo.status,
                "reason": todo.reason,
                "due": todo.due_at,
                "settled": todo.settled_at,
            }
            for todo in found
        ],
        as_json,
        empty="no to-dos",
    )


async def _send(userid: str, title: str, text: str, url: str | None) -> None:
    settings = context.quiet_settings()
    try:
        card = Card(title=title, text=text, url=url)
    except ValueError:
        raise CommandFailed("a title has 1 to 26 characters, a text at most 112: shorten it") from None
    async with context.database() as database:
        async with database.transaction() as session:
            employee = await session.get(Employee, userid.lower())
            zone = ZoneInfo(await directory.zone_of(session, employee.store_id if employee else None))
        if employee is None or not employee.active:
            raise CommandFailed(f"there is no active employee {userid!r}; see `journeys employees list`")
        temporal = await connect(settings)
        planner = todo_planner(settings, database, temporal, load_policy(settings.playbooks_dir), utc_now)
        occasion = f"{utc_now().astimezone(zone):%F} {title} {text} {url}"
        subject = f"employee/{employee.userid}"
        new = await planner.want(TodoKind.MESSAGE, subject, occasion, employee.userid, card)
        if new is None:
            console.print("the same to-do was sent today already")
            return
        async with database.transaction() as session:
            due_at = (await session.get_one(Todo, new)).due_at
    later = f"waits for the end of the quiet hours: {due_at.astimezone(zone):%Y-%m-%d %H:%M}"
    console.print(f"to-do {new} {later if due_at > utc_now() else 'is on its way'}")
