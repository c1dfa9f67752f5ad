"""How a life moves through its playbooks: entering, arriving at steps, going on, ending. Pure and bounded.

`domain.actions` says what is to be done outside at the place where it stands.
"""

from datetime import datetime, timedelta

from domain import moving, steps
from domain.customer import CustomerState, Enrolment, LogLine, Move, MovePolicy, Phase
from domain.events import EventKind, FormName
from domain.playbook import PinnedJourney, Step, WaitFor
from domain.stages import Stage

DATES = (
    FormName.BIRTHDAY,
    FormName.DUE_DATE,
    FormName.CHILD_BIRTHDAY,
)  # what she tells once; a feedback is of its day
DELIVERY_PATIENCE = timedelta(days=7)  # a task expires within a day; longer means that its outcome was lost
AT_REST = (Phase.SETTLED, Phase.LAPSED)
STAGED = (Phase.LIFE_STAGE, *AT_REST)  # the first days are over: a new life stage may begin


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
    enrolment.retag = bool(pinned.journey.tags)
    state.enrolments[pinned.playbook] = enrolment
    note(state, now, f"enrolled in {pinned.playbook}", f"version {pinned.number}")
    if state.stage is Stage.ENDED:
        stage = Stage.JOINED if state.in_groups else Stage.WELCOMED
        enter_stage(state, stage, f"enrolled in {pinned.playbook}", now)
    if onboarded:
        begin(state, enrolment, Phase.NURTURE, now)


def end(
    state: CustomerState, enrolment: Enrolment, reason: str, now: datetime, *, withdraw: bool = False
) -> None:
    """End one enrolment; `withdraw`: what is on its way to her is stopped, too.

    It stays in the state, so that the re-entry rule can look at it.
    """
    enrolment.phase, enrolment.ended_reason, enrolment.ended_at = Phase.ENDED, reason, now
    enrolment.cursor, enrolment.due_at, enrolment.waits_for = [], None, None
    enrolment.stage_due, enrolment.asks_goals, enrolment.asks_exits = None, [], []
    enrolment.moving = None
    if withdraw:
        state.withdrawals[enrolment.pinned.playbook] = reason
    note(state, now, f"{enrolment.pinned.playbook} ended", reason)


def leave(state: CustomerState, enrolment: Enrolment, reason: str, now: datetime) -> None:
    """Go before the end of the steps: what is on its way is stopped."""
    end(state, enrolment, reason, now, withdraw=True)
    if not state.active:
        enter_stage(state, Stage.ENDED, reason, now)


def begin(state: CustomerState, enrolment: Enrolment, phase: Phase, now: datetime) -> None:
    """Go to the first step of a phase, or past a phase that has none."""
    go_over(state, enrolment, now)
    if phase is Phase.REACTIVATION:
        enrolment.visit, enrolment.revived_at = enrolment.visit + 1, now
        enter_stage(state, Stage.DORMANT, "no order for too long", now)
    enrolment.phase, enrolment.been = phase, []
    arrive(state, enrolment, [0] if steps.steps_of(enrolment) else None, now)


def begin_life_stage(state: CustomerState, enrolment: Enrolment, stage: str, why: str, now: datetime) -> None:
    """Whatever the stage before still waited for is over."""
    enrolment.life_stage = stage
    enrolment.visit += 1
    note(state, now, f"life stage {stage}", why)
    begin(state, enrolment, Phase.LIFE_STAGE, now)


def advance(state: CustomerState, now: datetime) -> None:
    """Move every cursor over all that is over by `now`: past deadlines, met waits, exits, dormancy."""
    for enrolment in state.active:
        for _ in range(2 * _bound(enrolment)):
            if not _move(state, enrolment, now):
                break


def step_on(state: CustomerState, enrolment: Enrolment, now: datetime) -> None:
    """Leave the current step for the one after it."""
    _leave_step(state, enrolment, now)
    arrive(state, enrolment, steps.following(steps.steps_of(enrolment), enrolment.cursor), now)


def leave_list(state: CustomerState, enrolment: Enrolment, now: datetime) -> None:
    """Leave out the steps behind the current one in the same list: they speak of what did not happen."""
    _leave_step(state, enrolment, now)
    arrive(state, enrolment, steps.following(steps.steps_of(enrolment), enrolment.cursor[:-2]), now)


def skip_to_wait(state: CustomerState, enrolment: Enrolment, now: datetime) -> None:
    """Leave out what belongs to a day that is over: everything up to the next `wait` of the same list."""
    tree, (*parent, here) = steps.steps_of(enrolment), enrolment.cursor
    cursor: steps.Cursor = [*parent, int(here) + 1]
    while (step := steps.step_at(tree, cursor)) and step.wait is None:
        cursor = [*parent, int(cursor[-1]) + 1]
    arrive(state, enrolment, cursor if step else steps.following(tree, parent[:-1]), now)


def go_into(state: CustomerState, enrolment: Enrolment, branch: str, now: datetime) -> None:
    """Take one of the ways of the current step. Who moves to another version asks that one which way."""
    if _leave_step(state, enrolment, now) and (step := steps.current(enrolment)) and not step.wait_for:
        arrive(state, enrolment, enrolment.cursor, now)
        return
    arrive(state, enrolment, steps.inside(steps.steps_of(enrolment), enrolment.cursor, branch), now)


def arrive(state: CustomerState, enrolment: Enrolment, cursor: steps.Cursor | None, now: datetime) -> None:
    """Come to a step and set its absolute deadline; past the last step the phase is over."""
    enrolment.due_at, enrolment.waits_for, enrolment.met = None, None, False
    enrolment.may_send, enrolment.coupon_given = False, False
    enrolment.entered_at = now
    enrolment.cursor = cursor or []
    if cursor is None:
        _phase_over(state, enrolment, now)
        return
    step = steps.current(enrolment)
    if step and step.wait and step.wait.plain:
        enrolment.due_at = now + (step.wait.duration or timedelta(0))
    elif step and step.wait_for:
        enrolment.due_at, enrolment.waits_for = now + step.wait_for.timeout, step.wait_for.awaited
        enrolment.met = _is_so_already(state, step.wait_for)


def move(state: CustomerState, enrolment: Enrolment, to: Move, now: datetime) -> str:
    """Go over to another version, as its policy says; returns what becomes of her, for the operator."""
    old, new = f"version {enrolment.pinned.number}", f"version {to.pinned.number}"
    pending, enrolment.moving = enrolment.moving, None
    if enrolment.pinned.version == to.pinned.version:
        return f"stays on {old}" + (
            f"; the move to version {pending.pinned.number} is off" if pending else ""
        )
    standing = steps.current(enrolment) is not None
    if (
        standing
        and to.policy is MovePolicy.NEXT_STEP
        and not moving.in_other_version(enrolment, to.pinned.journey)
    ):
        return f"stays on {old}: {steps.path(enrolment)} {moving.NO_COUNTERPART} {to.pinned.number}"
    enrolment.moving = to
    if standing or enrolment.phase is Phase.ONBOARDING:
        end = "these steps" if to.policy is MovePolicy.DRAIN else steps.path(enrolment)
        return f"moves from {old} to {new} after {end}"
    go_over(state, enrolment, now)
    if enrolment.phase is Phase.LIFE_STAGE and not enrolment.pinned.journey.life_stages:
        settle(state, enrolment)
    return f"moved from {old} to {new}"


def go_over(
    state: CustomerState, enrolment: Enrolment, now: datetime, cursor: steps.Cursor | None = None
) -> None:
    """Take the version that she is to move to, if there is one; `cursor`: her place in it."""
    if enrolment.moving is None:
        return
    was = enrolment.pinned.number, steps.path(enrolment)
    moving.adopt(enrolment, cursor)
    name, number = enrolment.pinned.playbook, enrolment.pinned.number
    why = f"from version {was[0]}, {was[1]}" + (f", to {steps.path(enrolment)}" if cursor else "")
    note(state, now, f"moved to version {number} of {name}", why)


def dormant_at(enrolment: Enrolment) -> datetime | None:
    """When she counts as dormant, if nothing happens before. Once for each time that she drifts away."""
    rule = enrolment.pinned.journey.reactivation
    if enrolment.phase is not Phase.SETTLED or rule is None:
        return None
    begins = enrolment.clock_from or enrolment.since
    if enrolment.revived_at and begins <= enrolment.revived_at:
        return None  # a life stage, or a `goto_stage`, came after it
    return begins + rule.dormant_after


def stage_due(enrolment: Enrolment) -> datetime | None:
    """When the next life stage begins; steps of a reactivation are not broken off for it."""
    return enrolment.stage_due if enrolment.phase in STAGED else None


def _leave_step(state: CustomerState, enrolment: Enrolment, now: datetime) -> bool:
    """At the end of a step: whether she goes over to another version, where she is at its counterpart."""
    to = enrolment.moving
    if to is None or to.policy is not MovePolicy.NEXT_STEP:
        return False
    cursor = moving.in_other_version(enrolment, to.pinned.journey)
    if cursor is None:
        enrolment.moving = None
        why = f"{steps.path(enrolment)} {moving.NO_COUNTERPART} {to.pinned.number}"
        note(state, now, f"stays on version {enrolment.pinned.number} of {enrolment.pinned.playbook}", why)
        return False
    go_over(state, enrolment, now, cursor)
    return True


def _move(state: CustomerState, enrolment: Enrolment, now: datetime) -> bool:
    """One silent move; False when something outward or a wait is next."""
    if state.paused_by or enrolment.phase is Phase.ENDED:
        return False
    if (due := stage_due(enrolment)) and due <= now:
        enrolment.stage_due, enrolment.stage_asked, enrolment.sent_to_stage = None, False, False
        return True
    if (dormant := dormant_at(enrolment)) and dormant <= now:
        begin(state, enrolment, Phase.REACTIVATION, now)
        return True
    step = steps.current(enrolment)
    return step is not None and _pass(state, enrolment, step, now)


def _pass(state: CustomerState, enrolment: Enrolment, step: Step, now: datetime) -> bool:
    """Leave a step that is over."""
    over = enrolment.due_at is not None and enrolment.due_at <= now
    if step.exit is not None:
        end(state, enrolment, step.exit, now)
        if not state.active:
            enter_stage(state, Stage.ENDED, step.exit, now)
    elif step.goto_stage is not None:
        enrolment.stage_asked, enrolment.sent_to_stage = False, True  # asked when a later one begins
        begin_life_stage(state, enrolment, step.goto_stage, f"sent there by {steps.path(enrolment)}", now)
    elif step.wait_for and (enrolment.met or over):
        branch = "then" if enrolment.met else "otherwise"
        note(state, now, f"{step.wait_for.awaited} {'came' if enrolment.met else 'did not come'}", branch)
        go_into(state, enrolment, branch, now)
    elif (step.wait and over) or (step.send and (enrolment.met or over)):
        step_on(state, enrolment, now)
    elif enrolment.due_at is None and enrolment.cursor in enrolment.been:
        note(state, now, f"{steps.path(enrolment)}: left out", "she had it under an earlier version")
        step_on(state, enrolment, now)
    else:
        return False
    return True


def _is_so_already(state: CustomerState, wanted: WaitFor) -> bool:
    """Being in a group is having joined, and a date that she told is known; an order has to be a new one."""
    if wanted.event is EventKind.GROUP_JOINED:
        return bool(state.in_groups)
    if wanted.event is EventKind.FRIEND_ADDED:
        return any(not friend.half for friend in state.friends)
    return wanted.form in DATES and wanted.form in state.forms


def _phase_over(state: CustomerState, enrolment: Enrolment, now: datetime) -> None:
    go_over(state, enrolment, now)
    journey, won_back = enrolment.pinned.journey, state.stage is Stage.BACK
    if enrolment.phase is Phase.NURTURE and journey.life_stages:
        enrolment.phase, enrolment.stage_asked = Phase.LIFE_STAGE, False
        return
    if enrolment.phase is Phase.REACTIVATION and not won_back:
        enrolment.phase = Phase.LAPSED
        note(state, now, f"{enrolment.pinned.playbook} rests", "reactivation ended without her")
        return
    settle(state, enrolment)
    last = journey.life_stages[-1].stage if journey.life_stages else None
    if journey.reactivation is None and enrolment.life_stage == last:
        end(state, enrolment, "the playbook is over", now)


def settle(state: CustomerState, enrolment: Enrolment) -> None:
    """Nothing more to do but to see whether she drifts away, or another life stage comes."""
    enrolment.phase, enrolment.cursor = Phase.SETTLED, []
    enrolment.clock_from = max(enrolment.since, state.last_visit_at or enrolment.since)


def _bound(enrolment: Enrolment) -> int:
    """No walk is longer than its trees: a playbook can never spin."""
    return sum(steps.count(tree) for _, tree in steps.lists_of(enrolment.pinned.journey)) + 2
