"""群画像 (M26): what the members of groups are like, one row for each group and day; written in pages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import CTE, ColumnElement, Date, Integer, Select, and_, cast, exists, false, func, literal
from sqlalchemy import select as sql_select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.conditions import FAST_TILL
from domain.playbook import Condition
from storage import audience
from storage.facts import BOUGHT, PAID
from storage.tables import Customer, Group, GroupMember, GroupProfile, Order, Store, Utc

HIGH_FREQUENCY, PRICE_SENSITIVE = "high_frequency", "price_sensitive"  # the policy's tiers
Grouping = Literal["group", "store", "region", "kind"]


async def write_page(
    session: AsyncSession, tiers: Mapping[str, Condition], now: datetime, size: int
) -> Sequence[str]:
    """Profile some groups of stores that have none of their store's today; which they were."""
    page = _waiting(now, size)
    people = _people(page, tiers, now)
    bought = _bought(people, now)
    spent, orders = func.sum(bought.c.spent), func.coalesce(func.sum(bought.c.orders), 0)
    profiles = (
        sql_select(
            page.c.chat_id,
            page.c.day,
            func.count(people.c.who),
            func.count(people.c.till),
            func.count(bought.c.member_id),
            func.count().filter(people.c.often),
            func.count().filter(people.c.thrifty),
            orders,
            cast(func.round(spent / func.nullif(orders, 0)), Integer),
            func.count().filter(people.c.several),
        )
        .select_from(page)
        .outerjoin(people, people.c.chat_id == page.c.chat_id)
        .outerjoin(bought, bought.c.member_id == people.c.till)
        .group_by(page.c.chat_id, page.c.day)
    )
    columns = [
        *("chat_id", "day", "customers", "members", "buyers", "high_frequency", "price_sensitive"),
        *("orders", "ticket_minor", "in_several"),
    ]
    written = insert(GroupProfile).from_select(columns, profiles).on_conflict_do_nothing()
    return (await session.exec(written.returning(col(GroupProfile.chat_id)))).scalars().all()


def _waiting(now: datetime, size: int) -> CTE:
    """Groups, each with the day that it is at its store."""
    day = cast(func.timezone(col(Store.zone), literal(now, Utc)), Date).label("day")
    done = exists().where(col(GroupProfile.chat_id) == col(Group.chat_id), col(GroupProfile.day) == day)
    query = sql_select(col(Group.chat_id), day).join(Store, col(Store.id) == col(Group.store_id))
    query = query.where(col(Group.dismissed_at).is_(None), ~done)
    return query.order_by(col(Group.chat_id)).limit(size).cte("page")


def _people(page: CTE, tiers: Mapping[str, Condition], now: datetime) -> CTE:
    """Who is in the groups of a page; `till`: her number there, if it knows her."""
    other, home = aliased(GroupMember), aliased(Group)
    several = exists().where(
        col(other.member_id) == col(GroupMember.member_id),
        col(other.chat_id) != col(GroupMember.chat_id),
        col(other.left_at).is_(None),
        col(home.chat_id) == col(other.chat_id),
        col(home.dismissed_at).is_(None),
    )
    return (
        sql_select(
            page.c.chat_id,
            col(GroupMember.member_id).label("who"),
            col(Customer.member_id).label("till"),
            _in_tier(HIGH_FREQUENCY, tiers, now).label("often"),
            _in_tier(PRICE_SENSITIVE, tiers, now).label("thrifty"),
            several.label("several"),
        )
        .select_from(page)
        .join(GroupMember, col(GroupMember.chat_id) == page.c.chat_id)
        .outerjoin(Customer, col(Customer.external_userid) == col(GroupMember.member_id))
        .where(col(GroupMember.left_at).is_(None))
        .cte("people")
    )


def _in_tier(name: str, tiers: Mapping[str, Condition], now: datetime) -> ColumnElement[bool]:
    """Of people who are no customers nothing is known."""
    if name not in tiers:
        return false()
    return and_(col(Customer.external_userid).is_not(None), audience.matches(tiers[name], {}, now))


def _bought(people: CTE, now: datetime) -> CTE:
    return (
        sql_select(
            col(Order.member_id),
            func.count().label("orders"),
            func.sum(PAID).label("spent"),
        )
        .where(col(Order.member_id).in_(sql_select(people.c.till)))
        .where(col(Order.status).in_(BOUGHT), col(Order.paid_at) <= now + FAST_TILL)
        .group_by(col(Order.member_id))
        .cte("bought")
    )


@dataclass(frozen=True)
class Wanted:
    """Which groups: all that are given must fit."""

    chat_id: str | None = None
    store_id: str | None = None
    region_id: str | None = None
    kind: str | None = None
    owner: str | None = None


async def read(session: AsyncSession, wanted: Wanted, by: Grouping, days: int) -> Sequence[Mapping[str, Any]]:
    """The last days of profiles, summed up by group, store, region or kind; the newest day first.

    Who is in several groups counts in each of them.
    """
    key = {
        "group": col(Group.chat_id),
        "store": col(Group.store_id),
        "region": col(Store.region_id),
        "kind": col(Group.kind),
    }[by]
    newest = sql_select(func.max(col(GroupProfile.day))).scalar_subquery()
    counted = [
        *("customers", "members", "buyers", "high_frequency", "price_sensitive", "in_several", "orders"),
    ]
    sums = [func.sum(getattr(GroupProfile, name)).label(name) for name in counted]
    paid = func.sum(col(GroupProfile.ticket_minor) * col(GroupProfile.orders))
    query: Select[Any] = (
        sql_select(
            col(GroupProfile.day).label("day"),
            key.label("key"),
            func.min(col(Group.name)).label("name"),
            func.count().label("groups"),
            *sums,
            cast(func.round(paid / func.nullif(func.sum(col(GroupProfile.orders)), 0)), Integer).label(
                "ticket"
            ),
        )
        .join(Group, col(Group.chat_id) == col(GroupProfile.chat_id))
        .join(Store, col(Store.id) == col(Group.store_id))
        .where(col(GroupProfile.day) > newest - days, *_fits(wanted))
        .group_by(col(GroupProfile.day), key)
        .order_by(col(GroupProfile.day).desc(), key)
    )
    connection = await session.connection()
    return [dict(row._mapping) for row in (await connection.execute(query)).all()]


def _fits(wanted: Wanted) -> list[ColumnElement[bool]]:
    columns = {
        "chat_id": col(Group.chat_id),
        "store_id": col(Group.store_id),
        "region_id": col(Store.region_id),
        "kind": col(Group.kind),
        "owner": col(Group.owner),
    }
    return [column == value for name, column in columns.items() if (value := getattr(wanted, name))]
