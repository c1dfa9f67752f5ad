"""What operators order of a running campaign: obeyed once, in one transaction with its record."""

from datetime import datetime

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain import campaigning
from domain.campaign import CampaignStatus
from domain.campaign_messages import ObeyedOrder, Order, OrderKind
from storage import campaigns
from storage.tables import CampaignOrder, CampaignRow

DONE = {
    OrderKind.PAUSE: "paused",
    OrderKind.RESUME: "resumed",
    OrderKind.CANCEL: "cancelled",
    OrderKind.GO: "go",
}


class Refused(Exception):
    """The campaign cannot take this order; the text says why."""


async def obey(session: AsyncSession, campaign_id: str, order: Order, now: datetime) -> ObeyedOrder:
    """Change the status as ordered and put it on record; told twice, it is done once. Raises Refused."""
    row = await campaigns.find(session, campaign_id, lock=True)
    if row is None:
        raise Refused(f"there is no campaign {campaign_id}")
    known = select(CampaignOrder).where(CampaignOrder.key == order.id)
    if (await session.exec(known)).first() is None:
        # Whether it waits for `go` its workflow knows, and has checked.
        if problem := campaigning.refused(order, CampaignStatus(row.status), asks=True):
            raise Refused(problem)
        _change(row, order, now)
        session.add(row)
        what = DONE[order.kind]
        campaigns.note(session, row.id, what, by=order.by, reason=order.reason, now=now, key=order.id)
    return ObeyedOrder(status=row.status, answer=campaigning.answer(order))


def _change(row: CampaignRow, order: Order, now: datetime) -> None:
    match order.kind:
        case OrderKind.PAUSE:
            row.status, row.reason = CampaignStatus.PAUSED, f"by {order.by}: {order.reason}"
        case OrderKind.RESUME:
            begun = row.began_at is not None
            row.status, row.reason = CampaignStatus.RUNNING if begun else CampaignStatus.APPROVED, ""
        case OrderKind.CANCEL:
            row.status, row.reason = CampaignStatus.CANCELLED, f"by {order.by}: {order.reason}"
            row.ended_at, row.recall = now, order.recall
        case OrderKind.GO:
            pass  # the record is all of it
