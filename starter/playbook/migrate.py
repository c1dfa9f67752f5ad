"""`journeys playbook migrate | moves`: what becomes of those inside when a playbook has a new version."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from domain.customer import MovePolicy
from domain.outlook import outlook
from domain.playbook import PinnedJourney
from settings import utc_now
from starter import context
from starter.output import JsonOption, print_json, show
from starter.playbook import references
from starter.playbook.moving import Mover
from starter.runtime import CommandFailed, console, run
from storage import directory, moves, standings
from storage.database import Database
from storage.tables import PlaybookMove
from workflows.connection import connect

Playbook = Annotated[str | None, typer.Argument(help="a published playbook; not with --undo")]
To = Annotated[int | None, typer.Option(min=1, help="number of the version to go over to")]
How = Annotated[
    MovePolicy | None,
    typer.Option(
        help="stay: nobody moves; next_step: each when she leaves the step where she is; "
        "drain: each when the steps of her list are over"
    ),
]
From = Annotated[int | None, typer.Option("--from", min=1, help="only those who are on this version")]
Only = Annotated[str | None, typer.Option(help="only customers of this store, by its id")]
Undo = Annotated[str | None, typer.Option(help="id of a move: lead its customers back")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="only show who is where and what would become of it")]
By = Annotated[str, typer.Option(help="your name; it is recorded")]
Note = Annotated[str, typer.Option(help="why; it is recorded")]


def migrate(
    name: Playbook = None,
    to: To = None,
    policy: How = None,
    from_: From = None,
    only_store: Only = None,
    undo: Undo = None,
    dry_run: DryRun = False,
    by: By = "",
    note: Note = "",
    as_json: JsonOption = False,
) -> None:
    """Move running customers to a version, after showing how many are where and what each would do next.

    Killed and given again it goes on where it stopped. Needs a worker, but for --dry-run and `stay`.
    """
    if not dry_run and not (by.strip() and note.strip()):
        raise typer.BadParameter("--by and --note must say something: a move is on record for ever")
    if undo:
        run(_undo(undo, by, note, dry_run, as_json))
    elif name is None or to is None or policy is None:
        raise typer.BadParameter("give NAME, --to and --policy; or --undo with the id of a move")
    else:
        wanted = PlaybookMove(
            id="",
            playbook=name,
            policy=policy.value,
            to_version="",
            to_number=to,
            from_number=from_,
            store_id=only_store,
            by=by,
            note=note,
            began_at=utc_now(),
        )
        run(_migrate(wanted, dry_run, as_json))


def list_moves(
    name: Annotated[str | None, typer.Argument(help="only this playbook's")] = None,
    as_json: JsonOption = False,
) -> None:
    """List the moves to other versions: who decided, and how far each is. Needs no worker."""
    run(_list(name, as_json))


async def _migrate(wanted: PlaybookMove, dry_run: bool, as_json: bool) -> None:
    async with context.database(pool_size=12) as database:
        version = await references.version(database, wanted.playbook, wanted.to_number)
        wanted.to_version = version.version
        rows = await groups(database, wanted, directory.pin(version))
        if not as_json:
            show(rows, as_json, empty="nobody is inside")
        if dry_run:
            if as_json:
                print_json({"groups": rows})
            return
        policy = MovePolicy(wanted.policy)
        async with database.transaction() as session:
            moving = policy is not MovePolicy.STAY
            wanted.finished_at = None if moving else wanted.began_at  # nothing has to be done
            move = await moves.begin(session, wanted, with_customers=moving)
        if moving:
            client = await connect(context.quiet_settings())
            await Mover(database, client, utc_now, move).forward()
        await _report(database, move, rows, as_json)


async def groups(database: Database, wanted: PlaybookMove, to: PinnedJourney) -> list[dict[str, Any]]:
    """How many are where, and what a move would mean for them."""
    async with database.transaction() as session:
        found = await standings.groups(
            session, wanted.playbook, number=wanted.from_number, store_id=wanted.store_id
        )
        pinned = {g.version: await directory.pinned(session, g.version) for g in found}
        unwritten = await standings.unwritten(session, wanted.playbook)
    rows = []
    for group in found:
        old = pinned[group.version]
        assert old is not None
        then = outlook(old, to, group.path, MovePolicy(wanted.policy))
        here = f"{group.path} (waits for {group.moving})" if group.moving else group.path
        rows.append(_group_row(str(group.number), here, group.customers, then.what, then.next))
    if unwritten:
        what = "stay: their lives have not written down where they are since this database was upgraded"
        rows.append(_group_row("?", "?", unwritten, what, ""))
    return rows


def _group_row(version: str, at: str, customers: int, what: str, then: str) -> dict[str, Any]:
    return {"version": version, "at": at, "customers": customers, "what": what, "next": then}


async def _undo(move_id: str, by: str, note: str, dry_run: bool, as_json: bool) -> None:
    async with context.database(pool_size=12) as database:
        async with database.transaction() as session:
            move = await moves.find(session, move_id)
        if move is None:
            raise CommandFailed(f"there is no move {move_id!r}; see `journeys playbook moves`")
        if move.undone_at:
            raise CommandFailed(f"{move_id} was undone by {move.undone_by}, {move.undone_at:%F %T}Z")
        if dry_run:
            await _show_undo(database, move, as_json)
            return
        client = await connect(context.quiet_settings())
        await Mover(database, client, utc_now, move).back(by, note)
        await _report(database, move, [], as_json)


async def _show_undo(database: Database, move: PlaybookMove, as_json: bool) -> None:
    async with database.transaction() as session:
        counts = await moves.counts(session, move.id)
    if as_json:
        print_json({"move": move.id, **counts})
        return
    back, stay = counts["moved"], counts["planned"] + counts["pending"]
    console.print(
        f"{move.id}: {back} customers would go back to the version that they came from, and {stay} who "
        "have not moved yet would stay on it; nothing was changed",
        markup=False,
    )


async def _report(
    database: Database, move: PlaybookMove, rows: Sequence[dict[str, Any]], as_json: bool
) -> None:
    async with database.transaction() as session:
        answers = await moves.answers(session, move.id)
    if as_json:
        told = [{"answer": answer, "customers": customers} for answer, customers in answers]
        print_json({"move": move.id, "groups": rows, "answers": told})
        return
    for answer, customers in answers:
        console.print(f"{customers}: {answer}", markup=False)
    undone = (
        "undone"
        if move.undone_at
        else "on record; undo it with `journeys playbook migrate --undo " + move.id + "`"
    )
    console.print(f"{move.id}: {undone}", markup=False)


async def _list(name: str | None, as_json: bool) -> None:
    async with context.database() as database, database.transaction() as session:
        rows = [
            _row(move) | await moves.counts(session, move.id) for move in await moves.listed(session, name)
        ]
    show(rows, as_json, empty="no customers were ever moved to another version")


def _row(move: PlaybookMove) -> dict[str, Any]:
    return {
        "move": move.id,
        "policy": move.policy,
        "to": move.to_number,
        "from": move.from_number or "all",
        "store": move.store_id or "all",
        "by": move.by,
        "note": move.note,
        "began": move.began_at,
        "finished": move.finished_at,
        "undone_at": move.undone_at,
    }
