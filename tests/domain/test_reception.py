"""Who receives whoever scans: by schedule, load and daily cap."""

from dataclasses import replace
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from domain.reception import Candidate, Reception, Why, choose
from domain.shifts import on_shift
from tests.domain.moments import START

ZONE = "Asia/Shanghai"
DAYTIME, EVENING = ("Mon-Sun 09:00-18:00",), ("Mon-Sun 18:00-22:00",)  # START is noon
CHEN, LI = Candidate("chen", own_way=True), Candidate("li", own_way=True)

candidates = st.lists(
    st.builds(
        Candidate,
        st.text("abcdef", min_size=1, max_size=2),
        shifts=st.sampled_from([(), DAYTIME, EVENING]),
        added=st.integers(0, 6),
        most=st.none() | st.integers(0, 6),
        own_way=st.booleans(),
    ),
    max_size=6,
    unique_by=lambda c: c.userid,
)
TURNS = st.integers(0, 1000)


def who(*people: Candidate, turn: int = 0, common_way: bool = True) -> Reception:
    return choose(people, START, ZONE, turn=turn, common_way=common_way)


def at_work(candidate: Candidate) -> bool:
    return on_shift(candidate.shifts, START, ZONE)


def test_who_is_at_work_receives() -> None:
    assert who(replace(CHEN, shifts=EVENING), replace(LI, added=50)) == Reception(Why.ON_SHIFT, "li")


def test_of_those_at_work_the_one_with_the_fewest_new_friends_receives() -> None:
    assert who(replace(CHEN, added=2), replace(LI, added=1)) == Reception(Why.ON_SHIFT, "li")


def test_who_has_had_enough_today_is_left_alone() -> None:
    assert who(replace(CHEN, added=3, most=3), replace(LI, added=9)) == Reception(Why.ON_SHIFT, "li")


def test_when_the_store_is_closed_somebody_answers_later() -> None:
    evening = [replace(c, shifts=EVENING) for c in (CHEN, LI)]
    assert who(*evening) == Reception(Why.OFF_SHIFT, "chen")


def test_when_those_at_work_have_had_enough_a_colleague_answers_later() -> None:
    assert who(replace(CHEN, most=0), replace(LI, shifts=EVENING)) == Reception(Why.BUSY, "li")


def test_when_all_have_had_enough_nobody_is_shown() -> None:
    assert who(replace(CHEN, most=0), replace(LI, added=5, most=5)) == Reception(Why.FULL)
    assert not who(replace(CHEN, most=0)).possible


def test_a_code_without_anybody_behind_it() -> None:
    assert who() == Reception(Why.NOBODY)
    assert who(Candidate("chen"), common_way=False) == Reception(Why.NOBODY)


def test_who_is_at_work_without_a_qr_of_her_own_is_reached_by_the_common_code() -> None:
    assert who(Candidate("chen"), replace(LI, shifts=EVENING)) == Reception(Why.ON_SHIFT)
    assert who(Candidate("chen"), replace(LI, shifts=EVENING), common_way=False).userid == "li"


def test_a_shift_that_nobody_can_read_does_not_close_the_store() -> None:
    assert who(replace(CHEN, shifts=("whenever",))) == Reception(Why.ON_SHIFT, "chen")


def test_equals_take_turns() -> None:
    assert [who(LI, CHEN, turn=n).userid for n in range(4)] == ["chen", "li", "chen", "li"]


@given(candidates, TURNS, st.booleans())
def test_nobody_at_her_cap_or_off_work_is_chosen_while_another_is_free(
    people: list[Candidate], turn: int, common: bool
) -> None:
    reception = choose(people, START, ZONE, turn=turn, common_way=common)
    free = [c for c in people if c.has_room and at_work(c) and (c.own_way or common)]
    assert (reception.why is Why.ON_SHIFT) == bool(free)
    if reception.userid:
        chosen = next(c for c in people if c.userid == reception.userid)
        assert chosen.has_room
        assert chosen.own_way
        assert at_work(chosen) or not free
        assert chosen.added == min(c.added for c in (free or people) if c.own_way and c.has_room)


@given(candidates, TURNS, st.booleans())
def test_somebody_is_shown_exactly_when_somebody_has_room(
    people: list[Candidate], turn: int, common: bool
) -> None:
    reception = choose(people, START, ZONE, turn=turn, common_way=common)
    assert reception.possible == any(c.has_room and (c.own_way or common) for c in people)
    assert reception.userid is None or reception.possible


@given(candidates, TURNS, st.randoms())
def test_the_order_of_the_employees_changes_nothing(
    people: list[Candidate], turn: int, random: Random
) -> None:
    shuffled = list(people)
    random.shuffle(shuffled)
    assert choose(people, START, ZONE, turn=turn) == choose(shuffled, START, ZONE, turn=turn)


@given(st.integers(1, 6), st.integers(0, 60), st.integers(0, 12))
def test_a_queue_at_the_poster_is_shared_even_when_friends_are_counted_late(
    staff: int, scans: int, late: int
) -> None:
    """`late` is how many more pages are opened before one of them is counted as a friend."""
    added = dict.fromkeys("abcdef"[:staff], 0)
    shown: list[str] = []
    for turn in range(scans):
        if turn > late:
            added[shown[turn - late - 1]] += 1
        people = [Candidate(u, added=n, own_way=True) for u, n in added.items()]
        shown.append(choose(people, START, ZONE, turn=turn).userid or "")
    shares = [shown.count(u) for u in added]
    assert max(shares) - min(shares) <= late + 1
