"""What WeCom says of the recipients of a task: who is to send it to them, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ARRAY, FromClause, String, case, cast, column, func, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.touches import UNDER_WAY, Channel, TouchStatus
from storage.group_touches import recipient
from storage.tables import Batch, Customer, Touch, Utc

Outcome = tuple[TouchStatus, str | None, str]  # status, rule, reason


@dataclass(frozen=True)
class Result:
    """Of one customer, or group. `holder`: the employee to whom WeCom gave her; `sent_at`: when that one
    confirmed; `outcome` None: not known yet.
    """

    recipient: str
    holder: str | None = None
    outcome: Outcome | None = None
    sent_at: datetime | None = None


async def record(session: AsyncSession, batch: Batch, results: Sequence[Result], now: datetime) -> None:
    """Settle what has an outcome; of the rest remember who holds it. What is settled stays as it is."""
    if not results:
        return
    if batch.channel == Channel.PRIVATE:
        await _learn_who_talks(session, batch, results)
    found = _rows(results)
    settled = found.c.status.is_not(None)
    await session.exec(
        update(Touch)
        .where(col(Touch.batch_id) == batch.id, recipient() == found.c.recipient)
        .where(col(Touch.status).in_(UNDER_WAY))
        .values(
            holder=func.coalesce(found.c.holder, Touch.holder),
            status=func.coalesce(found.c.status, Touch.status),
            rule=case((settled, found.c.rule), else_=col(Touch.rule)),
            # What was sent has no reason of its own: that of the verdict says who allowed it (M20).
            reason=case((found.c.reason != "", found.c.reason), else_=col(Touch.reason)),
            sent_at=func.coalesce(found.c.sent_at, Touch.sent_at),
            settled_at=case((settled, now), else_=col(Touch.settled_at)),
        )
        .execution_options(synchronize_session=False)
    )


async def holders_known(session: AsyncSession, batch_id: int) -> bool:
    """Whether WeCom has said of every open recipient who is to send it."""
    query = select(Touch.key).where(
        Touch.batch_id == batch_id, col(Touch.status).in_(UNDER_WAY), col(Touch.holder).is_(None)
    )
    return (await session.exec(query.limit(1))).first() is None


async def _learn_who_talks(session: AsyncSession, batch: Batch, results: Sequence[Result]) -> None:
    """Whom WeCom gave to another employee than we had named talks to that one (contract §8.1).

    That it is the one whom we named says nothing: it may be so because we named her.
    """
    others = {r.recipient: r.holder for r in results if r.holder and r.holder != batch.userid}
    query = select(Customer).where(col(Customer.external_userid).in_(others))
    ordered = query.order_by(col(Customer.external_userid)).with_for_update()
    for customer in (await session.exec(ordered)).all() if others else ():
        customer.talks_to = others[customer.external_userid]
        session.add(customer)
    await session.flush()


def _rows(results: Sequence[Result]) -> FromClause:
    """The results as a table: one statement settles ten thousand."""
    outcomes = [r.outcome or (None, None, None) for r in results]
    texts = [
        [r.recipient for r in results],
        [r.holder for r in results],
        [status.value if status else None for status, _, _ in outcomes],
        [rule for _, rule, _ in outcomes],
        [reason for _, _, reason in outcomes],
    ]
    times = cast([r.sent_at for r in results], ARRAY(Utc))
    names = ("recipient", "holder", "status", "rule", "reason")
    return (
        func.unnest(*(cast(text, ARRAY(String)) for text in texts), times)
        .table_valued(*(column(name, String) for name in names), column("sent_at", Utc))
        .render_derived(name="found")
    )
