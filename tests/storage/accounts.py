"""Members of a till, and what the tests of the identity index do with them."""

from datetime import datetime
from typing import Any

from integrations import pos
from storage import member_conflicts, member_links, member_merges, members
from storage.member_conflicts import Word
from storage.member_keys import Kind, MemberKeys
from storage.tables import Order
from tests.storage.chain import NOON, Chain

TILL = "till"
KEYS = MemberKeys(bytes(range(32)))
LI, WANG = Word("Li", "she said so", NOON), Word("Wang", "by her card", NOON)


async def keep(chain: Chain, member_id: str, *, keys: MemberKeys = KEYS, **facts: Any) -> None:
    async with chain.database.transaction() as session:
        await members.keep(session, TILL, pos.Member(member_id=member_id, **facts), keys, NOON)


async def find(chain: Chain, kind: Kind, value: str) -> list[str]:
    async with chain.database.transaction() as session:
        return await members.find(session, TILL, kind, value, KEYS)


async def place(chain: Chain, customer: str, *candidates: str, now: datetime = NOON) -> str | None:
    async with chain.database.transaction() as session:
        return await member_links.place(session, customer, TILL, "phone", candidates, now)


async def link(chain: Chain, customer: str, member_id: str, word: Word = LI) -> None:
    async with chain.database.transaction() as session:
        await member_links.link(session, customer, TILL, member_id, word)


async def unlink(chain: Chain, customer: str, member_id: str, word: Word = LI) -> None:
    async with chain.database.transaction() as session:
        await member_links.unlink(session, customer, TILL, member_id, word)


async def merge(chain: Chain, member_id: str, into: str, word: Word = LI) -> None:
    async with chain.database.transaction() as session:
        await member_merges.merge(session, TILL, member_id, into, word)


async def disputes(chain: Chain) -> dict[str, list[str]]:
    """Candidates of the open conflicts, by customer."""
    async with chain.database.transaction() as session:
        return {
            one.external_userid: one.candidates for one in await member_conflicts.still_open(session, TILL)
        }


def order(order_id: str, member_id: str | None = "m1", **facts: Any) -> Order:
    known: dict[str, Any] = {"store_id": "S1", "status": "paid", "paid_at": NOON, "paid_minor": 1800}
    return Order(
        provider=TILL, order_id=order_id, member_id=member_id, **{**known, "updated_at": NOON, **facts}
    )
