"""Closing a window: what policy must know of each customer, and its verdicts on what is planned for her."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain import calendar
from domain.caps import Reserved
from domain.playbook import ContentClass, Limits
from domain.policy import Person, Policy, judge, longest_memory, shut_for
from domain.touches import OPEN, RESERVED, Channel, Planned, TouchStatus, Verdict
from storage import group_touches, mixes
from storage.holidays import days_off
from storage.tables import Batch, Customer, Store, Touch


async def decide(
    session: AsyncSession,
    ids: Sequence[str],
    batch: Batch,
    friends: dict[str, list[str]],
    policy: Policy,
    now: datetime,
) -> list[Touch]:
    """Judge everything planned for some customers up to a batch's window; returns what stays planned."""
    rivals = await _rivals(session, ids, batch)
    planned: dict[str, dict[str, Planned]] = defaultdict(dict)
    for touch in rivals:
        planned[touch.external_userid][touch.key] = planned_of(touch)
    verdicts = await _judge(session, planned, friends, policy, now)
    for touch in rivals:
        verdict = verdicts[touch.key]
        touch.status, touch.rule, touch.reason = verdict.status, verdict.rule, verdict.reason
        touch.claimed_at = now if verdict.status is TouchStatus.CLAIMED else None
        touch.settled_at = now if verdict.status is TouchStatus.REFUSED else None
        session.add(touch)
    await session.flush()
    return [touch for touch in rivals if touch.status == TouchStatus.PLANNED]


async def judge_at_once(
    session: AsyncSession, external_userid: str, touch: Planned, policy: Policy, now: datetime
) -> Verdict:
    """The verdict on a message for which no window has to close, to somebody who is a friend."""
    planned = {external_userid: {touch.key: touch}}
    return (await _judge(session, planned, {external_userid: [""]}, policy, now))[touch.key]


async def _judge(
    session: AsyncSession,
    planned: dict[str, dict[str, Planned]],
    friends: dict[str, list[str]],
    policy: Policy,
    now: datetime,
) -> dict[str, Verdict]:
    """By the key of the touch; `planned` by customer and key."""
    memory = longest_memory(policy, [p for mine in planned.values() for p in mine.values()])
    people = await _people(session, list(planned), friends, now, memory)
    for external_userid, counts in (await mixes.of_customers(session, planned)).items():
        people[external_userid].knowledge = counts
    holidays = days_off(policy.holidays)
    return {
        verdict.key: verdict
        for external_userid, mine in planned.items()
        for verdict in judge(people[external_userid], list(mine.values()), policy, now, holidays)
    }


def limits_of(touch: Touch) -> Limits | None:
    """The limits of its playbook, as they were when it was planned."""
    return Limits.model_validate(touch.limits) if touch.limits else None


def planned_of(touch: Touch) -> Planned:
    return Planned(
        key=touch.key,
        priority=touch.priority,
        kind=ContentClass(touch.kind),
        playbook=touch.playbook,
        limits=limits_of(touch),
    )


async def _rivals(session: AsyncSession, ids: Sequence[str], batch: Batch) -> Sequence[Touch]:
    query = (
        select(Touch)
        .join(Batch, col(Batch.id) == Touch.batch_id)
        .where(col(Touch.external_userid).in_(ids), Touch.status == TouchStatus.PLANNED)
        .where(Batch.window_ends_at <= batch.window_ends_at)
    )
    # Locked, so that an order to stop waits for the verdict or is seen by it.
    return (await session.exec(query.order_by(col(Touch.key)).with_for_update(of=Touch))).all()


async def _people(
    session: AsyncSession,
    ids: Sequence[str],
    friends: dict[str, list[str]],
    now: datetime,
    memory: timedelta,
) -> dict[str, Person]:
    """Policy's facts of each customer."""
    customers = (await session.exec(select(Customer).where(col(Customer.external_userid).in_(ids)))).all()
    zones = dict((await session.exec(select(Store.id, Store.zone))).all())
    reserved = await _reserved(session, ids, now, memory)
    return {
        c.external_userid: Person(
            external_userid=c.external_userid,
            zone=zones.get(c.store_id or "", "Asia/Shanghai"),
            opted_out=c.opted_out_at is not None,
            is_friend=bool(friends[c.external_userid]),
            reserved=reserved[c.external_userid],
        )
        for c in customers
    }


async def _reserved(
    session: AsyncSession, ids: Sequence[str], now: datetime, memory: timedelta
) -> dict[str, list[Reserved]]:
    """What counts against the caps, of all channels."""
    # What is not settled may be delivered at any moment from now on, however long ago it was claimed.
    counted = func.coalesce(Touch.settled_at, now)
    query = select(Touch.external_userid, counted, Touch.playbook, Touch.kind).where(
        col(Touch.external_userid).in_(ids),
        col(Touch.status).in_(RESERVED),
        Touch.channel != Channel.WELCOME,  # the answer to her own act
        Touch.kind != ContentClass.SERVICE,
        (counted > now - memory) | (counted >= now),
    )
    found: dict[str, list[Reserved]] = defaultdict(list)
    for external_userid, at, playbook, kind in (await session.exec(query)).all():
        found[external_userid].append(Reserved(at=at, playbook=playbook, kind=ContentClass(kind)))
    in_groups = await group_touches.heard(session, ids, now - memory, now)
    for external_userid, messages in in_groups.items():
        found[external_userid] += [Reserved(at=at, playbook=book, kind=kind) for at, kind, book in messages]
    return found


async def task_ends(
    session: AsyncSession, batch: Batch, zone: str, policy: Policy, now: datetime
) -> datetime:
    """When a task must be confirmed at the latest: soon enough, and before what it carries may not go out."""
    latest = now + policy.staff_task.expire_after
    query = select(Touch).where(Touch.batch_id == batch.id, col(Touch.status).in_(OPEN))
    carried = {(t.kind, str(t.limits)): t for t in (await session.exec(query)).all()}
    holidays = days_off(policy.holidays)
    shut = [
        shut_for(policy, limits_of(touch), ContentClass(touch.kind), zone, holidays)
        for touch in carried.values()
    ]
    begins = [calendar.shuts(now, each, policy.staff_task.expire_after) for each in shut]
    return min([latest, *(moment for moment in begins if moment)])
