"""The touch ledger: planning touches into batches, and the one transaction in which policy decides."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.playbook import Limits
from domain.policy import Policy, why_no_window
from domain.touches import OPEN, UNDER_WAY, Channel, Content, TouchStatus
from storage import moment_touches, verdicts, windows
from storage.friends import friends_of
from storage.tables import Batch, Customer, Touch

RECIPIENTS_PER_TASK = 10_000  # add_msg_template, contract §8.1
HERS = (Channel.PRIVATE, Channel.MOMENTS, Channel.STAFF)  # can be stopped for her alone


@dataclass(frozen=True)
class Refusal:
    """Why a touch goes nowhere."""

    rule: str
    reason: str


NOT_FRIEND = Refusal("not_friend", "no employee of ours is her friend")


@dataclass(frozen=True)
class NewTouch:
    """One intended message; `key` is its business key."""

    key: str
    external_userid: str
    userid: str | None
    content: Content
    channel: Channel = Channel.PRIVATE
    chat_id: str | None = None  # of a message to a group
    passed_over: str = ""  # why it does not go by a way that was preferred
    playbook: str | None = None
    enrolment: int | None = None
    step: str | None = None
    limits: Limits | None = None
    priority: int = 50
    notify: bool = False
    send_by: datetime | None = None  # of no use from then on
    refused: Refusal | None = None  # known before it is planned


async def plan(session: AsyncSession, new: NewTouch, policy: Policy, now: datetime) -> Touch:
    """Write a touch into the ledger and into its employee's open batch. A known key is returned as it is."""
    return await session.get(Touch, new.key) or await plan_new(session, new, policy, now)


async def plan_new(session: AsyncSession, new: NewTouch, policy: Policy, now: datetime) -> Touch:
    """The same for a key of which the caller knows that it is new."""
    refused, batch = new.refused or (None if new.userid else NOT_FRIEND), None
    if new.userid and not refused:
        batch = await batch_for(
            session, new.channel, new.userid, new.content, new.limits, policy, now, send_by=new.send_by
        )
        refused = None if batch else no_window(new.send_by)
    touch = row(new, refused, batch, now)
    if batch and batch.window_ends_at > now + policy.window:
        touch.rule, touch.reason = await windows.put_off_by(
            session, batch.userid, new.content.kind, new.limits, policy, now
        )
    session.add(touch)
    await session.flush()
    return touch


def row(new: NewTouch, refused: Refusal | None, batch: Batch | None, now: datetime) -> Touch:
    """A touch as it is planned: for a batch, or refused."""
    return Touch(
        key=new.key,
        external_userid=new.external_userid,
        userid=new.userid,
        channel=new.channel,
        kind=new.content.kind,
        playbook=new.playbook,
        enrolment=new.enrolment,
        step=new.step,
        limits=new.limits.model_dump(mode="json") if new.limits else None,
        priority=new.priority,
        batch_id=batch.id if batch else None,
        status=TouchStatus.REFUSED if refused else TouchStatus.PLANNED,
        rule=refused.rule if refused else None,
        reason=refused.reason if refused else "",
        passed_over=new.passed_over,
        notify=new.notify,
        chat_id=new.chat_id or new.content.invite_to,
        send_by=new.send_by,
        planned_at=now,
        settled_at=now if refused else None,
    )


async def batch_for(
    session: AsyncSession,
    channel: Channel,
    userid: str,
    content: Content,
    limits: Limits | None,
    policy: Policy,
    now: datetime,
    *,
    send_by: datetime | None = None,
) -> Batch | None:
    """The open batch of an employee, a content and the window at `now`; locked, so that it cannot close.

    None when there is no such window, or none before `send_by`: `no_window` says why.
    """
    ends_at = await windows.window_of(session, userid, content.kind, limits, policy, now, send_by)
    if ends_at is None:
        return None
    identity = {"userid": userid, "channel": channel, "content_key": content.key, "window_ends_at": ends_at}
    fresh = {**identity, "content": content.model_dump(mode="json"), "status": "open", "attempt": 0}
    fresh |= {"campaign_id": content.campaign, "backfill_of": content.backfill_of}
    query = select(Batch).filter_by(**identity, status="open").with_for_update()
    while True:  # a batch that closes between the two statements is not found; then the next one opens
        await session.exec(insert(Batch).values(fresh).on_conflict_do_nothing())
        if batch := (await session.exec(query)).first():
            return batch


def no_window(send_by: datetime | None) -> Refusal:
    """Why a message finds no window to go in."""
    return Refusal(*why_no_window(send_by))


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
    moved: set[int | None] = set()
    if batch.status == "open":
        batch.status = "flushed"  # first, so that whatever has to wait opens the next batch
        session.add(batch)
        await session.flush()
        ids = await _locked_customers(session, batch_id)
        friends, later = await friends_of(session, ids), Later(session, batch, policy, now)
        for touch in await verdicts.decide(session, ids, batch, friends, policy, now):
            if touch.batch_id == batch_id:
                moved.add(await move(touch, friends[touch.external_userid], later))
        if batch.channel == Channel.MOMENTS and not batch.backfill_of:  # whom that is for get their tag later
            await moment_touches.leave_out_unseeing(session, batch, now)
        for touch in await _changed_hands(session, batch, friends):
            moved.add(await move(touch, friends[touch.external_userid], later))
    # Tasked ones count when a StaffTask that failed begins again.
    to_send = col(Touch.status).in_(UNDER_WAY)
    claimed = select(func.count()).where(Touch.batch_id == batch_id, to_send)
    return Flushed(claimed=(await session.exec(claimed)).one(), moved_to=tuple(sorted(b for b in moved if b)))


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


class Later:
    """Where what has to wait goes while a batch is closed: each of the next batches is looked for once."""

    def __init__(self, session: AsyncSession, batch: Batch, policy: Policy, now: datetime) -> None:
        self._session, self._batch, self._policy, self._now = session, batch, policy, now
        self._found: dict[tuple[str, str, datetime | None], Batch | None] = {}  # locked, so they stay open

    async def take(self, touch: Touch, userid: str) -> int | None:
        """Plan a touch again in the next window of an employee; the batch's id."""
        window = (userid, str(touch.limits), touch.send_by)
        if window not in self._found:
            self._found[window] = await batch_for(
                self._session,
                Channel(self._batch.channel),
                userid,
                Content(**self._batch.content),
                verdicts.limits_of(touch),
                self._policy,
                self._now,
                send_by=touch.send_by,
            )
        touch.userid = userid
        return put_off(self._session, touch, self._found[window], self._now)


async def move(touch: Touch, friends: Sequence[str], later: Later) -> int | None:
    """Plan a touch again in the next window, with an employee who is still her friend; the batch's id."""
    return await later.take(touch, touch.userid if touch.userid and touch.userid in friends else friends[0])


def put_off(session: AsyncSession, touch: Touch, later: Batch | None, now: datetime) -> int | None:
    """Into a later window, if there is one; the batch's id. A verdict that made it wait has said why."""
    session.add(touch)
    touch.claimed_at = None
    if later is None:
        refusal = no_window(touch.send_by)
        touch.status, touch.settled_at = TouchStatus.REFUSED, now
        touch.rule, touch.reason = refusal.rule, refusal.reason
        return None
    touch.batch_id, touch.status = later.id, TouchStatus.PLANNED
    touch.put_off_since = touch.put_off_since or now
    if touch.rule is None:
        touch.rule, touch.reason = "moved", f"to the next window of {touch.userid}"
    return later.id


async def cancel_open(
    session: AsyncSession, external_userid: str, *, playbook: str | None, reason: str, now: datetime
) -> list[int]:
    """Cancel what is on its way to her; returns the batches whose task must be made to do without her.

    Locks as a flush does, batches before the customer, so that whatever happens to a batch happens wholly
    before or wholly after this.
    """
    theirs = select(Touch.batch_id).where(*_on_its_way(external_userid, playbook))
    batches = select(Batch).where(col(Batch.id).in_(theirs)).order_by(col(Batch.id)).with_for_update()
    tasked = [b for b in (await session.exec(batches)).all() if b.attempt > 0 and b.status == "flushed"]
    at_wecom = {b.id for b in tasked}
    customer = select(Customer.external_userid).where(Customer.external_userid == external_userid)
    await session.exec(customer.with_for_update())
    query = select(Touch).where(*_on_its_way(external_userid, playbook)).with_for_update()
    touches = (await session.exec(query.execution_options(populate_existing=True))).all()
    for touch in touches:
        if touch.batch_id not in at_wecom:
            touch.status, touch.rule, touch.reason = TouchStatus.CANCELLED, "withdrawn", reason
            touch.settled_at = now
            session.add(touch)
    # Moments are shown to all who have the tag; only the tag of a backfill is ours to take off.
    return sorted(b.id for b in tasked if b.id and (b.channel == Channel.PRIVATE or b.backfill_of))


def _on_its_way(external_userid: str, playbook: str | None) -> list[ColumnElement[bool]]:
    mine = [
        col(Touch.external_userid) == external_userid,
        col(Touch.status).in_(OPEN),
        col(Touch.channel).in_(HERS),
    ]
    return mine + ([col(Touch.playbook) == playbook] if playbook else [])
