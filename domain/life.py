"""What an event changes in a customer's state. Arrival order is not truth: the events' times are compared."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from domain import goals, journey, steps
from domain.customer import (
    CustomerState,
    Enrolment,
    Follow,
    Membership,
    Phase,
    WelcomeOutcome,
)
from domain.events import Event, EventKind, FormName
from domain.playbook import CouponStep, DateName, PinnedJourney, Playbook, Reentry
from domain.shape import spell
from domain.stages import Stage

SEEN_EVENTS = 50  # WeCom repeats a callback within minutes (contract §3.1), and PostgreSQL remembers all
TILL_PRECISION = timedelta(seconds=1)  # tills tell whole seconds
WELCOME_PATIENCE = timedelta(seconds=60)  # three times the 20 seconds, then we say "unknown" and go on


def happened(state: CustomerState, event: Event, now: datetime) -> None:
    """Apply one event. Called once per event; the caller drops what `is_new` refuses."""
    _HANDLERS.get(event.kind, _ignore)(state, event, now)
    for enrolment in state.active:
        _meet(enrolment, event)
        _see_days(enrolment, _DAYS.get(event.form or event.kind, ()), told=event.form is not None)
        goals.see(state, enrolment, event, now)
        enrolment.retag |= event.kind in _TELLING and bool(enrolment.pinned.journey.tags)


def is_new(state: CustomerState, event_id: str) -> bool:
    """Whether an event was never seen; remembers it. The memory is bounded."""
    if event_id in state.seen:
        return False
    state.seen[event_id] = None
    while len(state.seen) > SEEN_EVENTS:
        del state.seen[next(iter(state.seen))]
    return True


def why_not_enrol(state: CustomerState, pinned: PinnedJourney, now: datetime) -> str | None:
    """The re-entry rule; None when she may enter. A second employee does not start it again."""
    earlier = state.enrolments.get(pinned.playbook)
    if state.opted_out_at:
        return "she opted out"
    if earlier is None:
        return None
    if earlier.phase is not Phase.ENDED:
        return "she is in it already"
    return why_not_again(pinned, earlier.episode, earlier.ended_at, state.episode, now)


def why_not_again(
    rule: PinnedJourney | Playbook, began_in: int, ended_at: datetime | None, episode: int, now: datetime
) -> str | None:
    """The re-entry rule for who was in it before: in which episode of her life, until when."""
    if rule.reentry is Reentry.NEVER:
        return "re-entry: never"
    if rule.reentry_after and ended_at and now < ended_at + rule.reentry_after:
        return f"re-entry: not before {spell(rule.reentry_after)} have passed"
    if rule.reentry is Reentry.NEW_EPISODE and episode == began_in:
        return "re-entry: only in a new episode, after she was lost and came back"
    return None


def opt_out(state: CustomerState, by: str, now: datetime) -> None:
    """No more marketing: all journeys end, and none begins again."""
    state.opted_out_at = now
    for enrolment in state.active:
        journey.end(state, enrolment, f"opted out ({by})", now)
    journey.enter_stage(state, Stage.OPTED_OUT, f"opted out, recorded by {by}", now)


def exit_journeys(state: CustomerState, playbook: str | None, reason: str, now: datetime) -> list[str]:
    """End one playbook or all of them; returns their names."""
    ending = [e for e in state.active if playbook in (None, e.pinned.playbook)]
    for enrolment in ending:
        journey.end(state, enrolment, reason, now)
    if ending and not state.active:
        journey.enter_stage(state, Stage.ENDED, reason, now)
    return [e.pinned.playbook for e in ending]


def adds_again(since: datetime, half: bool, event: Event) -> bool:
    """Whether an add begins a new friendship although no deletion was heard of.

    WeCom tells no add for a friend (contract §13.7): a later add of a whole friend means that the deletion
    in between was lost or is late.
    """
    return not half and event.at > since


def _friend_added(state: CustomerState, event: Event, now: datetime) -> None:
    userid, known = event.userid or "", state.follows.get(event.userid or "")
    if known and known.lost_at and event.at <= known.lost_at:
        return  # the deletion overtook this older event
    half = event.kind is EventKind.FRIEND_HALF_ADDED
    if known and not known.lost_at and not adds_again(known.since, known.half, event):
        known.since, known.half = max((known.since, known.half), (event.at, half), key=_latest)
        return
    if state.follows and not [f for f in state.friends if f.userid != userid]:
        state.episode += 1
    follow = Follow(userid=userid, since=event.at, half=half, welcome_due=now + WELCOME_PATIENCE)
    follow.entry.code = event.state
    state.follows[userid] = follow
    journey.note(state, now, f"friend of {userid}", f"code {event.state}" if event.state else "no entry code")
    if state.stage in (Stage.NEW, Stage.LOST):
        stage = Stage.OPTED_OUT if state.opted_out_at else Stage.NEW
        journey.enter_stage(state, stage, f"friend of {userid}", now)


def _friend_lost(state: CustomerState, event: Event, now: datetime) -> None:
    userid = event.userid or ""
    reason = "she deleted the employee" if event.kind is EventKind.FRIEND_LEFT else "the employee deleted her"
    follow = state.follows.setdefault(userid, Follow(userid=userid, since=event.at))
    if event.at < follow.since or (follow.lost_at and follow.lost_at >= event.at):
        return
    follow.lost_at, follow.lost_reason = event.at, reason
    journey.note(state, now, f"no longer a friend of {userid}", reason)
    _lost_if_unreachable(state, reason, now)


def _welcome_settled(state: CustomerState, event: Event, now: datetime) -> None:
    follow = state.follows.get(event.userid or "")
    if follow is None or follow.welcome is WelcomeOutcome.SENT:
        return
    follow.welcome = WelcomeOutcome(event.outcome or WelcomeOutcome.UNKNOWN)
    follow.invited_to = event.chat_id
    follow.coupon = CouponStep(**event.coupon.model_dump()) if event.coupon else None
    why = f"greeting by {follow.userid}: {follow.welcome}" + (f" ({event.reason})" if event.reason else "")
    journey.note(state, now, f"welcome {follow.welcome}", event.reason or "")
    greeted = {WelcomeOutcome.SENT, WelcomeOutcome.BEATEN, WelcomeOutcome.NO_CODE}
    if state.stage is Stage.NEW and follow.welcome in greeted:
        journey.enter_stage(state, Stage.WELCOMED, why, now)


def _group_joined(state: CustomerState, event: Event, now: datetime) -> None:
    chat_id = event.chat_id or ""
    known = state.groups.get(chat_id)
    if known and (known.left_at is None or known.left_at >= event.at):
        known.joined_at = max(known.joined_at, event.at)
        return
    if state.stage is Stage.LOST and not state.friends:
        state.episode += 1  # she is back, as with a new friendship
    state.groups[chat_id] = Membership(joined_at=event.at)
    journey.note(state, now, f"joined group {chat_id}")
    if state.stage in (Stage.NEW, Stage.WELCOMED, Stage.LOST):
        journey.enter_stage(state, Stage.JOINED, f"joined group {chat_id}", now)


def _group_left(state: CustomerState, event: Event, now: datetime) -> None:
    chat_id = event.chat_id or ""
    member = state.groups.setdefault(chat_id, Membership(joined_at=event.at))
    if event.at < member.joined_at or (member.left_at and member.left_at >= event.at):
        return
    member.left_at = event.at
    journey.note(state, now, f"left group {chat_id}", event.reason or "")
    for follow in state.friends:
        if follow.invited_to == chat_id and not follow.reinvited:
            follow.reinvited, follow.reminded, follow.remind_at = True, False, None
    _lost_if_unreachable(state, f"left group {chat_id}", now)


def _came_back(state: CustomerState, event: Event, now: datetime) -> None:
    """A paid order or a redeemed coupon: the strongest sign of life."""
    state.orders += event.kind is EventKind.ORDER_PAID
    state.last_visit_at = max(event.at, state.last_visit_at or event.at)
    # An old order that is told late counts, but it does not bring back who drifted away after it.
    since = state.stage_since if state.stage is Stage.DORMANT else None
    late = since is not None and event.at < since - TILL_PRECISION
    for enrolment in state.active:
        if enrolment.phase is Phase.LAPSED and not late:
            enrolment.phase = Phase.SETTLED
        enrolment.clock_from = max(event.at, enrolment.clock_from or event.at)
    why = f"order {event.order_id}" if event.order_id else f"redeemed coupon {event.coupon_id}"
    journey.note(state, now, event.kind.value.replace("_", " "), why)
    if state.stage is Stage.DORMANT and not late:
        journey.enter_stage(state, Stage.BACK, why, now)
    elif state.stage in (Stage.NEW, Stage.WELCOMED, Stage.JOINED, Stage.ENDED):
        journey.enter_stage(state, Stage.REGULAR, why, now)


def _refunded(state: CustomerState, event: Event, now: datetime) -> None:
    """Of a part of it nothing follows but what is looked up: what she paid is less."""
    journey.note(state, now, "order refunded", f"order {event.order_id}, in part or whole")


def _undone(state: CustomerState, event: Event, now: datetime) -> None:
    """Nothing of the order is left: neither is what it reached, also where the journey has ended since."""
    state.orders = max(state.orders - 1, 0)
    why = f"order {event.order_id} was {event.reason}"
    journey.note(state, now, "order undone", why)
    for enrolment in state.enrolments.values():
        goals.undo(state, enrolment, event.order_id or "", why, now)


def _coupon_expired(state: CustomerState, event: Event, now: datetime) -> None:
    """The `reason` is `expired`, or `void` where the till took it back."""
    journey.note(state, now, f"coupon {event.reason or 'expired'}", f"coupon {event.coupon_id}")


def _form_answered(state: CustomerState, event: Event, now: datetime) -> None:
    """What she said stays in its row."""
    form = event.form or "unknown"
    state.forms[form] = max(event.at, state.forms.get(form, event.at))
    journey.note(state, now, f"form {form} answered", f"answer {event.answer_id}")


def _latest(add: tuple[datetime, bool]) -> tuple[datetime, bool]:
    """The later add tells whether it is a half one; of two in one second, the whole one."""
    at, half = add
    return at, not half


def _ignore(state: CustomerState, event: Event, now: datetime) -> None:
    """Events that only meet a wait, or wake the loop."""


def _lost_if_unreachable(state: CustomerState, reason: str, now: datetime) -> None:
    if state.friends or state.in_groups:
        return
    for enrolment in state.active:
        journey.end(state, enrolment, f"lost: {reason}", now)
    journey.enter_stage(state, Stage.LOST, reason, now)


def _meet(enrolment: Enrolment, event: Event) -> None:
    """Does this event end the wait? Only what happened since the wait began counts."""
    if enrolment.waits_for is None or enrolment.entered_at is None:
        return
    awaited = enrolment.waits_for in (event.kind, f"{event.kind}/{event.form}", event.touch_key)
    enrolment.met |= awaited and (event.touch_key is not None or event.at >= enrolment.entered_at)


def _see_days(enrolment: Enrolment, dates: Sequence[DateName], *, told: bool) -> None:
    """A day of hers may be another by now: what begins on it or waits for it is asked again."""
    stages = enrolment.pinned.journey.life_stages
    if any(stage.begins and stage.begins.date in dates for stage in stages):
        enrolment.stage_asked = False
        enrolment.sent_to_stage &= not told  # what she tells herself overrules the step that sent her
    step = steps.current(enrolment)
    if step and step.wait and step.wait.day and step.wait.day.date in dates:
        enrolment.due_at = None


_TELLING = {
    EventKind.ORDER_PAID,
    EventKind.ORDER_REFUNDED,
    EventKind.ORDER_UNDONE,
    EventKind.COUPON_REDEEMED,
    EventKind.FORM_ANSWERED,
    EventKind.GROUP_JOINED,
    EventKind.GROUP_LEFT,
    EventKind.FRIEND_ADDED,
    EventKind.PROFILE_CHANGED,
}  # what a tag rule may look at has changed
_ORDERS: tuple[DateName, ...] = ("first_order", "last_order")
_DAYS: dict[str, tuple[DateName, ...]] = {
    EventKind.ORDER_PAID: _ORDERS,
    EventKind.ORDER_UNDONE: _ORDERS,
    EventKind.FRIEND_ADDED: ("friend_since",),
    FormName.BIRTHDAY: ("birthday",),
    FormName.DUE_DATE: ("due_date", "child_born"),
    FormName.CHILD_BIRTHDAY: ("child_born",),
}  # the days of hers that an event, or a form that she answers, may change
_HANDLERS: dict[EventKind, Callable[[CustomerState, Event, datetime], None]] = {
    EventKind.FRIEND_HALF_ADDED: _friend_added,
    EventKind.FRIEND_ADDED: _friend_added,
    EventKind.FRIEND_LEFT: _friend_lost,
    EventKind.FRIEND_REMOVED: _friend_lost,
    EventKind.WELCOME_SETTLED: _welcome_settled,
    EventKind.GROUP_JOINED: _group_joined,
    EventKind.GROUP_LEFT: _group_left,
    EventKind.ORDER_PAID: _came_back,
    EventKind.COUPON_REDEEMED: _came_back,
    EventKind.COUPON_EXPIRED: _coupon_expired,
    EventKind.ORDER_REFUNDED: _refunded,
    EventKind.ORDER_UNDONE: _undone,
    EventKind.FORM_ANSWERED: _form_answered,
}
