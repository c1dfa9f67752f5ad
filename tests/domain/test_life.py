"""What events change in a life, whatever the order in which they are told."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import actions, life
from domain.customer import CustomerState, Phase, WelcomeOutcome
from domain.events import Event, EventKind
from domain.stages import Stage
from tests.domain.moments import START, after, customer, event, friend, in_nurture, pinned, send, wait

FRIENDSHIP = [
    EventKind.FRIEND_ADDED,
    EventKind.FRIEND_HALF_ADDED,
    EventKind.FRIEND_LEFT,
    EventKind.FRIEND_REMOVED,
]
MEMBERSHIP = [EventKind.GROUP_JOINED, EventKind.GROUP_LEFT]


def _fact(day: int, kind: EventKind, who: str) -> Event:
    return event(kind, day, **({"userid": who} if kind in FRIENDSHIP else {"chat_id": who}))


@st.composite
def told_twice(draw: st.DrawFn) -> tuple[list[Event], list[Event]]:
    """Events of distinct times; and the same in any order, some of them more than once."""
    kinds = draw(
        st.lists(st.tuples(st.sampled_from(FRIENDSHIP + MEMBERSHIP), st.sampled_from("ab")), max_size=8)
    )
    facts = [_fact(day, kind, who) for day, (kind, who) in enumerate(kinds)]
    again = draw(st.lists(st.sampled_from(facts), max_size=4)) if facts else []
    return facts, draw(st.permutations(facts + again))


def live(events: Sequence[Event]) -> CustomerState:
    state = customer()
    for number, told in enumerate(events):
        if life.is_new(state, told.id):
            life.happened(state, told, after(100 + number))
    return state


def end(state: CustomerState) -> tuple[list[tuple[str, bool]], list[str]]:
    """Who is her friend (and whether only half), and in which groups she is."""
    return sorted((f.userid, f.half) for f in state.friends), sorted(state.in_groups)


@settings(max_examples=200, deadline=None)
@given(told_twice())
def test_any_order_and_any_repetition_end_alike(both: tuple[list[Event], list[Event]]) -> None:
    in_order, shuffled = both
    assert end(live(shuffled)) == end(live(in_order))


@settings(max_examples=100, deadline=None)
@given(told_twice())
def test_every_stage_has_a_date_and_a_reason(both: tuple[list[Event], list[Event]]) -> None:
    state = live(both[1])
    assert state.stage is Stage.NEW or state.stage_since is not None
    assert state.stage_since is None or state.stage_reason
    assert [line.seq for line in state.log] == list(range(1, state.log_seq + 1))


@settings(max_examples=100, deadline=None)
@given(told_twice())
def test_who_cannot_be_reached_is_lost(both: tuple[list[Event], list[Event]]) -> None:
    state = live(both[1])
    reachable = bool(state.friends or state.in_groups)
    assert not reachable or state.stage is not Stage.LOST
    assert reachable or not both[0] or state.stage is Stage.LOST


def test_a_deletion_that_overtook_its_add_wins() -> None:
    state = live([_fact(2, EventKind.FRIEND_LEFT, "chen"), _fact(1, EventKind.FRIEND_ADDED, "chen")])
    assert state.friends == []
    assert (state.stage, state.stage_reason) == (Stage.LOST, "she deleted the employee")


def test_an_old_deletion_does_not_end_a_newer_friendship() -> None:
    added = [_fact(1, EventKind.FRIEND_HALF_ADDED, "chen"), _fact(5, EventKind.FRIEND_ADDED, "chen")]
    state = live([*added, _fact(3, EventKind.FRIEND_LEFT, "chen")])
    assert [f.userid for f in state.friends] == ["chen"]


def test_an_old_leaving_does_not_end_a_newer_membership() -> None:
    joined = [_fact(1, EventKind.GROUP_JOINED, "g1"), _fact(5, EventKind.GROUP_JOINED, "g1")]
    assert live([*joined, _fact(3, EventKind.GROUP_LEFT, "g1")]).in_groups == ["g1"]


def test_an_add_of_a_whole_friend_begins_anew_and_is_greeted_anew() -> None:
    """The deletion in between was lost: WeCom tells no add for a friend."""
    state = live([event(EventKind.FRIEND_ADDED, 1, userid="a"), event(EventKind.FRIEND_ADDED, 4, userid="a")])
    [follow] = state.friends
    assert (follow.since, follow.welcome, state.episode) == (after(4), None, 2)


def test_half_and_then_whole_is_one_friendship() -> None:
    half, whole = _fact(1, EventKind.FRIEND_HALF_ADDED, "chen"), _fact(2, EventKind.FRIEND_ADDED, "chen")
    state = live([half])
    assert state.follows["chen"].half
    life.happened(state, whole, after(2))
    assert not state.follows["chen"].half
    assert state.episode == 1
    assert live([whole, half]).follows["chen"].half is False


def test_the_latest_whole_friend_comes_first() -> None:
    state = live(
        [
            _fact(1, EventKind.FRIEND_ADDED, "chen"),
            _fact(3, EventKind.FRIEND_HALF_ADDED, "wang"),
            _fact(2, EventKind.FRIEND_ADDED, "li"),
        ]
    )
    assert [f.userid for f in state.friends] == ["li", "chen", "wang"]


def test_deleted_and_added_again_is_a_new_episode() -> None:
    state = live([_fact(day, kind, "chen") for day, kind in enumerate([*FRIENDSHIP[:3:2], FRIENDSHIP[0]])])
    assert (state.episode, state.stage) == (2, Stage.NEW)
    assert state.follows["chen"].welcome is None


def test_another_employee_in_between_keeps_the_episode() -> None:
    state = live(
        [
            _fact(1, EventKind.FRIEND_ADDED, "chen"),
            _fact(2, EventKind.FRIEND_ADDED, "li"),
            _fact(3, EventKind.FRIEND_LEFT, "chen"),
            _fact(4, EventKind.FRIEND_ADDED, "chen"),
        ]
    )
    assert state.episode == 1


def test_a_second_employee_does_not_enrol_her_again() -> None:
    state, _ = in_nurture(pinned([wait(3)]))
    life.happened(state, _fact(1, EventKind.FRIEND_ADDED, "li"), after(1))
    assert life.why_not_enrol(state, pinned([wait(3)]), after(1)) == "she is in it already"


def test_without_friends_the_journey_goes_on_in_the_group() -> None:
    state, enrolment = in_nurture(pinned([wait(3)]))
    life.happened(state, _fact(1, EventKind.GROUP_JOINED, "g1"), after(1))
    life.happened(state, _fact(2, EventKind.FRIEND_LEFT, "chen"), after(2))
    assert (state.stage, enrolment.phase) == (Stage.JOINED, Phase.NURTURE)


def test_without_friends_and_group_she_is_lost_and_all_ends() -> None:
    state, enrolment = in_nurture(pinned([wait(3)]))
    life.happened(state, _fact(1, EventKind.GROUP_JOINED, "g1"), after(1))
    life.happened(state, _fact(2, EventKind.FRIEND_REMOVED, "chen"), after(2))
    life.happened(state, _fact(3, EventKind.GROUP_LEFT, "g1"), after(3))
    assert (state.stage, state.stage_since, state.stage_reason) == (Stage.LOST, after(3), "left group g1")
    assert (enrolment.phase, enrolment.ended_reason) == (Phase.ENDED, "lost: left group g1")


def test_leaving_the_group_she_was_invited_to_asks_her_back_once() -> None:
    state = friend()
    follow = state.follows["chen"]
    follow.invited_to, follow.reminded, follow.remind_at = "g1", True, after(2)
    for day in (3, 5):
        life.happened(state, _fact(day, EventKind.GROUP_JOINED, "g1"), after(day))
        life.happened(state, _fact(day + 1, EventKind.GROUP_LEFT, "g1"), after(day + 1))
        assert follow.reinvited
        assert follow.reminded is (day == 5)  # the second time she is left alone
        follow.reminded = True


@pytest.mark.parametrize("outcome", list(WelcomeOutcome))
def test_the_greeting_and_its_outcome_are_recorded(outcome: WelcomeOutcome) -> None:
    state = friend()
    told = event(EventKind.WELCOME_SETTLED, 0, userid="chen", outcome=outcome, chat_id="g1", reason="so")
    life.happened(state, told, START)
    assert (state.follows["chen"].welcome, state.follows["chen"].invited_to) == (outcome, "g1")
    greeted = outcome in (WelcomeOutcome.SENT, WelcomeOutcome.BEATEN, WelcomeOutcome.NO_CODE)
    assert state.stage is (Stage.WELCOMED if greeted else Stage.NEW)


def test_a_greeting_that_was_sent_stays_sent() -> None:
    state = friend()
    for outcome in ("awaiting_consent", "sent", "late"):
        told = event(EventKind.WELCOME_SETTLED, 0, userid="chen", outcome=outcome)
        life.happened(state, told, START)
    assert state.follows["chen"].welcome is WelcomeOutcome.SENT


def test_the_outcome_of_a_greeting_by_a_stranger_changes_nothing() -> None:
    state = friend()
    life.happened(state, event(EventKind.WELCOME_SETTLED, 0, userid="li", outcome="sent"), START)
    assert list(state.follows) == ["chen"]


def test_an_order_makes_a_regular_and_undoing_it_takes_only_the_count_back() -> None:
    state = friend()
    life.happened(state, event(EventKind.ORDER_PAID, 1, order_id="o1"), after(1))
    assert (state.orders, state.stage, state.stage_reason) == (1, Stage.REGULAR, "order o1")
    life.happened(state, event(EventKind.ORDER_REFUNDED, 2, order_id="o1"), after(2))
    assert state.orders == 1, "of a part of it she is no less a buyer"
    for _ in range(2):
        life.happened(state, event(EventKind.ORDER_UNDONE, 2, order_id="o1", reason="refunded"), after(2))
    assert (state.orders, state.stage) == (0, Stage.REGULAR)


def test_join_before_add_is_a_member_who_becomes_a_friend() -> None:
    state = live([_fact(1, EventKind.GROUP_JOINED, "g1"), _fact(2, EventKind.FRIEND_ADDED, "chen")])
    assert (state.stage, state.episode, end(state)) == (Stage.JOINED, 1, ([("chen", False)], ["g1"]))


def test_opting_out_ends_every_journey() -> None:
    state, enrolment = in_nurture(pinned([send()]))
    life.opt_out(state, "anna", after(1))
    assert (state.stage, enrolment.phase, state.opted_out_at) == (Stage.OPTED_OUT, Phase.ENDED, after(1))
    assert isinstance(actions.next_action(state, after(1)), actions.Rest)


def test_an_event_is_new_once() -> None:
    state = customer()
    assert [life.is_new(state, name) for name in ("a", "b", "a")] == [True, True, False]


@given(st.lists(st.integers(0, 200).map(str), max_size=200))
def test_the_memory_of_events_is_bounded_and_keeps_the_latest(ids: list[str]) -> None:
    state = customer()
    for event_id in ids:
        life.is_new(state, event_id)
    assert len(state.seen) <= life.SEEN_EVENTS
    distinct = list(dict.fromkeys(ids))
    if len(distinct) <= life.SEEN_EVENTS:
        assert list(state.seen) == distinct


@pytest.mark.parametrize("kind", [EventKind.WAKE, EventKind.AUDIT_APPROVED, EventKind.ENROLLED])
def test_events_for_others_change_nothing(kind: EventKind) -> None:
    state = friend()
    life.happened(state, event(kind, 1, userid="chen", playbook="coffee"), after(1))
    assert state == friend()


@pytest.mark.parametrize("reason", ["expired", "void"])
def test_her_story_says_how_a_coupon_ended(reason: str) -> None:
    state = customer()
    life.happened(state, event(EventKind.COUPON_EXPIRED, coupon_id="c1", reason=reason), after(1))
    assert (state.log[-1].what, state.log[-1].reason) == (f"coupon {reason}", "coupon c1")
