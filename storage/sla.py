"""How employees keep up with their tasks: by employee, store or region, over some days."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, Float, Subquery, cast, extract, func
from sqlalchemy.orm import aliased
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.touches import TouchStatus
from storage.group_touches import recipient
from storage.open_tasks import HOLDER
from storage.tables import Batch, Employee, Region, Store, Touch


class By(StrEnum):
    """Whose figures."""

    EMPLOYEE = "employee"
    STORE = "store"
    REGION = "region"


@dataclass(frozen=True)
class Sla:
    """Of one employee, store or region. A task that WeCom spread over several employees counts for each.

    `customers`: recipients, a group counts as one. `confirmed` of the tasks that are not open any more, in
    time; `median`: seconds from the creation to the tap, by WeCom's own clock. `no_manager`: unconfirmed so
    long that the manager had to hear of it, and the store has none.
    """

    id: str | None
    name: str
    tasks: int
    customers: int
    open: int
    confirmed: int
    median: float | None
    reminded: int
    escalated: int
    no_manager: int
    expired: int
    backfilled: int

    @property
    def confirmed_percent(self) -> float | None:
        """None while nothing has ended."""
        ended = self.tasks - self.open
        return round(100 * self.confirmed / ended, 1) if ended else None


async def sla(session: AsyncSession, by: By, since: datetime, until: datetime) -> list[Sla]:
    """Tasks that were created from `since` to before `until`; the lowest share of confirmed ones first."""
    share = _shares(since, until)
    id_, name = {
        By.EMPLOYEE: (share.c.userid, func.coalesce(Employee.name, share.c.userid)),
        By.STORE: (col(Store.id), func.coalesce(Store.name, "")),
        By.REGION: (col(Region.id), func.coalesce(Region.name, "")),
    }[by]

    def tasks(which: ColumnElement[bool]) -> ColumnElement[int]:
        return func.count().filter(which)

    took = cast(extract("epoch", share.c.confirmed_at - share.c.claimed_at), Float)
    query = (
        select(  # type: ignore[call-overload]
            id_,
            name,
            func.count(),
            func.sum(share.c.recipients),
            tasks(share.c.open),
            tasks(share.c.confirmed_at.is_not(None)),
            func.percentile_cont(0.5).within_group(took),
            tasks(share.c.reminded),
            tasks(share.c.escalated),
            tasks(share.c.no_manager),
            tasks(share.c.expired),
            tasks(share.c.backfilled),
        )
        .select_from(share)
        .outerjoin(Employee, col(Employee.userid) == share.c.userid)
        .outerjoin(Store, col(Store.id) == col(Employee.store_id))
        .outerjoin(Region, col(Region.id) == col(Store.region_id))
        .group_by(id_, name)
    )
    found = [Sla(*row) for row in (await session.exec(query)).all()]
    return sorted(found, key=lambda one: (one.confirmed_percent or 0, one.id or ""))


def _shares(since: datetime, until: datetime) -> Subquery:
    """One row for each employee's share of a task."""
    later = aliased(Batch)
    backfilled = select(later.id).where(col(later.backfill_of) == col(Batch.id)).exists()
    asked = func.bool_or(col(Batch.escalated_at).is_not(None))
    known = func.bool_or(col(Batch.escalated_to).is_not(None))
    shares: Subquery = (
        select(  # type: ignore[call-overload]
            col(Batch.id),
            HOLDER.label("userid"),
            func.max(Batch.claimed_at).label("claimed_at"),
            func.count(func.distinct(recipient())).label("recipients"),
            func.min(Touch.sent_at).label("confirmed_at"),
            func.bool_or(col(Touch.status) == TouchStatus.TASKED).label("open"),
            func.bool_or(col(Touch.status) == TouchStatus.EXPIRED).label("expired"),
            func.bool_or(func.jsonb_array_length(Batch.reminded_at) > 0).label("reminded"),
            known.label("escalated"),
            (asked & ~known).label("no_manager"),
            func.bool_or(backfilled).label("backfilled"),
        )
        .join(Touch, col(Touch.batch_id) == col(Batch.id))
        .where(col(Batch.claimed_at) >= since, col(Batch.claimed_at) < until)
        .where(col(Touch.status).not_in([TouchStatus.PLANNED, TouchStatus.REFUSED]))
        .group_by(col(Batch.id), HOLDER)
        .subquery()
    )
    return shares
