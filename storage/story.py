"""One customer's story as PostgreSQL tells it: what she went through, what was sent or not, and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.touches import Channel
from storage.coupons import UNCLEAR
from storage.tables import Batch, Coupon, Group, GroupMember, GroupPlan, LogEntry, Touch

CONFIRMED = (Channel.PRIVATE, Channel.GROUP, Channel.MOMENTS)


@dataclass(frozen=True)
class StoryLine:
    """One dated line. `key` is stable, so that a reader can tell new lines from old ones."""

    at: datetime
    key: str
    what: str
    reason: str


async def story(session: AsyncSession, external_userid: str) -> list[StoryLine]:
    """Everything, oldest first. A touch appears where it was planned and again where it was settled.

    Of one moment, the lines of her life come first, in their own order. Messages to her groups are hers as
    far as she was a member, or her own journey asked for them.
    """
    entries = select(LogEntry).where(LogEntry.external_userid == external_userid)
    touches = (
        select(Touch, Batch.window_ends_at)
        .outerjoin(Batch, col(Batch.id) == Touch.batch_id)
        .where(Touch.external_userid == external_userid)
    )
    lines = [
        StoryLine(e.at, f"log/{e.seq}", e.what, e.reason)
        for e in (await session.exec(entries.order_by(col(LogEntry.seq)))).all()
    ]
    for touch, goes_at in (await session.exec(touches.order_by(col(Touch.key)))).all():
        lines += _touch_lines(touch, f"{touch.channel} {_short(touch)}", touch.passed_over, goes_at)
    lines += await _coupons(session, external_userid)
    lines += await _in_groups(session, external_userid)
    return sorted(lines, key=lambda line: line.at)


async def _coupons(session: AsyncSession, external_userid: str) -> list[StoryLine]:
    """What her life does not know: of coupons that were left unclear, and what an operator said of them."""
    query = select(Coupon).where(Coupon.external_userid == external_userid)
    query = query.where((col(Coupon.status) == UNCLEAR) | col(Coupon.settled_by).is_not(None))
    lines = []
    for row in (await session.exec(query.order_by(col(Coupon.key)))).all():
        why = f"settled by {row.settled_by}: {row.reason}" if row.settled_by else row.reason
        at = row.changed_at or row.claimed_at
        lines.append(StoryLine(at, f"coupon/{row.key}", f"coupon {row.template}: {row.status}", why))
    return lines


async def _in_groups(session: AsyncSession, external_userid: str) -> list[StoryLine]:
    """What went to her groups: planned by her own journey, or while she was there."""
    asked = {plan.touch_key: plan for plan in await _plans(session, external_userid)}
    seats = (await session.exec(select(GroupMember).where(GroupMember.member_id == external_userid))).all()
    by_chat = {seat.chat_id: seat for seat in seats}
    query = (
        select(Touch, Group.name, Batch.window_ends_at)
        .join(Group, col(Group.chat_id) == col(Touch.chat_id))
        .outerjoin(Batch, col(Batch.id) == Touch.batch_id)
        .where(Touch.channel == Channel.GROUP, Touch.external_userid == "")
        .where(col(Touch.chat_id).in_(by_chat) | col(Touch.key).in_(asked))
    )
    lines = []
    for touch, name, goes_at in (await session.exec(query.order_by(col(Touch.key)))).all():
        plan, seat = asked.get(touch.key), by_chat.get(touch.chat_id or "")
        passed_over = plan.passed_over if plan else ""
        by = f" {_of_campaign(touch)}" if touch.campaign_id else ""
        told = _touch_lines(touch, f"group {name or touch.chat_id}{by}", passed_over, goes_at)
        lines += [line for line in told if plan or (seat and _there(seat, line.at))]
    return lines


async def _plans(session: AsyncSession, external_userid: str) -> Sequence[GroupPlan]:
    """The first of hers for each message comes last, so that a dict keeps it."""
    query = select(GroupPlan).where(GroupPlan.external_userid == external_userid)
    return (await session.exec(query.order_by(col(GroupPlan.planned_at).desc()))).all()


def _there(seat: GroupMember, at: datetime) -> bool:
    return seat.joined_at <= at and (seat.left_at is None or seat.left_at > at)


def _touch_lines(touch: Touch, name: str, passed_over: str, goes_at: datetime | None) -> list[StoryLine]:
    why = "; ".join(part for part in (_by(touch), passed_over, _waits(touch, goes_at)) if part)
    lines = [StoryLine(touch.planned_at, f"{touch.key}/planned", f"{name}: planned", why)]
    if touch.settled_at:
        why = ": ".join(part for part in (touch.rule, touch.reason) if part)
        lines.append(StoryLine(touch.settled_at, f"{touch.key}/settled", f"{name}: {touch.status}", why))
    elif touch.status != "planned":
        at = touch.claimed_at or touch.planned_at
        lines.append(StoryLine(at, f"{touch.key}/{touch.status}", f"{name}: {touch.status}", touch.reason))
    return lines


def _waits(touch: Touch, goes_at: datetime | None) -> str:
    """Which rule puts it off and until when, as long as it does."""
    if touch.status != "planned" or not touch.rule:
        return ""
    until = f" until {goes_at:%Y-%m-%d %H:%M} UTC" if goes_at else ""
    return f"waits{until}, {touch.rule}: {touch.reason}"


def _short(touch: Touch) -> str:
    """The key without what every line of her story would repeat."""
    if touch.campaign_id:
        return _of_campaign(touch)
    return touch.key.replace(f"{touch.external_userid}/", "").removeprefix("welcome/")


def _of_campaign(touch: Touch) -> str:
    """Its backfill has a key of its own."""
    return f"of campaign {touch.campaign_id}{', for whom it missed' if touch.key.endswith('/missed') else ''}"


def _by(touch: Touch) -> str:
    if not touch.userid:
        return ""
    if touch.channel == Channel.STAFF:
        return f"to be written by {touch.userid}"
    return f"to be confirmed by {touch.userid}" if touch.channel in CONFIRMED else ""
