"""Published versions of playbooks, as operators look at them. `storage.directory` publishes."""

from collections.abc import Sequence

from sqlalchemy.dialects.postgresql import distinct_on
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from storage.tables import PlaybookVersion


async def newest(session: AsyncSession) -> Sequence[PlaybookVersion]:
    """The current version of every playbook, by name."""
    query = select(PlaybookVersion).ext(distinct_on(col(PlaybookVersion.playbook)))
    order = col(PlaybookVersion.playbook), col(PlaybookVersion.number).desc()
    return (await session.exec(query.order_by(*order))).all()


async def versions(session: AsyncSession, name: str) -> Sequence[PlaybookVersion]:
    """All of one playbook, the newest first."""
    query = select(PlaybookVersion).where(PlaybookVersion.playbook == name)
    return (await session.exec(query.order_by(col(PlaybookVersion.number).desc()))).all()


async def version(session: AsyncSession, name: str, number: int | None) -> PlaybookVersion | None:
    """One of them; the newest without a number."""
    query = select(PlaybookVersion).where(PlaybookVersion.playbook == name)
    query = query.where(PlaybookVersion.number == number) if number is not None else query
    return (await session.exec(query.order_by(col(PlaybookVersion.number).desc()).limit(1))).first()
