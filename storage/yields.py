"""What entry codes bring: scans, adds, joins. One query for all codes per number, never one per code."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Date, DateTime, cast, func, type_coerce
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from storage.tables import Customer, EntryCode, Follow, GroupMember, Order, ScanCount, Store

JUST_BEFORE = timedelta(days=1)  # who bought longer ago did not add because of it


@dataclass(frozen=True)
class Yield:
    """Of one code. `adds` are customers, not friendships; `joins` are those of them who are in a group.

    `delay` is the median time from the last purchase before an add to the add (M31), of those who had bought
    within the day before.
    """

    scans: int = 0
    adds: int = 0
    joins: int = 0
    last_add: datetime | None = None
    delay: timedelta | None = None

    @property
    def rate(self) -> float | None:
        """Adds for every scan. More than 1 where the posters carry the contact way's own QR."""
        return self.adds / self.scans if self.scans else None


async def yields(session: AsyncSession, now: datetime, days: int | None = None) -> dict[str, Yield]:
    """By state. `days`: only of today and the days before, so many in all, by the clock of each store."""
    scans = await _by_state(session, select(ScanCount.state, func.sum(ScanCount.scans)), ScanCount, now, days)
    people = func.count(func.distinct(col(Follow.external_userid)))
    adds = await _by_state(session, select(Follow.state, people), Follow, now, days)
    last = await _by_state(session, select(Follow.state, func.max(Follow.since)), Follow, now, days)
    there = select(GroupMember.member_id).where(
        col(GroupMember.member_id) == Follow.external_userid, col(GroupMember.left_at).is_(None)
    )
    joins = await _by_state(session, select(Follow.state, people).where(there.exists()), Follow, now, days)
    delays = await _by_state(session, _delays(), Follow, now, days)
    return {
        state: Yield(
            scans=int(scans.get(state, 0)),
            adds=int(adds.get(state, 0)),
            joins=int(joins.get(state, 0)),
            last_add=last.get(state),
            delay=delays.get(state),
        )
        for state in {*scans, *adds}
    }


def _delays() -> Any:
    """The median is PostgreSQL's own; who had bought nothing just before counts for nothing."""
    since = type_coerce(col(Follow.since), DateTime(timezone=True))  # so that a difference is a span of time
    bought = (
        select(func.max(type_coerce(col(Order.paid_at), DateTime(timezone=True))))
        .where(col(Order.member_id) == Customer.member_id, Order.status != "cancelled")
        .where(col(Order.paid_at).between(since - JUST_BEFORE, since))
        .scalar_subquery()
    )
    median = func.percentile_cont(0.5).within_group(since - bought)
    return select(Follow.state, median).join(
        Customer, col(Customer.external_userid) == Follow.external_userid
    )


async def _by_state(
    session: AsyncSession, query: Any, table: type[ScanCount] | type[Follow], now: datetime, days: int | None
) -> Mapping[str, Any]:
    code = col(EntryCode.state) == col(table.state)
    query = query.join(EntryCode, code).join(Store, col(Store.id) == EntryCode.store_id)
    if table is Follow:
        query = query.where(col(Follow.half).is_(False))
    if days is not None:
        query = query.where(_day(table) > _local_day(now) - days)
    return dict((await session.exec(query.group_by(col(table.state)))).all())


def _day(table: type[ScanCount] | type[Follow]) -> ColumnElement[Any]:
    if table is ScanCount:
        return cast(col(ScanCount.day), Date)
    return cast(func.timezone(col(Store.zone), col(Follow.since)), Date)


def _local_day(now: datetime) -> ColumnElement[Any]:
    return cast(func.timezone(col(Store.zone), now), Date)
