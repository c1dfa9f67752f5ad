"""A push of the till is a hint, the query is the truth: what was kept at the door is read here."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio import activity

from activities.coupons import told
from activities.courier import Courier
from activities.orders import apply_order, deliver, post, subject_of
from domain.addresses import customer_id
from domain.events import Event, EventKind
from domain.messages import SettledHints, SettleHints
from integrations import pos
from settings import Clock
from storage import coupons, hints, inbound, members
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
_ENDS = {
    pos.CouponStatus.REDEEMED: EventKind.COUPON_REDEEMED,
    pos.CouponStatus.EXPIRED: EventKind.COUPON_EXPIRED,
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

        async def one(thing: Thing | None, of_it: list[TillHint]) -> bool:
            async with turn:
                return await self._settle(thing, of_it)

        async with asyncio.TaskGroup() as group:
            tasks = {group.create_task(one(*item)): len(item[1]) for item in by_thing.items()}
        async with self._database.transaction() as session:
            next_at = await hints.next_due(session, what.provider)
        settled = sum(count for task, count in tasks.items() if task.result())
        return SettledHints(settled=settled, put_off=len(due) - settled, next_at=next_at)

    async def _settle(self, thing: Thing | None, of_it: Sequence[TillHint]) -> bool:
        """False: it is put off."""
        keys = [hint.dedupe_key for hint in of_it]
        try:
            found = await self._ask(thing, of_it) if thing else None
        except pos.PosError as error:
            return await self._failed(keys, of_it, error)
        now = self._clock()
        async with self._database.transaction() as session:
            try:
                outcome, subject = await self._write(session, found, now)
            except (
                MemberKeyError
            ) as error:  # the settings have to be mended; the nightly walk reads her again
                log.error("a member cannot be kept: %s", error)
                outcome, subject = f"refused: {error}", None
            await hints.settle(session, self._till.provider, keys, outcome, now)
        await deliver(self._courier, subject)
        return True

    async def _ask(self, thing: Thing, of_it: Sequence[TillHint]) -> Found:
        """Raises PosNotFound also for what the till knows, but not yet as its own push says."""
        found = await self._read(thing, of_it[0].facts.get("member_id"))
        for hint in of_it:
            if _lags(hint.kind, found):
                raise pos.PosNotFound(f"{thing.what} {thing.id} {_LATE[pos.EventKind(hint.kind)]}")
        return found

    async def _read(self, thing: Thing, member_id: str | None) -> Found:
        if thing.what == "order":
            return await self._till.get_order(thing.id)
        if thing.what == "coupon":
            return await self._till.get_coupon(thing.id, member_id=member_id or await self._holder(thing.id))
        found = await self._till.find_members(pos.MemberKey(kind="member_id", value=thing.id))
        if len(found) != 1:
            raise pos.PosNotFound(f"the till knows {len(found)} members {thing.id}")
        return found[0]

    async def _holder(self, coupon_id: str) -> str | None:
        """Of one of ours: some tills read a coupon only by its member, and do not push who that is."""
        async with self._database.transaction() as session:
            row = await coupons.by_id(session, coupon_id)
        return row.member_id if row else None

    async def _write(
        self, session: AsyncSession, found: Found | None, now: datetime
    ) -> tuple[str, str | None]:
        """The outcome, and for whom there may be news."""
        provider = self._till.provider
        if isinstance(found, pos.Order):
            applied = await apply_order(session, provider, found, now)
            return _outcome(applied.word, applied.subject, found.member_id), applied.subject
        if isinstance(found, pos.Coupon):
            return await self._redeemed(session, found, now)
        if isinstance(found, pos.Member):
            await members.keep(session, provider, found, self._keys, now)
            return "applied", None
        return "ignored: nothing is to be read again", None

    async def _redeemed(
        self, session: AsyncSession, coupon: pos.Coupon, now: datetime
    ) -> tuple[str, str | None]:
        """One of ours is her customer's, whoever uses it; another is of whoever is the member."""
        if await coupons.by_id(session, coupon.coupon_id):
            news = await coupons.learn(session, told(coupon), now)
            if news is None:
                return "unchanged", None
            external_userid, event = news
            await post(session, customer_id(external_userid), event, now)
            return "applied", customer_id(external_userid)
        kind = _ENDS.get(coupon.status)
        if kind is None or coupon.member_id is None:
            return "nobody: it is none of our coupons", None
        subject = await subject_of(session, coupon.member_id)
        at = coupon.redeemed_at if kind is EventKind.COUPON_REDEEMED else coupon.valid_until
        name = f"coupon/{coupon.coupon_id}/{coupon.status}"  # as ours are called
        event = Event(id=name, kind=kind, at=at or now, coupon_id=coupon.coupon_id)
        new = await post(session, subject, event, now)
        return _outcome("new" if new else "unchanged", subject, coupon.member_id), subject

    async def _failed(self, keys: Sequence[str], of_it: Sequence[TillHint], error: pos.PosError) -> bool:
        """Asked again later, ever more rarely; what can never be read is settled with its reason."""
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
        return word is not None


def _thing(hint: TillHint) -> Thing | None:
    """None: nothing is to be read again for it. Stock is looked at by itself (`activities.overstock`)."""
    what = hint.kind.partition(".")[0]
    name = hint.facts.get(f"{what}_id")
    return Thing(what, str(name)) if what in ("order", "coupon", "member") and name else None


def _lags(kind: str, found: Found) -> bool:
    """The query answers from an older state than the push."""
    match kind, found:
        case pos.EventKind.ORDER_PAID, pos.Order():
            return found.status is pos.OrderStatus.OPEN
        case pos.EventKind.ORDER_REFUNDED, pos.Order():
            whole = found.status is pos.OrderStatus.PAID and found.refund_of is None
            return whole and not (found.refunded and found.refunded.amount_minor)
        case pos.EventKind.COUPON_REDEEMED, pos.Coupon():
            return found.status in (pos.CouponStatus.ISSUED, pos.CouponStatus.FROZEN)
    return False


def _outcome(word: str, subject: str | None, member_id: str | None) -> str:
    done = "unchanged" if word == "unchanged" else "applied"
    if member_id is None:
        return f"{done}: nobody's, it names no member"
    waits = subject is not None and subject.startswith(inbound.MEMBER)
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
