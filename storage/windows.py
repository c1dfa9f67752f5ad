"""Sending windows (发送窗口) of employees: when the one that is open now closes, and why not sooner."""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from domain import calendar
from domain.playbook import ContentClass, Limits
from domain.policy import Policy, held_by, shut_for
from storage import directory
from storage.holidays import days_off


async def window_of(
    session: AsyncSession,
    userid: str,
    kind: ContentClass,
    limits: Limits | None,
    policy: Policy,
    now: datetime,
    send_by: datetime | None = None,
) -> datetime | None:
    """When an employee's window that is open at `now` closes, by the clock of her store.

    None when the quiet hours of the corp and of the playbook leave no time to send it before `send_by`.
    """
    shut = await _shut(session, userid, kind, limits, policy)
    return calendar.window_end(now, policy.window, userid, shut, send_by)


async def put_off_by(
    session: AsyncSession,
    userid: str,
    kind: ContentClass,
    limits: Limits | None,
    policy: Policy,
    now: datetime,
) -> tuple[str | None, str]:
    """Why the next window is not the one that is open now."""
    shut = await _shut(session, userid, kind, limits, policy)
    closes = calendar.window_end(now, policy.window, userid, calendar.Shut(shut.zone)) or now
    return held_by(shut, closes) or (None, "")


async def _shut(
    session: AsyncSession, userid: str, kind: ContentClass, limits: Limits | None, policy: Policy
) -> calendar.Shut:
    """When an employee must not send it, by the clock of her store."""
    employee = await directory.ensure_employee(session, userid)
    zone = await directory.zone_of(session, employee.store_id)
    return shut_for(policy, limits, kind, zone, days_off(policy.holidays))
