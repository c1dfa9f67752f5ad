"""Handing a campaign's batches over: from `filling` to the window of each employee, at the campaign's pace.

From there on they are batches like all others, and policy decides when their window closes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, exists, func, update
from sqlalchemy.orm import aliased
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain import calendar, campaigning
from domain.campaign import Campaign, CampaignStatus
from domain.campaigning import Waiting
from domain.policy import Policy, shut_for
from domain.shape import earliest
from domain.touches import TouchStatus
from storage import campaigns
from storage.directory import DEFAULT_ZONE
from storage.holidays import days_off
from storage.tables import Batch, CampaignWave, Employee, Store, Touch


@dataclass(frozen=True)
class Released:
    """Batches that were handed over, with the end of their window; when there is more to hand over."""

    batches: Sequence[tuple[int, datetime]] = ()
    again_at: datetime | None = None


async def release(
    session: AsyncSession, campaign_id: str, number: int, policy: Policy, now: datetime
) -> Released:
    """Hand over what the pace allows of a wave that is written down; nothing unless the campaign runs."""
    row = await campaigns.find(session, campaign_id, lock=True)
    if row is None or row.status != CampaignStatus.RUNNING:
        return Released()
    wave = await session.get_one(CampaignWave, (campaign_id, number))
    if wave.released_at:
        return Released()
    body = campaigns.body_of(row)
    due, handed = await _due(session, wave, now), await _handed(session, body, now)
    going = campaigning.within_pace([Waiting(b.id, b.size) for b in due], handed, body.pace, now)
    ends = {b.id: _closes(body, b.userid, b.zone or DEFAULT_ZONE, policy, now) for b in due[: len(going)]}
    await _open(session, ends, now)
    left, later = await _left(session, wave, now)
    wave.released_at = None if left else now
    session.add(wave)
    handed += [(now, each.size) for each in going]
    pause = campaigning.goes_on_at(handed, body.pace, now) if body.pace and len(going) < len(due) else None
    return Released(tuple(ends.items()), earliest(pause, later))


async def _due(session: AsyncSession, wave: CampaignWave, now: datetime) -> Sequence[Any]:
    """Filling batches whose time has come: id, userid, zone and size, in the order of their planning.

    One whose employee has an open batch of the same content, of an earlier wave, waits until that closes.
    """
    twin = aliased(Batch)
    occupied = exists().where(
        col(twin.userid) == Batch.userid,
        col(twin.channel) == Batch.channel,
        col(twin.content_key) == Batch.content_key,
        col(twin.status) == "open",
    )
    planned = and_(col(Touch.batch_id) == Batch.id, col(Touch.status) == TouchStatus.PLANNED)
    query = (
        select(col(Batch.id), col(Batch.userid), col(Store.zone), func.count(col(Touch.key)).label("size"))
        .outerjoin(Employee, col(Employee.userid) == Batch.userid)
        .outerjoin(Store, col(Store.id) == Employee.store_id)
        .outerjoin(Touch, planned)
        .where(*_filling(wave), col(Batch.window_ends_at) <= now, ~occupied)
        .group_by(col(Batch.id), col(Store.zone))
    )
    return (await session.exec(query.order_by(col(Batch.id)))).all()


async def _handed(session: AsyncSession, body: Campaign, now: datetime) -> list[tuple[datetime, int]]:
    """When how many were handed over, as far back as the pace looks."""
    if body.pace is None:
        return []
    query = (
        select(col(Batch.released_at), func.count(col(Touch.key)))
        .join(Touch, col(Touch.batch_id) == Batch.id)
        .where(col(Batch.campaign_id) == body.campaign, col(Batch.released_at) > now - body.pace.per)
        .group_by(col(Batch.id))
    )
    return [(at, size) for at, size in (await session.exec(query)).all() if at]


def _closes(body: Campaign, userid: str, zone: str, policy: Policy, now: datetime) -> datetime:
    """The end of the employee's window; at once when there is none in time, and policy says why."""
    shut = shut_for(policy, None, body.content, zone, days_off(policy.holidays))
    return calendar.window_end(now, policy.window, userid, shut, body.until) or now


async def _open(session: AsyncSession, ends: dict[int, datetime], now: datetime) -> None:
    if ends:
        table = Batch.__table__  # type: ignore[attr-defined]
        opening = update(table).where(table.c.id == bindparam("batch"), table.c.status == "filling")
        opening = opening.values(status="open", window_ends_at=bindparam("ends"), released_at=now)
        await session.exec(opening, params=[{"batch": batch, "ends": at} for batch, at in ends.items()])


async def _left(session: AsyncSession, wave: CampaignWave, now: datetime) -> tuple[int, datetime | None]:
    """How many batches wait for their release; when the time of the next one comes."""
    later = func.min(col(Batch.window_ends_at)).filter(col(Batch.window_ends_at) > now)
    query = select(func.count(), later).select_from(Batch).where(*_filling(wave))
    left, at = (await session.exec(query)).one()
    return left, at


def _filling(wave: CampaignWave) -> tuple[ColumnElement[bool], ...]:
    return (
        col(Batch.campaign_id) == wave.campaign_id,
        col(Batch.wave) == wave.number,
        col(Batch.status) == "filling",
    )
