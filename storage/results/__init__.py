"""What came of it all, counted in SQL: a few statements for everybody, never one per person."""

from typing import Any

from sqlalchemy import Select
from sqlmodel.ext.asyncio.session import AsyncSession


async def fetch(session: AsyncSession, query: Select[*tuple[Any, ...]]) -> list[Any]:
    """All rows of a statement that counts."""
    return list((await session.exec(query)).all())  # type: ignore[call-overload] # SQLModel types no such query
