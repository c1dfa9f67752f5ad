"""Looking something up of the one customer whom the statement around is at."""

from typing import Any

from sqlalchemy import ColumnElement, Select, true
from sqlmodel import col

from storage.tables import Customer

she = col(Customer.external_userid)
CODE_POINTS = "C"  # the collation that orders texts as Python does


def answer(query: Select[Any]) -> ColumnElement[Any]:
    """The one value of a query about her; null where it finds nothing."""
    return query.correlate(Customer).scalar_subquery()


def found(query: Select[Any]) -> ColumnElement[bool]:
    """Whether a query about her finds anything: true or null.

    Not EXISTS, which PostgreSQL makes a join of: every page would begin it with the first customer again.
    """
    return answer(query.with_only_columns(true()).limit(1))
