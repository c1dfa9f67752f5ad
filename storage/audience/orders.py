"""What she bought, as predicates: each looks at the orders of the customer of the statement around."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    Double,
    Numeric,
    and_,
    cast,
    collate,
    distinct,
    func,
    literal,
    select,
)
from sqlalchemy.dialects.postgresql import array
from sqlmodel import col

from domain.conditions import FAST_TILL, FEN
from domain.playbook import Ago, Amount, Count, Goods, Rating, Share
from domain.visits import RECENT
from storage.audience.clock import local, zone
from storage.audience.hers import CODE_POINTS, answer
from storage.directory import DEFAULT_ZONE
from storage.facts import BOUGHT, PAID
from storage.tables import Customer, Order


def between(
    value: ColumnElement[Any],
    asked: Count | Amount | Share | Rating,
    scale: ColumnElement[Any] | int = 1,
    kind: Any = Numeric,
) -> ColumnElement[bool]:
    """Whether `asked` × `scale` holds a value; what is asked may be larger than any integer of PostgreSQL."""
    ends = []
    if asked.least is not None:
        ends.append(value >= literal(asked.least, kind) * scale)
    if asked.most is not None:
        ends.append(value <= literal(asked.most, kind) * scale)
    return and_(*ends)


def _that_count(now: datetime, since: timedelta | None = None) -> list[ColumnElement[bool]]:
    """Hers, paid by `now` and not wholly refunded: as `storage.facts` reads them."""
    counted = [
        col(Order.member_id) == col(Customer.member_id),
        col(Order.status).in_(BOUGHT),
        col(Order.paid_at) <= now + FAST_TILL,
    ]
    return counted + ([col(Order.paid_at) >= now - since] if since else [])


def _ask(
    question: ColumnElement[Any], now: datetime, since: timedelta | None = None, *more: ColumnElement[bool]
) -> ColumnElement[bool]:
    """The answer of an aggregate over her orders: one row, also for who has none."""
    return answer(select(question).where(*_that_count(now, since), *more))


def orders(asked: Count, now: datetime) -> ColumnElement[bool]:
    return _ask(between(func.count(), asked), now, asked.within)


def visits(asked: Count, now: datetime) -> ColumnElement[bool]:
    day = cast(local(col(Order.paid_at), zone()), Date)
    return _ask(between(func.count(distinct(day)), asked), now, asked.within)


def spend(asked: Amount, now: datetime) -> ColumnElement[bool]:
    return _ask(between(_paid(), asked, FEN), now, asked.within)


def ticket(asked: Amount, now: datetime) -> ColumnElement[bool]:
    return _ask(between(_paid(), asked, FEN * _at_least_one()), now, asked.within)


def coupons_used(asked: Count, now: datetime) -> ColumnElement[bool]:
    return _ask(between(func.coalesce(func.sum(col(Order.coupons)), 0), asked), now, asked.within)


def coupon_share(asked: Share, now: datetime) -> ColumnElement[bool]:
    used = cast(func.count().filter(col(Order.coupons) > 0), Double)
    return _ask(between(used / _at_least_one(), asked, kind=Double), now)


def last_order(asked: Ago, now: datetime) -> ColumnElement[bool]:
    return ago(asked, now, _ask(func.max(Order.paid_at), now))


def bought(asked: Goods, now: datetime) -> ColumnElement[bool]:
    column, wanted = (Order.products, asked.product) if asked.product else (Order.categories, asked.category)
    having: Any = col(column)
    enough = func.count() >= literal(asked.least, Numeric)
    return _ask(enough, now, asked.within, having.has_any(array(wanted or ())))


def prefers(wanted: Sequence[str], now: datetime) -> ColumnElement[bool]:
    """The category that she paid most for; of equal ones the first by name."""
    each = func.jsonb_each_text(col(Order.categories)).table_valued("key", "value")
    category = collate(each.c.key, CODE_POINTS)
    query = select(category).select_from(Order).join(each, literal(True)).where(*_that_count(now))
    query = query.group_by(category).order_by(func.sum(cast(each.c.value, Numeric)).desc(), category)
    return answer(query.limit(1)).in_(wanted)


def store(now: datetime) -> ColumnElement[str]:
    """Where she went most in the last months (`domain.visits`), else where she scanned."""
    day = cast(local(col(Order.paid_at), DEFAULT_ZONE), Date)
    by_store = collate(col(Order.store_id), CODE_POINTS)
    query = select(col(Order.store_id)).where(*_that_count(now), col(Order.paid_at) > now - RECENT)
    query = query.group_by(col(Order.store_id)).order_by(
        func.count(distinct(day)).desc(), func.max(col(Order.paid_at)).desc(), by_store.desc()
    )
    return func.coalesce(answer(query.limit(1)), col(Customer.store_id))


def ago(asked: Ago, now: datetime, last: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether a last time is as long ago as asked; without one it is longer ago than anything."""
    if asked.within is not None:
        return last >= now - asked.within
    assert asked.longer_than is not None
    return func.coalesce(last < now - asked.longer_than, True)


def _paid() -> ColumnElement[int]:
    return func.coalesce(func.sum(PAID), 0)


def _at_least_one() -> ColumnElement[int]:
    """How many orders; who has none divides by one."""
    return func.greatest(func.count(), 1)
