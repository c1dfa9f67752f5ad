"""Walks through the till: a page is read, and written down together with the cursor; then its news go out."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.courier import Courier
from activities.failures import not_yet, translated
from activities.meter import period_of
from activities.orders import deliver
from activities.walk_orders import Orders, Redemptions
from activities.walk_parts import Members, Part, Products, Stores
from domain.walk_messages import GiveUp, Walked, WalkKind, WalkRef, WalkStatus
from integrations import pos
from settings import Clock
from storage import till_walks
from storage.database import Database
from storage.member_keys import MemberKeyError, MemberKeys
from storage.tables import TillWalk

PAGES = 500  # in one go: then the workflow shows how far it has come
SOON = 1.0  # seconds; where a provider limits the rate and does not say how long


class TillWalks:
    """All that is known of a walk is in PostgreSQL: after a crash it goes on with the very page."""

    def __init__(self, database: Database, parts: Sequence[Part], courier: Courier, clock: Clock) -> None:
        self._database, self._courier, self._clock = database, courier, clock
        self._parts = {kind: part for part in parts for kind in part.kinds}

    @activity.defn
    async def walk(self, what: WalkRef) -> Walked:
        """Go on until it is done or stopped, or for some hundred pages, or until the quota is used up."""
        for _ in range(PAGES):
            async with self._database.transaction() as session:
                walk = await session.get_one(TillWalk, what.walk_id)
            if walk.status != WalkStatus.RUNNING:
                break
            try:
                await self._page(walk)
            except pos.PosQuotaExhausted as error:
                return await self._rest(walk, error)
            except pos.PosRateLimited as error:
                # Not by the number of attempts: a long walk is slowed down many times.
                again_in = timedelta(seconds=error.retry_after_s or SOON)
                raise not_yet(str(error), again_in=again_in) from None
            except pos.PosError as error:
                await self._say(walk, str(error))
                with translated():
                    raise
            except MemberKeyError as error:  # somebody has to set it
                raise ApplicationError(str(error), type="MemberKeyError", non_retryable=True) from None
            activity.heartbeat(walk.pages)
        return Walked(status=WalkStatus(walk.status), told=in_words(walk))

    @activity.defn
    async def give_up(self, what: GiveUp) -> Walked:
        async with self._database.transaction() as session:
            await till_walks.end(session, what.walk_id, WalkStatus.FAILED, what.reason, self._clock())
            walk = await session.get_one(TillWalk, what.walk_id)
        return Walked(status=WalkStatus(walk.status), told=in_words(walk))

    async def _page(self, walk: TillWalk) -> None:
        part = self._parts[WalkKind(walk.kind)]
        page = await part.read(walk)
        async with self._database.transaction() as session:
            row = await till_walks.still_at(session, walk)
            if row is None:
                return  # stopped, or another attempt that was believed dead was faster
            kept = await part.keep(session, row, page.items, self._clock())
            till_walks.turn_page(row, kept, page.next_cursor, self._clock())
        await deliver(self._courier, *sorted(kept.subjects))
        if row.status == WalkStatus.DONE:
            part.done(row)

    async def _rest(self, walk: TillWalk, error: pos.PosQuotaExhausted) -> Walked:
        """Until the provider's quota is renewed; where it does not say when, that is the next day."""
        now = self._clock()
        again_at = period_of(now, "day")[1]
        if error.retry_after_s is not None:
            again_at = now + timedelta(seconds=error.retry_after_s)
        await self._say(walk, str(error), again_at)
        told = f"{in_words(walk)}; the quota is used up until {again_at:%F %H:%M}Z"
        return Walked(status=WalkStatus.RUNNING, told=told, again_at=again_at)

    async def _say(self, walk: TillWalk, reason: str, next_at: datetime | None = None) -> None:
        async with self._database.transaction() as session:
            await till_walks.pause(session, walk.id, reason, next_at)


def parts_of(till: pos.PosPort, keys: MemberKeys) -> list[Part]:
    return [Stores(till), Products(till), Members(till, keys), Orders(till), Redemptions(till)]


def in_words(walk: TillWalk) -> str:
    """One line for the Temporal UI and for logs."""
    return f"{walk.status}: {walk.seen} seen on {walk.pages} pages, {walk.new} new, {walk.changed} changed"
