"""The touch ledger: planning touches into batches, and the one transaction in which policy decides."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain import calendar
from domain.playbook import ContentClass
from domain.policy import Person, Policy, judge
from domain.touches import OPEN, RESERVED, Channel, Content, Planned, TouchStatus
from storage import directory
from storage.tables import Batch, Customer, Employee, Follow, Store, Touch

RECIPIENTS_PER_TASK = 10_000  # add_msg_template, contract §8.1


@dataclass(frozen=True)
class NewTouch:
    """One intended message; `key` is its business key."""

    key: str
    external_userid: str
    userid: str | None
    content: Content
    playbook: str | None = None
    priority: int = 50
    notify: bool = False


async def plan(session: AsyncSession, new: NewTouch, policy: Policy, now: datetime) -> Touch:
    """Write a touch into the ledger and into its employee's open batch. A known key is returned as it is."""
    if existing := await session.get(Touch, new.key):
        return existing
    batch = await _batch_for(session, new.userid, new.content, policy, now) if new.userid else None
    touch = Touch(
        key=new.key,
        external_userid=new.external_userid,
        userid=new.userid,
        channel=Channel.PRIVATE,
        kind=new.content.kind,
        playbook=new.playbook,
        priority=new.priority,
        batch_id=batch.id if batch else None,
        status=TouchStatus.PLANNED if batch else TouchStatus.REFUSED,
        rule=None if batch else "not_friend",
        reason="" if batch else "no employee of ours is her friend",
        notify=new.notify,
        chat_id=new.content.invite_to,
        planned_at=now,
        settled_at=None if batch else now,
    )
    session.add(touch)
    await session.flush()
    return touch


async def _batch_for(
    session: AsyncSession, userid: str, content: Content, policy: Policy, now: datetime
) -> Batch:
    """The open batch of an employee, a content and the window at `now`; locked, so that it cannot close."""
    employee = await directory.ensure_employee(session, userid)
    zone = await directory.zone_of(session, employee.store_id)
    ends_at = calendar.window_end(now, policy.window, userid, zone, policy.quiet_hours)
    identity = {"userid": userid, "content_key": content.key, "window_ends_at": ends_at}
    fresh = {**identity, "content": content.model_dump(mode="json"), "status": "open", "attempt": 0}
    query = select(Batch).filter_by(**identity, status="open").with_for_update()
    while True:  # a batch that closes between the two statements is not found; then the next one opens
        await session.exec(insert(Batch).values(fresh).on_conflict_do_nothing())
        if batch := (await session.exec(query)).first():
            return batch


@dataclass(frozen=True)
class Flushed:
    """What became of a batch when its window closed."""

    claimed: int
    moved_to: tuple[int, ...] = ()  # batches that took touches which have to wait, or change the employee


async def flush(session: AsyncSession, batch_id: int, policy: Policy, now: datetime) -> Flushed:
    """Close a batch and let policy decide about its customers, all in the caller's transaction.

    Everything that is planned for these customers in windows that close no later takes part, whichever
    employee would send it; so the winner does not depend on which batch is flushed first.
    """
    batch = (await session.exec(select(Batch).where(Batch.id == batch_id).with_for_update())).one()
    moved: set[int] = set()
    if batch.status == "open":
        batch.status = "flushed"  # first, so that whatever has to wait opens the next batch
        session.add(batch)
        await session.flush()
        ids = await _locked_customers(session, batch_id)
        friends = await _friends(session, ids)
        people = await _people(session, ids, friends, policy, now)
        for touch in await _decide(session, await _rivals(session, ids, batch), people, policy, now):
            if touch.batch_id == batch_id:
                moved.add(await _move(session, touch, batch, friends[touch.external_userid], policy, now))
        for touch in await _changed_hands(session, batch, friends):
            moved.add(await _move(session, touch, batch, friends[touch.external_userid], policy, now))
    # Tasked ones count when a StaffTask that failed begins again.
    to_send = col(Touch.status).in_([TouchStatus.CLAIMED, TouchStatus.TASKED])
    claimed = select(func.count()).where(Touch.batch_id == batch_id, to_send)
    return Flushed(claimed=(await session.exec(claimed)).one(), moved_to=tuple(sorted(moved)))


async def _locked_customers(session: AsyncSession, batch_id: int) -> list[str]:
    """The customers of a batch, locked in one order, so that two flushes never wait for each other.

    A touch may be claimed before its own batch closes: it won against one of a batch that closed earlier.
    """
    planned = select(Touch.external_userid).where(
        Touch.batch_id == batch_id, col(Touch.status).in_([TouchStatus.PLANNED, TouchStatus.CLAIMED])
    )
    query = select(Customer.external_userid).where(col(Customer.external_userid).in_(planned))
    ordered = query.order_by(col(Customer.external_userid)).with_for_update()
    return list((await session.exec(ordered)).all())


async def _people(
    session: AsyncSession, ids: Sequence[str], friends: dict[str, list[str]], policy: Policy, now: datetime
) -> dict[str, Person]:
    """Policy's facts of each customer."""
    customers = (await session.exec(select(Customer).where(col(Customer.external_userid).in_(ids)))).all()
    zones = dict((await session.exec(select(Store.id, Store.zone))).all())
    reserved = await _reserved(session, ids, policy, now)
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


async def _friends(session: AsyncSession, ids: Sequence[str]) -> dict[str, list[str]]:
    query = (
        select(Follow.external_userid, Follow.userid)
        .join(Employee, col(Employee.userid) == Follow.userid)
        .where(col(Follow.external_userid).in_(ids), col(Follow.lost_at).is_(None), col(Employee.active))
        .where(col(Follow.half).is_(False), col(Follow.since).is_not(None))
    )
    found: dict[str, list[str]] = defaultdict(list)
    for external_userid, userid in (await session.exec(query.order_by(col(Follow.since).desc()))).all():
        found[external_userid].append(userid)
    return found


async def _reserved(
    session: AsyncSession, ids: Sequence[str], policy: Policy, now: datetime
) -> dict[str, list[datetime]]:
    # What is not settled may be delivered at any moment from now on, however long ago it was claimed.
    counted = func.coalesce(Touch.settled_at, now)
    query = select(Touch.external_userid, counted).where(
        col(Touch.external_userid).in_(ids),
        col(Touch.status).in_(RESERVED),
        Touch.channel != Channel.WELCOME,  # the answer to her own act
        Touch.kind != "service",
        counted > now - policy.frequency.per,
    )
    found: dict[str, list[datetime]] = defaultdict(list)
    for external_userid, at in (await session.exec(query)).all():
        found[external_userid].append(at)
    return found


async def _rivals(session: AsyncSession, ids: Sequence[str], batch: Batch) -> Sequence[Touch]:
    query = (
        select(Touch)
        .join(Batch, col(Batch.id) == Touch.batch_id)
        .where(col(Touch.external_userid).in_(ids), Touch.status == TouchStatus.PLANNED)
        .where(Batch.window_ends_at <= batch.window_ends_at)
    )
    # Locked, so that an order to stop waits for the verdict or is seen by it.
    return (await session.exec(query.order_by(col(Touch.key)).with_for_update(of=Touch))).all()


async def _decide(
    session: AsyncSession, rivals: Sequence[Touch], people: dict[str, Person], policy: Policy, now: datetime
) -> list[Touch]:
    """Write the verdicts; returns the touches that stay planned."""
    by_person: dict[str, dict[str, Touch]] = defaultdict(dict)
    for touch in rivals:
        by_person[touch.external_userid][touch.key] = touch
    waiting = []
    for external_userid, mine in by_person.items():
        planned = [Planned(key=t.key, priority=t.priority, kind=ContentClass(t.kind)) for t in mine.values()]
        for verdict in judge(people[external_userid], planned, policy, now):
            touch = mine[verdict.key]
            touch.status, touch.rule, touch.reason = verdict.status, verdict.rule, verdict.reason
            touch.claimed_at = now if verdict.status is TouchStatus.CLAIMED else None
            touch.settled_at = now if verdict.status is TouchStatus.REFUSED else None
            session.add(touch)
            waiting += [touch] if verdict.status is TouchStatus.PLANNED else []
    await session.flush()
    return waiting


async def _changed_hands(
    session: AsyncSession, batch: Batch, friends: dict[str, list[str]]
) -> Sequence[Touch]:
    """Claimed touches that this batch cannot carry: another employee must send them, or they are too many.

    Whose last friend went since the claim stays: WeCom itself will say so.
    """
    query = select(Touch).where(Touch.batch_id == batch.id, Touch.status == TouchStatus.CLAIMED)
    claimed = (await session.exec(query.order_by(col(Touch.key)))).all()
    ours = [t for t in claimed if t.userid in friends[t.external_userid] or not friends[t.external_userid]]
    rest = {t.key for t in claimed} - {t.key for t in ours[:RECIPIENTS_PER_TASK]}
    return [t for t in claimed if t.key in rest]


async def _move(
    session: AsyncSession,
    touch: Touch,
    batch: Batch,
    friends: Sequence[str],
    policy: Policy,
    now: datetime,
) -> int:
    """Plan a touch again in the next window, with an employee who is still her friend."""
    userid = touch.userid if touch.userid and touch.userid in friends else friends[0]
    later = await _batch_for(session, userid, Content(**batch.content), policy, now)
    touch.userid, touch.batch_id, touch.status, touch.claimed_at = userid, later.id, TouchStatus.PLANNED, None
    session.add(touch)
    return later.id or 0


async def cancel_open(
    session: AsyncSession, external_userid: str, *, playbook: str | None, reason: str, now: datetime
) -> list[int]:
    """Cancel what is on its way to her; returns the batches whose task must be made to do without her.

    Locks as a flush does, batches before the customer, so that whatever happens to a batch happens wholly
    before or wholly after this.
    """
    theirs = select(Touch.batch_id).where(*_on_its_way(external_userid, playbook))
    batches = select(Batch).where(col(Batch.id).in_(theirs)).order_by(col(Batch.id)).with_for_update()
    at_wecom = {b.id for b in (await session.exec(batches)).all() if b.attempt > 0 and b.status == "flushed"}
    customer = select(Customer.external_userid).where(Customer.external_userid == external_userid)
    await session.exec(customer.with_for_update())
    query = select(Touch).where(*_on_its_way(external_userid, playbook)).with_for_update()
    touches = (await session.exec(query.execution_options(populate_existing=True))).all()
    for touch in touches:
        if touch.batch_id not in at_wecom:
            touch.status, touch.rule, touch.reason = TouchStatus.CANCELLED, "withdrawn", reason
            touch.settled_at = now
            session.add(touch)
    return sorted({t.batch_id for t in touches if t.batch_id in at_wecom and t.batch_id})


def _on_its_way(external_userid: str, playbook: str | None) -> list[ColumnElement[bool]]:
    mine = [
        col(Touch.external_userid) == external_userid,
        col(Touch.status).in_(OPEN),
        col(Touch.channel) == Channel.PRIVATE,
    ]
    return mine + ([col(Touch.playbook) == playbook] if playbook else [])


async def settle(
    session: AsyncSession,
    batch_id: int,
    external_userids: Sequence[str],
    status: TouchStatus,
    *,
    rule: str | None,
    reason: str,
    now: datetime,
) -> None:
    """Give the open touches of some of a batch's customers their outcome."""
    if external_userids:
        await session.exec(
            update(Touch)
            .where(col(Touch.batch_id) == batch_id, col(Touch.external_userid).in_(external_userids))
            .where(col(Touch.status).in_([TouchStatus.CLAIMED, TouchStatus.TASKED]))
            .values(status=status, rule=rule, reason=reason, settled_at=now)
        )
