"""Looking through all customers once a day for those whom a playbook's segment means; resumable."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import ColumnElement
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.stages import Stage
from storage import playbooks
from storage.tables import Customer, PlaybookVersion, SegmentRun, Standing


async def with_segment(session: AsyncSession) -> list[PlaybookVersion]:
    """The current versions that have a segment."""
    return [row for row in await playbooks.newest(session) if row.body.get("enter", {}).get("segment")]


async def open_run(session: AsyncSession, book: PlaybookVersion, today: date) -> SegmentRun | None:
    """Where to go on: first with an unfinished day, so that the last customers of a long list come, too.

    None when today is done, or somebody else is at it.
    """
    fresh = {"playbook": book.playbook, "version": book.version, "day": today, "cursor": "", "found": 0}
    mine = (SegmentRun.playbook == book.playbook, SegmentRun.version == book.version)
    unfinished = select(SegmentRun).where(*mine, col(SegmentRun.done_at).is_(None))
    unfinished = unfinished.order_by(col(SegmentRun.day)).limit(1)
    if (await session.exec(unfinished)).first() is None:
        await session.exec(insert(SegmentRun).values(fresh).on_conflict_do_nothing())
    return (await session.exec(unfinished.with_for_update(skip_locked=True))).first()


async def page(
    session: AsyncSession, playbook: str, meant: ColumnElement[bool], after: str, size: int
) -> Sequence[Customer]:
    """The next customers by id who are meant and can enter at all: not in it, not opted out, not lost.

    `meant`: the playbook's segment (`storage.audience.matches`).
    """
    query = select(Customer).where(
        col(Customer.external_userid) > after,
        meant,
        ~col(Customer.playbooks).contains([playbook]),
        col(Customer.opted_out_at).is_(None),
        Customer.stage != Stage.LOST,
    )
    return (await session.exec(query.order_by(col(Customer.external_userid)).limit(size))).all()


async def last_standings(
    session: AsyncSession, playbook: str, external_userids: Sequence[str]
) -> dict[str, Standing]:
    """Her last enrolment in a playbook, of those who had one."""
    query = (
        select(Standing)
        .where(Standing.playbook == playbook, col(Standing.external_userid).in_(external_userids))
        .ext(distinct_on(col(Standing.external_userid)))
        .order_by(col(Standing.external_userid), col(Standing.number).desc())
    )
    return {row.external_userid: row for row in (await session.exec(query)).all()}
