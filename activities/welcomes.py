"""The greeting: who she is, which group is hers, one call within 20 seconds, and what became of it."""

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.courier import Courier, Parcel
from activities.failures import not_yet, translated
from activities.identify import Identifier, Identity
from domain.customer import WelcomeOutcome
from domain.events import Event, EventKind
from domain.messages import WelcomeSettled, WelcomeStart
from domain.policy import Policy
from domain.touches import TouchStatus
from integrations import wecom
from playbooks import templates
from settings import Clock
from storage import directory, greetings, pictures
from storage.database import Database
from storage.greetings import Claim
from storage.tables import Employee, Group, Store

SEND_SECONDS = 3.0  # one call; three of them fit into the 20 seconds with the lookups before them
QR_JOIN_CAP = 200  # a group's QR stops working at 200 members (contract §7.3)


@dataclass(frozen=True)
class Greeting:
    """What to say, and which group it invites to."""

    message: wecom.Message
    chat_id: str | None


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
    ) -> None:
        self._database, self._client, self._identifier = database, client, identifier
        self._policy, self._courier, self._clock = policy, courier, clock

    @activity.defn
    async def greet(self, what: WelcomeStart) -> WelcomeSettled:
        """Claim, look up, send, settle, tell her life. Calling it again never greets twice.

        A claimed greeting without an outcome is repeated with the same code: WeCom takes a code once, so the
        code is the idempotency key (design §2).
        """
        async with _heartbeating():
            claim = await self._claim(what)
            if claim.busy:
                raise not_yet("another code of this friendship is in flight", again_in=timedelta(seconds=1))
            if claim.mine:
                greeting = await self._compose_or_release(what, claim)
                outcome, reason = await self._send(what, claim, greeting)
                settled = await self._settle(claim, outcome, reason, greeting.chat_id)
            else:
                settled = WelcomeSettled(outcome=WelcomeOutcome(claim.status.value), reason=claim.reason)
                settled.chat_id = claim.chat_id
            await self._tell(what, settled)
        return settled

    @activity.defn
    async def give_up(self, what: WelcomeStart) -> WelcomeSettled:
        """The retries are used up: settle as unknown if an attempt went unanswered, else as failed."""
        claim = await self._claim(what)
        if claim.busy:
            settled = WelcomeSettled(outcome=WelcomeOutcome.UNKNOWN, reason="another code is still in flight")
        elif claim.status is not TouchStatus.CLAIMED:
            settled = WelcomeSettled(outcome=WelcomeOutcome(claim.status.value), reason=claim.reason)
        else:
            outcome = WelcomeOutcome.UNKNOWN if claim.repeated else WelcomeOutcome.FAILED
            settled = await self._settle(claim, outcome, "WeCom gave no answer in time", None)
        await self._tell(what, settled)
        return settled

    async def _claim(self, what: WelcomeStart) -> Claim:
        attempt = hashlib.sha256((what.code or what.event.id).encode()).hexdigest()[:12]
        async with self._database.transaction() as session:
            return await greetings.claim(session, what.external_userid, what.event, attempt, self._clock())

    async def _compose_or_release(self, what: WelcomeStart, claim: Claim) -> Greeting:
        """A greeting that could not even be composed was certainly not sent: the next try is a first try."""
        try:
            return await self._compose(what)
        except Exception:
            if not claim.repeated:
                await self._release(claim)
            raise

    async def _compose(self, what: WelcomeStart) -> Greeting:
        """Within the lookup budget; whatever is not known in time is left out, the greeting is not."""
        event = what.event
        identity = await self._identifier.identify(what.external_userid)
        async with self._database.transaction() as session:
            entry, name = await directory.entry_of(session, event.state, event.userid or "")
            found = await directory.current_playbook(session, name or self._policy.default_playbook)
            if found is None:
                raise ApplicationError(
                    "no playbook is published: run `journeys up` or the worker once", type="NoPlaybook"
                )
            employee = await directory.ensure_employee(session, event.userid or "")
            group, picture = None, None
            if found[0].welcome.invite_to_group:
                group, picture = await self._invitation(session, identity.favourite_store, entry.store_id)
            store_id = (group.store_id if group else None) or entry.store_id
            store = await session.get(Store, store_id) if store_id else None  # her employee may be new to us
        values = _values(identity, employee, store, found[0].welcome.benefit, group, self._clock())
        text = templates.render(found[0].welcome.text, values)
        attachments = (wecom.Image(media_id=picture),) if picture else ()
        return Greeting(wecom.Message(text=text, attachments=attachments), group.chat_id if group else None)

    async def _invitation(
        self, session: AsyncSession, *store_ids: str | None
    ) -> tuple[Group, str] | tuple[None, None]:
        """The first of the stores whose group can be joined and whose QR picture WeCom holds."""
        for store_id in store_ids:
            group = await directory.open_group(session, store_id, QR_JOIN_CAP)
            picture = await pictures.group_qr(session, group.chat_id, self._clock()) if group else None
            if group and picture:
                return group, picture
        return None, None

    async def _send(self, what: WelcomeStart, claim: Claim, greeting: Greeting) -> tuple[WelcomeOutcome, str]:
        if what.code is None:
            return WelcomeOutcome.NO_CODE, "WeCom sent no code: the console greets, or they had chatted"
        with translated():
            try:
                await self._client.send_welcome_msg(what.code, greeting.message, timeout_seconds=SEND_SECONDS)
            except wecom.BusinessState as state:
                return _outcome_of(state, repeated=claim.repeated or await self._overtaken(claim))
            except (wecom.Refused, wecom.Misconfigured, wecom.InvalidMessage) as refusal:
                return WelcomeOutcome.FAILED, str(refusal)[:200]
            except wecom.WeComError as error:
                unanswered = isinstance(error, wecom.Unreachable) and error.maybe_done
                if not unanswered and not claim.repeated:
                    await self._release(claim)  # certainly not sent: the next try is a first try
                raise
        return WelcomeOutcome.SENT, ""

    async def _overtaken(self, claim: Claim) -> bool:
        async with self._database.transaction() as session:
            return await greetings.overtaken(session, claim)

    async def _release(self, claim: Claim) -> None:
        async with self._database.transaction() as session:
            await greetings.release(session, claim)

    async def _settle(
        self, claim: Claim, outcome: WelcomeOutcome, reason: str, chat_id: str | None
    ) -> WelcomeSettled:
        """What became of it, in the words of the attempt that settled it first."""
        status = TouchStatus(outcome.value)
        async with self._database.transaction() as session:
            touch = await greetings.settle(session, claim.key, status, reason, chat_id, self._clock())
        return WelcomeSettled(
            outcome=WelcomeOutcome(str(touch.status)), reason=touch.reason, chat_id=touch.chat_id
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
        )
        await self._courier.post("welcome", f"customer/{what.external_userid}", Parcel(event=event))


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


def _values(
    identity: Identity,
    employee: Employee,
    store: Store | None,
    benefit: str | None,
    group: Group | None,
    now: datetime,
) -> dict[str, Any]:
    zone = ZoneInfo(store.zone if store else "Asia/Shanghai")
    return {
        "customer": {"nickname": identity.nickname or "您"},
        "employee": {"name": employee.name},
        "store": {"name": store.name if store else "本店"},
        "group": {"name": group.name if group else ""},
        "benefit": benefit or "",
        "date": templates.local_date(now.astimezone(zone).date()),
    }


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
