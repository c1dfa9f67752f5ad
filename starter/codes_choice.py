"""Which codes a command is about."""

from collections.abc import Sequence
from typing import Annotated

import typer

from starter.runtime import CommandFailed
from storage import chain, codes
from storage.database import Database
from storage.tables import EntryCode, Store

States = Annotated[list[str] | None, typer.Argument(help="codes, by their state, e.g. S001-cashier")]
AllCodes = Annotated[bool, typer.Option("--all", help="all codes")]
OfStores = Annotated[list[str] | None, typer.Option("--store", help="codes of this store; several times")]
AtPlacements = Annotated[
    list[str] | None, typer.Option("--placement", help="codes that hang there; several times")
]


async def chosen(
    database: Database,
    states: Sequence[str] | None,
    stores: Sequence[str] | None,
    placements: Sequence[str] | None,
    everything: bool,
) -> list[tuple[EntryCode, Store]]:
    """Raises CommandFailed for a code or store that is unknown, and when nothing was chosen."""
    if bool(states) + bool(stores or placements) + everything != 1:
        raise CommandFailed(
            "name codes, or choose them with --store and --placement, or take --all; one of the three"
        )
    async with database.transaction() as session:
        found = await codes.choose(
            session, states=states or None, stores=stores or None, placements=placements or None
        )
        known = await chain.existing(session, Store, set(stores or ()))
    strangers = sorted(set(states or ()) - {code.state for code, _ in found})
    strangers += sorted(set(stores or ()) - known)
    if strangers:
        raise CommandFailed(
            f"unknown: {', '.join(strangers)}; see `journeys codes list` and `journeys stores list`"
        )
    if not found:
        raise CommandFailed("there are no such codes; see `journeys codes list`")
    return found
