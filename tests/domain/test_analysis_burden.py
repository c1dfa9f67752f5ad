"""The bound on messages is never below what a life can bring."""

import random
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.analysis.burden import MOST, WINDOW, burden_of
from domain.playbook import Playbook
from domain.policy import Policy
from tests.domain.analysis_lives import Life, any_playbook, most_within

POLICY = Policy(default_playbook="any")


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32))
def test_no_life_brings_more_than_the_bound(seed: int) -> None:
    lots = random.Random(seed)
    book = any_playbook(lots)
    bound = burden_of(book, POLICY)
    for _ in range(4):
        life = Life(book, lots).run(timedelta(days=150))
        assert most_within(life.touches, WINDOW) <= bound.touches
        assert most_within(life.by_hand, WINDOW) <= bound.confirmations


def _bound(**parts: object) -> int:
    book = {"playbook": "any", "title": "t", "welcome": {"text": "hi"}, **parts}
    return burden_of(Playbook.model_validate(book), POLICY).touches


SEND = {"send": {"text": "x"}}


@pytest.mark.parametrize(
    ("parts", "most"),
    [
        ({}, 0),
        ({"nurture": [SEND]}, 1),
        ({"nurture": [SEND, {"wait": "29d"}, SEND]}, 2),
        ({"nurture": [SEND, {"wait": "30d"}, SEND]}, 1),
        ({"join_reminder": {"after": "2d", "text": "x"}, "nurture": [SEND]}, 3),
        (
            {"nurture": [{"branch": [{"when": {"member": True}, "steps": [SEND, SEND]}, {"steps": [SEND]}]}]},
            2,
        ),
        ({"nurture": [{"wait_for": {"event": "order_paid", "timeout": "40d", "then": [SEND]}}, SEND]}, 2),
        (
            {"nurture": [SEND, {"wait_for": {"event": "order_paid", "timeout": "40d", "otherwise": [SEND]}}]},
            1,
        ),
        ({"nurture": [{"exit": "over"}, SEND]}, 1),
        ({"reactivation": {"dormant_after": "10d", "steps": [SEND]}}, 3),
        ({"reactivation": {"dormant_after": "45d", "steps": [SEND]}}, 1),
        ({"reactivation": {"dormant_after": "20s", "steps": [SEND]}}, MOST),
    ],
)
def test_the_bound_is_as_low_as_the_clock_allows(parts: dict[str, object], most: int) -> None:
    assert _bound(**parts) == most


def test_life_stages_that_lie_apart_are_not_added_up() -> None:
    stages = [
        {
            "stage": f"s{n}",
            "begins": {"date": "due_date", "offset": f"{n * 4}mo"},
            "steps": [SEND, {"wait": "9d"}, SEND],
        }
        for n in range(6)
    ]
    assert _bound(life_stages=stages) <= 8  # one on its day, one on entering, two after forms


def test_the_caps_count_but_not_for_service() -> None:
    many = [SEND] * 40 + [{"send": {"text": "x", "content": "service"}}] * 3
    book = Playbook.model_validate({"playbook": "any", "title": "t", "nurture": many})
    found = burden_of(book, POLICY)
    assert (found.touches, found.let_through) == (43, 23)
