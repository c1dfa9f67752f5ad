"""How far people came who arrived in a time, by the code or the group that brought them (M28–M31, M35).

Each number is one statement for all rows. What somebody did is looked up by her own indexes, so it costs as
much as there are people who arrived, however large the ledger is.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Date,
    DateTime,
    Select,
    String,
    and_,
    cast,
    func,
    literal,
    or_,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.funnels import FunnelStep
from domain.playbook import LinkKind
from domain.touches import Channel, TouchStatus
from storage.facts import BOUGHT
from storage.results import fetch
from storage.results.codes import Source, Sources
from storage.tables import (
    Customer,
    EntryCode,
    Follow,
    Group,
    GroupMember,
    Order,
    ScanCount,
    Standing,
    Store,
    Touch,
)
from storage.yields import JUST_BEFORE


@dataclass(frozen=True)
class Days:
    """The days that count, by the clock of each store; both ends belong to them. None: no end there."""

    since: date | None = None
    until: date | None = None

    def hold(self, day: ColumnElement[Any]) -> list[ColumnElement[bool]]:
        first = [day >= self.since] if self.since else []
        return first + ([day <= self.until] if self.until else [])


@dataclass
class Row:
    """One row of a funnel. `delay` is the median time from the last purchase before an add to it (M31)."""

    people: dict[FunnelStep, int] = field(default_factory=dict)
    delay: timedelta | None = None
    links: list[LinkKind] = field(default_factory=list)


async def rows(session: AsyncSession, found: Sources, days: Days) -> dict[str, Row]:
    """By the row's name; rows where nobody came are there, too."""
    table = {name: Row(links=links) for name, links in found.links().items()}
    for name, scans in await _pairs(session, _scans(_list(found.codes), days)):
        table[name].people[FunnelStep.SCANNED] = int(scans)
    came = _people(found, days)
    for name, *numbers in await fetch(session, _did(came)):
        table[name].people |= dict(zip(_DID, numbers, strict=True))
    for name, first, second in await fetch(session, _bought(came)):
        table[name].people |= {FunnelStep.FIRST_ORDER: first, FunnelStep.SECOND_ORDER: second}
    for name, delay in await _pairs(session, _delays(came)):
        table[name].delay = delay
    return table


async def rates(session: AsyncSession, found: Sources, days: Days) -> Mapping[str, tuple[int, int]]:
    """Scans and adds of each row: what tells a store whose code nobody is added by (M32)."""
    scans = dict(await _pairs(session, _scans(_list(found.codes), days)))
    came = _people(found, days)
    adds = dict(await _pairs(session, select(came.c.row, func.count()).group_by(came.c.row)))
    return {row: (int(scans.get(row, 0)), int(adds.get(row, 0))) for row in found.links()}


async def _pairs(session: AsyncSession, query: Select[Any]) -> list[tuple[str, Any]]:
    return [(name, value) for name, value in await fetch(session, query)]


def _list(sources: Collection[Source]) -> Any:
    """The sources as a table of PostgreSQL."""
    ids, names = [one.id for one in sources], [one.row for one in sources]
    columns = literal(ids, ARRAY(String)), literal(names, ARRAY(String))
    return func.unnest(*columns).table_valued("id", "row").render_derived()


def _scans(codes: Any, days: Days) -> Select[Any]:
    query = select(codes.c.row, func.sum(ScanCount.scans)).join(ScanCount, col(ScanCount.state) == codes.c.id)
    return query.where(*days.hold(cast(col(ScanCount.day), Date))).group_by(codes.c.row)


def _people(found: Sources, days: Days) -> CTE:
    """Who arrived, once in a row, and when first."""
    arrived = union_all(_friends(_list(found.codes), days), _members(_list(found.groups), days)).subquery()
    first = func.min(arrived.c.at).label("at")
    query = select(arrived.c.row, arrived.c.who, first).group_by(arrived.c.row, arrived.c.who)
    return query.cte("came").prefix_with("MATERIALIZED")  # else its size is forgotten for what follows


def _friends(codes: Any, days: Days) -> Select[Any]:
    day = cast(func.timezone(col(Store.zone), col(Follow.since)), Date)
    return (
        select(codes.c.row, col(Follow.external_userid).label("who"), col(Follow.since).label("at"))
        .join(Follow, col(Follow.state) == codes.c.id)
        .join(EntryCode, col(EntryCode.state) == codes.c.id)
        .join(Store, col(Store.id) == EntryCode.store_id)
        .where(col(Follow.half).is_(False), *days.hold(day))
    )


def _members(groups: Any, days: Days) -> Select[Any]:
    day = cast(func.timezone(col(Store.zone), col(GroupMember.joined_at)), Date)
    return (
        select(groups.c.row, col(GroupMember.member_id), col(GroupMember.joined_at))
        .join(GroupMember, col(GroupMember.chat_id) == groups.c.id)
        .join(Group, col(Group.chat_id) == groups.c.id)
        .join(Store, col(Store.id) == Group.store_id)
        .where(*days.hold(day))
    )


_DID = (FunnelStep.FRIEND, FunnelStep.GREETED, FunnelStep.INVITED, FunnelStep.JOINED, FunnelStep.GOAL)


def _did(came: CTE) -> Select[Any]:
    """How many of each row did what, in the order of `_DID`."""
    sent = [col(Touch.external_userid) == came.c.who, col(Touch.status) == TouchStatus.SENT]
    did = (
        _there(Follow, col(Follow.external_userid) == came.c.who, col(Follow.half).is_(False)),
        _there(Touch, *sent, col(Touch.channel) == Channel.WELCOME),
        _there(Touch, *sent, col(Touch.chat_id).is_not(None), col(Touch.channel) != Channel.GROUP),
        _there(
            GroupMember,
            col(GroupMember.member_id) == came.c.who,
            or_(col(GroupMember.left_at).is_(None), col(GroupMember.left_at) > came.c.at),
        ),
        _there(
            Standing,
            col(Standing.external_userid) == came.c.who,
            or_(col(Standing.ended_at).is_(None), col(Standing.ended_at) > came.c.at),
            col(Standing.reached) != literal([], JSONB),
        ),
    )
    counts = [func.count().filter(one) for one in did]
    return select(came.c.row, *counts).group_by(came.c.row)


def _there(table: Any, *where: ColumnElement[bool]) -> ColumnElement[bool]:
    return select(literal(1)).select_from(table).where(*where).exists()


def _bought(came: CTE) -> Select[Any]:
    """How many of each row bought once, and how many again (复购, M23), from their arrival on."""
    orders = (
        select(came.c.row, came.c.who, func.count().label("orders"))
        .join(Customer, col(Customer.external_userid) == came.c.who)
        .join(Order, and_(col(Order.member_id) == Customer.member_id, col(Order.status).in_(BOUGHT)))
        .where(col(Order.paid_at) >= came.c.at)
        .group_by(came.c.row, came.c.who)
        .subquery()
    )
    again = func.count().filter(orders.c.orders > 1)
    return select(orders.c.row, func.count(), again).group_by(orders.c.row)


def _delays(came: CTE) -> Select[Any]:
    """Who had bought nothing just before counts for nothing; the median is PostgreSQL's own."""
    at = type_coerce(came.c.at, DateTime(timezone=True))  # so that a difference is a span of time
    bought = (
        select(func.max(type_coerce(col(Order.paid_at), DateTime(timezone=True))))
        .where(col(Order.member_id) == Customer.member_id, col(Order.status) != "cancelled")
        .where(col(Order.paid_at).between(at - JUST_BEFORE, at))
        .scalar_subquery()
    )
    median = func.percentile_cont(0.5).within_group(at - bought)
    return (
        select(came.c.row, median)
        .join(Customer, col(Customer.external_userid) == came.c.who)
        .group_by(came.c.row)
    )
