"""A push of the till is a hint, the query is the truth: what was kept at the door is read here."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio import activity

from activities.courier import Courier
from activities.orders import Applied, apply_order, deliver
from activities.redemptions import apply_coupon
from domain.messages import SettledHints, SettleHints
from integrations import pos
from settings import Clock
from storage import coupons, hints, inbound, members, orders
from storage.database import Database
from storage.member_keys import MemberKeyError, MemberKeys
from storage.tables import TillHint

BATCH = 20  # hints for one activity: with every call at its timeout it still ends within a minute
AT_ONCE = 4  # calls: the walks and the greetings want their share of a till's rate, too
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=5), timedelta(minutes=30)  # doubled in between
NOT_FOUND_AFTER = timedelta(hours=6)  # a provider that can read an order so late is found by the nightly walk
GIVEN_UP_AFTER = timedelta(days=3)  # an outage so long, or an answer that nobody understands: the walk again
REASON_CHARS = 200

log = logging.getLogger(__name__)

_LATE = {
    pos.EventKind.ORDER_PAID: "is not paid yet",
    pos.EventKind.ORDER_REFUNDED: "has no refund yet",
    pos.EventKind.COUPON_REDEEMED: "is not redeemed yet",
}
Found = pos.Order | pos.Coupon | pos.Member


@dataclass(frozen=True)
class Thing:
    """What several hints may be of: it is read once for all of them."""

    what: str  # order, coupon or member
    id: str


class TillFeed:
    """Every hint ends with an outcome; what is news reaches the lives through the rows of inbound_events."""

    def __init__(
        self, database: Database, till: pos.PosPort, courier: Courier, keys: MemberKeys, clock: Clock
    ) -> None:
        self._database, self._till, self._courier = database, till, courier
        self._keys, self._clock = keys, clock

    @activity.defn
    async def settle_hints(self, what: SettleHints) -> SettledHints:
        """Read a batch of what is due. One that cannot be read now is put off and holds up no other."""
        async with self._database.transaction() as session:
            due = await hints.due(session, what.provider, self._clock(), BATCH)
        by_thing: dict[Thing | None, list[TillHint]] = {}
        for hint in due:
            by_thing.setdefault(_thing(hint), []).append(hint)
        turn = asyncio.Semaphore(AT_ONCE)

        async def one(thing: Thing | None, of_it: list[TillHint]) -> int:
            async with turn:
                return await self._settle(thing, of_it)

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(*item)) for item in by_thing.items()]
        async with self._database.transaction() as session:
            next_at = await hints.next_due(session, what.provider)
        settled = sum(task.result() for task in tasks)
        return SettledHints(settled=settled, put_off=len(due) - settled, next_at=next_at)

    async def _settle(self, thing: Thing | None, of_it: Sequence[TillHint]) -> int:
        """How many are settled; the others are put off."""
        try:
            found = await self._read(thing, of_it) if thing else None
            late, subject = await self._keep(found, of_it)
        except pos.PosError as error:
            return await self._failed(of_it, error)
        except Exception as error:  # a mistake of ours, or what no row can hold: no other hint waits for it
            log.error("%s cannot be taken: %s", thing, type(error).__name__)
            return await self._failed(of_it, pos.PosUnavailable(f"not taken: {type(error).__name__}"))
        await deliver(self._courier, subject)
        settled = len(of_it) - len(late)
        if thing and late:
            why = f"{thing.what} {thing.id} {_LATE[pos.EventKind(late[0].kind)]}"
            settled += await self._failed(late, pos.PosNotFound(why))
        return settled

    async def _read(self, thing: Thing, of_it: Sequence[TillHint]) -> Found | None:
        if thing.what == "order":
            return await self._till.get_order(thing.id)
        if thing.what == "coupon":
            member_id = of_it[0].facts.get("member_id") or await self._holder(thing.id)
            found_coupon = await self._coupon(thing.id, member_id)
            return found_coupon and _completed(found_coupon, of_it)
        found = await self._till.find_members(pos.MemberKey(kind="member_id", value=thing.id))
        if len(found) != 1:
            raise pos.PosNotFound(f"the till knows {len(found)} members {thing.id}")
        return found[0]

    async def _coupon(self, coupon_id: str, member_id: str | None) -> pos.Coupon | None:
        """None: it is none of ours, and this till reads a coupon only by its member."""
        try:
            return await self._till.get_coupon(coupon_id, member_id=member_id)
        except pos.PosInvalidRequest:
            if member_id:
                raise
            return None

    async def _holder(self, coupon_id: str) -> str | None:
        """Of one of ours: some tills read a coupon only by its member, and do not push who that is."""
        async with self._database.transaction() as session:
            row = await coupons.by_id(session, coupon_id)
        return row.member_id if row else None

    async def _keep(
        self, found: Found | None, of_it: Sequence[TillHint]
    ) -> tuple[list[TillHint], str | None]:
        """Write down what the till says; which hints say more than that, and for whom there may be news."""
        now = self._clock()
        async with self._database.transaction() as session:
            outcome, applied = await self._write(session, found, now)
            late = [hint for hint in of_it if _lags(hint.kind, found, applied)]
            keys = [hint.dedupe_key for hint in of_it if hint not in late]
            await hints.settle(session, self._till.provider, keys, outcome, now)
        return late, applied.subject

    async def _write(self, session: AsyncSession, found: Found | None, now: datetime) -> tuple[str, Applied]:
        """And the outcome of its hints."""
        if isinstance(found, pos.Order):
            applied = await apply_order(session, self._till.provider, found, now)
            return _outcome(applied, names_her=found.member_id is not None), applied
        if isinstance(found, pos.Coupon):
            applied = await apply_coupon(session, found, now)
            return _outcome(applied), applied
        if isinstance(found, pos.Member):
            try:
                await members.keep(session, self._till.provider, found, self._keys, now)
            except MemberKeyError as error:  # somebody has to set it; the nightly walk reads her again
                log.error("a member cannot be kept: %s", error)
                return f"refused: {error}", Applied("unchanged")
            return "applied", Applied("changed")
        return "ignored: nothing is to be read again", Applied("unchanged")

    async def _failed(self, of_it: Sequence[TillHint], error: pos.PosError) -> int:
        """Asked again later, ever more rarely; what can never be read is settled with its reason."""
        keys = [hint.dedupe_key for hint in of_it]
        now, why = self._clock(), str(error)[:REASON_CHARS]
        age = now - max(hint.received_at for hint in of_it)
        word = _given_up(error, age)
        if isinstance(error, pos.PosAuthError):
            log.error("the till refuses us, and its pushes wait: %s: %s", type(error).__name__, why)
        elif word and word != "not_found":
            log.error("a push of the till is given up: %s: %s", word, why)
        async with self._database.transaction() as session:
            if word:
                await hints.settle(session, self._till.provider, keys, f"{word}: {why}", now)
            else:
                wait = _wait(max(hint.attempts for hint in of_it), error)
                await hints.put_off(session, self._till.provider, keys, f"waits: {why}", now + wait)
        return len(keys) if word else 0


def _thing(hint: TillHint) -> Thing | None:
    """None: nothing is to be read again for it. Stock is looked at by itself (`activities.overstock`)."""
    what = hint.kind.partition(".")[0]
    name = hint.facts.get(f"{what}_id")
    return Thing(what, str(name)) if what in ("order", "coupon", "member") and name else None


def _completed(coupon: pos.Coupon, of_it: Sequence[TillHint]) -> pos.Coupon:
    """Some tills say only in the push when and where a coupon was redeemed."""
    told = next((one.facts for one in of_it if one.kind == pos.EventKind.COUPON_REDEEMED), {})
    if coupon.status is not pos.CouponStatus.REDEEMED or coupon.redeemed_at or "occurred_at" not in told:
        return coupon
    store_id = coupon.redeemed_store_id or told.get("store_id")
    at = datetime.fromisoformat(told["occurred_at"])
    return coupon.model_copy(update={"redeemed_at": at, "redeemed_store_id": store_id})


def _lags(kind: str, found: Found | None, applied: Applied) -> bool:
    """The query answers from an older state than the push."""
    match kind, found:
        case pos.EventKind.ORDER_PAID, pos.Order():
            return found.status is pos.OrderStatus.OPEN
        case pos.EventKind.ORDER_REFUNDED, pos.Order(refund_of=None):
            # Where tickets alone tell of refunds, the order itself never does.
            return applied.status == orders.PAID
        case pos.EventKind.COUPON_REDEEMED, pos.Coupon():
            return found.status in (pos.CouponStatus.ISSUED, pos.CouponStatus.FROZEN)
    return False


def _outcome(applied: Applied, *, names_her: bool = True) -> str:
    if applied.word == "nobody":
        return "nobody: it is none of our coupons"
    done = "unchanged" if applied.word == "unchanged" else "applied"
    if not names_her:
        return f"{done}: nobody's, it names no member"
    waits = applied.subject is not None and applied.subject.startswith(inbound.MEMBER)
    return f"{done}: nobody knows the member yet" if waits else done


def _given_up(error: pos.PosError, age: timedelta) -> str | None:
    """The word of its outcome; None: it is asked again."""
    if isinstance(error, pos.PosNotFound):
        return "not_found" if age > NOT_FOUND_AFTER else None
    if error.retryable or isinstance(error, pos.PosAuthError):
        return "unread" if age > GIVEN_UP_AFTER else None
    return "refused"


def _wait(attempts: int, error: pos.PosError) -> timedelta:
    growing: timedelta = min(FIRST_WAIT * 2 ** min(attempts, 16), LONGEST_WAIT)
    return max(growing, timedelta(seconds=error.retry_after_s or 0))
