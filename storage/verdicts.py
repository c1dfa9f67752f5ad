"""Closing a window: what policy must know of each customer, and its verdicts on what is planned for her."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain import calendar
from domain.playbook import ContentClass, Limits
from domain.policy import Person, Policy, judge, longest_memory, shut_for
from domain.touches import OPEN, Channel, Planned, TouchStatus, Verdict
from storage import mixes, reserved
from storage.held import held
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
    verdicts = await judged(session, planned, friends, policy, now)
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
    return (await judged(session, planned, {external_userid: [""]}, policy, now))[touch.key]


async def judged(
    session: AsyncSession,
    planned: dict[str, dict[str, Planned]],
    friends: dict[str, list[str]],
    policy: Policy,
    now: datetime,
) -> dict[str, Verdict]:
    """By the key of the touch; `planned` by customer and key. Writes nothing."""
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
        channel=Channel(touch.channel),
        priority=touch.priority,
        kind=ContentClass(touch.kind),
        playbook=touch.playbook,
        limits=limits_of(touch),
        send_by=touch.send_by,
        put_off_since=touch.put_off_since,
    )


async def _rivals(session: AsyncSession, ids: Sequence[str], batch: Batch) -> Sequence[Touch]:
    query = (
        select(Touch)
        .join(Batch, col(Batch.id) == Touch.batch_id)
        .where(col(Touch.external_userid).in_(ids), Touch.status == TouchStatus.PLANNED)
        .where(Batch.window_ends_at <= batch.window_ends_at, ~held())
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
    had = await reserved.of_customers(session, ids, now - memory, now)
    return {
        c.external_userid: Person(
            external_userid=c.external_userid,
            zone=zones.get(c.store_id or "", "Asia/Shanghai"),
            opted_out=c.opted_out_at is not None,
            is_friend=bool(friends[c.external_userid]),
            reserved=had[c.external_userid],
        )
        for c in customers
    }


async def task_ends(
    session: AsyncSession, batch: Batch, zone: str, policy: Policy, now: datetime
) -> datetime:
    """When a task must be confirmed at the latest: soon enough, and before what it carries may not go out.

    Nor when the first of them is of no use any more.
    """
    query = select(col(Touch.kind), col(Touch.limits), func.min(col(Touch.send_by)))
    open_now = query.where(Touch.batch_id == batch.id, col(Touch.status).in_(OPEN))
    carried = (await session.exec(open_now.group_by(col(Touch.kind), col(Touch.limits)))).all()
    latest = min([now + policy.staff_task.expire_after, *(by for *_, by in carried if by)])
    holidays = days_off(policy.holidays)
    shut = [
        shut_for(policy, Limits.model_validate(own) if own else None, ContentClass(kind), zone, holidays)
        for kind, own, _ in carried
    ]
    begins = [calendar.shuts(now, each, policy.staff_task.expire_after) for each in shut]
    return min([latest, *(moment for moment in begins if moment)])
