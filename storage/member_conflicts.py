"""Customers who match several accounts of the till, or one that is somebody else's: for operators."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from storage.tables import MemberConflict


@dataclass(frozen=True)
class Word:
    """Who decides, why and when. `by` is an operator, or the kind of key that matched."""

    by: str
    reason: str
    at: datetime


async def keep(
    session: AsyncSession,
    external_userid: str,
    provider: str,
    kind: str,
    candidates: Sequence[str],
    now: datetime,
) -> None:
    """One open conflict for each customer, with the candidates as they are now."""
    row = {
        "external_userid": external_userid,
        "provider": provider,
        "by": kind,
        "candidates": sorted(candidates),
        "found_at": now,
        "reason": "",
    }
    again = insert(MemberConflict).values(row)
    await session.exec(
        again.on_conflict_do_update(
            index_elements=["external_userid"],
            index_where=col(MemberConflict.resolved_at).is_(None),
            set_={"by": again.excluded.by, "candidates": again.excluded.candidates},
        )
    )


async def settle(session: AsyncSession, external_userid: str, member_id: str, word: Word) -> None:
    """She is this member now; without an open conflict there is nothing to settle."""
    if conflict := await open_of(session, external_userid):
        _close(conflict, word)
        conflict.chosen = member_id
        session.add(conflict)


async def strike(session: AsyncSession, external_userid: str, member_id: str, word: Word) -> bool:
    """She is not this one of the candidates. False: it is none."""
    conflict = await open_of(session, external_userid)
    if conflict is None or member_id not in conflict.candidates:
        return False
    conflict.candidates = [one for one in conflict.candidates if one != member_id]
    if not conflict.candidates:
        _close(conflict, word)
    session.add(conflict)
    return True


async def disputed(session: AsyncSession, provider: str, member_id: str) -> bool:
    """Whether an operator has yet to say whose account it is."""
    query = select(MemberConflict.id).where(
        MemberConflict.provider == provider,
        col(MemberConflict.resolved_at).is_(None),
        col(MemberConflict.candidates).contains([member_id]),
    )
    return (await session.exec(query.limit(1))).first() is not None


async def still_open(session: AsyncSession, provider: str) -> Sequence[MemberConflict]:
    """Oldest first."""
    query = select(MemberConflict).where(
        MemberConflict.provider == provider, col(MemberConflict.resolved_at).is_(None)
    )
    return (await session.exec(query.order_by(col(MemberConflict.found_at)))).all()


async def of_any(
    session: AsyncSession, provider: str, external_userids: Sequence[str], member_id: str
) -> Sequence[MemberConflict]:
    """Of these customers, and those in which the account is a candidate; oldest first, settled ones too."""
    theirs = col(MemberConflict.external_userid).in_(external_userids)
    named = col(MemberConflict.candidates).contains([member_id])
    query = select(MemberConflict).where(MemberConflict.provider == provider, or_(theirs, named))
    return (await session.exec(query.order_by(col(MemberConflict.id)))).all()


async def open_of(session: AsyncSession, external_userid: str) -> MemberConflict | None:
    """The conflict that she waits in, if she does."""
    query = select(MemberConflict).where(
        MemberConflict.external_userid == external_userid, col(MemberConflict.resolved_at).is_(None)
    )
    return (await session.exec(query)).first()


def _close(conflict: MemberConflict, word: Word) -> None:
    conflict.resolved_at, conflict.resolved_by, conflict.reason = word.at, word.by, word.reason
