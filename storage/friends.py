"""Who of our employees may write to customers."""

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import ColumnElement, case
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from storage.tables import Customer, Employee, Follow


def whole_friend() -> tuple[ColumnElement[bool], ...]:
    """A friendship that both sides have made and neither has ended."""
    return col(Follow.lost_at).is_(None), col(Follow.half).is_(False), col(Follow.since).is_not(None)


async def friends_of(session: AsyncSession, ids: Sequence[str]) -> dict[str, list[str]]:
    """Who of our employees may write to each: first who chatted with her last, then the latest friend."""
    query = (
        select(Follow.external_userid, Follow.userid)
        .join(Employee, col(Employee.userid) == Follow.userid)
        .join(Customer, col(Customer.external_userid) == Follow.external_userid)
        .where(col(Follow.external_userid).in_(ids), *whole_friend(), col(Employee.active))
    )
    found: dict[str, list[str]] = defaultdict(list)
    talks = case((col(Customer.talks_to) == Follow.userid, 0), else_=1)
    ordered = query.order_by(talks, col(Follow.since).desc())
    for external_userid, userid in (await session.exec(ordered)).all():
        found[external_userid].append(userid)
    return found
