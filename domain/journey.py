"""What comes next for a customer. The interpreter of playbooks: pure, bounded, the same for real runs,
previews and what-if."""

from datetime import datetime, timedelta

from pydantic import Field

from domain import steps
from domain.customer import CustomerState, Enrolment, LogLine, Phase, Stage
from domain.events import EventKind, FormName
from domain.playbook import CouponStep, PinnedJourney, Send, WaitFor
from domain.shape import Shape, UtcTime, earliest


class SendTouch(Shape):
    """Plan one message to her."""

    playbook: str
    key: str
    send: Send


class IssueCoupon(Shape):
    """Credit one coupon to her account at the till."""

    playbook: str
    key: str
    coupon: CouponStep


class Rest(Shape):
    """Nothing to do before `until`; for ever when it is None."""

    until: UtcTime | None = Field(None)
    why: str = ""


DATES = (FormName.BIRTHDAY, FormName.DUE_DATE)  # what she tells once; a feedback is of its day
DELIVERY_PATIENCE = timedelta(days=7)  # a task expires within a day; longer means that its outcome was lost

Action = SendTouch | IssueCoupon | Rest


def note(state: CustomerState, now: datetime, what: str, reason: str = "") -> None:
    """Add one line to her story."""
    state.log_seq += 1
    state.log.append(LogLine(seq=state.log_seq, at=now, what=what, reason=reason))


def enter_stage(state: CustomerState, stage: Stage, reason: str, now: datetime) -> None:
    """Move her to a stage, with its dated reason. Staying where she is changes nothing."""
    if state.stage is stage and state.stage_since is not None:
        return
    state.stage, state.stage_since, state.stage_reason = stage, now, reason
    note(state, now, f"stage {stage}", reason)


def enrol(state: CustomerState, pinned: PinnedJourney, now: datetime, *, onboarded: bool = False) -> None:
    """Begin a playbook. `onboarded` skips the greeting's part, for customers who were friends before."""
    state.enrolled += 1
    enrolment = Enrolment(number=state.enrolled, episode=state.episode, pinned=pinned, since=now)
    state.enrolments[pinned.playbook] = enrolment
    note(state, now, f"enrolled in {pinned.playbook}", f"version {pinned.number}")
    if state.stage is Stage.ENDED:
        stage = Stage.JOINED if state.in_groups else Stage.WELCOMED
        enter_stage(state, stage, f"enrolled in {pinned.playbook}", now)
    if onboarded:
        begin(state, enrolment, Phase.NURTURE, now)


def end(state: CustomerState, enrolment: Enrolment, reason: str, now: datetime) -> None:
    """End one enrolment. It stays in the state, so that the re-entry rule can look at it."""
    enrolment.phase, enrolment.ended_reason = Phase.ENDED, reason
    enrolment.cursor, enrolment.due_at, enrolment.waits_for = [], None, None
    note(state, now, f"{enrolment.pinned.playbook} ended", reason)


def begin(state: CustomerState, enrolment: Enrolment, phase: Phase, now: datetime) -> None:
    """Go to the first step of a phase, or past a phase that has none."""
    if phase is Phase.REACTIVATION:
        enrolment.visit += 1
        enter_stage(state, Stage.DORMANT, "no order for too long", now)
    enrolment.phase = phase
    _arrive(state, enrolment, [0] if steps.steps_of(enrolment.pinned.journey, phase) else None, now)


def advance(state: CustomerState, now: datetime) -> None:
    """Move every cursor over all that is over by `now`: past deadlines, met waits, exits, dormancy."""
    for enrolment in state.active:
        for _ in range(2 * _bound(enrolment)):
            if not _move(state, enrolment, now):
                break


def next_action(state: CustomerState, now: datetime) -> Action:
    """What to do now; call `advance` first. Paused and opted-out customers only rest."""
    if state.paused_by:
        return Rest(until=earliest(*state.retry_at.values()), why=f"paused by {state.paused_by}")
    for enrolment in state.active:
        if not _put_off(state, enrolment, now) and (action := _act(state, enrolment)):
            return action
    return _rest(state)


def retry_key(playbook: str) -> str:
    """The key under which a playbook's failed step is put off."""
    return f"playbook/{playbook}"


def done(
    state: CustomerState, action: SendTouch | IssueCoupon, now: datetime, *, refused: bool = False
) -> None:
    """The action was carried out: go on, or stay for the delivery if the step wants to know it.

    A touch that was `refused` when it was planned has no delivery to wait for. After a coupon that the till
    refused, the steps behind it in the same list are left out: they speak of it.
    """
    enrolment = state.enrolments[action.playbook]
    state.retry_at.pop(retry_key(action.playbook), None)
    if isinstance(action, SendTouch) and action.send.wait_for_delivery and not refused:
        enrolment.waits_for, enrolment.due_at = action.key, now + DELIVERY_PATIENCE
    elif isinstance(action, IssueCoupon) and refused:
        tree = steps.steps_of(enrolment.pinned.journey, enrolment.phase)
        _arrive(state, enrolment, steps.following(tree, enrolment.cursor[:-2]), now)
    else:
        step_on(state, enrolment, now)


def step_on(state: CustomerState, enrolment: Enrolment, now: datetime) -> None:
    """Leave the current step for the one after it."""
    tree = steps.steps_of(enrolment.pinned.journey, enrolment.phase)
    _arrive(state, enrolment, steps.following(tree, enrolment.cursor), now)


def dormant_at(enrolment: Enrolment) -> datetime | None:
    """When she counts as dormant, if nothing happens before."""
    rule = enrolment.pinned.journey.reactivation
    if enrolment.phase is not Phase.SETTLED or rule is None:
        return None
    return (enrolment.clock_from or enrolment.since) + rule.dormant_after


def _move(state: CustomerState, enrolment: Enrolment, now: datetime) -> bool:
    """One silent move; False when something outward or a wait is next."""
    if (dormant := dormant_at(enrolment)) and dormant <= now and not state.paused_by:
        begin(state, enrolment, Phase.REACTIVATION, now)
        return True
    step = steps.current(enrolment)
    if step is None or state.paused_by:
        return False
    over = enrolment.due_at is not None and enrolment.due_at <= now
    tree = steps.steps_of(enrolment.pinned.journey, enrolment.phase)
    if step.exit is not None:
        end(state, enrolment, step.exit, now)
        if not state.active:
            enter_stage(state, Stage.ENDED, step.exit, now)
    elif step.wait_for and (enrolment.met or over):
        branch = "then" if enrolment.met else "otherwise"
        note(state, now, f"{step.wait_for.awaited} {'came' if enrolment.met else 'did not come'}", branch)
        _arrive(state, enrolment, steps.inside(tree, enrolment.cursor, branch), now)
    elif (step.wait is not None and over) or (step.send and (enrolment.met or over)):
        step_on(state, enrolment, now)
    else:
        return False
    return True


def _act(state: CustomerState, enrolment: Enrolment) -> SendTouch | IssueCoupon | None:
    step = steps.current(enrolment)
    if step is None:
        return None
    key = f"{state.external_userid}/{enrolment.number}/{steps.path(enrolment)}/{enrolment.visit}"
    playbook = enrolment.pinned.playbook
    if step.send and enrolment.waits_for is None:
        return SendTouch(playbook=playbook, key=key, send=step.send)
    if step.coupon:
        return IssueCoupon(playbook=playbook, key=key, coupon=step.coupon)
    return None


def _rest(state: CustomerState) -> Rest:
    due = {e.pinned.playbook: earliest(e.due_at, dormant_at(e)) for e in state.active}
    due |= {k: earliest(due.get(k), at) for k, at in state.retry_at.items()}
    until = earliest(*due.values())
    why = next((f"{name} goes on" for name, at in due.items() if at == until and at), "nothing is due")
    return Rest(until=until, why=why)


def _arrive(state: CustomerState, enrolment: Enrolment, cursor: steps.Cursor | None, now: datetime) -> None:
    """Come to a step and set its absolute deadline; past the last step the phase is over."""
    enrolment.due_at, enrolment.waits_for, enrolment.met = None, None, False
    enrolment.entered_at = now
    enrolment.cursor = cursor or []
    if cursor is None:
        _phase_over(state, enrolment, now)
        return
    step = steps.current(enrolment)
    if step and step.wait is not None:
        enrolment.due_at = now + step.wait
    elif step and step.wait_for:
        enrolment.due_at, enrolment.waits_for = now + step.wait_for.timeout, step.wait_for.awaited
        enrolment.met = _is_so_already(state, step.wait_for)


def _is_so_already(state: CustomerState, wanted: WaitFor) -> bool:
    """Being in a group is having joined, and a date that she told is known; an order has to be a new one."""
    if wanted.event is EventKind.GROUP_JOINED:
        return bool(state.in_groups)
    return wanted.form in DATES and wanted.form in state.forms


def _phase_over(state: CustomerState, enrolment: Enrolment, now: datetime) -> None:
    won_back = state.stage is Stage.BACK
    if enrolment.phase is Phase.REACTIVATION and not won_back:
        enrolment.phase = Phase.LAPSED
        note(state, now, f"{enrolment.pinned.playbook} rests", "reactivation ended without her")
        return
    enrolment.phase = Phase.SETTLED
    enrolment.clock_from = max(enrolment.since, state.last_visit_at or enrolment.since)
    if enrolment.pinned.journey.reactivation is None:
        end(state, enrolment, "the playbook is over", now)


def _put_off(state: CustomerState, enrolment: Enrolment, now: datetime) -> bool:
    return state.retry_at.get(retry_key(enrolment.pinned.playbook), now) > now


def _bound(enrolment: Enrolment) -> int:
    """No walk is longer than its tree: a playbook can never spin."""
    journey = enrolment.pinned.journey
    return steps.count(journey.nurture) + steps.count(steps.steps_of(journey, Phase.REACTIVATION)) + 2
