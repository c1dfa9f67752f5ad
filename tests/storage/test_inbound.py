"""The inbox: every fact once, in order per subject."""

import asyncio
from datetime import timedelta

import pytest

from storage import inbound
from storage.database import Database
from tests.storage.chain import LATER, NOON

pytestmark = pytest.mark.anyio


async def store(database: Database, digest: str, subject: str | None = "customer/wm1") -> bool:
    async with database.transaction() as session:
        return await inbound.store(
            session, digest=digest, source="wecom", subject=subject, body={"n": digest}, now=NOON
        )


async def waiting(database: Database, subject: str = "customer/wm1") -> list[str]:
    async with database.transaction() as session:
        return [row.digest for row in await inbound.undelivered(session, subject)]


async def test_a_fact_is_stored_once(database: Database) -> None:
    assert [await store(database, "d1"), await store(database, "d1")] == [True, False]
    assert await waiting(database) == ["d1"]


async def test_four_arrivals_at_once_are_one_fact(database: Database) -> None:
    assert sorted(await asyncio.gather(*(store(database, "d1") for _ in range(4)))) == [False] * 3 + [True]


async def test_facts_wait_in_the_order_of_their_arrival(database: Database) -> None:
    for digest in ("c", "a", "b"):
        await store(database, digest)
    await store(database, "x", "customer/other")
    assert await waiting(database) == ["c", "a", "b"]


async def test_a_delivered_fact_waits_no_longer(database: Database) -> None:
    await store(database, "d1")
    await store(database, "d2")
    async with database.transaction() as session:
        first = (await inbound.undelivered(session, "customer/wm1"))[0]
        await inbound.mark_delivered(session, first.id or 0, LATER)
    assert await waiting(database) == ["d2"]
    assert await store(database, "d1") is False


async def test_what_concerns_nobody_is_kept_and_not_retried(database: Database) -> None:
    await store(database, "d1", None)
    async with database.transaction() as session:
        assert list(await inbound.waiting_subjects(session, LATER)) == []
    assert await store(database, "d1", None) is False


async def test_subjects_that_wait_for_long_are_named_once(database: Database) -> None:
    for digest in ("d1", "d2"):
        await store(database, digest)
    for before, found in ((NOON, []), (NOON + timedelta(seconds=1), ["customer/wm1"])):
        async with database.transaction() as session:
            assert list(await inbound.waiting_subjects(session, before)) == found


async def test_who_waits_longest_is_named_first(database: Database) -> None:
    for subject in ("customer/wm3", "customer/wm1", "group/g1", "customer/wm2"):
        await store(database, f"of {subject}", subject)
    async with database.transaction() as session:
        found = await inbound.waiting_subjects(session, LATER, limit=3)
    assert list(found) == ["customer/wm3", "customer/wm1", "group/g1"]


async def test_members_of_the_till_wait_in_a_queue_of_their_own(database: Database) -> None:
    """In an outage of the till they are many, and must not keep customers waiting."""
    for number in range(3):
        await store(database, f"m{number}", f"member/m{number}")
    await store(database, "d1", "customer/wm1")
    async with database.transaction() as session:
        assert list(await inbound.waiting_subjects(session, LATER, limit=1)) == ["customer/wm1"]
        assert list(await inbound.waiting_members(session, LATER, limit=2)) == ["member/m0", "member/m1"]


async def test_waiting_facts_can_be_given_to_whom_they_concern(database: Database) -> None:
    await store(database, "d1", "member/m1")
    async with database.transaction() as session:
        await inbound.readdress(session, "member/m1", "customer/wm1", LATER)
    assert await waiting(database) == ["d1"]


async def test_facts_of_nobody_stop_waiting(database: Database) -> None:
    await store(database, "d1", "member/m1")
    async with database.transaction() as session:
        await inbound.readdress(session, "member/m1", None, LATER)
    assert await waiting(database, "member/m1") == []
