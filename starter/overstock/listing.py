"""`journeys overstock list`: which lots start a campaign, which have, why not, and what was sold in time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.overstock import WEEK, Pile, Site, audience, campaign_name, piles, sell_through, why_not
from domain.policy import Policy
from playbooks.loader import load_policy
from playbooks.overstock_files import Rule, load_rules
from settings import utc_now
from starter import context
from starter.output import CsvOption, JsonOption, show
from starter.runtime import run
from storage import audience as people
from storage import campaigns, stocks
from storage.tables import Stock, Store

EMPTY = "the till has told of no lot that a rule is about; the worker asks it, once an hour by default"


@dataclass(frozen=True)
class Heap:
    """A pile with the rows that it is made of."""

    rule: Rule
    store: Store
    pile: Pile
    lots: Sequence[Stock]


def list_lots(
    store: Annotated[str | None, typer.Option(help="only this store's")] = None,
    csv: CsvOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the lots that overstock rules are about: what becomes of each, and how much was sold in time.

    As the till last told the worker; nobody is asked, and nothing is started.
    """
    run(_list(store, csv, as_json))


async def _list(store_id: str | None, csv: Path | None, as_json: bool) -> None:
    folder, now = context.quiet_settings().playbooks_dir, utc_now()
    rules, policy = load_rules(folder), load_policy(folder)
    async with context.database() as database, database.transaction() as session:
        rows = [row for rule in rules for row in await rows_of(session, rule, store_id, policy, now)]
    show(rows, as_json, csv=csv, empty=EMPTY)


async def rows_of(
    session: AsyncSession, rule: Rule, store_id: str | None, policy: Policy, now: datetime
) -> list[dict[str, Any]]:
    """One for each store and last day."""
    known = await stocks.everywhere(session, rule.rule.product, store_id)
    return [await _row(session, heap, policy, now) for heap in _heaps(rule, known)]


def _heaps(rule: Rule, known: Sequence[tuple[Store, Stock]]) -> Iterator[Heap]:
    for _, group in groupby(known, key=lambda pair: pair[0].id):
        pairs = list(group)
        store, lots = pairs[0][0], [lot for _, lot in pairs]
        if rule.rule.store is None or store.id in rule.rule.store:
            for pile in piles(rule.rule, map(stocks.lot, lots)):
                yield Heap(rule, store, pile, [lot for lot in lots if lot.expires_on == pile.expires_on])


async def _row(session: AsyncSession, heap: Heap, policy: Policy, now: datetime) -> dict[str, Any]:
    pile = heap.pile
    row = {
        "rule": heap.rule.rule.overstock,
        "store": heap.store.id,
        "what": "、".join(pile.names),
        "last_day": pile.expires_on.isoformat(),
        "left": pile.quantity,
        "read": max(lot.read_at for lot in heap.lots),
    }
    name = campaign_name(heap.rule.rule, heap.store.id, pile.expires_on)
    if campaign := await campaigns.find(session, name):
        begun = [(lot.quantity_then, lot.quantity) for lot in heap.lots if lot.quantity_then is not None]
        then, sold = sum(counted for counted, _ in begun), sell_through(begun)
        done = {"campaign": name, "at_start": then, "sold": sold, "customers": None}
        return row | {"verdict": str(campaign.status), "why": campaign.reason} | done
    verdict, why = await _why_not(session, heap, now) or ("next", "the next look starts its campaign")
    customers = await _customers(session, heap, policy, now) if verdict == "next" else None
    ahead = {"campaign": None, "at_start": None, "sold": None, "customers": customers}
    return row | {"verdict": verdict, "why": why} | ahead


async def _why_not(session: AsyncSession, heap: Heap, now: datetime) -> tuple[str, str] | None:
    store = heap.store
    this_week = await stocks.started_since(session, store.id, now - WEEK)
    return why_not(heap.rule.rule, heap.pile, Site(store.id, store.name, store.zone), now, this_week)


async def _customers(session: AsyncSession, heap: Heap, policy: Policy, now: datetime) -> int:
    """Who would be meant; policy decides about each of them when it is sent."""
    who = audience(heap.rule.rule, heap.store.id, heap.rule.who)
    return await people.count(session, who, policy.tiers, now)
