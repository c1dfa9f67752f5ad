"""The WeCom side of a batch: claimed before the call, settled after it, found again when nobody knows."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import and_, func, or_, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.follow_ups import may_remind
from domain.playbook import ContentClass
from domain.touches import OPEN, UNDER_WAY, TouchStatus
from storage.group_touches import recipient
from storage.held import held
from storage.tables import Batch, Customer, Employee, Store, Touch


async def batch_of(session: AsyncSession, batch_id: int, *, lock: bool = False) -> Batch:
    query = select(Batch).where(Batch.id == batch_id)
    return (await session.exec(query.with_for_update() if lock else query)).one()


async def sender_of(session: AsyncSession, userid: str) -> tuple[Employee | None, Store | None]:
    """The employee who will confirm, and the store that the message may name."""
    employee = await session.get(Employee, userid)
    store = await session.get(Store, employee.store_id) if employee and employee.store_id else None
    return employee, store


async def claim(session: AsyncSession, batch: Batch, text: str, now: datetime) -> None:
    """Say that a task is about to be created, before WeCom is asked."""
    batch.attempt += 1
    batch.claimed_at, batch.text, batch.msgid, batch.job = now, text, None, None
    session.add(batch)


async def awaits_answer(session: AsyncSession, batch: Batch, text: str) -> bool:
    """Whether WeCom may hold a task of another batch that only its text and employee would tell from ours.

    The lock makes claims of one employee wait for each other.
    """
    await session.exec(select(func.pg_advisory_xact_lock(func.hashtext(f"tasks/{batch.userid}"))))
    waiting = select(Touch.batch_id).where(Touch.status == TouchStatus.CLAIMED)
    query = select(Batch.id).where(
        Batch.id != batch.id,
        Batch.userid == batch.userid,
        Batch.channel == batch.channel,
        Batch.text == text,
        Batch.status == "flushed",
        Batch.attempt > 0,
        col(Batch.msgid).is_(None),
        col(Batch.job).is_(None),
        col(Batch.id).in_(waiting),
    )
    return (await session.exec(query)).first() is not None


async def claim_again(session: AsyncSession, batch_id: int, now: datetime) -> None:
    """The same attempt asks WeCom once more, so its answer may be lost once more from now on."""
    await session.exec(update(Batch).where(col(Batch.id) == batch_id).values(claimed_at=now))


async def recipients(session: AsyncSession, batch_id: int) -> Sequence[str]:
    """Which customers, or groups, of a batch are to get it; at most RECIPIENTS_PER_TASK by construction."""
    open_now = UNDER_WAY
    who = recipient()
    query = select(who).where(Touch.batch_id == batch_id, col(Touch.status).in_(open_now))
    return (await session.exec(query.order_by(who))).all()


async def created(
    session: AsyncSession,
    batch_id: int,
    msgid: str | None,
    unreachable: Sequence[str],
    now: datetime,
    *,
    job: str | None = None,
) -> None:
    """WeCom holds the task: every claimed touch is tasked, but for those it says it cannot reach.

    Of Moments it holds the `job` that makes the task.
    """
    await session.exec(update(Batch).where(col(Batch.id) == batch_id).values(msgid=msgid, job=job))
    ours = col(Touch.batch_id) == batch_id
    open_now = col(Touch.status).in_(UNDER_WAY)  # tasked: when made anew
    await session.exec(
        update(Touch)
        .where(ours, open_now, recipient().in_(unreachable))
        .values(
            status=TouchStatus.NOT_FRIEND,
            rule="fail_list",
            reason="WeCom cannot reach this recipient",
            settled_at=now,
        )
    )
    await session.exec(update(Touch).where(ours, open_now).values(status=TouchStatus.TASKED))


async def finish(
    session: AsyncSession, batch_id: int, status: TouchStatus, *, rule: str, reason: str, now: datetime
) -> None:
    """Settle whatever of a batch is still open, and the batch; locks as all do, the batch first."""
    await session.exec(
        update(Batch).where(col(Batch.id) == batch_id).values(status="settled", settled_at=now)
    )
    await session.exec(
        update(Touch)
        .where(col(Touch.batch_id) == batch_id)
        .where(col(Touch.status).in_(UNDER_WAY))
        .values(status=status, rule=rule, reason=reason, settled_at=now)
    )


async def stop(session: AsyncSession, batch_id: int, rule: str, reason: str, now: datetime) -> bool:
    """Cancel a batch whose window has not closed. False: it has, and its StaffTask must do it."""
    batch = await batch_of(session, batch_id, lock=True)
    if batch.status in ("flushed", "settled"):
        return batch.status == "settled"
    await session.exec(
        update(Touch)
        .where(col(Touch.batch_id) == batch_id, col(Touch.status).in_(OPEN))
        .values(status=TouchStatus.CANCELLED, rule=rule, reason=reason, settled_at=now)
    )
    batch.status, batch.settled_at = "settled", now
    session.add(batch)
    return True


def claim_reminder(session: AsyncSession, batch: Batch, now: datetime) -> bool:
    """Count a reminder before WeCom is asked; False when its quota is used up. The batch is locked."""
    reminded = [datetime.fromisoformat(at) for at in batch.reminded_at]
    if not may_remind(reminded, now):
        return False
    batch.reminded_at = [*batch.reminded_at, now.isoformat()]
    session.add(batch)
    return True


async def withdraw(
    session: AsyncSession, batch_id: int, external_userid: str, reason: str, now: datetime
) -> bool:
    """Take one recipient out of a task that is not confirmed yet. False when it is too late."""
    statement = (
        update(Touch)
        .where(col(Touch.batch_id) == batch_id, col(Touch.external_userid) == external_userid)
        .where(col(Touch.status).in_(UNDER_WAY))
        .values(status=TouchStatus.CANCELLED, rule="withdrawn", reason=reason, settled_at=now)
    )
    return bool((await session.exec(statement)).rowcount)


async def by_msgid(session: AsyncSession, msgid: str) -> Batch | None:
    return (await session.exec(select(Batch).where(Batch.msgid == msgid))).first()


async def awaited(session: AsyncSession, batch_id: int) -> Sequence[Touch]:
    """Settled touches whose customers wait to hear of it."""
    query = select(Touch).where(Touch.batch_id == batch_id, Touch.notify, col(Touch.settled_at).is_not(None))
    return (await session.exec(query)).all()


async def leave_out_opted_out(session: AsyncSession, batch_id: int, now: datetime) -> None:
    """Whoever opted out after policy had said yes is not sent to."""
    opted_out = select(Customer.external_userid).where(col(Customer.opted_out_at).is_not(None))
    await session.exec(
        update(Touch)
        .where(col(Touch.batch_id) == batch_id, col(Touch.external_userid).in_(opted_out))
        .where(col(Touch.status) == TouchStatus.CLAIMED, col(Touch.kind) != ContentClass.SERVICE)
        .values(status=TouchStatus.CANCELLED, rule="opted_out", reason="she opted out", settled_at=now)
    )


async def orphans(
    session: AsyncSession, now: datetime, grace: timedelta, patience: timedelta, limit: int = 500
) -> Sequence[Batch]:
    """Batches whose window has long closed and that nobody has flushed, or not settled in `patience`."""
    forgotten = and_(col(Batch.status) == "open", col(Batch.window_ends_at) < now - grace)
    abandoned = and_(col(Batch.status) == "flushed", col(Batch.window_ends_at) < now - patience)
    query = select(Batch).where(or_(forgotten, abandoned), ~held())
    return (await session.exec(query.order_by(col(Batch.window_ends_at)).limit(limit))).all()
