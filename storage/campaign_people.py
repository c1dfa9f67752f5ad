"""What became of a campaign for each person: one row after the other, however many they are."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, case, literal, union_all
from sqlalchemy import select as sql_select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.touches import TouchStatus
from storage import backfills
from storage.open_tasks import HOLDER
from storage.tables import GroupPlan, Touch

AT_ONCE = 1_000  # rows in memory
MESSAGE, BACKFILL = "message", "backfill"  # the campaign's own, and for whom that missed (M52)


@dataclass(frozen=True)
class Outcome:
    """One message for one person. One to her group is told for each member whom it was planned for."""

    external_userid: str
    what: str
    wave: int
    channel: str
    userid: str | None
    chat_id: str | None
    status: str
    rule: str | None
    reason: str
    passed_over: str
    sent_at: datetime | None
    settled_at: datetime | None


async def outcomes(
    session: AsyncSession,
    campaign_id: str,
    *,
    status: TouchStatus | None = None,
    rule: str | None = None,
    limit: int | None = None,
) -> AsyncIterator[Outcome]:
    """By customer. The rows come through a cursor of the server: a million of them take no memory."""
    found = union_all(_alone(campaign_id), _in_groups(campaign_id)).subquery()
    query = sql_select(*found.c).order_by(found.c.external_userid, found.c.what.desc()).limit(limit)
    if status is not None:
        query = query.where(found.c.status == status)
    if rule is not None:
        query = query.where(found.c.rule == rule)
    rows = await session.stream(query.execution_options(yield_per=AT_ONCE))
    async for row in rows:
        yield Outcome(*row)


def _alone(campaign_id: str) -> Select[Any]:
    backfill = col(Touch.key).endswith(backfills.AFTER)
    what = case((backfill, BACKFILL), else_=MESSAGE)
    return sql_select(
        *_columns(col(Touch.external_userid), what, col(Touch.wave), col(Touch.passed_over))
    ).where(col(Touch.campaign_id) == campaign_id, col(Touch.external_userid) != "")


def _in_groups(campaign_id: str) -> Select[Any]:
    hers = col(GroupPlan.external_userid), literal(MESSAGE), col(GroupPlan.wave), col(GroupPlan.passed_over)
    return (
        sql_select(*_columns(*hers))
        .join(Touch, col(Touch.key) == GroupPlan.touch_key)
        .where(col(GroupPlan.campaign_id) == campaign_id)
    )


def _columns(who: Any, what: Any, wave: Any, passed_over: Any) -> list[ColumnElement[Any]]:
    """Those of Outcome, in its order."""
    columns: list[tuple[str, Any]] = [
        ("external_userid", who),
        ("what", what),
        ("wave", wave),
        ("channel", col(Touch.channel)),
        ("userid", HOLDER),
        ("chat_id", col(Touch.chat_id)),
        ("status", col(Touch.status)),
        ("rule", col(Touch.rule)),
        ("reason", col(Touch.reason)),
        ("passed_over", passed_over),
        ("sent_at", col(Touch.sent_at)),
        ("settled_at", col(Touch.settled_at)),
    ]
    return [column.label(name) for name, column in columns]
