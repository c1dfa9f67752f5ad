"""Going over to another version of a playbook: where a place is in it, when she goes, what she gets."""

import re
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import actions, commands, journey, moving, steps
from domain.customer import Command, CommandKind, CustomerState, Enrolment, Move, MovePolicy, Phase
from domain.playbook import Goal, LifeStage, PinnedJourney, Step
from domain.questions import Answer
from tests.domain.drive import Drive, by_lot
from tests.domain.moments import START, after, friend, in_nurture, pinned, send, wait, wait_for
from tests.domain.strategies import plans, trees
from tests.domain.test_journey_properties import EVENTS, lives_of_many


def version(number: int, nurture: Sequence[Step] = (), *rest: Any, **fields: Any) -> PinnedJourney:
    plan = pinned(nurture, *rest, **fields)
    return plan.model_copy(update={"number": number, "version": f"v{number}"})


def order(state: CustomerState, to: PinnedJourney, policy: str = "next_step", days: float = 0) -> str:
    move = Move(id="m1", policy=MovePolicy(policy), pinned=to)
    command = Command(
        id=f"m1/{to.version}/{days}", kind=CommandKind.MOVE, by="anna", playbook="coffee", move=move
    )
    return commands.obey(state, command, after(days))


def begun(plan: PinnedJourney, days: float) -> tuple[CustomerState, Enrolment, Drive]:
    state, enrolment = in_nurture(plan)
    driven = Drive(state).run([], START, after(days))
    return state, enrolment, driven


def go_on(state: CustomerState, days: float, until: float) -> list[str]:
    return Drive(state).run([], after(days), after(until)).keys


def touches(keys: Sequence[str]) -> list[str]:
    """Without the looks at tag rules, which may be as many as they like."""
    return [key for key in keys if "." in key]


def by_question(ask: actions.Ask, now: datetime) -> Answer:
    """The same answer whatever the visit."""
    return by_lot(ask.model_copy(update={"key": ""}), now)


# ---- counterparts


def named(step: Step, name: str) -> Step:
    return step.model_copy(update={"id": name})


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ([named(wait(1), "a")], [send(), named(wait(9), "a")], [1]),
        ([send("x"), wait(1)], [send("new"), send("x"), wait(1)], [2]),
        ([wait(1), send("x"), wait(1)], [wait(1), send("y"), wait(1)], [2]),
        ([send("x"), wait(1)], [send("x"), wait(2)], [1]),
        ([send("x"), wait(1)], [send("x"), send("z")], None),
        ([send("x"), wait(1)], [send("x")], None),
        ([send("x"), named(wait(1), "a")], [send("x"), named(wait(1), "b")], None),
        ([wait(2), wait(1)], [wait_for(3, then=[wait(1)])], [0, "then", 0]),
        # What stands there now is another step of hers: it is not hers twice.
        ([send("x"), wait(1), wait(2)], [send("x"), wait(2)], None),
    ],
    ids=["id", "equal", "path", "edited", "kind", "gone", "renamed", "inside", "taken"],
)
def test_the_counterpart_of_a_place(old: list[Step], new: list[Step], place: list[Any] | None) -> None:
    where: steps.Cursor = [len(old) - 1] if place is not None or len(old) < 3 else [1]
    assert moving.counterpart(old, new, where) == place


@given(trees())
def test_in_the_same_tree_everything_is_where_it_is(tree: list[Step]) -> None:
    for cursor, _ in steps.walk(tree):
        assert moving.counterpart(tree, tree, cursor) == cursor


@given(trees(), trees())
def test_a_counterpart_exists_is_of_the_same_kind_and_only_one_steps(
    old: list[Step], new: list[Step]
) -> None:
    found = []
    for cursor, step in steps.walk(old):
        if place := moving.counterpart(old, new, cursor):
            there = steps.step_at(new, place)
            assert there is not None
            assert there.kind == step.kind
            found.append(tuple(place))
    assert len(found) == len(set(found))


# ---- at the next step


def test_she_ends_her_wait_by_the_old_rules_and_goes_on_by_the_new() -> None:
    state, enrolment, _ = begun(version(1, [send("a"), wait(5), send("b")]), days=1)
    new = version(2, [send("a"), send("c"), wait(5), send("d"), wait(1)])
    assert order(state, new, days=1) == "moves from version 1 to version 2 after nurture.1"
    assert enrolment.due_at == after(5), "the wait in progress is not touched"
    assert go_on(state, 1, 5.5) == ["wm1/1/nurture.3/2"]
    assert (enrolment.pinned.number, enrolment.moving, enrolment.cursor) == (2, None, [4])
    assert any(line.what == "moved to version 2 of coffee" for line in state.log)


def test_what_she_had_is_not_done_again_when_it_stands_later_now() -> None:
    state, _, _ = begun(version(1, [send("a"), wait(5), send("b")]), days=1)
    order(state, version(2, [wait(5), send("a"), wait(1), send("b")]), days=1)
    assert go_on(state, 1, 20) == ["wm1/1/nurture.3/2"]
    assert ("nurture.1: left out", "she had it under an earlier version") in {
        (line.what, line.reason) for line in state.log
    }


def test_a_new_step_at_an_old_path_has_a_key_of_its_own() -> None:
    state, _, driven = begun(version(1, [send("a"), send("z"), wait(5), send("b")]), days=1)
    order(state, version(2, [wait(5), send("new"), send("b")]), days=1)
    later = go_on(state, 1, 20)
    assert driven.keys == ["wm1/1/nurture.0/1", "wm1/1/nurture.1/1"]
    assert later == ["wm1/1/nurture.1/2", "wm1/1/nurture.2/2"]


def test_without_a_counterpart_she_stays_and_the_reason_is_on_record() -> None:
    state, enrolment, _ = begun(version(1, [wait(5), send("b")]), days=1)
    answer = order(state, version(2, [send("x"), send("b")]), days=1)
    assert answer == "stays on version 1: nurture.0 has no counterpart in version 2"
    assert enrolment.moving is None
    assert state.log[-1].reason == answer
    assert go_on(state, 1, 20) == ["wm1/1/nurture.1/1"]


def test_the_way_out_of_a_wait_for_is_looked_for_in_the_new_version() -> None:
    old = version(1, [wait_for(5, then=[send("a")], otherwise=[send("b")])])
    new = version(2, [wait_for(9, then=[send("a")], otherwise=[wait(1), send("c")])])
    state, enrolment, _ = begun(old, days=1)
    order(state, new, days=1)
    assert enrolment.due_at == after(5)
    assert go_on(state, 1, 20) == ["wm1/1/nurture.0.otherwise.1/2"]


@pytest.mark.parametrize("policy", ["next_step", "drain"])
def test_who_rests_between_steps_goes_over_at_once(policy: str) -> None:
    old, new = version(1, [send("a")], [send("back")]), version(2, [send("x")], [send("come")])
    state, enrolment, _ = begun(old, days=1)
    assert enrolment.phase is Phase.SETTLED
    assert order(state, new, policy, days=1) == "moved from version 1 to version 2"
    assert enrolment.pinned == new
    assert go_on(state, 1, 60) == ["wm1/1/reactivation.0/3"]


def test_before_her_steps_begin_she_waits_for_them() -> None:
    state = friend()
    journey.enrol(state, version(1, [send("a")]), START)
    assert "moves from version 1" in order(state, version(2, [send("b")], [send("c")]))
    journey.begin(state, state.enrolments["coffee"], Phase.NURTURE, START)
    assert go_on(state, 0, 1) == ["wm1/1/nurture.0/2"]
    assert state.enrolments["coffee"].pinned.number == 2


def test_who_is_no_longer_inside_is_left_alone() -> None:
    state, enrolment, _ = begun(version(1, [wait(5)]), days=1)
    journey.end(state, enrolment, "over", after(1))
    assert order(state, version(2, [wait(9)])) == "is not in coffee any more"
    assert enrolment.pinned.number == 1


# ---- drained


def test_a_drained_list_ends_by_the_old_version_and_the_next_begins_by_the_new() -> None:
    old = version(1, [send("a"), wait(5), send("b")], [send("back")])
    new = version(2, [send("z"), wait(1), send("y")], [wait(1), send("come")])
    state, enrolment, _ = begun(old, days=1)
    assert order(state, new, "drain", days=1) == "moves from version 1 to version 2 after these steps"
    assert go_on(state, 1, 60) == ["wm1/1/nurture.2/1", "wm1/1/reactivation.1/3"]
    assert enrolment.pinned.number == 2


def test_a_stage_that_the_new_version_does_not_know_is_asked_for_again() -> None:
    stages = [LifeStage(stage="baby", steps=[wait(9)])]
    old, new = version(1, [wait(1)], life_stages=stages), version(2, [], [send("back")])
    state, enrolment, _ = begun(old, days=0)
    order(state, new, "drain")
    journey.begin_life_stage(state, enrolment, "baby", "her day", after(1))
    assert (enrolment.pinned.number, enrolment.life_stage, enrolment.phase) == (2, None, Phase.SETTLED)


# ---- undone, and what else goes along


def test_undoing_what_has_not_happened_calls_it_off() -> None:
    old, new = version(1, [wait(5), send("b")]), version(2, [wait(5), send("c")])
    state, enrolment, _ = begun(old, days=1)
    order(state, new, days=1)
    assert order(state, old, days=2) == "stays on version 1; the move to version 2 is off"
    assert enrolment.moving is None
    assert go_on(state, 2, 20) == ["wm1/1/nurture.1/1"]


def test_undoing_what_has_happened_leads_back_and_repeats_nothing() -> None:
    old = version(1, [send("a"), wait(5), send("b"), wait(5), send("c")])
    new = version(2, [send("a"), wait(5), send("b2"), wait(5), send("c"), wait(9)])
    state, enrolment, driven = begun(old, days=1)
    order(state, new, days=1)
    there = go_on(state, 1, 6)
    order(state, old, days=6)
    back = go_on(state, 6, 40)
    assert enrolment.pinned.number == 1
    keys = [*driven.keys, *there, *back]
    assert keys == ["wm1/1/nurture.0/1", "wm1/1/nurture.2/2", "wm1/1/nurture.4/3"]


def test_goals_that_are_being_looked_at_are_found_again_by_name() -> None:
    def goal(name: str) -> Goal:
        return Goal.model_validate({"name": name, "event": "order_paid", "when": {"member": True}})

    old, new = (
        version(n, [wait(5), wait(6)], goals=g) for n, g in ((1, [goal("a"), goal("b")]), (2, [goal("b")]))
    )
    state, enrolment, _ = begun(old, days=1)
    enrolment.asks_goals = [0, 1]
    enrolment.moving = Move(id="m", policy=MovePolicy.NEXT_STEP, pinned=new)
    journey.step_on(state, enrolment, after(5))
    assert enrolment.asks_goals == [0]


@lives_of_many
@given(plans(), plans(), EVENTS, st.integers(0, 200), st.sampled_from(["next_step", "drain"]), st.booleans())
def test_no_touch_of_a_life_that_moves_has_the_key_of_another(
    old: PinnedJourney, new: PinnedJourney, events: list[Any], at: int, policy: str, undo: bool
) -> None:
    new = new.model_copy(update={"version": "v2", "number": 2})
    state, _ = in_nurture(old)
    driven = Drive(state)
    days = (0, at, at + 20, 250)
    orders = [(new, at), *([(old, at + 20)] if undo else [])]
    for number, (begins, ends) in enumerate(pairwise(days)):
        driven.run([e for e in events if after(begins) <= e.at < after(ends)], after(begins), after(ends))
        if number < len(orders):
            order(driven.state, orders[number][0], policy, days=orders[number][1])
    keys = touches(driven.keys)
    assert len(keys) == len(set(keys))


@settings(max_examples=40, deadline=None)
@given(plans(), EVENTS, st.integers(1, 200))
def test_going_over_to_an_equal_version_changes_nothing_of_what_she_gets(
    plan: PinnedJourney, events: list[Any], at: int
) -> None:
    twin = plan.model_copy(update={"version": "v2", "number": 2})
    alone, _ = in_nurture(plan)
    moved, _ = in_nurture(plan)
    straight = Drive(alone, answers=by_question).run(events, START, after(250))
    early = [e for e in events if e.at < after(at)]
    driven = Drive(moved, answers=by_question).run(early, START, after(at))
    order(driven.state, twin, days=at)
    driven.run([e for e in events if e.at >= after(at)], after(at), after(250))

    def what(lines: list[str]) -> list[str]:
        return [re.sub(r"/\d+(/coupon)?$", r"\1", line) for line in touches(lines)]  # without the visit

    assert what(driven.actions) == what(straight.actions)
