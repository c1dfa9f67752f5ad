"""The inbox of facts from outside: stored once, delivered in order per subject."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.walking import NEWS_FOR
from storage.tables import InboundEvent, MemberConflict

MEMBER = "member/"  # what the till told of somebody whom we could not place


async def store(
    session: AsyncSession,
    *,
    digest: str,
    source: str,
    subject: str | None,
    body: dict[str, Any],
    now: datetime,
) -> bool:
    """Insert once by digest. False for a fact that is already here."""
    row = {"digest": digest, "source": source, "subject": subject, "body": body, "received_at": now}
    # What concerns nobody has nowhere to go: it is kept, and never retried.
    row["delivered_at"] = now if subject is None else None
    statement = insert(InboundEvent).values(row).on_conflict_do_nothing(index_elements=["digest"])
    created = await session.exec(statement.returning(col(InboundEvent.id)))
    return created.first() is not None


async def undelivered(session: AsyncSession, subject: str) -> Sequence[InboundEvent]:
    """What waits for one subject, oldest first."""
    query = select(InboundEvent).where(
        InboundEvent.subject == subject, col(InboundEvent.delivered_at).is_(None)
    )
    return (await session.exec(query.order_by(col(InboundEvent.id)).limit(200))).all()


async def mark_delivered(session: AsyncSession, event_id: int, now: datetime) -> None:
    await session.exec(update(InboundEvent).where(col(InboundEvent.id) == event_id).values(delivered_at=now))


async def waiting_subjects(session: AsyncSession, before: datetime, limit: int = 500) -> Sequence[str]:
    """Subjects with facts that nobody has delivered since `before`, the longest waiting first.

    Without the till's members: in an outage of the till they would be all that this finds.
    """
    return await _waiting(session, before, limit, ~col(InboundEvent.subject).startswith(MEMBER))


async def waiting_members(session: AsyncSession, before: datetime, limit: int = 500) -> Sequence[str]:
    """The same of the till's members whom nobody has placed yet, without those of an open conflict."""
    member = func.jsonb_build_array(func.substr(InboundEvent.subject, len(MEMBER) + 1))
    disputed = select(MemberConflict.id).where(
        col(MemberConflict.resolved_at).is_(None), col(MemberConflict.candidates).contains(member)
    )
    strangers = col(InboundEvent.subject).startswith(MEMBER) & ~disputed.exists()
    return await _waiting(session, before, limit, strangers)


async def _waiting(
    session: AsyncSession, before: datetime, limit: int, whose: ColumnElement[bool]
) -> Sequence[str]:
    query = select(InboundEvent.subject).where(
        col(InboundEvent.delivered_at).is_(None), col(InboundEvent.received_at) < before, whose
    )
    oldest = func.min(InboundEvent.id)
    query = query.group_by(col(InboundEvent.subject)).order_by(oldest).limit(limit)
    return [s for s in (await session.exec(query)).all() if s]


async def readdress(session: AsyncSession, subject: str, to: str | None, now: datetime) -> None:
    """Give facts to whom they concern; to nobody (`to` is None) they are kept and not retried.

    What was nobody's and came lately is delivered after all: its subject shows that no life has heard of it.
    """
    waits = col(InboundEvent.delivered_at).is_(None)
    late = waits | (col(InboundEvent.received_at) >= now - NEWS_FOR)
    given = update(InboundEvent).where(col(InboundEvent.subject) == subject, late if to else waits)
    await session.exec(given.values({"subject": to, "delivered_at": None} if to else {"delivered_at": now}))
