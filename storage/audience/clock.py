"""Her clock in PostgreSQL: the one of the store where she scanned, by which quiet hours are kept, too."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Time, and_, cast, extract, func, literal, or_, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import col

from domain.days import WEEKDAYS
from domain.hours import Hours, Weekday
from storage.directory import DEFAULT_ZONE
from storage.tables import Customer, Store, Utc


def zone() -> ColumnElement[str]:
    """The zone of a customer of the statement around.

    The stores whose zone is another than the usual one are read once, not once for each customer.
    """
    elsewhere = select(func.jsonb_object_agg(col(Store.id), col(Store.zone), type_=JSONB))
    zones = elsewhere.where(col(Store.zone) != DEFAULT_ZONE).scalar_subquery()
    return func.coalesce(zones[col(Customer.store_id)].astext, DEFAULT_ZONE)


def local(moment: Any, of: ColumnElement[str] | str) -> ColumnElement[datetime]:
    """What the clock of a zone shows at a moment."""
    return func.timezone(of, literal(moment, Utc) if isinstance(moment, datetime) else moment)


def in_hours(asked: Hours, now: datetime) -> ColumnElement[bool]:
    shown = cast(local(now, zone()), Time)
    ends = (shown >= asked.start, shown < asked.end)
    return and_(*ends) if asked.start <= asked.end else or_(*ends)


def on_weekday(wanted: list[Weekday], now: datetime) -> ColumnElement[bool]:
    return extract("isodow", local(now, zone())).in_([WEEKDAYS.index(day) + 1 for day in wanted])
