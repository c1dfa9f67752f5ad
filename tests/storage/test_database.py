"""What an error of the database may say: it goes into logs and into histories."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from storage.database import Database
from storage.tables import AccessToken, Region
from tests.storage.chain import NOON

pytestmark = pytest.mark.anyio

SECRET = "the-token-of-the-corp"


async def failing(database: Database, statement: str, **values: object) -> str:
    with pytest.raises(DBAPIError) as failed:
        async with database.engine.begin() as connection:
            await connection.execute(text(statement), values)
    return f"{failed.value} {failed.value!r} {failed.value.orig} {failed.value.orig!r}"


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 1 FROM nowhere WHERE x = :value",
        "SELECT CAST(:value AS integer)",
        "INSERT INTO regions (id) VALUES (:value)",
    ],
    ids=["no table", "no number", "no name"],
)
async def test_a_failing_statement_shows_no_value(database: Database, statement: str) -> None:
    assert SECRET not in await failing(database, statement, value=SECRET)


async def remember(database: Database) -> None:
    async with database.transaction() as session:
        session.add(AccessToken(name=SECRET, value=SECRET, expires_at=NOON))


async def test_a_refused_duplicate_shows_no_value(database: Database) -> None:
    await remember(database)
    with pytest.raises(IntegrityError, match="access_tokens") as refused:
        await remember(database)
    assert SECRET not in f"{refused.value} {refused.value!r} {refused.value.orig}"


async def test_what_is_wrong_is_still_said(database: Database) -> None:
    said = await failing(database, "SELECT 1 FROM nowhere")
    assert 'relation "nowhere" does not exist' in said
    assert "SELECT 1 FROM nowhere" in said


async def test_a_database_that_is_down_is_still_said_to_be_down() -> None:
    nowhere = Database("postgresql+psycopg://127.0.0.1:1/none")
    with pytest.raises(OperationalError, match="refused"):
        async with nowhere.transaction() as session:
            await session.get(Region, "bj")
    await nowhere.close()
