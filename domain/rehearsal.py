"""One life walked through a journey without sending anything: for dry-run and what-if. Pure.

The interpreter, the answers to its questions and the policy are the production ones. What nobody can know
is assumed: employees confirm at the end of the window, tills credit members' coupons, nothing happens to her
but the events that are given, and an experiment's arm is that of the hash. The greeting is not part of it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from domain import actions, deciding, journey, life, steps
from domain.calendar import NO_HOLIDAYS, Holidays
from domain.caps import Reserved
from domain.conditions import holds
from domain.customer import CustomerState, Follow, Membership, Phase
from domain.events import Event, EventKind
from domain.experiments import held_out
from domain.facts import Facts
from domain.group_policy import forbidden
from domain.playbook import PinnedJourney, TagStep, Way
from domain.policy import Person, Policy, why_no_window
from domain.rehearsal_windows import Waiting, Windows
from domain.shape import earliest
from domain.stages import Stage
from domain.touches import Channel, Planned, TouchStatus, Verdict

MOST_ACTIONS = 2_000  # of one life; far more than any check lets a playbook have
FRIEND_WAYS = (Way.PRIVATE, Way.STAFF)
HELD_OUT = "she is in the control group"


@dataclass(frozen=True)
class Happening:
    """What would happen. `verdict`: sent, refused, given, done or ended; `rule` says why it is refused."""

    at: datetime
    path: str
    kind: str
    verdict: str
    rule: str = ""
    reason: str = ""
    text: str = ""


@dataclass(frozen=True)
class Her:
    """What is known of her when it begins. `reserved` and `knowledge`: other messages that she has had.

    `friends`: employees who are her friends then; None: whoever can reach her now.
    """

    facts: Facts
    friends: Sequence[str] | None = None
    opted_out: bool = False
    reserved: Sequence[Reserved] = ()
    knowledge: Mapping[str, int] = field(default_factory=dict)


def rehearse(
    pinned: PinnedJourney,
    her: Her,
    events: Sequence[Event],
    start: datetime,
    until: datetime,
    policy: Policy,
    holidays: Holidays = NO_HOLIDAYS,
) -> list[Happening]:
    """All that would happen from her first step at `start` on, in order."""
    return _Rehearsal(pinned, her, policy, holidays).run(events, start, until)


class _Rehearsal:
    def __init__(self, pinned: PinnedJourney, her: Her, policy: Policy, holidays: Holidays) -> None:
        self.pinned, self.facts, self.policy, self.opted_out = pinned, her.facts, policy, her.opted_out
        able = ("employee",) if "private" in her.facts.reachable else ()
        self.friends = able if her.friends is None else her.friends
        self.windows = Windows(policy, holidays, her.facts.external_userid, her.reserved, her.knowledge)
        self.happened: list[Happening] = []
        self.actions, self.ended = 0, False
        self._do: Mapping[type, Callable[[actions.Outward, datetime], bool]] = {
            actions.SendTouch: self._plan,
            actions.IssueCoupon: self._coupon,
            actions.MarkTags: self._tag,
            actions.ApplyTagRules: self._tag_rules,
            actions.TellStaff: self._tell,
            actions.StopTouches: self._stop,
        }

    def run(self, events: Sequence[Event], start: datetime, until: datetime) -> list[Happening]:
        self.state = _as_she_is(self.facts, self.friends, start)
        journey.enrol(self.state, self.pinned, start, onboarded=True)
        self.enrolment = self.state.enrolments[self.pinned.playbook]
        coming = sorted((e for e in events if start <= e.at <= until), key=lambda e: (e.at, e.id))
        now: datetime | None = start
        while now is not None and now <= until:
            while coming and coming[0].at <= now:
                self._hear(coming.pop(0), now)
            self._close_windows(now)
            rest = self._act(now)
            now = earliest(rest, self.windows.due(), coming[0].at if coming else None)
        return self.happened

    def _hear(self, event: Event, now: datetime) -> None:
        if event.kind in (EventKind.GROUP_JOINED, EventKind.FRIEND_ADDED):
            way = "group" if event.kind is EventKind.GROUP_JOINED else "private"
            self.facts = replace(self.facts, reachable=self.facts.reachable | {way})
        if life.is_new(self.state, event.id):
            life.happened(self.state, event, now)

    def _act(self, now: datetime) -> datetime | None:
        """Everything that is to be done now; returns when the next is due."""
        while self.actions < MOST_ACTIONS:
            self.actions += 1
            journey.advance(self.state, now)
            self._tell_end(now)
            action = actions.next_action(self.state, now)
            if isinstance(action, actions.Rest):
                return action.until
            if isinstance(action, actions.Ask):
                self._answer(action, now)
            else:
                refused = self._do[type(action)](action, now)
                actions.done(self.state, action, now, refused=refused)
        self._note(now, "end", "ended", rule="too many steps", reason="the rehearsal was broken off")
        return None

    def _tell_end(self, now: datetime) -> None:
        if self.enrolment.phase is Phase.ENDED and not self.ended:
            self.ended = True
            self._note(now, "end", "ended", rule=self.enrolment.ended_reason or "")

    def _answer(self, ask: actions.Ask, now: datetime) -> None:
        facts = replace(self.facts, stage=self.state.stage, life_stage=self.enrolment.life_stage)
        since = self.enrolment.entered_at or self.enrolment.since
        answer = deciding.answer(ask.question, facts, self.policy.tiers, now, since=since)
        actions.answered(self.state, ask, answer, now)

    def _plan(self, action: actions.Outward, now: datetime) -> bool:
        assert isinstance(action, actions.SendTouch)
        send, rules = action.send, self.pinned.journey
        if self._held_out():
            return self._refuse(now, "holdout", HELD_OUT, send.text)
        way = next((way for way in send.channel if self._reaches(way, send.group, send.tag)), None)
        if way is None:
            rule = "not_in_group" if send.channel[0] is Way.GROUP else "not_friend"
            return self._refuse(now, rule, "no way of this step reaches her", send.text)
        if way is Way.GROUP and (why := forbidden(send.group, send.content, self.policy)):
            return self._refuse(now, "group_content", why, send.text)
        planned = Planned(
            key=action.key,
            channel=Channel(way.value),
            priority=rules.priority if send.priority is None else send.priority,
            kind=send.content,
            playbook=action.playbook,
            limits=rules.limits,
            send_by=action.since + send.within if action.since and send.within else None,
        )
        touch = Waiting(planned, self._path(), action.step, send.text)
        if not self.windows.put(touch, self.facts.zone, now):
            return self._refuse(now, *why_no_window(planned.send_by, self.facts.zone), send.text)
        return False

    def _reaches(self, way: Way, group: str, tag: str | None) -> bool:
        if way is Way.GROUP:
            return group in self.facts.group_kinds
        if way is Way.MOMENTS:
            return "moments" in self.facts.reachable and tag in self.facts.tags
        return way in FRIEND_WAYS and bool(self.state.friends)

    def _close_windows(self, now: datetime) -> None:
        can_get = Person(
            external_userid=self.facts.external_userid,
            zone=self.facts.zone,
            opted_out=self.opted_out,
            is_friend=bool(self.state.friends),
        )
        for touch, verdict in self.windows.close(can_get, now):
            self._settle(touch, verdict, now)

    def _settle(self, touch: Waiting, verdict: Verdict, now: datetime) -> None:
        outcome = "sent" if verdict.status is TouchStatus.CLAIMED else "refused"
        self.happened.append(
            Happening(now, touch.path, "send", outcome, verdict.rule or "", verdict.reason, touch.text)
        )
        if touch.step:
            self.facts = replace(self.facts, outcomes={**self.facts.outcomes, touch.step: outcome})
        key = touch.planned.key
        self._hear(Event(id=f"settled/{key}", kind=EventKind.TOUCH_SETTLED, at=now, touch_key=key), now)

    def _refuse(self, now: datetime, rule: str, reason: str, text: str) -> bool:
        self._note(now, "send", "refused", rule=rule, reason=reason, text=text)
        return True

    def _coupon(self, action: actions.Outward, now: datetime) -> bool:
        assert isinstance(action, actions.IssueCoupon)
        given, name = self.facts.member, action.coupon.name
        if self._held_out():  # she goes on as if she had it
            self._note(now, "coupon", "refused", rule="holdout", reason=HELD_OUT, text=name)
            return False
        why = (
            {"rule": "", "reason": ""}
            if given
            else {"rule": "not_member", "reason": "the till knows no account"}
        )
        self._note(now, "coupon", "given" if given else "refused", text=name, **why)
        return not given

    def _tag(self, action: actions.Outward, now: datetime) -> bool:
        assert isinstance(action, actions.MarkTags)
        self._change(action.tags)
        if action.about == actions.STEP:
            self._note(now, "tag", "done")
        return False

    def _change(self, tags: TagStep) -> None:
        self.facts = replace(
            self.facts, tags=(self.facts.tags | set(tags.add or ())) - set(tags.remove or ())
        )

    def _tag_rules(self, action: actions.Outward, now: datetime) -> bool:
        facts = replace(self.facts, stage=self.state.stage, life_stage=self.enrolment.life_stage)
        for rule in self.pinned.journey.tags:
            if holds(rule.when, facts, self.policy.tiers, now):
                self._change(TagStep(add=[rule.tag]))
            elif rule.while_true:
                self._change(TagStep(remove=[rule.tag]))
        return False

    def _tell(self, action: actions.Outward, now: datetime) -> bool:
        assert isinstance(action, actions.TellStaff)
        if self._held_out():
            self._note(
                now, "notify_staff", "refused", rule="holdout", reason=HELD_OUT, text=action.notice.title
            )
        else:
            self._note(now, "notify_staff", "done", text=action.notice.title)
        return False

    def _stop(self, action: actions.Outward, now: datetime) -> bool:
        for touch in self.windows.empty():
            self.happened.append(
                Happening(now, touch.path, "send", "refused", "withdrawn", "her journey ended", touch.text)
            )
        return False

    def _held_out(self) -> bool:
        return held_out(self.facts.external_userid, self.pinned.journey.holdout)

    def _path(self) -> str:
        return steps.path(self.enrolment)

    def _note(
        self, now: datetime, kind: str, verdict: str, *, rule: str = "", reason: str = "", text: str = ""
    ) -> None:
        self.happened.append(Happening(now, self._path(), kind, verdict, rule, reason, text))


def _as_she_is(facts: Facts, friends: Sequence[str], start: datetime) -> CustomerState:
    """A life as the facts tell it: who can reach her, what she told, when she was last here."""
    state = CustomerState(external_userid=facts.external_userid, stage=facts.stage, stage_since=start)
    if facts.stage in (Stage.ENDED, Stage.LOST):
        state.stage = Stage.WELCOMED
    state.follows = {userid: Follow(userid=userid, since=start, tagged=True) for userid in friends}
    if facts.group_kinds:
        state.groups["group"] = Membership(joined_at=start)
    state.forms = {form.value: start for form in facts.answered}
    state.last_visit_at = max((order.at for order in facts.orders if order.at <= start), default=None)
    return state
