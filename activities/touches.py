"""Planning a touch: into the ledger, into its batch, and the batch's task made sure of."""

from dataclasses import replace
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio import activity

from activities.courier import Courier
from activities.notices import by_hand
from activities.todo_planner import TodoPlanner
from domain.policy import Policy
from domain.rooms import JoinRules
from domain.step_messages import PlannedTouch, PlanTouch
from domain.touches import Channel, TouchStatus
from playbooks import templates
from settings import Clock
from storage import coupons, exposures, ledger, tasks, ways
from storage.database import Database
from storage.tables import Touch


class Touches:
    """The one door through which a message is intended for anyone."""

    def __init__(
        self, database: Database, policy: Policy, courier: Courier, clock: Clock, rules: JoinRules
    ) -> None:
        self._database, self._policy, self._courier, self._clock = database, policy, courier, clock
        self._rules = rules
        self._todos = TodoPlanner(database, policy, courier, clock, rules)

    @activity.defn
    async def plan_touch(self, what: PlanTouch) -> PlannedTouch:
        """Write a touch down, by the first way that reaches her, and make sure of what carries it out.

        Planning the same key again changes nothing and returns what became of it.
        """
        now = self._clock()
        async with self._database.transaction() as session:
            what = await _with_coupon_store(session, what)
            touch = await ways.planned(session, what.key) or await self._plan(session, what, now)
            batch = await tasks.batch_of(session, touch.batch_id) if touch.batch_id else None
        if batch and batch.status == "open":
            await self._courier.start_staff_task(batch.id or 0, batch.window_ends_at - now)
        if touch.channel == Channel.STAFF and touch.status == TouchStatus.CLAIMED:
            await by_hand(self._todos, what, touch.userid or "")
        return PlannedTouch(
            status=TouchStatus(touch.status),
            rule=touch.rule,
            batch_id=touch.batch_id,
            channel=Channel(touch.channel),
        )

    async def _plan(self, session: AsyncSession, what: PlanTouch, now: datetime) -> Touch:
        new = await ways.choose(session, what, self._rules, now)
        refused = await _held_out(session, what, now) or new.refused
        return await ways.plan(session, replace(new, refused=refused), self._policy, now)


async def _with_coupon_store(session: AsyncSession, what: PlanTouch) -> PlanTouch:
    """Where her own coupon can be used is said before the text is batched with others that say the same."""
    if what.enrolment is None or not templates.names_coupon_store(what.text):
        return what
    store = await coupons.promised_at(session, what.external_userid, what.enrolment)
    name = store.name if store else templates.ANY_STORE
    return what.model_copy(update={"text": templates.with_coupon_store(what.text, name)})


async def _held_out(session: AsyncSession, what: PlanTouch, now: datetime) -> ledger.Refusal | None:
    why = await exposures.why_held_out(
        session, what.external_userid, what.holdout, playbook=what.playbook, now=now
    )
    return ledger.Refusal("holdout", why) if why else None
