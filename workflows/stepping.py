"""Carrying out the steps of a playbook: one thing outside at a time."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from temporalio import workflow

from domain import actions, journey
from domain.customer import CustomerState
from domain.messages import Tagged, Withdrawal
from domain.step_messages import (
    ApplyRules,
    ChangeTags,
    GiveCoupon,
    GivenCoupon,
    LookUp,
    Notified,
    Notify,
    PlannedTouch,
    PlanTouch,
)
from workflows import options
from workflows.attempts import Attempts

with workflow.unsafe.imports_passed_through():
    from activities.coupons import Coupons
    from activities.facts import Facts
    from activities.lives import Lives
    from activities.notices import Notices
    from activities.tagging import Tagging
    from activities.touches import Touches

Result = TypeVar("Result")


class Stepping:
    """Does what `domain.actions` says is next for one life."""

    def __init__(self, state: CustomerState, attempts: Attempts) -> None:
        self.state, self.attempts = state, attempts

    async def act(self, action: actions.Outward | actions.Ask) -> None:
        """Carry out one thing. What fails is put off, and asked for again when that time is over."""
        refused = False
        match action:
            case actions.Ask():
                return await self.ask(action)
            case actions.SendTouch():
                key = actions.retry_key(action.playbook)
                planned = await self.plan(key, f"message of {action.playbook}", self.touch_of(action))
                refused = planned is not None and not planned.settles_for_her
                carried_out = planned is not None
            case actions.IssueCoupon():
                given = await self.give_coupon(action)
                refused = given is not None and not (given.issued or given.held_out)
                carried_out = given is not None
            case actions.MarkTags() | actions.ApplyTagRules():
                carried_out = await self.tag(action)
            case actions.TellStaff():
                carried_out = await self.tell_staff(action)
            case actions.StopTouches():
                carried_out = await self.stop(action)
        if carried_out:
            actions.done(self.state, action, workflow.now(), refused=refused)
        else:  # when it is tried again, the exits are looked at once more
            self.state.enrolments[action.playbook].may_send = False
        return None

    async def ask(self, ask: actions.Ask) -> None:
        """Look up what a branch, a wait, a life stage, a goal or an exit depends on."""
        enrolment = self.state.enrolments[ask.playbook]
        what = LookUp(
            external_userid=self.state.external_userid,
            playbook=ask.playbook,
            enrolment=enrolment.number,
            stage=self.state.stage,
            life_stage=enrolment.life_stage,
            since=enrolment.entered_at or enrolment.since,
            question=ask.question,
        )
        answer = await self._attempt(
            ask,
            workflow.execute_local_activity_method(
                Facts.look_up, what, **options.database(f"{ask.about} of {ask.playbook}")
            ),
        )
        if answer is not None:
            actions.answered(self.state, ask, answer, workflow.now())

    def touch_of(self, action: actions.SendTouch) -> PlanTouch:
        """The message of a `send` step; 1:1 it goes through the friend she made last."""
        enrolment, send = self.state.enrolments[action.playbook], action.send
        rules = enrolment.pinned.journey
        return PlanTouch(
            key=action.key,
            external_userid=self.state.external_userid,
            userid=self._friend(),
            text=send.text,
            kind=send.content,
            benefit=rules.benefit,
            playbook=action.playbook,
            priority=rules.priority if send.priority is None else send.priority,
            notify=send.wait_for_delivery,
            ways=send.channel,
            group=send.group,
            tag=send.tag,
            invites=send.invite_to,
            attachments=send.attachments,
            missed=send.missed,
            step=action.step,
            enrolment=enrolment.number,
            limits=rules.limits,
            holdout=rules.holdout,
            within=send.within,
            since=action.since,
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

    async def give_coupon(self, action: actions.IssueCoupon) -> GivenCoupon | None:
        """Credit the coupon to her account. None when that failed and is put off."""
        what = GiveCoupon(
            key=action.key,
            external_userid=self.state.external_userid,
            coupon=action.coupon,
            playbook=action.playbook,
            step=action.step,
            holdout=self.state.enrolments[action.playbook].pinned.journey.holdout,
        )
        return await self.credit(actions.retry_key(action.playbook), what)

    async def credit(self, key: str, what: GiveCoupon) -> GivenCoupon | None:
        """The same, whoever promised it; `key` is under which it is put off."""
        if self.attempts.put_off(key):
            return None
        given = await self.attempts.attempt(
            key,
            workflow.execute_activity_method(
                Coupons.issue_coupon, what, **options.till(f"credit {what.coupon.template}")
            ),
            refused=lambda why: GivenCoupon(issued=False, reason=why),
        )
        if given is None:
            return None
        outcome = "credited" if given.issued else "refused"
        journey.note(self.state, workflow.now(), f"coupon {what.coupon.name} {outcome}", given.reason)
        return given

    async def tag(self, action: actions.MarkTags | actions.ApplyTagRules) -> bool:
        """Write tags; what employees did by hand is kept. False when that failed and is put off."""
        if isinstance(action, actions.MarkTags):
            change = ChangeTags(key=action.key, external_userid=self.state.external_userid, tags=action.tags)
            doing = workflow.execute_activity_method(
                Tagging.change_tags, change, **options.wecom(f"tags of {action.playbook}")
            )
        else:
            doing = workflow.execute_activity_method(
                Tagging.apply_rules, self._rules(action), **options.wecom(f"tag rules of {action.playbook}")
            )
        tagged = await self._attempt(action, doing, refused=lambda why: Tagged(tagged=False, reason=why))
        if tagged is not None and tagged.reason:
            what = "tagged" if tagged.tagged else "not tagged"
            journey.note(self.state, workflow.now(), what, tagged.reason)
        return tagged is not None

    def _rules(self, action: actions.ApplyTagRules) -> ApplyRules:
        enrolment = self.state.enrolments[action.playbook]
        return ApplyRules(
            key=action.key,
            external_userid=self.state.external_userid,
            playbook=action.playbook,
            enrolment=enrolment.number,
            stage=self.state.stage,
            life_stage=enrolment.life_stage,
            rules=enrolment.pinned.journey.tags,
        )

    async def tell_staff(self, action: actions.TellStaff) -> bool:
        """Plan a to-do. False when that failed and is put off."""
        rules = self.state.enrolments[action.playbook].pinned.journey
        what = Notify(
            key=action.key,
            external_userid=self.state.external_userid,
            userid=self._friend(),
            notice=action.notice,
            benefit=rules.benefit,
            playbook=action.playbook,
            holdout=rules.holdout,
        )
        told = await self._attempt(
            action,
            workflow.execute_activity_method(
                Notices.notify_staff, what, **options.wecom(f"to-do of {action.playbook}")
            ),
            refused=lambda why: Notified(told=False, reason=why),
        )
        if told is not None:
            outcome = "planned" if told.told else "not planned"
            journey.note(self.state, workflow.now(), f"to-do {outcome}", told.reason)
        return told is not None

    async def stop(self, action: actions.StopTouches) -> bool:
        """Her journey is over: what is on its way is recalled. False when that failed and is put off."""
        what = Withdrawal(
            external_userid=self.state.external_userid, reason=action.reason, playbook=action.playbook
        )
        stopped = await self._attempt(
            action,
            workflow.execute_local_activity_method(
                Lives.withdraw_touches, what, **options.database("stop what is on its way")
            ),
        )
        return stopped is not None

    def _friend(self) -> str | None:
        return next((friend.userid for friend in self.state.friends if not friend.half), None)

    async def _attempt(
        self,
        action: actions.Outward | actions.Ask,
        doing: Awaitable[Result],
        *,
        refused: Callable[[str], Result] | None = None,
    ) -> Result | None:
        return await self.attempts.attempt(actions.retry_key(action.playbook), doing, refused=refused)
