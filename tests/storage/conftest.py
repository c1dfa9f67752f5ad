"""Every storage test runs on the real PostgreSQL, each with a database of its own."""

import pytest

from storage.database import Database
from tests.storage.chain import Chain


@pytest.fixture
async def chain(database: Database) -> Chain:
    return await Chain(database).open()
