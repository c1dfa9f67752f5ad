"""How codes and groups lead into the playbooks that are published now."""

from datetime import timedelta
from typing import Any

import pytest

from domain.playbook import Playbook
from storage import directory, entries, groups, lives
from storage.entries import ByGroup
from storage.groups import Roster, Seat
from storage.tables import EntryCode, Group
from tests.storage.chain import NOON, Chain

pytestmark = pytest.mark.anyio

HOUR = timedelta(hours=1)


async def publish(chain: Chain, name: str, at: Any = NOON, **enter: Any) -> None:
    async with chain.database.transaction() as session:
        book = Playbook.model_validate({"playbook": name, "title": name, "enter": enter})
        await directory.publish(session, book, author="anna", now=at)


async def entered(chain: Chain, code: EntryCode) -> str | None:
    async with chain.database.transaction() as session:
        await directory.upsert(session, code)
        return (await directory.entry_of(session, code.state, "chen"))[1]


def code(**more: Any) -> EntryCode:
    usual: dict[str, Any] = {
        "state": "S1-cashier",
        "store_id": "S1",
        "placement": "cashier",
        "created_at": NOON,
    }
    return EntryCode(**usual | more)


async def test_a_code_belongs_to_the_playbook_that_it_names_or_whose_rules_match(chain: Chain) -> None:
    await publish(chain, "coffee", codes=[{"placements": ["cashier"]}])
    assert await entered(chain, code()) == "coffee"
    assert await entered(chain, code(placement="door")) is None
    assert await entered(chain, code(playbook="other")) == "other"


async def test_only_the_rules_of_the_newest_versions_count(chain: Chain) -> None:
    await publish(chain, "coffee", codes=[{"placements": ["cashier"]}])
    await publish(chain, "coffee", codes=[{"placements": ["door"]}])
    await publish(chain, "spring", codes=[{"placements": "cashier", "campaigns": "2026"}])
    assert await entered(chain, code()) is None
    assert await entered(chain, code(campaign="2026")) == "spring"


async def test_which_stores_and_groups_lead_into_a_playbook(chain: Chain) -> None:
    await publish(chain, "coffee", codes=[{"placements": ["cashier"]}], group_join=["welfare"])
    await publish(chain, "tea")
    await entered(chain, code())
    await entered(chain, code(state="S2-cashier", store_id="S2", playbook="tea"))
    async with chain.database.transaction() as session:
        assert await entries.leading_to(session, "coffee") == ({"S1"}, ["welfare"])
        assert await entries.leading_to(session, "tea") == ({"S2"}, [])
        assert await entries.leading_to(session, "unheard-of") == (set(), [])


# ---- groups


async def joined(chain: Chain, *members: str) -> None:
    seats = tuple(Seat(member, NOON + HOUR if member == "late" else NOON - HOUR) for member in members)
    roster = Roster("g1", "群", "chen", "v1", len(seats), seats)
    async with chain.database.transaction() as session:
        await groups.write_members(session, roster, NOON)


async def to_announce(chain: Chain) -> tuple[ByGroup | None, list[str]]:
    async with chain.database.transaction() as session:
        entry = await entries.by_group(session, "g1")
        changes = await groups.to_announce(session, "g1", entry.since if entry else None)
    return entry, [change.member_id for change in changes]


async def test_who_joins_after_the_playbook_was_published_begins_a_life(chain: Chain) -> None:
    """Who was in the group long before does not; a customer is told either way."""
    await chain.befriend("hers")
    await publish(chain, "in-group", group_join=["store"])
    await publish(chain, "in-group", at=NOON + 2 * HOUR, group_join=["store"], operator=False)
    await joined(chain, "early", "late", "hers")
    assert await to_announce(chain) == (ByGroup("in-group", NOON), ["hers", "late"])


async def test_other_kinds_of_groups_lead_nowhere(chain: Chain) -> None:
    await publish(chain, "in-group", group_join=["welfare"])
    await joined(chain, "late")
    assert await to_announce(chain) == (None, [])
    async with chain.database.transaction() as session:
        (await session.get_one(Group, "g1")).kind = "welfare"
    async with chain.database.transaction() as session:
        assert await entries.by_group(session, "g1") == ByGroup("in-group", NOON)
        assert await entries.by_group(session, "unknown") is None
        assert await lives.find_customer(session, "late") is None
