"""Carrying out the steps of a playbook: one message planned, one coupon credited at a time."""

from temporalio import workflow

from domain import journey
from domain.customer import CustomerState
from domain.messages import GiveCoupon, GivenCoupon, PlannedTouch, PlanTouch
from domain.touches import TouchStatus
from workflows import options
from workflows.attempts import Attempts

with workflow.unsafe.imports_passed_through():
    from activities.till import Till
    from activities.touches import Touches


class Stepping:
    """Does what `domain.journey` says is next for one life."""

    def __init__(self, state: CustomerState, attempts: Attempts) -> None:
        self.state, self.attempts = state, attempts

    async def act(self, action: journey.SendTouch | journey.IssueCoupon) -> None:
        """Carry out one step of a playbook."""
        if isinstance(action, journey.SendTouch):
            touch = self.touch_of(action)
            planned = await self.plan(
                journey.retry_key(action.playbook), f"message of {action.playbook}", touch
            )
            if planned:
                refused = planned.status is TouchStatus.REFUSED
                journey.done(self.state, action, workflow.now(), refused=refused)
        elif given := await self.give_coupon(action):
            journey.done(self.state, action, workflow.now(), refused=not given.issued)

    def touch_of(self, action: journey.SendTouch) -> PlanTouch:
        """The message of a `send` step, through the friend she made last."""
        friends = [f for f in self.state.friends if not f.half]
        rules = self.state.enrolments[action.playbook].pinned.journey
        return PlanTouch(
            key=action.key,
            external_userid=self.state.external_userid,
            userid=friends[0].userid if friends else None,
            text=action.send.text,
            kind=action.send.content,
            benefit=rules.benefit,
            playbook=action.playbook,
            priority=action.send.priority,
            notify=action.send.wait_for_delivery,
        )

    async def plan(self, key: str, name: str, touch: PlanTouch) -> PlannedTouch | None:
        """Write one touch into the ledger. None when that failed and is put off."""
        if self.attempts.put_off(key):
            return None
        planned = await self.attempts.attempt(
            key,
            workflow.execute_local_activity_method(
                Touches.plan_touch, touch, **options.database(f"plan {name}")
            ),
        )
        if planned:
            journey.note(self.state, workflow.now(), f"{name} {planned.status}", planned.rule or "")
        return planned

    async def give_coupon(self, action: journey.IssueCoupon) -> GivenCoupon | None:
        """Credit the coupon to her account. None when that failed and is put off."""
        what = GiveCoupon(key=action.key, external_userid=self.state.external_userid, coupon=action.coupon)
        given = await self.attempts.attempt(
            journey.retry_key(action.playbook),
            workflow.execute_activity_method(
                Till.issue_coupon, what, **options.till(f"credit {action.coupon.template}")
            ),
            refused=lambda why: GivenCoupon(issued=False, reason=why),
        )
        if given is None:
            return None
        outcome = "credited" if given.issued else "refused"
        journey.note(self.state, workflow.now(), f"coupon {action.coupon.name} {outcome}", given.reason)
        return given
