"""How a life hears: events and orders, taken one by one, oldest first; what cannot be taken yet is kept."""

from temporalio import workflow

from domain import commands, journey, life
from domain.customer import Command, CustomerState
from domain.events import Event, EventKind
from domain.messages import Arrival, Arrive, Enrolled, Enrolling, Tagged, Withdrawal
from domain.playbook import PinnedJourney
from domain.step_messages import ReadTags
from workflows import options
from workflows.attempts import Attempts

with workflow.unsafe.imports_passed_through():
    from activities.lives import Lives
    from activities.tagging import Tagging

ADDED = {EventKind.FRIEND_ADDED, EventKind.FRIEND_HALF_ADDED}
LOST = {EventKind.FRIEND_LEFT, EventKind.FRIEND_REMOVED}


class Listening:
    """Works on the inbox and the orders of one life. Signals and updates only fill them."""

    def __init__(self, state: CustomerState, attempts: Attempts) -> None:
        self.state, self.attempts = state, attempts
        self._kept = 0

    def something_new(self) -> bool:
        """Whether anything came since `hear`; what is put off is not new."""
        return len(self.state.inbox) + len(self.state.commands) > self._kept

    async def hear(self) -> None:
        """Take everything that came meanwhile. What the outside cannot answer yet stays in the inbox."""
        kept_events: list[Event] = []
        kept_commands: list[Command] = []
        edits: list[Event] = []
        while self.state.commands or self.state.inbox or edits:
            if self.state.commands:
                command = self.state.commands.pop(0)
                kept_commands += [] if await self._obey(command) else [command]
                continue
            if not self.state.inbox:  # last, so that WeCom is read once for many edits
                edited, edits = edits, []
                kept_events += [] if await self._read_tags(edited) else edited
                continue
            event = self.state.inbox.pop(0)
            if event.id in self.state.seen:
                continue
            if event.kind is EventKind.PROFILE_CHANGED:
                edits.append(event)
                continue
            # What concerns a friendship that could not be recorded yet waits behind it.
            waits = event.userid is not None and any(e.userid == event.userid for e in kept_events)
            if waits or not await self._take(event):
                kept_events.append(event)
        self.state.inbox = kept_events
        self.state.commands = kept_commands
        self._kept = len(kept_events) + len(kept_commands)

    async def _take(self, event: Event) -> bool:
        """Take one new event; False when it has to wait."""
        key = f"event/{event.id}"
        if self.attempts.put_off(key):
            return False
        if event.kind in ADDED:
            taken = await self._arrive(key, event)
        elif event.kind in LOST:
            taken = await self._depart(key, event)
        elif event.kind is EventKind.ENROLLED:
            taken = await self._enrol(key, event)
        elif event.kind is EventKind.GROUP_JOINED and event.playbook:
            taken = await self._enter_by_group(key, event)
        else:
            taken = True
            life.happened(self.state, event, workflow.now())
        if taken:
            life.is_new(self.state, event.id)
        return taken

    async def _read_tags(self, edits: list[Event]) -> bool:
        """Employees edited her profile. Only what they did to her tags is something that happened."""
        if self.attempts.put_off(EventKind.PROFILE_CHANGED):
            return False
        read = await self.attempts.attempt(
            EventKind.PROFILE_CHANGED,
            workflow.execute_activity_method(
                Tagging.read_tags,
                ReadTags(external_userid=self.state.external_userid),
                **options.wecom("read her tags"),
            ),
            refused=lambda why: Tagged(tagged=False, reason=why),
        )
        if read is None:
            return False
        for event in edits:
            if life.is_new(self.state, event.id) and read.tagged:
                life.happened(self.state, event, workflow.now())
        if read.reason:
            journey.note(self.state, workflow.now(), "profile changed", read.reason)
        return True

    async def _arrive(self, key: str, event: Event) -> bool:
        """A new friendship: where from, which playbook, which groups is she in already?"""
        what = Arrive(external_userid=self.state.external_userid, event=event)
        arrival = await self.attempts.attempt(
            key,
            workflow.execute_local_activity_method(
                Lives.arrive, what, **options.database("look up her entry code")
            ),
        )
        if arrival is None:
            return False
        known = self.state.follows.get(event.userid or "")
        new = known is None or known.lost_at is not None  # not the confirmation of a half-added friend
        life.happened(self.state, event, workflow.now())
        self._settle_in(event, arrival, new=new)
        return True

    def _settle_in(self, event: Event, arrival: Arrival, *, new: bool) -> None:
        now = workflow.now()
        self.state.opted_out_at = self.state.opted_out_at or arrival.opted_out_at
        follow = self.state.follows[event.userid or ""]
        follow.entry = arrival.entry
        for chat_id, joined_at in arrival.groups.items():
            joined = Event(id=f"{event.id}/{chat_id}", kind=EventKind.GROUP_JOINED, at=joined_at)
            life.happened(self.state, joined.model_copy(update={"chat_id": chat_id}), now)
        if new and follow.lost_at is None:
            self._begin(event, arrival.pinned, onboarded=False)

    async def _depart(self, key: str, event: Event) -> bool:
        what = Arrive(external_userid=self.state.external_userid, event=event)
        done = await self.attempts.attempt(
            key,
            workflow.execute_local_activity_method(
                Lives.depart, what, **options.database("a friendship ended")
            ),
        )
        if done is not None:
            life.happened(self.state, event, workflow.now())
        return done is not None

    async def _enter_by_group(self, key: str, event: Event) -> bool:
        """Whoever joins a group of this kind enters the playbook, a friend or not."""
        found = await self._find(key, event)
        if found is not None:
            life.happened(self.state, event, workflow.now())
            if (
                event.chat_id in self.state.in_groups
            ):  # what was put off may have been overtaken by her leaving
                self._begin(event, found.pinned, onboarded=True)
        return found is not None

    async def _find(self, key: str, event: Event) -> Enrolled | None:
        return await self.attempts.attempt(
            key,
            workflow.execute_local_activity_method(
                Lives.find_playbook,
                Enrolling(playbook=event.playbook or ""),
                **options.database(f"find playbook {event.playbook}"),
            ),
        )

    async def _enrol(self, key: str, event: Event) -> bool:
        """An operator put her into a playbook."""
        found = await self._find(key, event)
        if found is None:
            return False
        if found.pinned is None:
            journey.note(self.state, workflow.now(), "not enrolled", f"no playbook {event.playbook}")
        else:
            self._begin(event, found.pinned, onboarded=True)
        return True

    def _begin(self, event: Event, pinned: PinnedJourney | None, *, onboarded: bool) -> None:
        """Enrol her unless the re-entry rule says no; every refusal is on record."""
        now = workflow.now()
        if pinned is None:
            journey.note(self.state, now, "not enrolled", "no playbook is published for her entry code")
        elif refusal := life.why_not_enrol(self.state, pinned, now):
            journey.note(self.state, now, f"not enrolled in {pinned.playbook}", refusal)
        else:
            journey.enrol(self.state, pinned, now, onboarded=onboarded)
            # We may hear of it late: what she did from then on counts for goals and exits.
            self.state.enrolments[pinned.playbook].since = min(event.at, now)

    async def _obey(self, command: Command) -> bool:
        """Carry out one order; False when it has to wait. An opt-out is on record before it is answered."""
        key = f"command/{command.id}"
        if command.id in self.state.answered:
            return True
        if self.attempts.put_off(key):
            return False
        if commands.withdraws(command):
            opted_out = command.kind == "opt_out"
            what = Withdrawal(
                external_userid=self.state.external_userid,
                playbook=None if opted_out else command.playbook,
                opted_out_by=command.by if opted_out else None,
                reason=command.reason,
            )
            stopped = await self.attempts.attempt(
                key,
                workflow.execute_local_activity_method(
                    Lives.withdraw_touches, what, **options.database("stop what is on its way")
                ),
            )
            if stopped is None:
                return False
        commands.obey(self.state, command, workflow.now())
        return True
