"""Planning a touch: into the ledger, into its batch, and the batch's task made sure of."""

from temporalio import activity

from activities.courier import Courier
from domain.messages import PlannedTouch, PlanTouch
from domain.policy import Policy
from domain.touches import Content, TouchStatus
from settings import Clock
from storage import ledger, tasks
from storage.database import Database


class Touches:
    """The one door through which a message is intended for anyone."""

    def __init__(self, database: Database, policy: Policy, courier: Courier, clock: Clock) -> None:
        self._database, self._policy, self._courier, self._clock = database, policy, courier, clock

    @activity.defn
    async def plan_touch(self, what: PlanTouch) -> PlannedTouch:
        """Write a touch down. Planning the same key again changes nothing and returns what became of it."""
        now = self._clock()
        content = Content(text=what.text, kind=what.kind, invite_to=what.invite_to, benefit=what.benefit)
        new = ledger.NewTouch(
            key=what.key,
            external_userid=what.external_userid,
            userid=what.userid,
            content=content,
            playbook=what.playbook,
            priority=what.priority,
            notify=what.notify,
        )
        async with self._database.transaction() as session:
            touch = await ledger.plan(session, new, self._policy, now)
            batch = await tasks.batch_of(session, touch.batch_id) if touch.batch_id else None
        if batch and batch.status == "open":
            await self._courier.start_staff_task(batch.id or 0, batch.window_ends_at - now)
        return PlannedTouch(status=TouchStatus(touch.status), rule=touch.rule, batch_id=touch.batch_id)
