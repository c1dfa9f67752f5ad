"""The migrations make exactly the tables that the code knows, up and down, from two processes at once."""

import subprocess
import sys
from collections.abc import Iterator

import psycopg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect, pool
from sqlmodel import SQLModel

from settings import ROOT
from storage import tables
from storage.database import alembic_config, migrate


@pytest.fixture
def empty_url(postgres: str, database_url: str) -> Iterator[str]:
    """A database without any table."""
    name = "empty_for_migrations"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    yield database_url.replace(_name_of(database_url), name, 1)
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_the_migrated_schema_is_what_the_tables_say(database_url: str) -> None:
    assert _drift(database_url) == []


def test_two_processes_migrate_an_empty_database_at_once(empty_url: str) -> None:
    """Processes, as in production: Alembic's own context is one for all threads of a process."""
    line = f"from storage.database import migrate; migrate({empty_url!r})"
    both = [subprocess.Popen([sys.executable, "-c", line], cwd=ROOT) for _ in range(2)]
    assert [process.wait(timeout=30) for process in both] == [0, 0]
    assert _drift(empty_url) == []


def test_migrating_again_changes_nothing(database_url: str) -> None:
    before = _tables(database_url)
    migrate(database_url)
    assert _tables(database_url) == before


def test_down_to_nothing_and_up_again(database_url: str) -> None:
    before = _tables(database_url)
    command.downgrade(alembic_config(database_url), "base")
    assert _tables(database_url) == ["alembic_version"]
    migrate(database_url)
    assert _tables(database_url) == before
    assert _drift(database_url) == []


def test_every_table_of_the_code_is_there(database_url: str) -> None:
    assert tables.Touch.__tablename__ == "touches"
    assert set(SQLModel.metadata.tables) | {"alembic_version"} == set(_tables(database_url))


def _drift(url: str) -> list[object]:
    engine = create_engine(url, poolclass=pool.NullPool)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, SQLModel.metadata))


def _tables(url: str) -> list[str]:
    return sorted(inspect(create_engine(url, poolclass=pool.NullPool)).get_table_names())


def _name_of(url: str) -> str:
    return url.split("?")[0].rsplit("/", 1)[1]
