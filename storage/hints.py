"""Pushes of the till: kept before they are acknowledged, read again when they are due, settled once."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from storage.tables import TillHint


async def keep(session: AsyncSession, hints: Sequence[TillHint]) -> int:
    """How many of them are new; what is here already stays as it is."""
    if not hints:
        return 0
    statement = insert(TillHint).values([hint.model_dump() for hint in hints]).on_conflict_do_nothing()
    return len((await session.exec(statement.returning(col(TillHint.dedupe_key)))).all())


async def due(session: AsyncSession, provider: str, now: datetime, limit: int) -> Sequence[TillHint]:
    """What is to be read now, the longest due first."""
    query = select(TillHint).where(*_open(provider), col(TillHint.due_at) <= now)
    return (await session.exec(query.order_by(col(TillHint.due_at)).limit(limit))).all()


async def next_due(session: AsyncSession, provider: str) -> datetime | None:
    """When something is to be read next; None: nothing is left."""
    return (await session.exec(select(func.min(col(TillHint.due_at))).where(*_open(provider)))).one()


async def waiting_orders(session: AsyncSession, provider: str, order_ids: Collection[str]) -> set[str]:
    """Which of these orders a push has told us of that has not been settled yet."""
    order_id = col(TillHint.facts)["order_id"].as_string()
    query = select(order_id).where(*_open(provider), order_id.in_(order_ids))
    return set((await session.exec(query)).all())


async def settle(
    session: AsyncSession, provider: str, keys: Collection[str], outcome: str, now: datetime
) -> None:
    values = {"settled_at": now, "outcome": outcome, "attempts": col(TillHint.attempts) + 1}
    await session.exec(update(TillHint).where(*_these(provider, keys)).values(values))


async def put_off(
    session: AsyncSession, provider: str, keys: Collection[str], why: str, until: datetime
) -> None:
    """It stays open; `why` is on record meanwhile."""
    values = {"due_at": until, "outcome": why, "attempts": col(TillHint.attempts) + 1}
    await session.exec(update(TillHint).where(*_these(provider, keys)).values(values))


async def forget_bodies(session: AsyncSession, before: datetime) -> None:
    """Raw pushes are for tracing what went wrong, and personal: what came before then is deleted."""
    old = [col(TillHint.received_at) < before, col(TillHint.body).is_not(None)]
    await session.exec(update(TillHint).where(*old).values(body=None))


def _open(provider: str) -> list[ColumnElement[bool]]:
    return [col(TillHint.provider) == provider, col(TillHint.settled_at).is_(None)]


def _these(provider: str, keys: Collection[str]) -> list[ColumnElement[bool]]:
    return [*_open(provider), col(TillHint.dedupe_key).in_(keys)]
