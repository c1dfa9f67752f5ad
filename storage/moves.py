"""Moves of running customers to another version: decided once, carried out one by one, kept for ever."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import func, literal, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from storage import standings
from storage.database import Database
from storage.tables import MovedCustomer, PlaybookMove, Standing

PLANNED, ORDERED, UNDONE = "planned", "ordered", "undone"


async def begin(session: AsyncSession, move: PlaybookMove, *, with_customers: bool) -> PlaybookMove:
    """Write a move down with everybody whom it concerns. One that was begun alike goes on instead.

    Its id is made here: the playbook's name and which move of it this is.
    """
    await session.exec(select(func.pg_advisory_xact_lock(func.hashtext(move.playbook))))
    if begun := await _begun(session, move):
        return begun
    query = select(func.count()).select_from(PlaybookMove).where(PlaybookMove.playbook == move.playbook)
    move.id = f"{move.playbook}-m{(await session.exec(query)).one() + 1}"
    session.add(move)
    await session.flush()
    if with_customers:
        rows = standings.inside(
            move.playbook,
            number=move.from_number,
            store_id=move.store_id,
            columns=(
                literal(move.id),
                col(Standing.external_userid),
                col(Standing.version),
                literal(PLANNED),
                literal(""),
            ),
        ).where(col(Standing.version) != move.to_version)
        names = ["move_id", "external_userid", "from_version", "status", "answer"]
        await session.exec(insert(MovedCustomer).from_select(names, rows).on_conflict_do_nothing())
    return move


async def _begun(session: AsyncSession, move: PlaybookMove) -> PlaybookMove | None:
    alike = ("playbook", "policy", "to_version", "from_number", "store_id")
    query = select(PlaybookMove).filter_by(**{name: getattr(move, name) for name in alike})
    query = query.where(col(PlaybookMove.finished_at).is_(None), col(PlaybookMove.undo_began_at).is_(None))
    return (await session.exec(query.order_by(col(PlaybookMove.began_at)))).first()


async def find(session: AsyncSession, move_id: str) -> PlaybookMove | None:
    return await session.get(PlaybookMove, move_id)


async def page(
    session: AsyncSession, move_id: str, *, statuses: Sequence[str], limit: int
) -> Sequence[MovedCustomer]:
    """Some of those who are left."""
    query = select(MovedCustomer).where(
        MovedCustomer.move_id == move_id, col(MovedCustomer.status).in_(statuses)
    )
    return (await session.exec(query.order_by(col(MovedCustomer.external_userid)).limit(limit))).all()


async def settle(session: AsyncSession, row: MovedCustomer, status: str, answer: str, now: datetime) -> None:
    """What her life answered."""
    hers = [
        col(MovedCustomer.move_id) == row.move_id,
        col(MovedCustomer.external_userid) == row.external_userid,
    ]
    await session.exec(update(MovedCustomer).where(*hers).values(status=status, answer=answer, at=now))


async def mark(session: AsyncSession, move_id: str, **values: Any) -> None:
    await session.exec(update(PlaybookMove).where(col(PlaybookMove.id) == move_id).values(**values))


async def counts(session: AsyncSession, move_id: str) -> dict[str, int]:
    """How many customers of a move are `planned`, `ordered`, `undone`; and `moved`: have gone over by now."""
    query = select(col(MovedCustomer.status), func.count()).where(MovedCustomer.move_id == move_id)
    found = dict((await session.exec(query.group_by(col(MovedCustomer.status)))).all())
    return {status: found.get(status, 0) for status in (PLANNED, ORDERED, UNDONE)} | {
        "moved": await _standing(session, move_id, col(Standing.version) == PlaybookMove.to_version),
        "pending": await _standing(session, move_id, col(Standing.moving) == PlaybookMove.id),
    }


async def answers(session: AsyncSession, move_id: str) -> Sequence[tuple[str, int]]:
    """What lives answered, and how many of them; the most frequent first."""
    query = select(col(MovedCustomer.answer), func.count()).where(
        MovedCustomer.move_id == move_id, MovedCustomer.answer != ""
    )
    return (await session.exec(query.group_by(col(MovedCustomer.answer)).order_by(func.count().desc()))).all()


async def _standing(session: AsyncSession, move_id: str, where: Any) -> int:
    query = (
        select(func.count())
        .select_from(MovedCustomer)
        .join(PlaybookMove, col(PlaybookMove.id) == MovedCustomer.move_id)
        .join(
            Standing,
            (col(Standing.external_userid) == MovedCustomer.external_userid)
            & (col(Standing.playbook) == PlaybookMove.playbook),
        )
        .where(MovedCustomer.move_id == move_id, col(Standing.ended_at).is_(None), where)
    )
    return (await session.exec(query)).one()


@asynccontextmanager
async def alone(database: Database, playbook: str) -> AsyncIterator[bool]:
    """Whether nobody else moves customers of this playbook now. The right ends with the process."""
    async with database.statements() as connection:
        key = {"key": f"moves of {playbook}"}
        mine = (
            await connection.execute(text("select pg_try_advisory_lock(hashtext(:key))"), key)
        ).scalar_one()
        try:
            yield mine
        finally:
            if mine:
                await connection.execute(text("select pg_advisory_unlock(hashtext(:key))"), key)


async def listed(session: AsyncSession, playbook: str | None) -> Sequence[PlaybookMove]:
    """The latest first."""
    query = select(PlaybookMove).order_by(col(PlaybookMove.began_at).desc())
    query = query.where(PlaybookMove.playbook == playbook) if playbook else query
    return (await session.exec(query)).all()
