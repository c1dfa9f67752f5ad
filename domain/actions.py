"""What comes next for a customer, and what follows when it is done. The interpreter of playbooks: pure,
bounded, the same for real runs, previews and what-if."""

from datetime import datetime

from pydantic import Field

from domain import goals, journey, steps
from domain.customer import CustomerState, Enrolment, Phase
from domain.playbook import CouponStep, NotifyStaff, Send, Step, TagStep
from domain.questions import OVER, Answer, Experiment, Question, StageDay, Stages
from domain.shape import Shape, UtcTime, earliest

EXITS, GOALS, STAGE, STEP = "exits", "goals", "stage", "step"  # what a question is about


class SendTouch(Shape):
    """Plan one message to her."""

    playbook: str
    key: str
    send: Send
    step: str | None = Field(None, description="the `id` of the step")
    since: UtcTime | None = Field(None, description="when `within` of the message began")


class IssueCoupon(Shape):
    """Credit one coupon to her account at the till."""

    playbook: str
    key: str
    coupon: CouponStep
    step: str | None = Field(None, description="the `id` of the step")


class MarkTags(Shape):
    """Add and remove tags, but for what employees did by hand."""

    playbook: str
    key: str
    tags: TagStep
    about: str = STEP


class ApplyTagRules(Shape):
    """Look at the playbook's tag rules once more: something changed that they may look at."""

    playbook: str
    key: str


class TellStaff(Shape):
    """A to-do for an employee, with her name."""

    playbook: str
    key: str
    notice: NotifyStaff


class Ask(Shape):
    """Look something up about her before going on."""

    playbook: str
    key: str
    question: Question
    about: str = STEP


class StopTouches(Shape):
    """Her journey ended while messages were on their way."""

    playbook: str
    key: str
    reason: str


class Rest(Shape):
    """Nothing to do before `until`; for ever when it is None."""

    until: UtcTime | None = Field(None)
    why: str = ""


Outward = SendTouch | IssueCoupon | MarkTags | ApplyTagRules | TellStaff | StopTouches
Action = Outward | Ask | Rest


def next_action(state: CustomerState, now: datetime) -> Action:
    """What to do now; call `journey.advance` first. Paused and opted-out customers only rest."""
    for playbook, reason in state.withdrawals.items():
        if not _put_off(state, playbook, now):
            key = f"{state.external_userid}/{state.enrolments[playbook].number}/stop"
            return StopTouches(playbook=playbook, key=key, reason=reason)
    if state.paused_by:
        return Rest(until=earliest(*state.retry_at.values()), why=f"paused by {state.paused_by}")
    for enrolment in state.active:
        if not _put_off(state, enrolment.pinned.playbook, now) and (action := _act(state, enrolment)):
            return action
    return _rest(state)


def retry_key(playbook: str) -> str:
    """The key under which a playbook's failed step is put off."""
    return f"playbook/{playbook}"


def done(state: CustomerState, action: Outward, now: datetime, *, refused: bool = False) -> None:
    """The action was carried out: go on, or stay for the delivery if the step wants to know it.

    A touch that was `refused` when it was planned has no delivery to wait for. After a coupon that the till
    refused, the steps behind it in the same list are left out: they speak of it.
    """
    state.retry_at.pop(retry_key(action.playbook), None)
    if isinstance(action, StopTouches):
        del state.withdrawals[action.playbook]
        return
    enrolment = state.enrolments[action.playbook]
    if _reaches_out(action, enrolment):
        enrolment.been.append(list(enrolment.cursor))
    if isinstance(action, ApplyTagRules):
        enrolment.retag = False
    elif isinstance(action, MarkTags) and action.about == STAGE:
        enrolment.stage_tagged = enrolment.life_stage
    elif isinstance(action, SendTouch) and action.send.wait_for_delivery and not refused:
        enrolment.waits_for, enrolment.due_at = action.key, now + journey.DELIVERY_PATIENCE
    elif isinstance(action, IssueCoupon) and refused:
        journey.leave_list(state, enrolment, now)
    elif isinstance(action, IssueCoupon) and _sends(enrolment):
        enrolment.coupon_given = True
    else:
        journey.step_on(state, enrolment, now)


def answered(state: CustomerState, ask: Ask, answer: Answer, now: datetime) -> None:
    """Go on as the facts say; why is on record."""
    enrolment = state.enrolments[ask.playbook]
    state.retry_at.pop(retry_key(ask.playbook), None)
    state.tier = state.tier if answer.tier is None else answer.tier or None
    if ask.about == GOALS:
        asked, enrolment.asks_goals = enrolment.asks_goals, []
        if answer.chosen is not None:
            number = int(answer.chosen)
            enrolment.asks_goals = asked[number + 1 :]  # the answer names the first that holds
            goals.reach(state, enrolment, asked[number], answer.why, now)
    elif ask.about == EXITS:
        _exit_or_go_on(state, enrolment, ask, answer, now)
    elif ask.about == STAGE:
        _in_stage(state, enrolment, answer, now)
    elif ask.question.wait:
        _wait_until(state, enrolment, answer, now)
    else:
        chosen = answer.chosen
        journey.note(state, now, f"{steps.path(enrolment)}: {chosen or 'none of the cases'}", answer.why)
        if chosen is None:
            journey.step_on(state, enrolment, now)
        else:
            journey.go_into(state, enrolment, chosen, now)


def _exit_or_go_on(
    state: CustomerState, enrolment: Enrolment, ask: Ask, answer: Answer, now: datetime
) -> None:
    came, enrolment.asks_exits = enrolment.asks_exits, []
    asked = came or _standing_exits(enrolment)
    if answer.chosen is None:
        enrolment.may_send = enrolment.may_send or not came
        return
    rule = enrolment.pinned.journey.exits[asked[int(answer.chosen)]]
    journey.note(state, now, f"exit {rule.reason}", answer.why)
    journey.leave(state, enrolment, rule.reason, now)


def _in_stage(state: CustomerState, enrolment: Enrolment, answer: Answer, now: datetime) -> None:
    enrolment.stage_asked, enrolment.stage_due = True, answer.at
    if answer.chosen is not None and answer.chosen != enrolment.life_stage:
        journey.begin_life_stage(state, enrolment, answer.chosen, answer.why, now)
    elif enrolment.phase is Phase.LIFE_STAGE and not enrolment.cursor:  # no stage is hers, or none yet
        journey.settle(state, enrolment)
        journey.note(state, now, "no life stage", answer.why)


def _wait_until(state: CustomerState, enrolment: Enrolment, answer: Answer, now: datetime) -> None:
    if answer.chosen == OVER:
        journey.note(state, now, f"{steps.path(enrolment)}: left out up to the next wait", answer.why)
        journey.skip_to_wait(state, enrolment, now)
    elif answer.at is None:
        journey.note(state, now, f"{steps.path(enrolment)}: left out with the steps behind it", answer.why)
        journey.leave_list(state, enrolment, now)
    else:
        enrolment.due_at = answer.at


def _act(state: CustomerState, enrolment: Enrolment) -> Outward | Ask | None:
    rules, playbook = enrolment.pinned.journey, enrolment.pinned.playbook
    number = f"{state.external_userid}/{enrolment.number}"
    if enrolment.asks_goals:
        cases = [rules.goals[n].when for n in enrolment.asks_goals]
        return Ask(playbook=playbook, key=f"{number}/goals", question=Question(cases=cases), about=GOALS)
    if enrolment.asks_exits:
        return _ask_exits(enrolment, number, enrolment.asks_exits)
    if enrolment.phase is Phase.ONBOARDING:
        return None
    if rules.life_stages and enrolment.phase in journey.STAGED and not enrolment.stage_asked:
        return _ask_stage(enrolment, number)
    if tags := _stage_tags(enrolment):
        return MarkTags(playbook=playbook, key=f"{number}/stage/{enrolment.visit}", tags=tags, about=STAGE)
    if enrolment.retag:
        return ApplyTagRules(playbook=playbook, key=f"{number}/tags")
    step = steps.current(enrolment)
    key = f"{number}/{steps.path(enrolment)}/{enrolment.visit}"
    return _act_at(enrolment, step, playbook, key) if step else None


def _act_at(enrolment: Enrolment, step: Step, playbook: str, key: str) -> Outward | Ask | None:
    if step.send and enrolment.waits_for is None:
        return _send(enrolment, step, playbook, key)
    if step.coupon:
        return IssueCoupon(playbook=playbook, key=key, coupon=step.coupon, step=step.id)
    if step.tag:
        return MarkTags(playbook=playbook, key=key, tags=step.tag)
    if step.notify_staff:
        return TellStaff(playbook=playbook, key=key, notice=step.notify_staff)
    if question := question_of(step):
        return None if enrolment.due_at else Ask(playbook=playbook, key=key, question=question)
    return None


def question_of(step: Step) -> Question | None:
    """What has to be known at a step before its way is clear."""
    if step.branch:
        return Question(cases=[case.when for case in step.branch])
    if step.split:
        shares = {arm.arm: arm.share for arm in step.split.arms}
        return Question(split=Experiment(name=step.split.experiment, shares=shares))
    if step.wait and not step.wait.plain:
        return Question(wait=step.wait)
    return None


def _send(enrolment: Enrolment, step: Step, playbook: str, key: str) -> Outward | Ask:
    assert step.send is not None
    if (standing := _standing_exits(enrolment)) and not enrolment.may_send:
        return _ask_exits(enrolment, key, standing)
    if step.send.coupon and not enrolment.coupon_given:
        return IssueCoupon(playbook=playbook, key=f"{key}/coupon", coupon=step.send.coupon, step=step.id)
    since = (enrolment.entered_at or enrolment.since) if step.send.within else None
    return SendTouch(playbook=playbook, key=key, send=step.send, step=step.id, since=since)


def _standing_exits(enrolment: Enrolment) -> list[int]:
    """Those without an event: looked at whenever something is to be sent."""
    return [n for n, rule in enumerate(enrolment.pinned.journey.exits) if rule.event is None]


def _ask_exits(enrolment: Enrolment, key: str, numbers: list[int]) -> Ask:
    cases = [enrolment.pinned.journey.exits[n].when for n in numbers]
    playbook = enrolment.pinned.playbook
    return Ask(playbook=playbook, key=f"{key}/exits", question=Question(cases=cases), about=EXITS)


def _ask_stage(enrolment: Enrolment, number: str) -> Ask:
    days = [StageDay(stage=s.stage, begins=s.begins) for s in enrolment.pinned.journey.life_stages]
    asked = Stages(stages=days, current=enrolment.life_stage, stay=enrolment.sent_to_stage)
    key = f"{number}/stage"
    return Ask(playbook=enrolment.pinned.playbook, key=key, question=Question(stages=asked), about=STAGE)


def _stage_tags(enrolment: Enrolment) -> TagStep | None:
    rules = enrolment.pinned.journey
    if enrolment.stage_tagged == enrolment.life_stage:
        return None
    old, new = (steps.life_stage(rules, n) for n in (enrolment.stage_tagged, enrolment.life_stage))
    add, remove = new.tag if new else None, old.tag if old else None
    return TagStep(add=[add] if add else None, remove=[remove] if remove else None) if add or remove else None


def _reaches_out(action: Outward, enrolment: Enrolment) -> bool:
    """Whether it must not be done twice, when another version has the same step elsewhere."""
    if isinstance(action, IssueCoupon):
        return not _sends(enrolment)  # a send's own coupon goes with its message
    return isinstance(action, SendTouch | TellStaff)


def _sends(enrolment: Enrolment) -> bool:
    return (step := steps.current(enrolment)) is not None and step.send is not None


def _rest(state: CustomerState) -> Rest:
    due = {
        e.pinned.playbook: earliest(e.due_at, journey.dormant_at(e), journey.stage_due(e))
        for e in state.active
    }
    due |= {k: earliest(due.get(k), at) for k, at in state.retry_at.items()}
    until = earliest(*due.values())
    why = next((f"{name} goes on" for name, at in due.items() if at == until and at), "nothing is due")
    return Rest(until=until, why=why)


def _put_off(state: CustomerState, playbook: str, now: datetime) -> bool:
    return state.retry_at.get(retry_key(playbook), now) > now
