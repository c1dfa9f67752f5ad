"""Messages that an employee writes by hand: no window, so policy decides when they are planned."""

from datetime import datetime

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.playbook import Limits
from domain.policy import Policy
from domain.touches import Planned, TouchStatus
from storage import ledger, verdicts
from storage.ledger import NewTouch, Refusal
from storage.tables import Customer, Touch


async def plan(session: AsyncSession, new: NewTouch, policy: Policy, now: datetime) -> Touch:
    """Claimed, or refused by policy. The to-do that follows gives it its outcome."""
    customer = select(Customer).where(Customer.external_userid == new.external_userid)
    if (await session.exec(customer.with_for_update())).first() is None:
        raise LookupError(f"{new.external_userid} is no customer")  # every life writes its row first
    planned = Planned(
        key=new.key,
        priority=new.priority,
        kind=new.content.kind,
        playbook=new.playbook,
        limits=_at_any_hour(new.limits),
    )
    # Its card waits for the employee's own quiet hours to end.
    any_hour = policy.model_copy(update={"quiet_hours": None})
    verdict = await verdicts.judge_at_once(session, new.external_userid, planned, any_hour, now)
    refused = None
    if verdict.status is TouchStatus.REFUSED:
        refused = Refusal(verdict.rule or "policy", verdict.reason)
    touch = ledger.row(new, refused, None, now)
    if not refused:
        touch.status, touch.claimed_at = TouchStatus.CLAIMED, now
    session.add(touch)
    await session.flush()
    return touch


def _at_any_hour(limits: Limits | None) -> Limits | None:
    return limits.model_copy(update={"quiet_hours": None, "holidays": "send"}) if limits else None
