"""Random playbooks, random events, random times: what the interpreter of playbooks always keeps."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from domain import journey, steps
from domain.customer import CustomerState, Phase
from domain.events import Event, EventKind
from domain.playbook import PinnedJourney
from tests.domain.drive import Drive
from tests.domain.moments import START, after, again, event, friend
from tests.domain.strategies import plans

END = after(250)
LOOKS = st.lists(st.integers(0, 250 * 24).map(lambda hours: after(hours=hours)), max_size=20)
KINDS = [
    *(
        EventKind.ORDER_PAID,
        EventKind.COUPON_REDEEMED,
        EventKind.GROUP_JOINED,
        EventKind.ORDER_REFUNDED,
        EventKind.ORDER_UNDONE,
    ),
    EventKind.FORM_ANSWERED,
]
EVENTS = st.lists(
    st.builds(
        lambda kind, minutes: event(
            kind, minutes / 1440, chat_id="g1", order_id=f"o{minutes}", form="birthday"
        ),
        st.sampled_from(KINDS),
        st.integers(0, 250 * 1440),
    ),
    max_size=12,
)
lives_of_many = settings(max_examples=40, deadline=None)


def life_in(*journeys: PinnedJourney) -> CustomerState:
    state = friend()
    for plan in journeys:
        journey.enrol(state, plan, START, onboarded=True)
    return state


def drive(state: CustomerState, events: Sequence[Event], looks: Sequence[datetime] = ()) -> Drive:
    return Drive(state, looks=looks).run(events, START, END)


@lives_of_many
@given(plans(), EVENTS)
def test_every_touch_of_a_life_has_a_key_of_its_own(plan: PinnedJourney, events: list[Event]) -> None:
    keys = [key for key in drive(life_in(plan), events).keys if not key.endswith("/tags")]
    assert len(keys) == len(set(keys))  # tag rules are looked at again and again


@lives_of_many
@given(plans(), EVENTS)
def test_a_life_has_no_more_touches_than_its_visits_have_steps(
    plan: PinnedJourney, events: list[Event]
) -> None:
    driven = drive(life_in(plan), events)
    visits = driven.state.enrolments[plan.playbook].visit
    back = plan.journey.reactivation.steps if plan.journey.reactivation else []
    stages = [stage.steps for stage in plan.journey.life_stages]
    longest = max(steps.count(tree) for tree in (back, *stages))
    sends = 2  # a coupon of its own
    beside = visits + 1 + len(events)  # tags of a life stage, tag rules
    assert len(driven.keys) <= sends * (steps.count(plan.journey.nurture) + (visits - 1) * longest) + beside


@lives_of_many
@given(plans(), EVENTS)
def test_every_wait_has_an_absolute_deadline(plan: PinnedJourney, events: list[Event]) -> None:
    state = drive(life_in(plan), events).state
    for enrolment in state.active:
        waiting = steps.current(enrolment) is not None
        assert (enrolment.due_at is not None) == waiting
        assert waiting or enrolment.phase in (Phase.SETTLED, Phase.LAPSED)


@lives_of_many
@given(plans(), EVENTS, LOOKS)
def test_looking_round_more_often_changes_nothing(
    plan: PinnedJourney, events: list[Event], looks: list[datetime]
) -> None:
    once, often = drive(life_in(plan), events), drive(life_in(plan), events, looks)
    assert often.actions == once.actions
    assert often.state == once.state


@lives_of_many
@given(plans(), EVENTS)
def test_a_run_may_end_and_resume_at_any_wait(plan: PinnedJourney, events: list[Event]) -> None:
    straight = drive(life_in(plan), events)
    carried = Drive(life_in(plan), between=again).run(events, START, END)
    assert carried.actions == straight.actions
    assert carried.state == straight.state


@lives_of_many
@given(plans(), EVENTS, st.integers(0, 250), st.integers(0, 20))
def test_advancing_twice_is_advancing_once(
    plan: PinnedJourney, events: list[Event], days: int, more: int
) -> None:
    state = Drive(life_in(plan)).run(events, START, after(days)).state
    journey.advance(state, after(days + more))
    first = again(state)
    journey.advance(state, after(days + more))
    assert state == first


@lives_of_many
@given(plans("coffee"), plans("tea"), EVENTS)
def test_two_playbooks_without_a_common_stage_do_not_disturb_each_other(
    coffee: PinnedJourney, tea: PinnedJourney, events: list[Event]
) -> None:
    coffee, tea = (p.model_copy(deep=True) for p in (coffee, tea))
    coffee.journey.reactivation = tea.journey.reactivation = None
    both = drive(life_in(coffee, tea), events)
    alone = drive(life_in(coffee), events).keys
    assert [k for k in both.keys if k.startswith("wm1/1/")] == alone


@lives_of_many
@given(plans(), EVENTS, st.integers(0, 200), st.integers(1, 40))
def test_who_is_paused_gets_nothing(plan: PinnedJourney, events: list[Event], at: int, days: int) -> None:
    driven = Drive(life_in(plan)).run(events, START, after(at))
    driven.state.paused_by = "anna"
    before = len(driven.actions)
    later = [e for e in events if e.at > after(at)]
    driven.run(later, after(at), after(at) + timedelta(days=days))
    assert len(driven.actions) == before
