"""To which group a greeting invites (M11–M19): the first route that holds and has a group with room."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from domain.conditions import holds, words
from domain.facts import Facts
from domain.playbook import Condition, Route
from domain.rooms import JoinRules
from storage.invitations import Invitation, Invitations
from storage.tables import Store

OF_A_STORE = ("most_visited_store", "scanned_store", "nearest_store")
NO_ROOM = "no group to invite to: none has room and a QR picture that WeCom holds"


@dataclass(frozen=True)
class Traveller:
    """Whom a group is looked for, and the two stores that may decide."""

    facts: Facts
    favourite: str | None
    scanned: Store | None


@dataclass(frozen=True)
class Routed:
    """The group, if there is one, and why this. `her_store`: whose name the greeting shall say."""

    group: Invitation | None
    why: str
    her_store: str | None = None


async def choose(
    session: AsyncSession,
    routes: Sequence[Route],
    she: Traveller,
    tiers: Mapping[str, Condition],
    rules: JoinRules,
    now: datetime,
) -> Routed:
    """One statement for each route that holds, until a group is found; a few more for the nearest store."""
    tried = set()
    for route in routes:
        if route.when and not holds(route.when, she.facts, tiers, now):
            continue
        way = (route.kind, *_whose(route, she))
        if way in tried:
            continue
        tried.add(way)
        groups = Invitations(session, route.kind, rules.cap, now, rules.hand_qr_since(now))
        if found := await _look(groups, route, she):
            her_store = found.store_id if route.of in OF_A_STORE else None
            return Routed(found, _words(route, she, found), her_store)
    return Routed(None, NO_ROOM if routes else "")


def _whose(route: Route, she: Traveller) -> tuple[str, str | None]:
    """The store whose groups are meant, or what else."""
    scanned = she.scanned.id if she.scanned else None
    if route.of == "most_visited_store":  # of whose visits nothing is known is where she is now
        return "store", she.favourite or scanned
    return ("store", scanned) if route.of == "scanned_store" else (route.of, None)


async def _look(groups: Invitations, route: Route, she: Traveller) -> Invitation | None:
    what, store_id = _whose(route, she)
    if what == "chain":
        return await groups.of_chain()
    if what == "store":
        return await groups.of_store(store_id) if store_id else None
    if she.scanned is None:
        return None
    return await (groups.of_city if what == "city" else groups.near)(she.scanned)


def _words(route: Route, she: Traveller, found: Invitation) -> str:
    """Such as "the welfare group of her most visited store: tier price_sensitive"."""
    whose = route.of.replace("_", " ")
    if route.of == "most_visited_store":
        whose = "most visited store" if she.favourite else "scanned store"
    if found.metres is not None:
        whose += f", {found.metres / 1000:.1f} km away"
    because = f": {words(route.when)}" if route.when else ""
    return f"invited to the {route.kind} group of the {whose}{because}"
