"""Coupons onto member accounts: claimed before the till is asked, looked for before it is asked again.

Who knows that the till has it, or has it not, settles it at once. What stays open is `unclear`: an operator
says what became of it (`journeys coupons settle`); nobody guesses, and nobody issues a second one.
"""

import logging
from datetime import datetime, timedelta

from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.failures import not_yet, translated
from activities.identify import Identifier
from domain.step_messages import GiveCoupon, GivenCoupon
from integrations import pos
from settings import Clock
from storage import coupons, exposures, facts, lives, member_conflicts, voucher_stocks
from storage.database import Database
from storage.tables import Coupon

CLOCKS = timedelta(minutes=5)  # the till's may go behind ours by so much; Keruyun itself allows 300 s
UNCLEAR_AFTER = timedelta(hours=2)  # a till that cannot even be asked for so long: people wait no longer
REFUSALS = (pos.PosInvalidRequest, pos.PosNotFound)  # it has decided about her, and issued nothing

log = logging.getLogger(__name__)


class _Unclear(Exception):
    """The text is for the operator who has to settle it."""


class _Refused(Exception):
    """The till will not issue it, and has not."""


class Coupons:
    """One coupon per key, whatever breaks on the way."""

    def __init__(self, database: Database, till: pos.PosPort, identifier: Identifier, clock: Clock) -> None:
        self._database, self._till, self._identifier, self._clock = database, till, identifier, clock

    @activity.defn
    async def issue_coupon(self, what: GiveCoupon) -> GivenCoupon:
        """Credit one coupon to her account. Called again after an unknown outcome it asks the till first."""
        now = self._clock()
        async with self._database.transaction() as session:
            why = await exposures.why_held_out(
                session, what.external_userid, what.holdout, playbook=what.playbook, now=now
            )
        if why:
            return GivenCoupon(issued=False, reason=why, held_out=True)
        with translated():
            if what.once_per_member:
                what = await self._for_her_account(what)
            row = await self._claim(what)
            if row.coupon_id and what.once_per_member:
                return GivenCoupon(issued=True, reason=f"once per member: on {row.issued_at:%F %T}Z")
            row = await self._settle(row)
        unclear = "unclear: " if row.status == coupons.UNCLEAR else ""
        return GivenCoupon(issued=row.coupon_id is not None, reason=f"{unclear}{row.reason}")

    async def _for_her_account(self, what: GiveCoupon) -> GiveCoupon:
        """Under the key of her account, which outlives any friendship. Who has none yet keeps her own."""
        try:
            member_id = await self._identifier.member(what.external_userid)
        except pos.PosAuthError as error:
            raise await self._until_mended(what.key, error) from None
        if member_id is None:
            return what
        return what.model_copy(update={"key": f"welcome/{member_id}/{what.coupon.template}"})

    async def _claim(self, what: GiveCoupon) -> Coupon:
        now = self._clock()
        async with self._database.transaction() as session:
            customer = await lives.ensure_customer(session, what.external_userid, now)
            fresh = Coupon(
                key=what.key,
                external_userid=what.external_userid,
                member_id=customer.member_id,
                template=what.coupon.template,
                step=what.step,
                status=coupons.CLAIMED,
                claimed_at=now,
            )
            return await coupons.claim(session, fresh)

    async def _settle(self, row: Coupon) -> Coupon:
        try:
            if row.status == coupons.CLAIMED and row.tried_at is None:
                row = await self._make_ready(row)
            return await self._carry_out(row) if row.status == coupons.CLAIMED else row
        except pos.PosAuthError as error:
            raise await self._until_mended(row.key, error) from None

    async def _until_mended(self, key: str, error: pos.PosAuthError) -> ApplicationError:
        """It is our key or right that it refuses, not her: her coupon waits until somebody has acted."""
        log.error("the till refuses us, and coupons wait: %s: %s", type(error).__name__, error)
        async with self._database.transaction() as session:
            await coupons.wait(session, key, f"waits: the till refuses us ({error}); see `journeys doctor`")
        return ApplicationError(str(error), type=type(error).__name__)

    async def _why_nobody(self, external_userid: str) -> str:
        async with self._database.transaction() as session:
            in_conflict = await member_conflicts.open_of(session, external_userid)
        if in_conflict:
            return "not_member: several accounts may be hers (`journeys members conflicts`)"
        return "not_member: the till does not know her"

    async def _make_ready(self, row: Coupon) -> Coupon:
        """Her account, and one of a store's vouchers where the template has stocks (M62)."""
        # A till that was slow when she came may know her by now.
        member_id = row.member_id or await self._identifier.member(row.external_userid)
        if member_id is None:
            return await self._refuse(row.key, await self._why_nobody(row.external_userid))
        now = self._clock()
        async with self._database.transaction() as session:
            row = await coupons.locked(session, row.key)
            if row.status != coupons.CLAIMED:
                return row  # another attempt has settled it
            row.member_id = member_id
            why = None
            if row.store_id is None and await voucher_stocks.has_stocks(session, row.template):
                why = await self._reserve(session, row, now)
        return await self._refuse(row.key, why) if why else row

    async def _reserve(self, session: AsyncSession, row: Coupon, now: datetime) -> str | None:
        """One at her store, else at the nearest other one of its city that has any. Why not, if none has."""
        hers = (await facts.facts_of(session, [row.external_userid], now))[row.external_userid].store_id
        if hers is None:
            return f"no_stock: no store of hers is known on {now:%F}"
        stores = await voucher_stocks.stores_for(session, row.template, hers)
        row.store_id = await voucher_stocks.hold(session, row.template, [one.id for one in stores], now)
        if row.store_id:
            return None
        asked = ", ".join(one.id for one in stores) or "no store of her city"
        return f"no_stock: {row.template} had none left on {now:%F}; asked: {asked}"

    async def _carry_out(self, row: Coupon) -> Coupon:
        try:
            found = await self._look(row) if row.asked_at else None
            if found is None:
                asked = await self._ask(row)
                if asked.status != coupons.CLAIMED:
                    return asked
                found = await self._issue(asked, before=row)
            return await self._issued(row.key, found)
        except _Unclear as open_end:
            async with self._database.transaction() as session:
                return await coupons.make_unclear(session, row.key, str(open_end), self._clock())
        except _Refused as refused:
            return await self._refuse(row.key, str(refused))

    async def _look(self, row: Coupon) -> pos.Coupon | None:
        """What became of earlier attempts. None: nothing was issued, and it may be issued again."""
        assert row.member_id
        assert row.tried_at
        assert row.asked_at
        waited = self._clock() - row.asked_at
        async with self._database.transaction() as session:
            known = await coupons.of_hers(session, row.member_id, row.template)
        try:
            found = await self._till.find_coupon(
                template_id=row.template,
                member_id=row.member_id,
                idempotency_key=row.key,
                since=row.tried_at - CLOCKS,
                known=known,
            )
        except pos.PosError as error:
            if _did_nothing(error) and waited < UNCLEAR_AFTER:
                raise
            raise _Unclear(str(error)[:200]) from None
        settles = timedelta(seconds=self._till.capabilities.coupon_settles_s)
        if found is None and self._keyless and waited < settles:
            raise not_yet("a coupon may still appear in her account", again_in=settles - waited)
        return found

    async def _ask(self, row: Coupon) -> Coupon:
        """On record before the call: what became of it can be looked for from then on."""
        async with self._database.transaction() as session:
            asked = await coupons.ask(session, row, self._clock(), alone=self._keyless)
        if asked is None:
            raise not_yet("another coupon like it is being issued to her account")
        return asked

    async def _issue(self, asked: Coupon, *, before: Coupon) -> pos.Coupon:
        assert asked.member_id
        try:
            return await self._till.issue_coupon(
                template_id=asked.template, member_id=asked.member_id, idempotency_key=asked.key
            )
        except pos.PosDuplicate as error:
            if found := await self._look(asked):
                return found
            raise _Unclear(f"{error}; but she has none") from None
        except REFUSALS as error:
            raise _Refused(str(error)[:200]) from None
        except pos.PosError as error:
            if _did_nothing(error):  # what there is to find is of earlier attempts
                async with self._database.transaction() as session:
                    await coupons.not_asked(session, asked, before)
            raise

    @property
    def _keyless(self) -> bool:
        """Whether asking twice makes two."""
        return self._till.capabilities.issue_idempotent == "none"

    async def _issued(self, key: str, coupon: pos.Coupon) -> Coupon:
        async with self._database.transaction() as session:
            return await coupons.issued(session, key, told(coupon), self._clock())

    async def _refuse(self, key: str, reason: str) -> Coupon:
        async with self._database.transaction() as session:
            return await coupons.refuse(session, key, reason, self._clock())


def _did_nothing(error: pos.PosError) -> bool:
    """And will do it later: when it is back, or when our key or right is mended."""
    return error.retryable or isinstance(error, pos.PosAuthError)


def told(coupon: pos.Coupon) -> coupons.Told:
    """A coupon of the port as the rows know it. One that an open order holds is still hers."""
    held = coupon.status is pos.CouponStatus.FROZEN
    return coupons.Told(
        coupon_id=coupon.coupon_id,
        status=coupons.ISSUED if held else coupon.status.value,
        redeemed_at=coupon.redeemed_at,
        redeemed_store_id=coupon.redeemed_store_id,
        valid_until=coupon.valid_until,
    )
