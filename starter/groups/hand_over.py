"""`journeys groups hand-over`: groups pass to another owner (群继承)."""

from collections.abc import Sequence
from typing import Annotated

import typer

from settings import utc_now
from starter import context
from starter.groups.handing_over import HandOver, Move
from starter.output import JsonOption, show
from starter.runtime import EXIT_FAILED, run


def hand_over(
    chat_ids: Annotated[list[str], typer.Argument(help="of the groups; see `journeys groups list`")],
    to: Annotated[str, typer.Option("--to", help="userid of the new owner")],
    by: Annotated[str, typer.Option("--by", help="who decides this")],
    reason: Annotated[str, typer.Option("--reason", help="why; kept with the handover")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only show what would be done")] = False,
    as_json: JsonOption = False,
) -> None:
    """Give groups to another owner, whether the old one is at work or has left.

    WeCom moves at most 300 groups of a person a day, and a group whose owner is at work twice in 90 days.
    Messages that wait for the old owner go to the new one. Without an answer nothing is tried twice: run it
    again, it looks who owns the group. Leaves with 1 if a group was not moved.
    """
    run(_hand_over(chat_ids, to, by, reason, dry_run=dry_run, as_json=as_json))


async def _hand_over(
    chat_ids: Sequence[str], to: str, by: str, reason: str, *, dry_run: bool, as_json: bool
) -> int:
    async with context.wecom() as (database, client):
        work = HandOver(database, client, utc_now, to)
        moves = await work.preview(chat_ids)
        if not dry_run:
            moves = await work.carry_out(moves, by, reason)
    show([_row(move, to.lower()) for move in moves], as_json)
    return EXIT_FAILED if any(move.problem for move in moves) else 0


def _row(move: Move, to: str) -> dict[str, object]:
    return {
        "chat_id": move.chat_id,
        "name": move.name,
        "from": move.old_owner,
        "to": to,
        "owner_at_work": move.on_job,
        "status": "not tried" if move.problem and move.status == "planned" else move.status,
        "problem": move.problem,
    }
