"""Lift: known values of the formulas, and what must hold for all numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.lift import LEAST_PEOPLE, POINTS, Arm, of_shares, of_spend, student_t, verdict, wilson

COUNTS = st.integers(1, 1_000_000).flatmap(lambda people: st.tuples(st.integers(0, people), st.just(people)))
SPENDS = st.lists(st.integers(0, 100_000), min_size=LEAST_PEOPLE, max_size=60)


def arm(spends: list[int]) -> Arm:
    return Arm(people=len(spends), spent=sum(spends), spent_squared=sum(s * s for s in spends))


def test_wilsons_interval_of_81_in_263() -> None:
    """Newcombe 1998, Statistics in Medicine 17:857, table I."""
    found = wilson(81, 263)
    assert [found.low, found.high] == pytest.approx([0.2553, 0.3662], abs=5e-5)
    none = wilson(0, 20)
    assert [none.low, none.high] == pytest.approx([0, 0.1611], abs=5e-5)


@pytest.mark.parametrize(
    ("numbers", "low", "high"),
    [
        ((56, 70, 48, 80), 0.0524, 0.3339),
        ((9, 10, 3, 10), 0.1705, 0.8090),
        ((10, 10, 0, 10), 0.6075, 1.0),
        ((0, 10, 0, 10), -0.2775, 0.2775),
    ],
)
def test_newcombes_interval_of_his_own_examples(
    numbers: tuple[int, int, int, int], low: float, high: float
) -> None:
    """Newcombe 1998, Statistics in Medicine 17:873, table II, method 10."""
    between = of_shares(*numbers).between
    assert [between.low, between.high] == pytest.approx([low, high], abs=5e-5)


@pytest.mark.parametrize(("freedom", "quantile"), [(10, 2.2281), (30, 2.0423), (100, 1.9840), (1e9, 1.9600)])
def test_students_quantiles(freedom: float, quantile: float) -> None:
    assert student_t(freedom) == pytest.approx(quantile, abs=1e-3)


def test_welchs_interval_by_hand() -> None:
    """Means 5 and 2.5, variances 100/39 (twice): the standard error is 0.358, of 78 degrees of freedom."""
    lift = of_spend(arm([4, 6] * 20), arm([1, 4] * 20))
    half = 1.9908 * ((40 / 39 + 90 / 39) / 40) ** 0.5
    assert lift.difference == pytest.approx(2.5)
    assert lift.between.high - lift.difference == pytest.approx(half, abs=2e-3)
    assert lift.significant


@given(COUNTS, COUNTS)
def test_a_difference_of_shares_lies_in_its_interval(mine: tuple[int, int], theirs: tuple[int, int]) -> None:
    lift, mirrored = of_shares(*mine, *theirs), of_shares(*theirs, *mine)
    assert -1 - 1e-9 <= lift.between.low <= lift.difference + 1e-9
    assert lift.difference - 1e-9 <= lift.between.high <= 1 + 1e-9
    assert mirrored.between.low == pytest.approx(-lift.between.high)
    assert lift.significant == mirrored.significant


@given(SPENDS, SPENDS)
def test_a_difference_of_spend_lies_in_its_interval(mine: list[int], theirs: list[int]) -> None:
    lift = of_spend(arm(mine), arm(theirs))
    assert lift.between.low <= lift.difference <= lift.between.high
    more = of_spend(arm(mine * 50), arm(theirs * 50))
    assert more.between.high - more.between.low <= lift.between.high - lift.between.low + 1e-6


@given(COUNTS)
def test_more_confidence_is_a_wider_interval(counted: tuple[int, int]) -> None:
    sure, likely = wilson(*counted, 0.99), wilson(*counted, 0.9)
    assert sure.low <= likely.low + 1e-12
    assert likely.high <= sure.high + 1e-12


def test_two_equal_sides_differ_by_chance_alone() -> None:
    words = verdict(of_shares(100, 1000, 101, 1000), 1000, 1000, "points")
    assert words.startswith("no effect that chance alone would not make")


@pytest.mark.parametrize(
    ("held_people", "said"),
    [(0, "nobody was held out"), (LEAST_PEOPLE - 1, "too few people to say anything")],
)
def test_a_small_control_group_says_nothing(held_people: int, said: str) -> None:
    lift = of_shares(900, 1000, 0, held_people)
    assert not lift.significant
    assert verdict(lift, 1000, held_people, "points").startswith(said)


def test_a_true_difference_is_said_with_its_bounds() -> None:
    lift = of_shares(300, 1000, 100, 1000)
    words = verdict(lift, 1000, 1000, "points", POINTS)
    assert words.startswith("20.00 points more: the truth lies between +16.5")
