"""Which groups a store's code leads to, and how long a picture that was exported by hand is sent."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rooms import GROUPS_PER_WAY, JoinRules, Room, leads_to

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
RULES = JoinRules()
rooms = st.lists(
    st.builds(Room, st.sampled_from("abcdefghij"), st.integers(0, 500), st.booleans()),
    unique_by=lambda room: room.chat_id,
)
ids = st.lists(st.sampled_from("abcdefghijxyz"), unique=True, max_size=GROUPS_PER_WAY)


def test_a_full_group_leaves_and_the_fullest_open_one_comes_in() -> None:
    found = leads_to(["a", "b"], [Room("a", 200), Room("b", 50), Room("c", 3), Room("d", 120)], RULES)
    assert found == ("b", "d", "c")


@pytest.mark.parametrize(("members", "stays"), [(199, True), (200, False), (500, False)])
def test_it_leaves_at_two_hundred_and_not_at_five_hundred(members: int, stays: bool) -> None:
    found = leads_to(["a"], [Room("a", members), Room("b", 1)], RULES)
    assert found is not None
    assert ("a" in found) is stays


def test_when_all_are_full_the_way_stays_as_it_is() -> None:
    assert leads_to(["a"], [Room("a", 200), Room("b", 12, dismissed=True)], RULES) is None


def test_a_group_that_we_do_not_know_stays() -> None:
    """WeCom has made it a moment ago."""
    assert leads_to(["a", "new"], [Room("a", 200)], RULES) == ("new",)


@given(ids, rooms)
def test_a_way_is_never_empty_never_too_long_and_never_leads_to_a_full_group(
    bound: list[str], known: list[Room]
) -> None:
    found = leads_to(bound, known, RULES)
    full = {room.chat_id for room in known if room.dismissed or room.members >= RULES.cap}
    if found is None:
        assert set(bound) <= full
        assert {room.chat_id for room in known} <= full
    else:
        assert 1 <= len(found) == len(set(found)) <= GROUPS_PER_WAY
        assert not full & set(found)


@given(ids, rooms)
def test_deciding_again_changes_nothing(bound: list[str], known: list[Room]) -> None:
    if found := leads_to(bound, known, RULES):
        assert leads_to(found, known, RULES) == found


@pytest.mark.parametrize(("days", "sent"), [(0, True), (5.9, True), (6, True), (6.1, False), (7, False)])
def test_the_last_of_its_seven_days_is_not_used(days: float, sent: bool) -> None:
    assert (NOON - timedelta(days=days) >= RULES.hand_qr_since(NOON)) is sent
