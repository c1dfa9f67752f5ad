"""Which store is hers."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from domain.visits import Visit, most_visited_store
from tests.domain.moments import after

VISITS = st.lists(
    st.builds(Visit, st.sampled_from("ABC"), st.integers(0, 30 * 24).map(lambda h: after(hours=h))),
    max_size=12,
)


def test_nobody_has_a_store_before_her_first_order() -> None:
    assert most_visited_store([]) is None


def test_three_coffees_of_one_day_are_one_visit() -> None:
    rush = [Visit("A", after(hours=n / 10)) for n in range(3)]
    assert most_visited_store([*rush, Visit("B", after(1)), Visit("B", after(2))]) == "B"


def test_a_day_ends_at_local_midnight() -> None:
    before, later = datetime(2026, 3, 2, 15, 59, tzinfo=UTC), datetime(2026, 3, 2, 16, 1, tzinfo=UTC)
    in_one_night = [Visit("A", before), Visit("A", later)]
    assert most_visited_store([*in_one_night, Visit("B", after(5))], "Asia/Shanghai") == "A"
    assert most_visited_store([*in_one_night, Visit("B", after(5))], "UTC") == "B"


def test_the_more_recent_visit_breaks_a_tie() -> None:
    assert most_visited_store([Visit("A", after(1)), Visit("B", after(2))]) == "B"
    assert most_visited_store([Visit("A", after(3)), Visit("B", after(2))]) == "A"


def test_of_two_in_the_same_moment_the_id_decides() -> None:
    assert most_visited_store([Visit("A", after(1)), Visit("B", after(1))]) == "B"
    assert most_visited_store([Visit("B", after(1)), Visit("A", after(1))]) == "B"


@given(VISITS.flatmap(lambda v: st.tuples(st.just(v), st.permutations(v))))
def test_the_order_of_the_visits_does_not_matter(both: tuple[list[Visit], list[Visit]]) -> None:
    visits, shuffled = both
    assert most_visited_store(shuffled) == most_visited_store(visits)


@given(VISITS)
def test_no_store_has_more_days_than_hers(visits: list[Visit]) -> None:
    hers = most_visited_store(visits, "UTC")
    days = {s: {v.at.date() for v in visits if v.store_id == s} for s in "ABC"}
    assert hers is None or len(days[hers]) == max(map(len, days.values()))
