"""The engine and its sessions, and the migrations."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
from sqlalchemy import ExceptionContext, event
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, async_sessionmaker, create_async_engine
from sqlmodel.ext.asyncio.session import AsyncSession

if TYPE_CHECKING:
    from alembic.config import Config

DATA_EXCEPTION = "22"  # SQLSTATE class: 'invalid input syntax for type integer: "…"'


class Database:
    """One pool of connections. `transaction()` commits at its end and rolls back on any error."""

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        """`url` names the driver: postgresql+psycopg://…"""
        self.engine: AsyncEngine = create_async_engine(
            url,
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_pre_ping=True,
            pool_timeout=5,
            connect_args={"connect_timeout": 3},  # seconds; the gateway must answer WeCom within 5
            hide_parameters=True,  # errors go into logs and histories; they must not carry customers' data
        )
        event.listen(self.engine.sync_engine, "handle_error", _without_values)
        self._sessions = async_sessionmaker(self.engine, class_=AsyncSession, expire_on_commit=False)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        async with self._sessions() as session, session.begin():
            yield session

    @asynccontextmanager
    async def statements(self) -> AsyncIterator[AsyncConnection]:
        """For single statements: each is committed by itself, without a BEGIN and a COMMIT on the way."""
        async with self.engine.connect() as connection:
            yield await connection.execution_options(isolation_level="AUTOCOMMIT")

    async def close(self) -> None:
        await self.engine.dispose()


def _without_values(context: ExceptionContext) -> None:
    """PostgreSQL quotes values too: its DETAIL shows the key, or the whole row, that it refused."""
    refused, shown = context.original_exception, context.sqlalchemy_exception
    if not isinstance(refused, psycopg.Error) or refused.sqlstate is None or shown is None:
        return  # the server did not speak: it may be down, and the text says so
    quotes = refused.sqlstate.startswith(DATA_EXCEPTION)
    name, what = type(refused).__name__, "" if quotes else refused.diag.message_primary or ""
    refused.args, shown.args = (what or name,), (f"({name}) {what}".strip(),)


def migrate(url: str) -> None:
    """Bring a database to the newest schema. Idempotent; two at once wait for each other."""
    from alembic import command  # most programs never migrate

    command.upgrade(alembic_config(url), "head")


def alembic_config(url: str) -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["url"] = url
    return config
