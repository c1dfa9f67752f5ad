"""Funnels: which steps a pattern has, where people fall off, and which store is far under."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.funnels import FAR, PATHS, FunnelStep, far_under, path_of, stages, worst
from domain.playbook import LinkKind


def test_a_pattern_without_a_step_does_not_count_it() -> None:
    assert FunnelStep.JOINED not in path_of([LinkKind.FRIEND_ONLY])
    assert FunnelStep.INVITED not in path_of([LinkKind.FRIEND_ONLY] * 2)
    assert path_of([LinkKind.GROUP_ONLY])[0] is FunnelStep.JOINED
    assert path_of([LinkKind.GROUP_THEN_FRIEND])[:2] == (FunnelStep.JOINED, FunnelStep.SCANNED)


def test_every_pattern_ends_at_the_goal() -> None:
    assert set(PATHS) == set(LinkKind)
    assert {path[-1] for path in PATHS.values()} == {FunnelStep.GOAL}


def test_several_patterns_together_have_all_their_steps() -> None:
    assert path_of([LinkKind.FRIEND_ONLY, LinkKind.GROUP_ONLY])[:3] == (
        FunnelStep.SCANNED,
        FunnelStep.FRIEND,
        FunnelStep.GREETED,
    )


def test_shares_are_of_the_step_before_and_of_the_first() -> None:
    path = path_of([LinkKind.FRIEND_THEN_GROUP])
    found = stages(path, {FunnelStep.SCANNED: 100, FunnelStep.FRIEND: 80, FunnelStep.GREETED: 40})
    greeted = found[2]
    assert (greeted.of_previous, greeted.of_first, greeted.lost) == (0.5, 0.4, 40)
    assert found[0].lost is None


def test_the_worst_step_is_where_the_largest_part_goes() -> None:
    path = path_of([LinkKind.FRIEND_THEN_GROUP])
    people = dict(zip(path, (1000, 400, 390, 380, 300, 250, 10, 1), strict=True))
    lost_at = worst(stages(path, people))
    assert lost_at is not None
    assert lost_at.step is FunnelStep.FRIEND
    assert worst(stages(path, {})) is None


@pytest.mark.parametrize(
    ("adds", "scans", "flagged"),
    [
        (2, 10, False),
        (20, 100, True),
        (44, 100, False),
        (400, 1000, True),
        (430, 1000, False),
        (900, 300, False),
    ],
)
def test_a_store_is_far_under_sixty_percent(adds: int, scans: int, flagged: bool) -> None:
    """Few scans say nothing; many at nearly the rate do not flag either."""
    assert far_under(adds, scans, 0.6, at_least=30) is flagged


@given(st.integers(30, 100_000), st.floats(0.01, 1))
def test_who_reaches_the_far_bound_is_never_flagged(scans: int, expected: float) -> None:
    adds = min(scans, int(FAR * expected * scans) + 1)
    assert not far_under(adds, scans, expected, at_least=30)
