"""The cursor: it visits what is executed, in order, and comes to an end."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from domain import steps
from domain.customer import Phase
from domain.playbook import Step
from domain.steps import Cursor
from tests.domain.moments import in_nurture, pinned, send, wait_for
from tests.domain.strategies import trees

A, B, C, D = (send(name) for name in "ABCD")


@settings(deadline=None)
@given(trees(least=1), st.integers(0, 2**16))
def test_the_cursor_visits_exactly_what_is_executed(tree: list[Step], seed: int) -> None:
    executed = _execute(tree, random.Random(seed))
    assert _walk(tree, random.Random(seed)) == executed
    assert len(executed) <= steps.count(tree)


@settings(deadline=None)
@given(trees(least=1))
def test_following_alone_comes_to_an_end(tree: list[Step]) -> None:
    cursor: Cursor | None = [0]
    seen = []
    while cursor is not None:
        assert steps.step_at(tree, cursor) is not None
        seen.append(cursor)
        cursor = steps.following(tree, cursor)
    assert seen == [[n] for n in range(len(tree))]


def test_a_branch_is_entered_at_its_first_step_and_left_behind_its_parent() -> None:
    tree = [wait_for(1, then=[A, B]), C]
    assert steps.inside(tree, [0], "then") == [0, "then", 0]
    assert steps.following(tree, [0, "then", 0]) == [0, "then", 1]
    assert steps.following(tree, [0, "then", 1]) == [1]


def test_an_empty_branch_leads_to_what_follows() -> None:
    assert steps.inside([wait_for(1, then=[A]), B], [0], "otherwise") == [1]
    assert steps.inside([wait_for(1, then=[A])], [0], "otherwise") is None


def test_the_end_of_a_deep_branch_climbs_all_the_way() -> None:
    deep = [wait_for(1, otherwise=[wait_for(2, then=[A])]), B]
    bottom: Cursor = [0, "otherwise", 0, "then", 0]
    assert steps.step_at(deep, bottom) == A
    assert steps.following(deep, bottom) == [1]


def test_there_is_nothing_beyond_the_tree() -> None:
    assert steps.step_at([A], [1]) is None
    assert steps.step_at([A], [0, "then", 0]) is None
    assert steps.following([A], [0]) is None
    assert steps.following([A], []) is None


def test_all_steps_of_all_branches_are_counted() -> None:
    assert steps.count([]) == 0
    assert steps.count([A, wait_for(1, then=[B, wait_for(2, otherwise=[C])]), D]) == 6


def test_phases_without_steps_have_none() -> None:
    _, enrolment = in_nurture(pinned([A]))
    assert steps.steps_of(enrolment) == [A]
    for phase in Phase:
        enrolment.phase = phase
        assert bool(steps.steps_of(enrolment)) is (phase is Phase.NURTURE)


def test_the_path_is_written_as_a_files_author_would() -> None:
    _, enrolment = in_nurture(pinned([wait_for(3, then=[A])]))
    enrolment.cursor = [0, "then", 0]
    assert steps.path(enrolment) == "nurture.0.then.0"
    assert steps.current(enrolment) == A


def _execute(tree: list[Step], lots: random.Random) -> list[Step]:
    """What a tree means: its steps in order, of each fork one branch."""
    executed = []
    for step in tree:
        executed.append(step)
        if step.wait_for:
            branch = lots.choice(["then", "otherwise"])
            executed += _execute(getattr(step.wait_for, branch), lots)
    return executed


def _walk(tree: list[Step], lots: random.Random) -> list[Step]:
    walked = []
    cursor: Cursor | None = [0]
    while cursor is not None:
        step = steps.step_at(tree, cursor)
        assert step is not None
        walked.append(step)
        if step.wait_for:
            cursor = steps.inside(tree, cursor, lots.choice(["then", "otherwise"]))
        else:
            cursor = steps.following(tree, cursor)
    return walked
