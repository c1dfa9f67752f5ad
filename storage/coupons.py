"""Coupons: claimed before the till is asked, settled when it has said what became of them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.events import Event, EventKind
from storage import voucher_stocks
from storage.tables import Coupon, Store

CLAIMED, ISSUED, REDEEMED, EXPIRED, VOID = "claimed", "issued", "redeemed", "expired", "void"
REFUSED, UNCLEAR = "refused", "unclear"
HELD = (CLAIMED, ISSUED, UNCLEAR)  # as long as it may be redeemed, the voucher stays reserved
LOOK_EVERY = timedelta(days=7)  # what nobody says an end of is asked for once a week
LOOK_AGAIN = timedelta(days=1)  # what should have expired and has not, tomorrow


@dataclass(frozen=True)
class Told:
    """What a till says of a coupon: `status` is `issued`, `redeemed`, `expired` or `void`."""

    coupon_id: str
    status: str
    redeemed_at: datetime | None = None
    redeemed_store_id: str | None = None
    valid_until: datetime | None = None


async def claim(session: AsyncSession, coupon: Coupon) -> Coupon:
    """Write a coupon down before the till is asked; a known key is returned as it is. Locked."""
    await session.exec(insert(Coupon).values(coupon.model_dump()).on_conflict_do_nothing())
    row = await locked(session, coupon.key)
    if row.status == CLAIMED:
        row.look_at = coupon.claimed_at  # her journey goes on with it: it does not lie there
    return row


async def locked(session: AsyncSession, key: str) -> Coupon:
    return await session.get_one(Coupon, key, with_for_update=True, populate_existing=True)


async def by_id(session: AsyncSession, coupon_id: str) -> Coupon | None:
    """The row of a coupon of the till's. Locked."""
    query = select(Coupon).where(Coupon.coupon_id == coupon_id).with_for_update()
    return (await session.exec(query)).first()


async def ask(session: AsyncSession, claimed: Coupon, now: datetime, *, alone: bool) -> Coupon | None:
    """Write down that the till is about to be asked, for an attempt that read the row as `claimed`.

    As it is now: another attempt may have settled it. With `alone` None while another attempt, or another
    coupon of the same template, is under way to her account: whichever appears there could be either.
    """
    same = col(Coupon.key) == claimed.key
    if alone:
        alike = (col(Coupon.member_id) == claimed.member_id) & (col(Coupon.template) == claimed.template)
        same |= alike & (col(Coupon.status) == CLAIMED)
    query = select(Coupon).where(same).order_by(col(Coupon.key)).with_for_update()
    rows = {row.key: row for row in (await session.exec(query)).all()}
    row = rows.pop(claimed.key)
    if row.status != CLAIMED:
        return row
    if alone and (row.asked_at != claimed.asked_at or any(other.asked_at for other in rows.values())):
        return None
    row.tried_at, row.asked_at = row.tried_at or now, now
    return row


async def not_asked(session: AsyncSession, asked: Coupon, before: Coupon) -> None:
    """The till surely did nothing: as it was `before`, unless another attempt has asked since."""
    row = await locked(session, before.key)
    if row.status == CLAIMED and row.asked_at == asked.asked_at:
        row.tried_at, row.asked_at = before.tried_at, before.asked_at


async def wait(session: AsyncSession, key: str, reason: str) -> None:
    """Why a claim does not get on. Of one that is settled, or not claimed yet, nothing is written."""
    claimed = (col(Coupon.key) == key, col(Coupon.status) == CLAIMED)
    await session.exec(update(Coupon).where(*claimed).values(reason=reason))


async def of_hers(session: AsyncSession, member_id: str, template: str) -> frozenset[str]:
    """The till's ids of all her coupons of this template that we know to be of some claim."""
    query = select(Coupon.coupon_id).where(Coupon.member_id == member_id, Coupon.template == template)
    return frozenset(one for one in (await session.exec(query)).all() if one)


async def issued(
    session: AsyncSession, key: str, told: Told, now: datetime, *, by: str | None = None, reason: str = ""
) -> Coupon:
    """The till has it. Said twice it is said once."""
    row = await locked(session, key)
    if row.coupon_id is not None:
        return row
    if row.status == REFUSED:
        row.store_id = None  # its voucher was given back
    row.coupon_id, row.issued_at, row.valid_until = told.coupon_id, now, told.valid_until
    # One that was looked for late may have been used meanwhile: it is read again at once, and she is told.
    row.look_at = (told.valid_until or now + LOOK_EVERY) if told.status == ISSUED else now
    _change(row, ISSUED, reason, now, by)
    return row


async def refuse(
    session: AsyncSession, key: str, reason: str, now: datetime, *, by: str | None = None
) -> Coupon:
    """Nothing was issued; the voucher that it holds goes back."""
    row = await locked(session, key)
    if row.status in (CLAIMED, UNCLEAR):
        before = _counted(row)
        _change(row, REFUSED, reason, now, by)
        await _recount(session, row, before, now)
    return row


async def make_unclear(session: AsyncSession, key: str, reason: str, now: datetime) -> Coupon:
    """Nobody knows whether it was issued: an operator has to look (`journeys coupons settle`)."""
    row = await locked(session, key)
    if row.status == CLAIMED:
        _change(row, UNCLEAR, reason, now)
    return row


async def learn(session: AsyncSession, told: Told, now: datetime) -> tuple[str, Event] | None:
    """What the till says now, written down: the one door, whoever asked it. The customer and the news.

    None when it is no news, or none of our coupons.
    """
    row = await by_id(session, told.coupon_id)
    if row is None:
        return None
    row.valid_until = told.valid_until or row.valid_until
    if row.status == told.status:
        row.look_at = max(row.valid_until, now + LOOK_AGAIN) if row.valid_until else now + LOOK_EVERY
        return None
    before = _counted(row)
    redeemed = told.status == REDEEMED
    row.redeemed_at = (told.redeemed_at or now) if redeemed else None
    row.redeemed_store_id = told.redeemed_store_id if redeemed else None
    _change(row, told.status, row.reason, now, row.settled_by)
    await _recount(session, row, before, now)
    return None if told.status == ISSUED else (row.external_userid, _news(row, now))


async def out_of(session: AsyncSession, template: str, store_id: str) -> voucher_stocks.Change:
    """What coupons hold and have used at a store, whether it had a stock of them then or not."""
    held = (col(Coupon.store_id) == store_id) & col(Coupon.status).in_(HELD)
    used_at = func.coalesce(Coupon.redeemed_store_id, Coupon.store_id)
    used = (used_at == store_id) & (col(Coupon.status) == REDEEMED)
    query = select(func.count().filter(held), func.count().filter(used)).where(Coupon.template == template)
    holds, has_used = (await session.exec(query)).one()
    return holds, has_used


async def of_steps(session: AsyncSession, external_userids: Collection[str]) -> Sequence[Coupon]:
    """Theirs that were asked for by steps with an `id`, the oldest first."""
    query = select(Coupon).where(col(Coupon.external_userid).in_(external_userids))
    query = query.where(col(Coupon.step).is_not(None))
    return (await session.exec(query.order_by(col(Coupon.claimed_at)))).all()


async def to_look_at(session: AsyncSession, now: datetime, limit: int = 100) -> Sequence[Coupon]:
    """Issued coupons of which it is time to see what became, the longest waiting first."""
    query = select(Coupon).where(Coupon.status == ISSUED, col(Coupon.look_at) <= now)
    return (await session.exec(query.order_by(col(Coupon.look_at)).limit(limit))).all()


async def left_lying(session: AsyncSession, before: datetime, limit: int = 100) -> Sequence[Coupon]:
    """Claims that nobody has gone on with since: her journey ended in the middle."""
    since = func.coalesce(Coupon.look_at, Coupon.asked_at, Coupon.claimed_at)
    query = select(Coupon).where(Coupon.status == CLAIMED, since < before)
    return (await session.exec(query.order_by(col(Coupon.claimed_at)).limit(limit))).all()


async def list_all(
    session: AsyncSession,
    *,
    status: str | None = None,
    external_userid: str | None = None,
    template: str | None = None,
    limit: int = 50,
) -> Sequence[Coupon]:
    """The newest first."""
    wanted = {"status": status, "external_userid": external_userid, "template": template}
    query = select(Coupon)
    for name, value in wanted.items():
        query = query.where(getattr(Coupon, name) == value) if value else query
    return (await session.exec(query.order_by(col(Coupon.claimed_at).desc()).limit(limit))).all()


async def promised_at(session: AsyncSession, external_userid: str, enrolment: int) -> Store | None:
    """The store whose voucher the last coupon of this enrolment of hers holds."""
    mine = col(Coupon.key).startswith(f"{external_userid}/{enrolment}/", autoescape=True)
    query = select(Store).join(Coupon, col(Coupon.store_id) == Store.id)
    query = query.where(Coupon.external_userid == external_userid, Coupon.status == ISSUED, mine)
    return (await session.exec(query.order_by(col(Coupon.issued_at).desc()).limit(1))).first()


def _change(row: Coupon, status: str, reason: str, now: datetime, by: str | None = None) -> None:
    row.status, row.reason, row.changed_at, row.settled_by = status, reason, now, by


def _counted(row: Coupon) -> dict[str, voucher_stocks.Change]:
    """What it takes of which store's vouchers: one held at its own, or one used where it was redeemed."""
    if row.status == REDEEMED:
        used_at = row.redeemed_store_id or row.store_id
        return {used_at: (0, 1)} if used_at else {}
    return {row.store_id: (1, 0)} if row.store_id and row.status in HELD else {}


async def _recount(
    session: AsyncSession, row: Coupon, before: dict[str, voucher_stocks.Change], now: datetime
) -> None:
    after, nothing = _counted(row), (0, 0)
    changes = {}
    for store_id in before.keys() | after.keys():
        old, new = before.get(store_id, nothing), after.get(store_id, nothing)
        changes[store_id] = (new[0] - old[0], new[1] - old[1])
    await voucher_stocks.count(session, row.template, changes, now)


def _news(row: Coupon, now: datetime) -> Event:
    """What her life is told. A coupon that was made void can be used as little as one that has expired."""
    redeemed = row.status == REDEEMED
    expired_at = min(row.valid_until, now) if row.valid_until and row.status == EXPIRED else now
    return Event(
        id=f"coupon/{row.coupon_id}/{'redeemed' if redeemed else 'expired'}",
        kind=EventKind.COUPON_REDEEMED if redeemed else EventKind.COUPON_EXPIRED,
        at=row.redeemed_at or expired_at,
        coupon_id=row.coupon_id,
        reason=None if redeemed else row.status,
    )
