"""PostgreSQL: the connection, the schema against the code, what the server allows."""

from typing import Any

import psycopg
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, ProgrammingError
from sqlalchemy.ext.asyncio import AsyncEngine

from starter.doctor.findings import Finding, fail, ok, warn
from starter.doctor.reach import unreachable
from starter.doctor.setup import Setup
from storage.database import Database, alembic_config

OLDEST_VERSION = 15
UNDEFINED_TABLE = "42P01"
# One worker (pools of 10 and 5) and one gateway (10), each pool allowed to double: storage/database.py.
CONNECTIONS_OF_ONE_EACH = 2 * (10 + 5 + 10)


async def connection(setup: Setup) -> list[Finding]:
    """First whether anybody listens, then whether we are let in: libpq has no code that tells the two."""
    url = make_url(setup.settings.sqlalchemy_url)
    host, port = url.host, url.port or 5432
    if host and (problem := await unreachable(host, port)):
        return [
            fail(
                f"{host}:{port}: {problem}",
                "start PostgreSQL, or correct host and port of DATABASE_URL; the embedded stack: make up",
            )
        ]
    database = Database(setup.settings.sqlalchemy_url, pool_size=2)
    try:
        number = await ask(database.engine, "SHOW server_version")
    except DBAPIError as error:
        await database.close()
        return [_not_let_in(error)]
    setup.database = database
    return [ok(f"PostgreSQL {number}")]


async def version(setup: Setup) -> list[Finding]:
    number = int(await ask(setup.db.engine, "SHOW server_version_num")) // 10_000
    if number >= OLDEST_VERSION:
        return [ok(f"{number}, at least {OLDEST_VERSION} is needed")]
    return [
        fail(f"{number} is older than {OLDEST_VERSION}", f"upgrade PostgreSQL to {OLDEST_VERSION} or newer")
    ]


async def writable(setup: Setup) -> list[Finding]:
    if await ask(setup.db.engine, "SELECT pg_is_in_recovery()"):
        return [
            fail(
                "a standby: it can only be read",
                "point DATABASE_URL at the primary; with several hosts add ?target_session_attrs=read-write",
            )
        ]
    if await ask(setup.db.engine, "SHOW transaction_read_only") == "on":
        return [
            fail(
                "transactions are read-only",
                "ALTER ROLE … (or DATABASE …) SET default_transaction_read_only = off, or use another role",
            )
        ]
    setup.is_writable = True
    return [ok("a primary that takes writes")]


async def schema(setup: Setup) -> list[Finding]:
    """Where the database is, against where the code is."""
    scripts = ScriptDirectory.from_config(alembic_config(setup.settings.sqlalchemy_url))
    head, known = scripts.get_current_head(), {script.revision for script in scripts.walk_revisions()}
    current = await _revision(setup)
    if current == head:
        setup.schema_is_current = True
        return [ok(f"at {current}, as the code")]
    if current is None:
        return [fail("no tables of ours are here", "run `journeys migrate`, or correct DATABASE_URL")]
    if current in known:
        return [fail(f"at {current}, the code is at {head}", "run `journeys migrate`")]
    return [
        fail(
            f"at {current}, which this code does not know: a newer version of it was here",
            "deploy the newest code; never run an older worker on a newer schema",
        )
    ]


async def connections(setup: Setup) -> list[Finding]:
    most = int(await ask(setup.db.engine, "SHOW max_connections"))
    reserved = int(await ask(setup.db.engine, "SHOW superuser_reserved_connections"))
    others = int(
        await ask(
            setup.db.engine, "SELECT count(*) FROM pg_stat_activity WHERE datname <> current_database()"
        )
    )
    free = most - reserved - others
    found = f"{free} of {most} for us; one worker and one gateway take up to {CONNECTIONS_OF_ONE_EACH}"
    if free >= CONNECTIONS_OF_ONE_EACH:
        return [ok(found)]
    return [warn(found, f"raise max_connections to {2 * CONNECTIONS_OF_ONE_EACH}, or put a pooler in front")]


def _not_let_in(error: DBAPIError) -> Finding:
    """The server's own words: they name the role and the database, never the password."""
    said = str(error.orig).rpartition("failed: ")[2].split("\n")[0] if error.orig else type(error).__name__
    return fail(
        f"it does not let us in: {said}",
        "correct user, password and database name of DATABASE_URL, or create them "
        "(CREATE ROLE … LOGIN PASSWORD …; CREATE DATABASE … OWNER …) and allow them in pg_hba.conf",
    )


async def ask(engine: AsyncEngine, question: str) -> Any:
    """The one value that a question of SQL is answered with; None for no row."""
    async with engine.connect() as connected:
        return (await connected.execute(text(question))).scalar()


async def _revision(setup: Setup) -> str | None:
    try:
        found = await ask(setup.db.engine, "SELECT version_num FROM alembic_version")
    except ProgrammingError as error:
        if isinstance(error.orig, psycopg.Error) and error.orig.sqlstate == UNDEFINED_TABLE:
            return None
        raise
    return str(found) if found is not None else None
