"""What each member buys: counters that move with her orders, in the transaction that writes the order."""

from datetime import datetime

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.buying import Buying
from domain.facts import Bought
from storage.facts import BOUGHT, bought
from storage.tables import MemberBuying, Order


async def count(
    session: AsyncSession, provider: str, before: Order | None, after: Order | None, now: datetime
) -> None:
    """An order was `before` and is `after` (two objects); None: it was not there, or is no longer.

    Call it when the order is written: of whom nothing was counted yet, all that is written is counted.
    """
    gone, come = _counted(before), _counted(after)
    if gone == come:
        return
    for member_id in sorted(gone.keys() | come.keys()):  # one order of locks for everybody
        row, fresh = await _locked(session, provider, member_id, now)
        if fresh:
            _write(session, row, await _all(session, provider, member_id), now)
            continue
        buying = Buying.model_validate(row.body)
        if member_id in gone:
            buying.remove(gone[member_id])
        if member_id in come:
            buying.add(come[member_id])
        _write(session, row, buying, now)


async def recompute(session: AsyncSession, provider: str, member_id: str, now: datetime) -> None:
    """Count all her orders again. Whoever counts at the same time waits, and goes on from here."""
    row, _ = await _locked(session, provider, member_id, now)
    _write(session, row, await _all(session, provider, member_id), now)


async def buying_of(session: AsyncSession, provider: str, member_id: str) -> Buying:
    """Without an order all is zero."""
    row = await session.get(MemberBuying, (provider, member_id), populate_existing=True)
    return Buying.model_validate(row.body) if row else await _all(session, provider, member_id)


async def _all(session: AsyncSession, provider: str, member_id: str) -> Buying:
    """From the orders themselves: those of an earlier release were never counted along."""
    query = select(Order).where(Order.provider == provider, Order.member_id == member_id)
    orders = (await session.exec(query.where(col(Order.status).in_(BOUGHT)))).all()
    return Buying.of(bought(order) for order in orders)


def _counted(order: Order | None) -> dict[str, Bought]:
    """By member; an order of nobody, or one that is not paid or wholly refunded, counts for nobody."""
    if order is None or order.member_id is None or order.status not in BOUGHT:
        return {}
    return {order.member_id: bought(order)}


async def _locked(
    session: AsyncSession, provider: str, member_id: str, now: datetime
) -> tuple[MemberBuying, bool]:
    """Her counters until the end of the transaction, and whether they begin here."""
    empty = {"provider": provider, "member_id": member_id, "body": {}, "updated_at": now}
    begin = insert(MemberBuying).values(empty).on_conflict_do_nothing()
    fresh = (await session.exec(begin.returning(col(MemberBuying.member_id)))).first() is not None
    query = select(MemberBuying).where(MemberBuying.provider == provider, MemberBuying.member_id == member_id)
    rows = await session.exec(query.with_for_update(), execution_options={"populate_existing": True})
    return rows.one(), fresh


def _write(session: AsyncSession, row: MemberBuying, buying: Buying, now: datetime) -> None:
    row.body, row.updated_at = buying.model_dump(mode="json", exclude_defaults=True), now
    session.add(row)
