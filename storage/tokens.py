"""The access_token that all processes share, refreshed by one of them at a time (contract §1.1)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

from sqlalchemy import delete, func
from sqlmodel import col, select

from storage import directory
from storage.database import Database
from storage.tables import AccessToken, WrongSecret


class SharedToken:
    """One named token in PostgreSQL. The lock is an advisory lock: it ends with its connection."""

    def __init__(self, database: Database, name: str) -> None:
        self._database, self._name = database, name

    async def read(self) -> tuple[str, datetime] | None:
        """The value and when it expires."""
        async with self._database.transaction() as session:
            row = await session.get(AccessToken, self._name)
        return (row.value, row.expires_at) if row else None

    async def write(self, value: str, expires_at: datetime) -> None:
        async with self._database.transaction() as session:
            await directory.upsert(session, AccessToken(name=self._name, value=value, expires_at=expires_at))

    async def drop(self, value: str) -> None:
        """Forget it only if it is still this one: another process may have replaced it already."""
        async with self._database.transaction() as session:
            await session.exec(
                delete(AccessToken).where(
                    col(AccessToken.name) == self._name, col(AccessToken.value) == value
                )
            )

    async def wrong_secret(self) -> tuple[str, int, datetime] | None:
        """The digest of the secret that was refused last, its errcode, and when that was."""
        async with self._database.transaction() as session:
            row = await session.get(WrongSecret, self._name)
        return (row.digest, row.errcode, row.at) if row else None

    async def remember_wrong(self, digest: str, errcode: int, at: datetime) -> None:
        async with self._database.transaction() as session:
            row = WrongSecret(name=self._name, digest=digest, errcode=errcode, at=at)
            await directory.upsert(session, row)

    @asynccontextmanager
    async def lock(self) -> AsyncIterator[None]:
        async with self._database.transaction() as session:
            await session.exec(select(func.pg_advisory_xact_lock(func.hashtext(f"token/{self._name}"))))
            yield
