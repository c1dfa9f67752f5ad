"""Welcomes in the ledger: one greeting per friendship episode, whatever arrives twice."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.events import Event
from domain.playbook import CouponStep
from domain.touches import Channel, TouchStatus
from storage import lives
from storage.tables import Touch

# After these a new code may try again; after any other the friendship has had its one greeting.
RETRYABLE = (
    TouchStatus.PLANNED,
    TouchStatus.NO_CODE,
    TouchStatus.LATE,
    TouchStatus.FAILED,
    TouchStatus.AWAITING_CONSENT,
)


@dataclass(frozen=True)
class Claim:
    """What a Welcome may do: send (`mine`), or take over the outcome that is there already."""

    key: str
    mine: bool
    repeated: bool  # this very code was claimed before and never settled: its answer was lost
    status: TouchStatus
    reason: str
    chat_id: str | None = None
    coupon: CouponStep | None = None  # that an earlier attempt promised
    busy: bool = False  # another code of the same friendship is in flight
    at: datetime | None = None  # tells this attempt from a later one with the same code


async def claim(
    session: AsyncSession, external_userid: str, event: Event, attempt: str, now: datetime
) -> Claim:
    """Claim the greeting of this friendship for one code (`attempt` is the code's hash)."""
    await lives.ensure_customer(session, external_userid, now)
    follow = await lives.record_follow(session, external_userid, event)
    key = f"welcome/{follow.userid}/{external_userid}/{follow.episode}"
    fresh = {
        "key": key,
        "external_userid": external_userid,
        "userid": follow.userid,
        "channel": Channel.WELCOME.value,
        "kind": "service",
        "priority": 100,
        "status": TouchStatus.PLANNED.value,
        "reason": "",
        "notify": False,
        "planned_at": now,
    }
    await session.exec(insert(Touch).values(fresh).on_conflict_do_nothing())
    touch = await _locked(session, key)
    status, same, coupon = TouchStatus(touch.status), touch.attempt == attempt, promised(touch)
    if status is TouchStatus.CLAIMED and not same:
        return Claim(key, mine=False, repeated=False, status=status, reason="", busy=True)
    if status is TouchStatus.CLAIMED:
        touch.claimed_at = now
        session.add(touch)
        return Claim(key, mine=True, repeated=True, status=status, reason="", coupon=coupon, at=now)
    if status not in RETRYABLE or (same and touch.settled_at is not None):
        return Claim(
            key,
            mine=False,
            repeated=False,
            status=status,
            reason=touch.reason,
            chat_id=touch.chat_id,
            coupon=coupon,
        )
    touch.status, touch.attempt, touch.claimed_at = TouchStatus.CLAIMED, attempt, now
    touch.settled_at = None
    session.add(touch)
    return Claim(key, mine=True, repeated=False, status=TouchStatus.CLAIMED, reason="", coupon=coupon, at=now)


async def promise(session: AsyncSession, claim: Claim, coupon: CouponStep | None) -> None:
    """Written before it is sent: whoever settles this greeting knows what it promised."""
    touch = await _locked(session, claim.key)
    touch.coupon = coupon.model_dump(mode="json") if coupon else None
    session.add(touch)


def promised(touch: Touch) -> CouponStep | None:
    """The coupon that a greeting promises."""
    return CouponStep.model_validate(touch.coupon) if touch.coupon else None


async def overtaken(session: AsyncSession, claim: Claim) -> bool:
    """Whether a later attempt has taken the same code: if it is used now, then perhaps by us."""
    return (await _locked(session, claim.key)).claimed_at != claim.at


async def settle(
    session: AsyncSession, key: str, status: TouchStatus, reason: str, chat_id: str | None, now: datetime
) -> Touch:
    """Write what became of a greeting, once: what another attempt has settled stays, and is returned."""
    touch = await _locked(session, key)
    if touch.settled_at is None:
        touch.status, touch.reason, touch.chat_id, touch.settled_at = status, reason, chat_id, now
        session.add(touch)
    return touch


async def release(session: AsyncSession, claim: Claim) -> None:
    """Take a claim back: the call was certainly not made. A later attempt's claim stays."""
    touch = await _locked(session, claim.key)
    if touch.claimed_at == claim.at:
        touch.status, touch.attempt, touch.claimed_at = TouchStatus.PLANNED, None, None
        session.add(touch)


async def _locked(session: AsyncSession, key: str) -> Touch:
    return (await session.exec(select(Touch).where(Touch.key == key).with_for_update())).one()
