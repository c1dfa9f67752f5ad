"""Who comes into which arm."""

from collections import Counter
from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.experiments import arm_of, held_out
from domain.playbook import Holdout

PEOPLE = [f"wm{number}" for number in range(20_000)]
SHARES = st.lists(st.integers(1, 20), min_size=2, max_size=5).map(
    lambda weights: dict(zip("abcde", _percent(weights), strict=False))
)
NAMES = st.text("abc-", min_size=1, max_size=5)


def _percent(weights: list[int]) -> list[int]:
    shares = [max(1, 100 * weight // sum(weights)) for weight in weights]
    return [*shares[:-1], 100 - sum(shares[:-1])]


@given(st.text(min_size=1), NAMES, SHARES)
def test_she_is_in_one_arm_for_ever(she: str, experiment: str, shares: dict[str, int]) -> None:
    first = arm_of(she, experiment, shares)
    assert first in shares
    assert arm_of(she, experiment, dict(shares)) == first


@pytest.mark.parametrize(
    "shares", [{"a": 50, "b": 50}, {"a": 10, "b": 90}, {"a": 34, "b": 33, "c": 33}, {"a": 1, "b": 99}]
)
@pytest.mark.parametrize("experiment", ["words", "colours", "2026-spring"])
def test_the_arms_are_as_large_as_the_file_says(experiment: str, shares: dict[str, int]) -> None:
    """The hash draws the same lots in every run: within five standard deviations, or it is no fair draw."""
    found = Counter(arm_of(one, experiment, shares) for one in PEOPLE)
    for arm, share in shares.items():
        _is_fair(found[arm], share / 100)


def _is_fair(count: int, share: float, of: int = len(PEOPLE)) -> None:
    assert abs(count - of * share) <= 5 * sqrt(of * share * (1 - share))


def test_one_experiment_says_nothing_about_another() -> None:
    half = {"a": 50, "b": 50}
    both = Counter((arm_of(one, "words", half), arm_of(one, "colours", half)) for one in PEOPLE)
    for count in both.values():
        _is_fair(count, 1 / 4)


@given(st.integers(1, 98), st.integers(0, 1), st.text(min_size=1))
def test_more_for_the_first_arm_changes_only_those_who_come_into_it(share: int, more: int, she: str) -> None:
    before = arm_of(she, "words", {"a": share, "b": 100 - share})
    after = arm_of(she, "words", {"a": share + more, "b": 100 - share - more})
    assert after == before or (before, after) == ("b", "a")


def test_shares_that_are_no_whole_are_refused() -> None:
    with pytest.raises(ValueError, match="make 0 %"):
        arm_of("wm1", "words", {})


@pytest.mark.parametrize("share", [1, 10, 50])
def test_a_share_is_held_out(share: int) -> None:
    holdout = Holdout(experiment="words", share=share)
    _is_fair(sum(held_out(one, holdout) for one in PEOPLE), share / 100)
    assert not held_out("wm1", None)


def test_who_is_held_out_is_not_drawn_from_one_arm() -> None:
    holdout = Holdout(experiment="words", share=50)
    out = [one for one in PEOPLE if held_out(one, holdout)]
    _is_fair(sum(arm_of(one, "words", {"a": 50, "b": 50}) == "a" for one in out), 1 / 2, len(out))
