"""One customer's life: the owner of her stage, her enrolments and her clock."""

import asyncio
import contextlib
from datetime import datetime

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from domain import actions, addresses, commands, journey, onboarding
from domain.customer import Command, CustomerState, Follow
from domain.events import Event
from domain.messages import CommandAnswer, LifeStart, OpenLife, Parked, ParkLife, SaveLife, Tagged, TagPair
from domain.playbook import EVERYDAY_PRIORITY, CouponStep, Holdout
from domain.shape import earliest
from domain.step_messages import GiveCoupon, PlanTouch
from workflows import options
from workflows.attempts import Attempts
from workflows.listening import Listening
from workflows.readable import Readable
from workflows.stepping import Stepping

with workflow.unsafe.imports_passed_through():
    from activities.lives import Lives
    from activities.tagging import Tagging


@workflow.defn(name=addresses.CUSTOMER_LIFECYCLE)
class CustomerLifecycle:
    """Signals and updates only record; this loop acts. Whatever it waits for is an absolute time in the
    state, so a run may end at any wait: it continues as new, or parks in PostgreSQL until something happens.
    """

    @workflow.init
    def __init__(self, start: LifeStart) -> None:
        self.start = start
        self.readable = Readable()
        self._carry(start.state or CustomerState(external_userid=start.external_userid))

    @workflow.run
    async def run(self, start: LifeStart) -> Parked:
        """Ends when she is parked; her next event starts the next run."""
        while not self.state.loaded:
            await self.open()
            await self.renew_if_long()
        while True:
            self.attempts.forget_the_past()
            await self.listening.hear()
            due = [await self.onboard(follow) for follow in self.state.friends]
            if not self.state.friends:
                onboarding.go_on(self.state, workflow.now())  # nobody is left to onboard her
            journey.advance(self.state, workflow.now())
            action = actions.next_action(self.state, workflow.now())
            if not isinstance(action, actions.Rest):
                await self.stepping.act(action)
                continue
            until = earliest(action.until, *due)
            why = action.why if until == action.until else "her first days go on"
            await self.save(until, why)
            if await self.parked(until):
                return Parked(stage=self.state.stage, wake_at=until)
            await self.renew_if_long()
            # Saving and parking may have been put off meanwhile: that is due, too.
            await self.event_or(earliest(until, *self.state.retry_at.values()), why)

    # ---- what others tell her

    @workflow.signal(name=addresses.HAPPENED)
    def happened(self, event: Event) -> None:
        """Something happened to her."""
        self.state.inbox.append(event)

    @workflow.update(name=addresses.COMMAND)
    async def command(self, command: Command) -> CommandAnswer:
        """An operator's order; answers when it is carried out. The same id again gets the same answer."""
        if command.id not in self.state.answered and command not in self.state.commands:
            self.state.commands.append(command)
        await workflow.wait_condition(lambda: command.id in self.state.answered)
        return CommandAnswer(id=command.id, answer=self.state.answered[command.id])

    @command.validator
    def _check_command(self, command: Command) -> None:
        if problem := commands.problem(command):
            raise ApplicationError(problem, type="BadCommand")

    # ---- the first days

    async def onboard(self, follow: Follow) -> datetime | None:
        """Friend → greeted → tagged → invited → joined. Every chapter happens once.

        Returns when to look again; None when only an event can bring the story on, or when it is told.
        """
        if wait := onboarding.greeted_by(self.state, follow, workflow.now()):
            return wait
        if coupon := onboarding.coupon_due(self.state, follow, workflow.now()):
            await self.credit(follow, coupon)
        if follow.half:
            return None  # WeCom knows no relation before the employee confirms (contract §6.2)
        if not follow.tagged and not await self.tag(follow):
            return self.state.retry_at.get(f"tags/{follow.userid}")
        if onboarding.needs_fallback(self.state, follow):
            await self.fall_back(follow)
        if remind_at := onboarding.reminder_due(self.state, follow, workflow.now()):
            if workflow.now() < remind_at:
                return remind_at
            await self.remind(follow)
        onboarding.go_on(self.state, workflow.now())
        return None

    async def credit(self, follow: Follow, coupon: CouponStep) -> None:
        """What the greeting promised, at once: she stands at the till. Once per member for ever."""
        what = GiveCoupon(
            key=f"welcome/{self.state.external_userid}/{coupon.template}",
            external_userid=self.state.external_userid,
            coupon=coupon,
            once_per_member=True,
        )
        if await self.stepping.credit(f"coupon/{follow.userid}", what):
            follow.coupon = None

    async def tag(self, follow: Follow) -> bool:
        """Mark where she came from. False when it has to wait: for a confirmation or for WeCom."""
        key = f"tags/{follow.userid}"
        if self.attempts.put_off(key):
            return False
        pair = TagPair(
            userid=follow.userid, external_userid=self.state.external_userid, tags=follow.entry.tags
        )
        tagged = await self.attempts.attempt(
            key,
            workflow.execute_activity_method(
                Tagging.mark_tags, pair, **options.wecom(f"tag for {follow.userid}")
            ),
            refused=lambda why: Tagged(tagged=False, reason=why),
        )
        if tagged is None:
            return False
        follow.tagged = True
        journey.note(self.state, workflow.now(), "tagged" if tagged.tagged else "not tagged", tagged.reason)
        return True

    async def fall_back(self, follow: Follow) -> None:
        """The greeting was lost; group and benefit still reach her, by the employee's hand."""
        rules = onboarding.rules_of(self.state)
        if rules and rules.fallback_text:
            follow.fell_back = await self.invite(follow, "fallback", rules.fallback_text)

    async def remind(self, follow: Follow) -> None:
        """She was invited and has not joined: once more, and not again."""
        rules = onboarding.rules_of(self.state)
        if rules and rules.join_reminder:
            name = "reinvitation" if follow.reinvited else "reminder"
            follow.reminded = await self.invite(follow, name, rules.join_reminder.text, rules.holdout)

    async def invite(self, follow: Follow, name: str, text: str, holdout: Holdout | None = None) -> bool:
        """Plan one message with the group's QR picture. What stands for the greeting goes to everybody."""
        rules = onboarding.rules_of(self.state)
        playbook = next((e.pinned.playbook for e in self.state.active), None)
        touch = PlanTouch(
            key=f"{self.state.external_userid}/{follow.userid}/{name}/{int(follow.since.timestamp())}",
            external_userid=self.state.external_userid,
            userid=follow.userid,
            text=text,
            benefit=rules.benefit if rules else None,
            invite_to=follow.invited_to,
            playbook=playbook,
            priority=rules.priority if rules else EVERYDAY_PRIORITY,
            limits=rules.limits if rules else None,
            holdout=holdout,
        )
        return await self.stepping.plan(f"{name}/{follow.userid}", name, touch) is not None

    # ---- the frame of every run

    async def open(self) -> None:
        """Begin where the last run parked. What was recorded before this is kept."""
        opened = await self.attempts.attempt(
            "open",
            workflow.execute_local_activity_method(
                Lives.open_life,
                OpenLife(external_userid=self.state.external_userid),
                **options.database("open her life"),
            ),
        )
        if opened is None:
            await workflow.sleep(options.RETRY_LATER)
            return
        if opened.state:
            opened.state.inbox += self.state.inbox
            opened.state.commands += self.state.commands
            self._carry(opened.state)
        self.state.loaded, self.state.park_after = True, opened.park_after

    async def save(self, until: datetime | None, why: str) -> None:
        """Show where she stands: in the UI, and in PostgreSQL where `explain` reads it."""
        self.readable.show(self.state, until, why)
        if not self.state.log or self.greeting_under_way():
            return  # a greeting is a matter of seconds: what led to it is written with its outcome
        what = SaveLife(state=self.state, next_at=until, next_what=why)
        written = len(self.state.log)
        saved = await self.attempts.attempt(
            "save",
            workflow.execute_local_activity_method(Lives.save_life, what, **options.database("save")),
        )
        if saved is not None:
            del self.state.log[:written]

    async def parked(self, until: datetime | None) -> bool:
        """Leave Temporal when nothing is due for long. False when something came up on the way out."""
        if until and until - workflow.now() <= self.state.park_after:
            return False
        if self.greeting_under_way():
            return False
        if not await self.answered() or self.state.inbox or self.state.log:
            return False
        self.state.snapshots += 1
        journey.note(self.state, workflow.now(), "parked", f"until {until:%F %T}Z" if until else "")
        kept = await self.attempts.attempt(
            "park",
            workflow.execute_local_activity_method(
                Lives.park_life,
                ParkLife(
                    state=self.state, wake_at=until, history=workflow.info().get_current_history_length()
                ),
                **options.database("park"),
            ),
        )
        if kept is None:
            return False
        self.state.log.clear()
        return not (self.state.inbox or self.state.commands)

    async def answered(self) -> bool:
        """Whether every order is answered, so that the run may end.

        An order that came after the last look waits for this loop: the loop must not wait for it here.
        """
        await workflow.wait_condition(
            lambda: (
                workflow.all_handlers_finished()
                or self.listening.something_new()
                or bool(self.state.commands)
            )
        )
        return workflow.all_handlers_finished() and not self.state.commands

    def greeting_under_way(self) -> bool:
        return any(follow.welcome is None for follow in self.state.friends)

    async def renew_if_long(self) -> None:
        """Continue as new before the history grows long. The whole state goes along."""
        info = workflow.info()
        limit = self.start.renew_after_events or options.RENEW_AFTER_EVENTS
        long = info.is_continue_as_new_suggested() or info.get_current_history_length() > limit
        if long and await self.answered():
            workflow.continue_as_new(self.start.model_copy(update={"state": self.state}))

    async def event_or(self, until: datetime | None, why: str) -> None:
        """Wait for an event, an order or the deadline, whichever is first."""
        left = None if until is None else max(until - workflow.now(), options.SHORTEST_WAIT)
        with contextlib.suppress(asyncio.TimeoutError):  # uncaught, it would fail the workflow
            await workflow.wait_condition(
                self.listening.something_new,
                timeout=left,
                timeout_summary=why,
            )

    def _carry(self, state: CustomerState) -> None:
        self.state = state
        self.attempts = Attempts(state)
        self.listening = Listening(state, self.attempts)
        self.stepping = Stepping(state, self.attempts)
