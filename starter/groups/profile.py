"""`journeys groups profile`: what the members of groups are like (群画像, M26)."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from domain.conditions import FEN
from starter import context
from starter.output import CsvOption, JsonOption, show
from starter.runtime import run
from storage import group_profiles
from storage.group_profiles import Grouping, Wanted


def profile(
    chat_id: Annotated[str | None, typer.Argument(help="one group; all groups when it is left out")] = None,
    store: Annotated[str | None, typer.Option("--store", help="only this store's groups")] = None,
    region: Annotated[
        str | None, typer.Option("--region", help="only groups of this region's stores")
    ] = None,
    kind: Annotated[str | None, typer.Option("--kind", help="only groups of this kind")] = None,
    owner: Annotated[str | None, typer.Option("--owner", help="only groups of this userid")] = None,
    by: Annotated[
        Grouping, typer.Option("--by", help="one line for each group, store, region or kind")
    ] = "group",
    days: Annotated[int, typer.Option("--days", min=1, max=365, help="the last days that were counted")] = 1,
    csv: CsvOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what the members of groups are like: who the till knows, who comes often, who minds prices.

    Counted once a day. Shares are of the customers in the group; who is in several groups counts in each.
    Groups are not compared by how many messages are written in them: being busy is not being worth it.
    """
    run(_profile(Wanted(chat_id, store, region, kind, owner and owner.lower()), by, days, csv, as_json))


async def _profile(wanted: Wanted, by: Grouping, days: int, csv: Any, as_json: bool) -> None:
    async with context.database() as database, database.transaction() as session:
        await context.known(session, stores=[wanted.store_id], regions=[wanted.region_id])
        rows = await group_profiles.read(session, wanted, by, days)
    empty = "nothing counted yet: the worker does it once a day"
    show([told(row, by) for row in rows], as_json, csv=csv, empty=empty)


def told(row: Mapping[str, Any], by: Grouping) -> dict[str, Any]:
    """Numbers as people compare them: shares in percent, money in yuan."""
    customers, ticket = row["customers"], row["ticket"]
    head = {"day": row["day"], by: row["key"]}
    head |= {"name": row["name"]} if by == "group" else {"groups": row["groups"]}
    return head | {
        "customers": customers,
        "members": row["members"],
        "members_percent": _percent(row["members"], customers),
        "buyers": row["buyers"],
        "high_frequency_percent": _percent(row["high_frequency"], customers),
        "price_sensitive_percent": _percent(row["price_sensitive"], customers),
        "ticket_yuan": None if ticket is None else ticket / FEN,
        "in_several": row["in_several"],
    }


def _percent(part: int, whole: int) -> float | None:
    return round(100 * part / whole, 1) if whole else None
