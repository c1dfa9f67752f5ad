"""The access_token that all processes share; tags by name."""

import asyncio

import pytest

from storage import tags
from storage.database import Database
from storage.tokens import SharedToken
from tests.storage.chain import LATER, NOON

pytestmark = pytest.mark.anyio


async def test_a_token_is_read_as_it_was_written_last(database: Database) -> None:
    token = SharedToken(database, "wecom")
    assert await token.read() is None
    await token.write("t1", NOON)
    await token.write("t2", LATER)
    assert await SharedToken(database, "wecom").read() == ("t2", LATER)
    assert await SharedToken(database, "other").read() is None


async def test_only_the_token_that_was_refused_is_dropped(database: Database) -> None:
    token = SharedToken(database, "wecom")
    await token.write("new", LATER)
    await token.drop("old")
    assert await token.read() == ("new", LATER)
    await token.drop("new")
    assert await token.read() is None


async def test_one_process_refreshes_at_a_time(database: Database) -> None:
    inside = most = 0

    async def refresh() -> None:
        nonlocal inside, most
        async with SharedToken(database, "wecom").lock():
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0.01)
            inside -= 1

    await asyncio.gather(*(refresh() for _ in range(5)))
    assert most == 1


async def test_tokens_of_two_names_do_not_wait_for_each_other(database: Database) -> None:
    async with SharedToken(database, "one").lock(), asyncio.timeout(5), SharedToken(database, "two").lock():
        pass


async def test_a_lock_ends_with_the_failure_of_its_holder(database: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        async with SharedToken(database, "wecom").lock():
            raise ZeroDivisionError
    async with asyncio.timeout(5), SharedToken(database, "wecom").lock():
        pass


async def test_a_tag_is_known_by_its_name_until_it_is_forgotten(database: Database) -> None:
    async with database.transaction() as session:
        await tags.remember(session, "store", {"S1": "t1", "S2": "t2"})
        await tags.remember(session, "store", {"S1": "t9"})
        await tags.remember(session, "store", {})
        assert await tags.known(session, "store", ["S1", "S2", "S3"]) == {"S1": "t9", "S2": "t2"}
        assert await tags.known(session, "source", ["S1"]) == {}
        await tags.forget(session, "store", ["S1"])
        assert await tags.known(session, "store", ["S1", "S2"]) == {"S2": "t2"}
