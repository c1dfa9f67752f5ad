"""The messages of a campaign or a playbook, one row for each person whom they were meant for.

A message to a whole group counts once for each member whom it was planned for.
"""

from typing import Any

from sqlalchemy import CTE, ColumnElement, and_, func, or_, select, union_all
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.touches import TouchStatus
from storage import backfills
from storage.audience import WhyNot
from storage.reached import AT
from storage.results import fetch
from storage.tables import Batch, GroupPlan, Touch

NOT_REACHED = (
    *(why.value for why in WhyNot if why is not WhyNot.OPTED_OUT),
    *("not_friend", "not_in_group", "unreachable_private", "unreachable_group", "unreachable_moments"),
)
WITH_THE_EMPLOYEE = (TouchStatus.TASKED, TouchStatus.EXPIRED, TouchStatus.CANCELLED, TouchStatus.UNKNOWN)
CONFIRMED = (TouchStatus.SENT, TouchStatus.NOT_FRIEND, TouchStatus.CAPPED)  # WeCom tried to deliver it


def of(whose: Any, *, backfill: bool = False) -> CTE:
    """`whose` says of Touch or GroupPlan which of its rows are meant."""
    columns: list[Any] = [
        *(col(Touch.userid), col(Touch.channel), col(Touch.status), col(Touch.rule)),
        AT.label("at"),
        (col(Batch.msgid).is_not(None)).label("has_task"),
    ]
    missed = col(Touch.key).endswith(backfills.AFTER)  # Moments for whom it missed (M52)
    hers = (
        select(
            col(Touch.external_userid).label("who"),
            col(Touch.key).label("key"),
            col(Touch.step).label("step"),
            col(Touch.wave).label("wave"),
            *columns,
        )
        .outerjoin(Batch, col(Batch.id) == Touch.batch_id)
        .where(whose(Touch), col(Touch.external_userid) != "", missed if backfill else ~missed)
    )
    in_groups = (
        select(
            col(GroupPlan.external_userid),
            col(GroupPlan.key),
            col(GroupPlan.step),
            col(GroupPlan.wave),
            *columns,
        )
        .join(Touch, col(Touch.key) == GroupPlan.touch_key)
        .outerjoin(Batch, col(Batch.id) == Touch.batch_id)
        .where(whose(GroupPlan))
    )
    return (hers if backfill else union_all(hers, in_groups)).cte("missed" if backfill else "messages")


def counts(message: CTE) -> list[ColumnElement[Any]]:
    """How many came how far, in the order of `domain.outcomes.Steps`."""
    c = message.c
    refused = c.status == TouchStatus.REFUSED
    held_out = and_(refused, c.rule == "holdout")
    unreached = and_(refused, c.rule.in_(NOT_REACHED))
    tasked = or_(c.status.in_(CONFIRMED), and_(c.status.in_(WITH_THE_EMPLOYEE), c.has_task))
    return [
        func.count(),
        func.count().filter(held_out),
        func.count().filter(~func.coalesce(or_(held_out, unreached), False)),
        func.count().filter(~refused),
        func.count().filter(tasked),
        func.count().filter(c.status.in_(CONFIRMED)),
        func.count().filter(c.status == TouchStatus.SENT),
    ]


async def refused(session: AsyncSession, message: CTE) -> dict[str, int]:
    """Whom the message was not allowed to reach, by rule; the most first."""
    rule = func.coalesce(message.c.rule, "")
    query = select(rule, func.count()).where(message.c.status == TouchStatus.REFUSED).group_by(rule)
    found = await fetch(session, query.order_by(func.count().desc(), rule))
    return {str(name): int(people) for name, people in found}
