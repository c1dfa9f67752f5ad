"""The interpreter, one behaviour at a time."""

from datetime import timedelta

import pytest

from domain import actions, journey, life, steps
from domain.actions import IssueCoupon, Rest, SendTouch
from domain.customer import CustomerState, Enrolment, Phase
from domain.events import EventKind
from domain.playbook import CouponStep, Reentry, Step
from domain.stages import Stage
from tests.domain.drive import Drive
from tests.domain.moments import DAY, START, after, event, friend, in_nurture, pinned, send, wait, wait_for

A, B, C = (send(name) for name in "ABC")
COUPON = Step(coupon=CouponStep(template="BACK10", name="10 off"))
BYE = Step(exit="she has what she wanted")


def next_key(state: CustomerState, days: float = 0) -> str | None:
    """What is to be done at a day; None when she rests."""
    journey.advance(state, after(days))
    action = actions.next_action(state, after(days))
    return None if isinstance(action, Rest) else action.key


def do(state: CustomerState, days: float = 0) -> SendTouch | IssueCoupon:
    journey.advance(state, after(days))
    action = actions.next_action(state, after(days))
    assert isinstance(action, SendTouch | IssueCoupon)
    actions.done(state, action, after(days))
    return action


def rest(state: CustomerState, days: float = 0) -> Rest:
    journey.advance(state, after(days))
    action = actions.next_action(state, after(days))
    assert isinstance(action, Rest)
    return action


def dormant() -> tuple[CustomerState, Enrolment]:
    """A customer in the middle of her reactivation."""
    state, enrolment = in_nurture(pinned([], [COUPON, wait_for(10, kind="coupon_redeemed"), A]))
    do(state, 45)
    return state, enrolment


def test_steps_are_taken_in_their_order() -> None:
    state, _ = in_nurture(pinned([A, wait(3), B]))
    assert do(state).key == "wm1/1/nurture.0/1"
    assert rest(state).until == after(3)
    assert next_key(state, 2.9) is None
    assert do(state, 3).key == "wm1/1/nurture.2/1"


def test_a_wait_counts_from_when_it_was_reached() -> None:
    state, _ = in_nurture(pinned([wait(3), A, wait(2), B]))
    do(state, 3.5)
    assert rest(state, 4).until == after(5.5)


def test_what_is_awaited_and_comes_leads_to_then() -> None:
    state, _ = in_nurture(pinned([wait_for(14, then=[A], otherwise=[B]), C]))
    assert rest(state).until == after(14)
    life.happened(state, event(EventKind.ORDER_PAID, 2, order_id="o1"), after(2))
    assert do(state, 2).key.endswith("nurture.0.then.0/1")
    assert do(state, 2).key.endswith("nurture.1/1")


def test_what_does_not_come_in_time_leads_to_otherwise() -> None:
    state, _ = in_nurture(pinned([wait_for(14, then=[A], otherwise=[B])]))
    assert do(state, 14).key.endswith("nurture.0.otherwise.0/1")


def test_what_happened_before_the_wait_began_does_not_end_it() -> None:
    state, _ = in_nurture(pinned([wait(3), wait_for(14, then=[A])]))
    journey.advance(state, after(3))
    life.happened(state, event(EventKind.ORDER_PAID, 2, order_id="o1"), after(4))
    assert next_key(state, 4) is None


def test_another_event_does_not_end_the_wait() -> None:
    state, _ = in_nurture(pinned([wait_for(14, then=[A])]))
    life.happened(state, event(EventKind.COUPON_REDEEMED, 2, coupon_id="c1"), after(2))
    assert next_key(state, 2) is None


def test_an_exit_ends_the_playbook_with_its_reason() -> None:
    state, enrolment = in_nurture(pinned([BYE, A]))
    assert (enrolment.phase, enrolment.ended_reason) == (Phase.ENDED, "she has what she wanted")
    assert (state.stage, state.stage_reason) == (Stage.ENDED, "she has what she wanted")
    assert rest(state, 400).until is None


def test_an_exit_from_one_of_two_playbooks_does_not_end_her_journeys() -> None:
    state, _ = in_nurture(pinned([wait(3)], [A], name="tea"))
    journey.enrol(state, pinned([BYE]), START, onboarded=True)
    journey.advance(state, START)
    assert [e.pinned.playbook for e in state.active] == ["tea"]
    assert state.stage is Stage.NEW


def test_a_playbook_without_reactivation_is_over_after_its_last_step() -> None:
    state, enrolment = in_nurture(pinned([A]))
    do(state)
    assert (enrolment.phase, enrolment.ended_reason) == (Phase.ENDED, "the playbook is over")


def test_an_empty_playbook_goes_straight_to_its_dormancy_clock() -> None:
    state, enrolment = in_nurture(pinned([], [A], dormant_days=45))
    assert enrolment.phase is Phase.SETTLED
    assert rest(state).until == after(45)


def test_a_message_that_wants_to_know_its_outcome_waits_for_it() -> None:
    state, _ = in_nurture(pinned([send(wait_for_delivery=True), B]))
    key = do(state).key
    assert rest(state).until == START + journey.DELIVERY_PATIENCE
    told = event(EventKind.TOUCH_SETTLED, 1, touch_key=key, outcome="sent")
    life.happened(state, told, after(1))
    assert do(state, 1).key.endswith("nurture.1/1")


def test_the_outcome_of_another_message_is_not_the_one() -> None:
    state, _ = in_nurture(pinned([send(wait_for_delivery=True), B]))
    do(state)
    life.happened(state, event(EventKind.TOUCH_SETTLED, 1, touch_key="wm1/9/nurture.0/1"), after(1))
    assert next_key(state, 1) is None


def test_an_outcome_that_never_comes_holds_nobody_for_ever() -> None:
    state, _ = in_nurture(pinned([send(wait_for_delivery=True), B]))
    do(state)
    assert do(state, 7).key.endswith("nurture.1/1")


def test_dormancy_counts_from_the_last_order() -> None:
    state, enrolment = in_nurture(pinned([], [A], dormant_days=45))
    life.happened(state, event(EventKind.ORDER_PAID, 20, order_id="o1"), after(20))
    assert rest(state, 20).until == after(65)
    assert next_key(state, 64) is None
    assert next_key(state, 65) == "wm1/1/reactivation.0/2"
    assert (state.stage, enrolment.phase) == (Stage.DORMANT, Phase.REACTIVATION)


def test_an_older_order_that_is_told_late_does_not_turn_the_clock_back() -> None:
    state, enrolment = in_nurture(pinned([], [A], dormant_days=45))
    for days in (20, 5):
        life.happened(state, event(EventKind.ORDER_PAID, days, order_id=f"o{days}"), after(21))
    assert journey.dormant_at(enrolment) == after(65)
    assert state.last_visit_at == after(20)


def test_orders_during_the_first_steps_count_for_the_clock_after_them() -> None:
    state, enrolment = in_nurture(pinned([wait(10)], [A], dormant_days=45))
    life.happened(state, event(EventKind.ORDER_PAID, 8, order_id="o1"), after(8))
    journey.advance(state, after(10))
    assert journey.dormant_at(enrolment) == after(53)


def test_who_comes_back_is_back_and_her_clock_runs_anew() -> None:
    state, enrolment = dormant()
    life.happened(state, event(EventKind.COUPON_REDEEMED, 50, coupon_id="c1"), after(50))
    assert state.stage is Stage.BACK
    do(state, 50)  # the last step of the reactivation
    assert enrolment.phase is Phase.SETTLED
    assert rest(state, 50).until == after(95)


def test_who_drifts_away_again_gets_new_keys() -> None:
    state, enrolment = dormant()
    life.happened(state, event(EventKind.COUPON_REDEEMED, 50, coupon_id="c1"), after(50))
    do(state, 50)
    assert do(state, 95).key == "wm1/1/reactivation.0/3"
    assert (state.stage, enrolment.visit) == (Stage.DORMANT, 3)


def test_who_does_not_come_back_rests_until_her_next_order() -> None:
    state, enrolment = dormant()
    do(state, 55)
    assert enrolment.phase is Phase.LAPSED
    assert rest(state, 300).until is None
    life.happened(state, event(EventKind.ORDER_PAID, 300, order_id="o9"), after(300))
    assert (state.stage, enrolment.phase) == (Stage.BACK, Phase.SETTLED)
    assert rest(state, 300).until == after(345)


def test_paused_she_only_rests_and_catches_up_afterwards() -> None:
    state, _ = in_nurture(pinned([wait(3), A]))
    state.paused_by = "anna"
    assert rest(state, 10) == Rest(why="paused by anna")
    state.paused_by = None
    assert next_key(state, 10) == "wm1/1/nurture.1/1"


def test_paused_she_does_not_become_dormant() -> None:
    state, _ = in_nurture(pinned([], [A]))
    state.paused_by = "anna"
    rest(state, 100)
    assert state.stage is Stage.NEW


def test_a_step_that_failed_is_put_off_and_the_other_playbook_goes_on() -> None:
    state, _ = in_nurture(pinned([A]))
    journey.enrol(state, pinned([B], name="tea"), START, onboarded=True)
    state.retry_at[actions.retry_key("coffee")] = after(1)
    assert do(state).key == "wm1/2/nurture.0/1"
    assert rest(state).until == after(1)
    assert next_key(state, 1) == "wm1/1/nurture.0/1"
    do(state, 1)
    assert actions.retry_key("coffee") not in state.retry_at


def test_an_enrolment_before_the_greeting_waits_for_it() -> None:
    state = friend()
    journey.enrol(state, pinned([A]), START)
    assert rest(state, 10).until is None
    assert state.enrolments["coffee"].phase is Phase.ONBOARDING


def test_a_rest_says_which_playbook_goes_on() -> None:
    state, _ = in_nurture(pinned([wait(3)]))
    journey.enrol(state, pinned([wait(2)], name="tea"), START, onboarded=True)
    assert rest(state) == Rest(until=after(2), why="tea goes on")


def test_every_enrolment_has_a_number_of_its_own() -> None:
    state, first = in_nurture(pinned([A], reentry=Reentry.ALWAYS))
    first_key = do(state).key
    journey.enrol(state, pinned([A], reentry=Reentry.ALWAYS), after(1), onboarded=True)
    assert do(state, 1).key == "wm1/2/nurture.0/1"
    assert first_key == "wm1/1/nurture.0/1"
    assert first.phase is Phase.ENDED


@pytest.mark.parametrize(
    ("reentry", "episode", "refusal"),
    [
        (Reentry.NEVER, 2, "re-entry: never"),
        (Reentry.NEW_EPISODE, 1, "re-entry: only in a new episode, after she was lost and came back"),
        (Reentry.NEW_EPISODE, 2, None),
        (Reentry.ALWAYS, 1, None),
    ],
)
def test_the_reentry_rule_decides(reentry: Reentry, episode: int, refusal: str | None) -> None:
    state, enrolment = in_nurture(pinned([wait(3)]))
    journey.end(state, enrolment, "over", after(1))
    state.episode = episode
    assert life.why_not_enrol(state, pinned(reentry=reentry), after(1)) == refusal


def test_nobody_is_twice_in_one_playbook_at_a_time() -> None:
    state, _ = in_nurture(pinned([wait(3)]))
    assert life.why_not_enrol(state, pinned(reentry=Reentry.ALWAYS), after(1)) == "she is in it already"
    assert life.why_not_enrol(state, pinned(name="tea"), after(1)) is None


def test_who_opted_out_enters_nothing() -> None:
    state = friend()
    life.opt_out(state, "anna", after(1))
    assert life.why_not_enrol(state, pinned(), after(1)) == "she opted out"


def test_a_skip_leaves_the_step_for_the_one_after_it() -> None:
    state, enrolment = in_nurture(pinned([wait_for(14, then=[A], otherwise=[B]), C]))
    journey.step_on(state, enrolment, after(1))
    assert do(state, 1).key.endswith("nurture.1/1")


def test_the_longest_silent_walk_is_taken_in_one_go() -> None:
    forks = [wait_for(0, otherwise=[wait_for(0)])] * 20
    _, enrolment = in_nurture(pinned([*forks, A]))
    assert steps.current(enrolment) == A


def test_a_tree_of_empty_waits_is_walked_through_at_once() -> None:
    state, _ = in_nurture(pinned([Step(wait=timedelta(0))] * 50 + [A]))
    assert next_key(state) == "wm1/1/nurture.50/1"


def test_a_whole_year_is_a_handful_of_actions() -> None:
    state, _ = in_nurture(pinned([A], [COUPON, B, wait_for(14, kind="coupon_redeemed")]))
    orders = [event(EventKind.ORDER_PAID, days, order_id=f"o{days}") for days in (10, 100, 160, 260)]
    driven = Drive(state).run(orders, START, START + 365 * DAY)
    assert [a.split(" ")[0] + " " + a.split(" ")[2] for a in driven.actions] == [
        "2026-03-02 wm1/1/nurture.0/1",
        "2026-04-26 wm1/1/reactivation.0/2",
        "2026-04-26 wm1/1/reactivation.1/2",
        "2026-07-25 wm1/1/reactivation.0/3",
        "2026-07-25 wm1/1/reactivation.1/3",
        "2026-09-23 wm1/1/reactivation.0/4",
        "2026-09-23 wm1/1/reactivation.1/4",
        "2027-01-01 wm1/1/reactivation.0/5",
        "2027-01-01 wm1/1/reactivation.1/5",
    ]
