"""What people of an experiment did from the moment they came into it: bought, bought again, spent."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Interval, Numeric, Select, and_, case, cast, func, literal, select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.lift import Arm
from storage.exposures import HELD_OUT, TREATED
from storage.facts import BOUGHT, PAID
from storage.results import fetch
from storage.tables import Customer, Exposure, Order, PlaybookVersion, Standing


async def until(session: AsyncSession, experiment: str, ends: datetime) -> tuple[Arm, Arm]:
    """Those treated and those held out, from their draw up to `ends`, which is the same for all of them."""
    return await _arms(session, experiment, col(Order.paid_at) < ends)


async def for_each(
    session: AsyncSession, experiment: str, long: timedelta, now: datetime, number: int | None
) -> tuple[Arm, Arm]:
    """The same, for so long from each one's own draw; of those for whom that time is over.

    `number`: only those who came into this version of the playbook.
    """
    ripe = [col(Exposure.at) <= now - long]
    if number is not None:
        ripe.append(_of_version(number))
    return await _arms(
        session, experiment, col(Order.paid_at) < col(Exposure.at) + literal(long, Interval), *ripe
    )


def _of_version(number: int) -> ColumnElement[bool]:
    return (
        select(col(Standing.external_userid))
        .join(PlaybookVersion, col(PlaybookVersion.version) == Standing.version)
        .where(col(Standing.external_userid) == Exposure.external_userid)
        .where(col(Standing.playbook) == Exposure.playbook, col(PlaybookVersion.number) == number)
        .exists()
    )


async def _arms(
    session: AsyncSession, experiment: str, in_time: ColumnElement[bool], *whom: ColumnElement[bool]
) -> tuple[Arm, Arm]:
    hers = _of_each(experiment, in_time).where(*whom).subquery()
    bought, before, spent = hers.c.bought, hers.c.before, hers.c.spent
    query = select(
        hers.c.arm,
        func.count(),
        func.count().filter(bought > 0),
        func.count().filter(bought > 0, bought + before > 1),
        func.sum(spent),
        func.sum(cast(spent, Numeric) * spent),
    ).group_by(hers.c.arm)
    found = {
        arm: Arm(people=people, buyers=buyers, repeaters=again, spent=int(sums), spent_squared=int(squares))
        for arm, people, buyers, again, sums, squares in await fetch(session, query)
    }
    return found.get(TREATED, Arm()), found.get(HELD_OUT, Arm())


def _of_each(experiment: str, in_time: ColumnElement[bool]) -> Select[Any]:
    """One row for each person: her orders in the time and before it, and what she paid, refunds taken off."""
    since = col(Order.paid_at) >= Exposure.at
    mine = and_(col(Order.member_id) == Customer.member_id, col(Order.status).in_(BOUGHT), in_time)
    return (
        select(
            col(Exposure.arm).label("arm"),
            func.count(col(Order.order_id)).filter(since).label("bought"),
            func.count(col(Order.order_id)).filter(~since).label("before"),
            func.coalesce(func.sum(case((since, PAID), else_=0)), 0).label("spent"),
        )
        .join(Customer, col(Customer.external_userid) == Exposure.external_userid)
        .outerjoin(Order, mine)
        .where(col(Exposure.experiment) == experiment)
        .group_by(col(Exposure.external_userid), col(Exposure.arm))
    )
