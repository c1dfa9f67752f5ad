"""What a move would mean for those at a place, before anybody moves: as their lives will decide it."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import journey, steps
from domain.customer import Move, MovePolicy, Phase
from domain.outlook import outlook, standing_at
from domain.playbook import LifeStage, PinnedJourney
from tests.domain.drive import Drive
from tests.domain.moments import START, after, in_nurture, send, wait, wait_for
from tests.domain.strategies import plans
from tests.domain.test_moving import version

OLD = version(1, [send("a"), wait(5), send("b")], [send("back")])
NEW = version(2, [send("a"), send("x"), wait(5), send("c")], [send("come")])


@pytest.mark.parametrize(
    ("path", "policy", "what", "then"),
    [
        ("nurture.1", "stay", "stays on version 1", "send “b” by private"),
        (
            "nurture.1",
            "next_step",
            "moves from version 1 to version 2 after nurture.1",
            "send “c” by private",
        ),
        (
            "nurture.0",
            "next_step",
            "moves from version 1 to version 2 after nurture.0",
            "send “x” by private",
        ),
        (
            "nurture.1",
            "drain",
            "moves from version 1 to version 2 after these steps",
            "send “b” by private, and so on to the end of these steps",
        ),
        ("settled", "next_step", "moved from version 1 to version 2", "nothing before she drifts away"),
        (
            "onboarding",
            "drain",
            "moves from version 1 to version 2 after these steps",
            "send “a” by private",
        ),
    ],
)
def test_what_becomes_of_a_place_and_what_comes_next(path: str, policy: str, what: str, then: str) -> None:
    seen = outlook(OLD, NEW, path, MovePolicy(policy))
    assert (seen.what, seen.next) == (what, then)


def test_a_place_without_a_counterpart_is_said_beforehand() -> None:
    seen = outlook(OLD, version(2, [send("z")]), "nurture.1", MovePolicy.NEXT_STEP)
    assert seen.what == "stays on version 1: nurture.1 has no counterpart in version 2"
    assert seen.next == "send “b” by private"


def test_all_ways_out_of_a_step_are_told() -> None:
    old = version(1, [wait_for(5, then=[send("a")])])
    new = version(2, [wait_for(5, then=[send("b")], otherwise=[wait(2)])])
    seen = outlook(old, new, "nurture.0", MovePolicy.NEXT_STEP)
    assert seen.next == "then: send “b” by private; otherwise: wait 2d"


def test_a_place_in_a_life_stage_is_found_by_its_path() -> None:
    stages = [LifeStage(stage="备孕", steps=[wait(1)]), LifeStage(stage="孕期", steps=[wait(2), send("a")])]
    found = standing_at(version(1, [], life_stages=stages), "life_stage.1.0")
    assert (found.phase, found.life_stage, found.cursor) == (Phase.LIFE_STAGE, "孕期", [0])
    assert steps.path(found) == "life_stage.1.0"
    assert standing_at(version(1, [], life_stages=stages), "life_stage.").life_stage is None


@settings(max_examples=60, deadline=None)
@given(plans(), plans(), st.integers(0, 100), st.sampled_from(list(MovePolicy)[1:]))
def test_the_life_decides_as_was_shown(
    old: PinnedJourney, new: PinnedJourney, days: int, policy: MovePolicy
) -> None:
    new = new.model_copy(update={"version": "v2", "number": 2})
    state, enrolment = in_nurture(old)
    state = Drive(state).run([], START, after(days)).state
    enrolment = state.enrolments["coffee"]
    if enrolment.phase is Phase.ENDED:
        return
    shown: Any = outlook(enrolment.pinned, new, steps.path(enrolment), policy)
    answer = journey.move(state, enrolment, Move(id="m1", policy=policy, pinned=new), after(days))
    assert answer == shown.what
