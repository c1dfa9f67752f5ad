"""The greeting: claimed, sent with one call within 20 seconds, settled, and told to her life."""

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

from temporalio import activity

from activities.attachments import Attachments
from activities.courier import Courier, Parcel
from activities.failures import not_yet, translated
from activities.greeting import Greeting, GreetingWriter
from activities.group_pictures import GroupPictures
from activities.identify import Identifier
from activities.media import FORGOTTEN
from domain.customer import WelcomeOutcome
from domain.events import Event, EventKind, Promised
from domain.links import FormLinks
from domain.messages import WelcomeSettled, WelcomeStart
from domain.policy import Policy
from domain.rooms import JoinRules
from domain.touches import TouchStatus
from integrations import wecom
from settings import Clock
from storage import greetings
from storage.database import Database
from storage.greetings import Claim

PICTURE_LOST = "sent without the group's QR: WeCom had forgotten the picture"
OWN_LOST = "sent without the playbook's pictures: WeCom had forgotten one"
GREETS_NOBODY = "the playbook of her entry code greets nobody"
SEND_SECONDS = 3.0  # one call; three of them fit into the 20 seconds with the lookups before them
GREETING_SECONDS = 7.5  # one attempt with everything; Temporal ends it after 8
PICTURE_SECONDS = 2.0  # to bring a forgotten picture to WeCom once more


class Welcomes:
    """Greets each friendship once."""

    def __init__(
        self,
        database: Database,
        client: wecom.WeComClient,
        identifier: Identifier,
        policy: Policy,
        courier: Courier,
        clock: Clock,
        rules: JoinRules,
        *,
        links: FormLinks,
    ) -> None:
        self._database, self._client = database, client
        self._courier, self._clock = courier, clock
        self._writer = GreetingWriter(database, identifier, policy, clock, rules, links)
        self._pictures = GroupPictures(database, client, clock)
        self._attachments = Attachments(database, client, clock)

    @activity.defn
    async def greet(self, what: WelcomeStart) -> WelcomeSettled:
        """Claim, look up, send, settle, tell her life. Calling it again never greets twice.

        A claimed greeting without an outcome is repeated with the same code: WeCom takes a code once, so the
        code is the idempotency key (design §2).
        """
        deadline = asyncio.get_running_loop().time() + GREETING_SECONDS
        async with _heartbeating():
            claim = await self._claim(what)
            if claim.busy:
                raise not_yet("another code of this friendship is in flight", again_in=timedelta(seconds=1))
            if claim.mine:
                greeting = await self._compose_or_release(what, claim)
                settled = await self._settle(claim, await self._send(what, claim, greeting, deadline))
            else:
                settled = _settled_before(claim)
            await self._tell(what, settled)
        return settled

    @activity.defn
    async def give_up(self, what: WelcomeStart) -> WelcomeSettled:
        """The retries are used up: settle as unknown if an attempt went unanswered, else as failed."""
        claim = await self._claim(what)
        if claim.busy:
            settled = WelcomeSettled(outcome=WelcomeOutcome.UNKNOWN, reason="another code is still in flight")
        elif claim.status is not TouchStatus.CLAIMED:
            settled = _settled_before(claim)
        else:
            outcome = WelcomeOutcome.UNKNOWN if claim.repeated else WelcomeOutcome.FAILED
            end = WelcomeSettled(outcome=outcome, reason="WeCom gave no answer in time")
            settled = await self._settle(claim, end)
        await self._tell(what, settled)
        return settled

    async def _claim(self, what: WelcomeStart) -> Claim:
        attempt = hashlib.sha256((what.code or what.event.id).encode()).hexdigest()[:12]
        async with self._database.transaction() as session:
            return await greetings.claim(session, what.external_userid, what.event, attempt, self._clock())

    async def _compose_or_release(self, what: WelcomeStart, claim: Claim) -> Greeting | None:
        """A greeting that could not even be composed was certainly not sent: the next try is a first try.

        What it promises is on record before it is sent; of an attempt without an answer that stands.
        """
        try:
            greeting = await self._writer.write(what)
            coupon = greeting.coupon if greeting else None
            if coupon != claim.coupon and not (claim.repeated and claim.coupon):
                async with self._database.transaction() as session:
                    await greetings.promise(session, claim, coupon)
            return greeting
        except Exception:
            if not claim.repeated:
                await self._release(claim)
            raise

    async def _send(
        self, what: WelcomeStart, claim: Claim, greeting: Greeting | None, deadline: float
    ) -> WelcomeSettled:
        if greeting is None:
            return WelcomeSettled(outcome=WelcomeOutcome.REFUSED, reason=GREETS_NOBODY)
        if what.code is None:
            reason = "WeCom sent no code: the console greets, or they had chatted"
            return WelcomeSettled(outcome=WelcomeOutcome.NO_CODE, reason=reason, chat_id=greeting.chat_id)
        with translated():
            try:
                sent = await self._deliver(what.code, greeting, deadline)
            except wecom.BusinessState as state:
                repeated = claim.repeated or await self._overtaken(claim)
                outcome, reason = _outcome_of(state, repeated=repeated)
                return WelcomeSettled(outcome=outcome, reason=reason, chat_id=greeting.chat_id)
            except (wecom.Refused, wecom.Misconfigured, wecom.InvalidMessage) as refusal:
                reason = str(refusal)[:200]
                return WelcomeSettled(outcome=WelcomeOutcome.FAILED, reason=reason, chat_id=greeting.chat_id)
            except wecom.WeComError as error:
                unanswered = isinstance(error, wecom.Unreachable) and error.maybe_done
                if not unanswered and not claim.repeated:
                    await self._release(claim)  # certainly not sent: the next try is a first try
                raise
        return WelcomeSettled(
            outcome=WelcomeOutcome.SENT, reason=_reason(greeting, sent), chat_id=sent.chat_id
        )

    async def _deliver(
        self, code: str, greeting: Greeting, deadline: float, *, renew: bool = True
    ) -> Greeting:
        """What was sent. A group's picture that WeCom has forgotten is brought there once more, or left out.

        WeCom refuses such a greeting as a whole and the code stays good (contract §4.1). Which picture it
        was it does not say: the playbook's own are left out at once, and brought there by the next sweep.
        """
        try:
            await self._call(code, greeting, deadline)
            return greeting
        except wecom.Refused as refusal:
            if refusal.errcode != FORGOTTEN or not greeting.has_pictures:
                raise
        await self._attachments.forget(greeting.attachments)
        other = greeting.without_own_pictures()
        if renew and other.picture:
            other = await self._with_new_picture(other, deadline)
        elif not renew:
            other = other.without_picture()
        return await self._deliver(code, other, deadline, renew=False)

    async def _call(self, code: str, greeting: Greeting, deadline: float) -> None:
        left = deadline - asyncio.get_running_loop().time()
        seconds = min(SEND_SECONDS, max(left, SEND_SECONDS / 3))
        await self._client.send_welcome_msg(code, greeting.message, timeout_seconds=seconds)

    async def _with_new_picture(self, greeting: Greeting, deadline: float) -> Greeting:
        left = deadline - asyncio.get_running_loop().time()
        seconds = min(PICTURE_SECONDS, left - SEND_SECONDS)
        picture = await self._pictures.again(greeting.chat_id or "", greeting.picture or "", seconds=seconds)
        return replace(greeting, picture=picture) if picture else greeting.without_picture()

    async def _overtaken(self, claim: Claim) -> bool:
        async with self._database.transaction() as session:
            return await greetings.overtaken(session, claim)

    async def _release(self, claim: Claim) -> None:
        async with self._database.transaction() as session:
            await greetings.release(session, claim)

    async def _settle(self, claim: Claim, end: WelcomeSettled) -> WelcomeSettled:
        """What became of it, in the words of the attempt that settled it first."""
        status = TouchStatus(end.outcome.value)
        async with self._database.transaction() as session:
            touch = await greetings.settle(session, claim.key, status, end.reason, end.chat_id, self._clock())
        return WelcomeSettled(
            outcome=WelcomeOutcome(str(touch.status)),
            reason=touch.reason,
            chat_id=touch.chat_id,
            coupon=greetings.promised(touch),
        )

    async def _tell(self, what: WelcomeStart, settled: WelcomeSettled) -> None:
        """Her life hears of it as one more event; told twice, it is heard once."""
        event = Event(
            id=f"{what.event.id}/welcome",
            kind=EventKind.WELCOME_SETTLED,
            at=what.event.at,
            userid=what.event.userid,
            chat_id=settled.chat_id,
            outcome=settled.outcome,
            reason=settled.reason or None,
            coupon=Promised(**settled.coupon.model_dump()) if settled.coupon else None,
        )
        await self._courier.post("welcome", f"customer/{what.external_userid}", Parcel(event=event))


def _settled_before(claim: Claim) -> WelcomeSettled:
    return WelcomeSettled(
        outcome=WelcomeOutcome(claim.status.value),
        reason=claim.reason,
        chat_id=claim.chat_id,
        coupon=claim.coupon,
    )


def _reason(greeting: Greeting, sent: Greeting) -> str:
    """Why this greeting and this group; and what it had to go without."""
    if sent.chat_id != greeting.chat_id:
        return PICTURE_LOST
    return "; ".join(why for why in (greeting.why, OWN_LOST if sent.lacks(greeting) else "") if why)


def _outcome_of(state: wecom.BusinessState, *, repeated: bool) -> tuple[WelcomeOutcome, str]:
    """What an errcode means; beside another attempt of our own it means something else."""
    match state.errcode:
        case 41051 if repeated:
            return WelcomeOutcome.SENT, "inferred: an attempt of ours had no answer, WeCom says it is used"
        case 41051:
            return WelcomeOutcome.BEATEN, "another app or a chat was first"
        case 41050 if repeated:
            return WelcomeOutcome.UNKNOWN, "an attempt went unanswered, then the 20 seconds were over"
        case 41050:
            return WelcomeOutcome.LATE, "the 20 seconds were over"
        case 41053:
            return WelcomeOutcome.AWAITING_CONSENT, "greeted when she agrees to chat archiving"
        case _:
            return WelcomeOutcome.FAILED, f"errcode {state.errcode}"


@contextlib.asynccontextmanager
async def _heartbeating(every: float = 0.5) -> AsyncIterator[None]:
    """Heartbeat while it runs, so that a killed worker is noticed in seconds and the code is still good."""

    async def beat() -> None:
        while True:
            activity.heartbeat()
            await asyncio.sleep(every)

    beating = asyncio.create_task(beat())
    try:
        yield
    finally:
        beating.cancel()
