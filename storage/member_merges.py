"""Two accounts at the till that are one person: one goes on for both, and the orders say whose they were."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, update
from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from storage import buying, inbound, member_conflicts, member_links, members
from storage.member_conflicts import Word
from storage.member_links import LinkRefused
from storage.tables import Member, MemberBuying, MemberMerge, Order


async def merge(session: AsyncSession, provider: str, member_id: str, into: str, word: Word) -> None:
    """`into` goes on for both: with all orders, keys, links and what waits. Raises LinkRefused."""
    await members.hold(session, provider, [member_id, into])
    await _check(session, provider, member_id, into)
    row = MemberMerge(
        provider=provider, member_id=member_id, into=into, by=word.by, reason=word.reason, at=word.at
    )
    session.add(row)
    accounts = or_(col(Member.member_id) == member_id, col(Member.merged_into) == member_id)
    await session.exec(
        update(Member).where(col(Member.provider) == provider, accounts).values(merged_into=into)
    )
    await _move_orders(session, provider, member_id, into, word.at)
    moved = Word(word.by, f"{member_id} was merged into {into}: {word.reason}", word.at)
    for she in await member_links.customers_of(session, member_id):
        await member_links.unlink(session, she, provider, member_id, moved)
        await member_links.link(session, she, provider, into, moved)
    for she in await member_links.customers_of(session, into):
        await inbound.readdress(session, f"{inbound.MEMBER}{member_id}", f"customer/{she}", word.at)
    await inbound.readdress(session, f"{inbound.MEMBER}{member_id}", f"{inbound.MEMBER}{into}", word.at)
    await _settle_conflicts(session, provider, member_id, into, moved)


async def merges_of(session: AsyncSession, provider: str, member_id: str) -> Sequence[MemberMerge]:
    """In which it was either of the two, oldest first."""
    query = select(MemberMerge).where(
        MemberMerge.provider == provider,
        or_(col(MemberMerge.member_id) == member_id, col(MemberMerge.into) == member_id),
    )
    return (await session.exec(query.order_by(col(MemberMerge.id)))).all()


async def _check(session: AsyncSession, provider: str, member_id: str, into: str) -> None:
    if member_id == into:
        raise LinkRefused(f"member {member_id} cannot be merged into itself: name two accounts")
    for one in (member_id, into):
        row = await members.find_member(session, provider, one)
        if row is None:
            raise LinkRefused(f"the till told us of no member {one!r}")
        if row.merged_into:
            [*_, last] = await merges_of(session, provider, one)
            raise LinkRefused(f"{last.by} merged {one} into {row.merged_into} on {last.at:%F %T}Z")
    hers = [await member_links.customers_of(session, one) for one in (member_id, into)]
    if all(hers):
        who = f"{member_id} is customer {', '.join(hers[0])}, {into} is {', '.join(hers[1])}"
        raise LinkRefused(f"{who}: if they are one person, unlink the one she uses no longer first")


async def _move_orders(
    session: AsyncSession, provider: str, member_id: str, into: str, now: datetime
) -> None:
    hers = [col(Order.provider) == provider, col(Order.member_id) == member_id]
    moved = {"member_id": into, "bought_by": func.coalesce(Order.bought_by, Order.member_id)}
    await session.exec(update(Order).where(*hers).values(moved))
    counted = [col(MemberBuying.provider) == provider, col(MemberBuying.member_id) == member_id]
    await session.exec(delete(MemberBuying).where(*counted))
    await buying.recompute(session, provider, into, now)


async def _settle_conflicts(
    session: AsyncSession, provider: str, member_id: str, into: str, word: Word
) -> None:
    """A conflict between the two is none any more, if nothing else stands in the way."""
    for conflict in await member_conflicts.still_open(session, provider):
        if member_id not in conflict.candidates:
            continue
        conflict.candidates = sorted({into if one == member_id else one for one in conflict.candidates})
        session.add(conflict)
        if conflict.candidates == [into]:
            await member_links.place(session, conflict.external_userid, provider, word.by, [into], word.at)
