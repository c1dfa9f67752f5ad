"""The steps that need facts, and what may cut a journey short: one behaviour at a time."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from domain import actions, journey, life
from domain.customer import CustomerState, Enrolment, Phase
from domain.events import EventKind
from domain.playbook import Exit, Goal, LifeStage, PinnedJourney, Step
from domain.questions import OVER, Answer
from domain.stages import Stage
from tests.domain.moments import START, after, event, in_nurture, pinned, send, wait

MEMBERS = {"member": True}
COUPON = {"template": "T10", "name": "10 元券"}


def step(**fields: Any) -> Step:
    return Step.model_validate(fields)


def next_of(state: CustomerState, days: float = 0) -> actions.Action:
    journey.advance(state, after(days))
    return actions.next_action(state, after(days))


def asked(state: CustomerState, days: float = 0) -> actions.Ask:
    action = next_of(state, days)
    assert isinstance(action, actions.Ask), action
    return action


def tell(state: CustomerState, days: float = 0, **answer: Any) -> None:
    """Answer what is asked at a day."""
    actions.answered(state, asked(state, days), Answer(**answer), after(days))


def key(state: CustomerState, days: float = 0) -> str | None:
    """What is to be done at a day; None when she rests."""
    action = next_of(state, days)
    return None if isinstance(action, actions.Rest) else action.key


def carry_out(state: CustomerState, days: float = 0, *, refused: bool = False) -> actions.Action:
    action = next_of(state, days)
    assert not isinstance(action, actions.Rest | actions.Ask), action
    actions.done(state, action, after(days), refused=refused)
    return action


def happens(state: CustomerState, kind: EventKind, days: float, **fields: Any) -> None:
    life.happened(state, event(kind, days, **fields), after(days))


def noted(state: CustomerState) -> list[tuple[str, str]]:
    return [(line.what, line.reason) for line in state.log]


# ---- branches, splits, waits


BRANCH = step(branch=[{"when": MEMBERS, "steps": [{"exit": "a"}]}, {"when": {"tag": "x"}, "steps": []}])


def test_a_branch_takes_the_case_that_holds_and_says_why() -> None:
    state, enrolment = in_nurture(pinned([BRANCH]))
    question = asked(state).question
    assert question.cases == [case.when for case in BRANCH.branch or []]
    tell(state, chosen="0", why="the till knows her")
    journey.advance(state, START)
    assert enrolment.ended_reason == "a"
    assert ("nurture.0: 0", "the till knows her") in noted(state)


@pytest.mark.parametrize("chosen", [None, "1"], ids=["no case holds", "the case is empty"])
def test_an_empty_way_leads_behind_the_branch(chosen: str | None) -> None:
    state, _ = in_nurture(pinned([BRANCH, send("B")]))
    tell(state, chosen=chosen)
    assert key(state) == "wm1/1/nurture.1/1"


def test_a_split_goes_into_the_arm_it_is_told() -> None:
    arms = [{"arm": "a", "share": 30, "steps": [{"exit": "a"}]}, {"arm": "b", "share": 70}]
    state, enrolment = in_nurture(pinned([step(split={"experiment": "words", "arms": arms})]))
    experiment = asked(state).question.split
    assert experiment
    assert experiment.shares == {"a": 30, "b": 70}
    tell(state, chosen="a")
    journey.advance(state, START)
    assert enrolment.ended_reason == "a"


def test_a_wait_until_something_is_asked_once_and_then_waited_for() -> None:
    state, _ = in_nurture(pinned([step(wait={"until": "10:00", "weekday": "wed"}), send("B")]))
    tell(state, at=after(2))
    assert next_of(state, 1) == actions.Rest(until=after(2), why="coffee goes on")
    assert key(state, 2) == "wm1/1/nurture.1/1"


def test_what_speaks_of_an_unknown_day_is_left_out() -> None:
    inside = [{"wait": {"day": {"date": "birthday"}}}, {"exit": "never"}]
    tree = [step(branch=[{"steps": inside}]), send("after")]
    state, _ = in_nurture(pinned(tree))
    tell(state, chosen="0")
    tell(state, at=None, why="birthday is not known")
    assert key(state) == "wm1/1/nurture.1/1"
    assert noted(state)[-1] == ("nurture.0.0.0: left out with the steps behind it", "birthday is not known")


def test_what_belongs_to_a_day_that_is_over_is_left_out_up_to_the_next_wait() -> None:
    due = {"wait": {"day": {"date": "due_date"}}}
    tree = [step(branch=[{"steps": [due, {"exit": "no"}, {"wait": "1d"}, {"exit": "yes"}]}]), send("B")]
    state, enrolment = in_nurture(pinned(tree))
    tell(state, chosen="0")
    tell(state, chosen=OVER, why="due date is over")
    assert enrolment.cursor == [0, "0", 2]
    state, _ = in_nurture(pinned([step(branch=[{"steps": [due, {"exit": "no"}]}]), send("B")]))
    tell(state, chosen="0")
    tell(state, chosen=OVER)
    assert key(state) == "wm1/1/nurture.1/1"


def test_a_question_that_is_put_off_is_asked_again() -> None:
    state, _ = in_nurture(pinned([BRANCH]))
    state.retry_at[actions.retry_key("coffee")] = after(1)
    assert next_of(state) == actions.Rest(until=after(1), why="playbook/coffee goes on")
    state.retry_at.clear()
    tell(state, 1, chosen="0")
    assert not state.retry_at


# ---- sends


def test_a_coupon_of_a_message_is_credited_before_it() -> None:
    state, _ = in_nurture(pinned([step(send={"text": "hi", "coupon": COUPON}), send("B")]))
    assert isinstance(carry_out(state), actions.IssueCoupon)
    assert isinstance(carry_out(state), actions.SendTouch)
    assert key(state) == "wm1/1/nurture.1/1"


def test_a_message_whose_coupon_is_refused_is_left_out_with_the_steps_behind_it() -> None:
    state, enrolment = in_nurture(pinned([step(send={"text": "hi", "coupon": COUPON}), send("B")]))
    carry_out(state, refused=True)
    assert enrolment.phase is Phase.ENDED


# ---- goals and exits


def reaching(**goal: Any) -> tuple[CustomerState, Enrolment]:
    fields = {"name": "复购", "event": "order_paid"} | goal
    return in_nurture(pinned([send("A"), wait(9), send("B")], goals=[Goal.model_validate(fields)]))


def test_a_goal_ends_the_journey_in_the_middle_of_a_wait_and_stops_what_is_on_its_way() -> None:
    state, enrolment = reaching()
    carry_out(state)
    happens(state, EventKind.ORDER_PAID, 1, order_id="o1")
    assert enrolment.ended_reason == "goal reached: 复购"
    stop = carry_out(state, 1)
    assert isinstance(stop, actions.StopTouches)
    assert stop.reason == "goal reached: 复购"
    assert state.stage is Stage.REGULAR
    assert key(state, 1) is None


def test_a_goal_that_does_not_end_is_only_noted_once() -> None:
    state, enrolment = reaching(ends=False)
    happens(state, EventKind.ORDER_PAID, 1, order_id="o1")
    happens(state, EventKind.ORDER_PAID, 2, order_id="o2")
    assert enrolment.reached == ["复购"]
    assert [what for what, _ in noted(state)].count("goal 复购 reached") == 1
    assert key(state, 2) == "wm1/1/nurture.0/1"


@pytest.mark.parametrize("chosen", ["0", None])
def test_a_goal_with_a_condition_is_looked_up_before_anything_else(chosen: str | None) -> None:
    state, enrolment = reaching(when={"orders": {"least": 2}})
    happens(state, EventKind.ORDER_PAID, 1, order_id="o1")
    assert asked(state, 1).about == actions.GOALS
    tell(state, 1, chosen=chosen, why="orders ≥ 2")
    assert (enrolment.phase is Phase.ENDED) is (chosen == "0")


def test_what_happened_before_she_came_reaches_nothing() -> None:
    state, enrolment = reaching()
    happens(state, EventKind.ORDER_PAID, -1, order_id="o1")
    assert not enrolment.reached


def leaving(**rule: Any) -> tuple[CustomerState, Enrolment]:
    fields = {"reason": "已退群"} | rule
    return in_nurture(pinned([wait(1), send("A"), send("B")], exits=[Exit.model_validate(fields)]))


def test_an_exit_takes_her_out_at_once_and_says_so() -> None:
    state, enrolment = leaving(event="group_left")
    happens(state, EventKind.GROUP_LEFT, 0.5, chat_id="g1")
    assert (enrolment.phase, enrolment.ended_reason) == (Phase.ENDED, "已退群")
    assert (state.stage, state.stage_reason) == (Stage.ENDED, "已退群")
    assert isinstance(carry_out(state, 0.5), actions.StopTouches)


def test_an_exit_with_event_and_condition_is_looked_up_when_the_event_comes() -> None:
    state, enrolment = leaving(event="order_paid", when=MEMBERS)
    happens(state, EventKind.ORDER_PAID, 0.5, order_id="o1")
    tell(state, 0.5, chosen=None)
    assert enrolment.phase is Phase.NURTURE
    happens(state, EventKind.ORDER_PAID, 0.6, order_id="o2")
    tell(state, 0.6, chosen="0")
    assert enrolment.ended_reason == "已退群"


def test_a_standing_exit_is_looked_at_just_before_every_send() -> None:
    state, enrolment = leaving(when=MEMBERS)
    assert isinstance(next_of(state), actions.Rest)
    assert asked(state, 1).about == actions.EXITS
    tell(state, 1, chosen=None)
    assert isinstance(carry_out(state, 1), actions.SendTouch)
    tell(state, 1, chosen="0", why="the till knows her")
    assert enrolment.ended_reason == "已退群"


def test_who_is_paused_when_her_goal_comes_has_her_messages_stopped_all_the_same() -> None:
    state, _ = reaching()
    state.paused_by = "anna"
    happens(state, EventKind.ORDER_PAID, 1, order_id="o1")
    assert isinstance(next_of(state, 1), actions.StopTouches)


# ---- tags and to-dos


def test_tag_rules_are_looked_at_when_she_comes_and_when_something_happens() -> None:
    rules = [{"when": MEMBERS, "tag": "会员"}]
    state, _ = in_nurture(pinned([wait(9)], tags=rules))
    assert isinstance(carry_out(state), actions.ApplyTagRules)
    assert isinstance(next_of(state), actions.Rest)
    happens(state, EventKind.ORDER_PAID, 1, order_id="o1")
    assert isinstance(carry_out(state, 1), actions.ApplyTagRules)


def test_a_tag_step_and_a_to_do_are_passed_when_they_are_done() -> None:
    tree = [step(tag={"add": "高频"}), step(notify_staff={"title": "请回访"}), send("B")]
    state, _ = in_nurture(pinned(tree))
    assert isinstance(carry_out(state), actions.MarkTags)
    assert isinstance(carry_out(state), actions.TellStaff)
    assert key(state) == "wm1/1/nurture.2/1"


# ---- life stages


def stages(*, reactivation: bool = False, last: list[Step] | None = None) -> PinnedJourney:
    made = [
        LifeStage(stage="备孕", steps=[wait(3), send("plan")], tag="备孕"),
        LifeStage.model_validate({"stage": "孕期", "begins": {"date": "due_date", "offset": "-280d"}}),
        LifeStage.model_validate(
            {"stage": "宝宝", "begins": {"date": "due_date"}, "tag": "宝宝", "steps": last or [send("baby")]}
        ),
    ]
    back = [send("back")] if reactivation else []
    return pinned([send("hello")], back, life_stages=made)


def staged(plan: PinnedJourney, stage: str | None, at: datetime | None) -> tuple[CustomerState, Enrolment]:
    """She has been greeted, and the dates say which stage is hers."""
    state, enrolment = in_nurture(plan)
    carry_out(state)
    tell(state, chosen=stage, at=at)
    return state, enrolment


def test_after_the_first_days_the_dates_say_which_stage_is_hers() -> None:
    state, enrolment = staged(stages(), "备孕", None)
    assert enrolment.life_stage == "备孕"
    tags = carry_out(state)
    assert isinstance(tags, actions.MarkTags)
    assert tags.tags.add == ["备孕"]
    assert key(state, 3) == "wm1/1/life_stage.0.1/2"


def test_a_stage_begins_on_its_day_whatever_the_one_before_waits_for() -> None:
    state, enrolment = staged(stages(), "备孕", after(2))
    carry_out(state)
    assert next_of(state).until == after(2)  # type: ignore[union-attr]
    tell(state, 2, chosen="宝宝", at=None, why="due_date has come")
    assert (enrolment.life_stage, enrolment.cursor) == ("宝宝", [0])
    tags = carry_out(state, 2)
    assert isinstance(tags, actions.MarkTags)
    assert (tags.tags.add, tags.tags.remove) == (["宝宝"], ["备孕"])
    assert key(state, 2) == "wm1/1/life_stage.2.0/3"


def test_a_form_that_she_answers_makes_the_dates_be_looked_up_again() -> None:
    state, enrolment = staged(stages(), None, None)
    assert enrolment.phase is Phase.SETTLED
    happens(state, EventKind.FORM_ANSWERED, 1, form="due_date", answer_id=1)
    tell(state, 1, chosen="孕期", at=after(100))
    assert enrolment.life_stage == "孕期"
    assert next_of(state, 1).until == after(100)  # type: ignore[union-attr]


def test_a_journey_with_a_stage_to_come_is_not_over() -> None:
    state, enrolment = staged(stages(), "孕期", after(100))
    assert next_of(state, 1).until == after(100)  # type: ignore[union-attr]
    assert enrolment.phase is Phase.SETTLED
    tell(state, 100, chosen="宝宝", at=None)
    carry_out(state, 100)
    carry_out(state, 100)
    assert enrolment.ended_reason == "the playbook is over"


def test_a_stage_does_not_break_off_a_reactivation() -> None:
    state, enrolment = staged(stages(reactivation=True), "孕期", after(50))
    key(state, 45)
    assert (enrolment.phase, state.stage) == (Phase.REACTIVATION, Stage.DORMANT)
    assert key(state, 60) == "wm1/1/reactivation.0/3"
    carry_out(state, 60)
    assert asked(state, 60).about == actions.STAGE


def test_who_is_sent_to_a_stage_stays_there_until_a_date_says_otherwise() -> None:
    last = [wait(1), Step(goto_stage="备孕")]
    state, enrolment = staged(stages(last=last), "宝宝", None)
    carry_out(state)
    question = asked(state, 1).question.stages
    assert question
    assert (question.current, question.stay) == ("备孕", True)
    tell(state, 1, chosen="备孕", at=None)
    assert enrolment.life_stage == "备孕"
    happens(state, EventKind.FORM_ANSWERED, 2, form="due_date", answer_id=1)
    again = asked(state, 2).question.stages
    assert again
    assert not again.stay


def test_a_re_entry_may_have_to_wait() -> None:
    state, _ = in_nurture(pinned([Step(exit="over")]))
    plan = pinned([send("A")])
    plan = plan.model_copy(update={"reentry": "always", "reentry_after": timedelta(days=30)})
    assert life.why_not_enrol(state, plan, after(29)) == "re-entry: not before 30d have passed"
    assert life.why_not_enrol(state, plan, after(31)) is None
