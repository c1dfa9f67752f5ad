"""Walks through the till: which have begun, how far each has come, what it found."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.walk_messages import WalkKind, WalkStatus
from domain.walking import next_step
from storage.tables import TillWalk

MOST_FINDINGS = 100  # more than anybody reads; the rest is counted


@dataclass
class Kept:
    """What became of one page. `subjects`: whom stored facts wait for now."""

    seen: int = 0
    new: int = 0
    changed: int = 0
    untold: int = 0
    findings: list[str] = field(default_factory=list)
    subjects: set[str] = field(default_factory=set)


async def open_walk(session: AsyncSession, fresh: TillWalk) -> TillWalk:
    """Of a kind one runs at a time: that one, or this. One that stopped or failed goes on where it was.

    Its step begins anew: providers forget their cursors.
    """
    await session.exec(
        select(func.pg_advisory_xact_lock(func.hashtext(f"till/{fresh.provider}/{fresh.kind}")))
    )
    if others := await running(session, fresh.provider, fresh.kind):
        return others[0]
    row = await session.get(TillWalk, fresh.id) or fresh
    if row.status in (WalkStatus.STOPPED, WalkStatus.FAILED):
        row.status, row.reason, row.ended_at, row.cursor = WalkStatus.RUNNING, "", None, None
    session.add(row)
    await session.flush()
    return row


async def running(session: AsyncSession, provider: str, kind: str | None = None) -> Sequence[TillWalk]:
    query = select(TillWalk).where(TillWalk.provider == provider, TillWalk.status == WalkStatus.RUNNING)
    if kind is not None:
        query = query.where(TillWalk.kind == kind)
    return (await session.exec(query.order_by(col(TillWalk.started_at)))).all()


async def begun(session: AsyncSession, ids: Sequence[str]) -> set[str]:
    """The kinds of those of these walks that are on record."""
    return set((await session.exec(select(TillWalk.kind).where(col(TillWalk.id).in_(ids)))).all())


async def done_until(session: AsyncSession, provider: str, kind: WalkKind) -> datetime | None:
    """The end of the time that walks of this kind have covered."""
    query = select(func.max(TillWalk.until)).where(TillWalk.provider == provider, TillWalk.kind == kind)
    return (await session.exec(query.where(TillWalk.status == WalkStatus.DONE))).one()


async def still_at(session: AsyncSession, walk: TillWalk) -> TillWalk | None:
    """Its row, locked; None when somebody has stopped it, or turned this very page already."""
    query = select(TillWalk).where(
        TillWalk.id == walk.id,
        TillWalk.status == WalkStatus.RUNNING,
        col(TillWalk.cursor).is_not_distinct_from(walk.cursor),
        col(TillWalk.reached).is_not_distinct_from(walk.reached),
    )
    return (await session.exec(query.with_for_update())).first()


def turn_page(row: TillWalk, kept: Kept, cursor: str | None, now: datetime) -> None:
    """Count what a page brought, and go on to the next: of the step, or of the step before it."""
    row.pages += 1
    row.seen += kept.seen
    row.new += kept.new
    row.changed += kept.changed
    row.untold += kept.untold
    row.findings = _shortened([*row.findings, *kept.findings])
    row.reason, row.next_at, row.cursor = "", None, cursor
    if cursor is None and row.since and row.reached:
        row.reached = next_step(row.since, row.reached)
    if cursor is None and row.reached == row.since:  # both None: it was a list
        row.status, row.ended_at = WalkStatus.DONE, now


async def pause(session: AsyncSession, walk_id: str, reason: str, next_at: datetime | None = None) -> None:
    """Say why it does not get on just now."""
    row = await session.get_one(TillWalk, walk_id, with_for_update=True)
    if row.status == WalkStatus.RUNNING:
        row.reason, row.next_at = reason, next_at


async def end(
    session: AsyncSession, walk_id: str, status: WalkStatus, reason: str, now: datetime
) -> TillWalk | None:
    """Stopped or failed; None when it did not run."""
    query = select(TillWalk).where(TillWalk.id == walk_id, TillWalk.status == WalkStatus.RUNNING)
    row = (await session.exec(query.with_for_update())).first()
    if row:
        row.status, row.reason, row.next_at, row.ended_at = status, reason, None, now
    return row


async def newest(session: AsyncSession, provider: str) -> Sequence[TillWalk]:
    """The last walk of each kind, and every backfill; the newest first."""
    last = select(func.max(TillWalk.started_at)).where(TillWalk.provider == provider)
    last = last.where(TillWalk.kind != WalkKind.BACKFILL).group_by(col(TillWalk.kind))
    query = select(TillWalk).where(
        TillWalk.provider == provider,
        or_(col(TillWalk.kind) == WalkKind.BACKFILL, col(TillWalk.started_at).in_(last)),
    )
    return (await session.exec(query.order_by(col(TillWalk.started_at).desc()))).all()


def _shortened(findings: list[str]) -> list[str]:
    more = len(findings) - MOST_FINDINGS
    return findings if more <= 0 else [*findings[:MOST_FINDINGS], f"and {more} more"]
