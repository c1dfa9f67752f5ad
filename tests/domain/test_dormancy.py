"""She is won back once for each time that she drifts away, whatever comes between."""

from datetime import timedelta
from typing import Any

from domain import actions, journey, life
from domain.customer import CustomerState, Phase
from domain.events import Event, EventKind
from domain.playbook import Journey, PinnedJourney
from domain.questions import Answer
from tests.domain.moments import START

SEND = {"send": {"text": "x"}}
DORMANT_AFTER = timedelta(days=10)


def _begun(steps: list[dict[str, Any]]) -> CustomerState:
    rules: dict[str, Any] = {
        "life_stages": [{"stage": "regular", "steps": [SEND]}],
        "reactivation": {"dormant_after": "10d", "steps": steps},
    }
    state = CustomerState(external_userid="wm1")
    pinned = PinnedJourney(
        playbook="tea", version="v", number=1, journey=Journey.model_validate(rules | {"nurture": [SEND]})
    )
    journey.enrol(state, pinned, START, onboarded=True)
    return state


def _sent(state: CustomerState, day: int) -> int:
    """How many messages are sent on a day; in no life stage unless a step sends her to one."""
    now, sent = START + timedelta(days=day), 0
    for _ in range(30):
        journey.advance(state, now)
        action = actions.next_action(state, now)
        if isinstance(action, actions.Rest):
            return sent
        if isinstance(action, actions.Ask):
            stages = action.question.stages
            actions.answered(state, action, Answer(chosen=stages.current if stages else None), now)
            continue
        sent += isinstance(action, actions.SendTouch)
        actions.done(state, action, now)
    raise AssertionError("it never comes to rest")


def _buys(state: CustomerState, day: int) -> None:
    at = START + timedelta(days=day)
    life.happened(state, Event(id=f"o{day}", kind=EventKind.ORDER_PAID, at=at, order_id=f"o{day}"), at)


def test_a_reactivation_that_leads_to_a_life_stage_does_not_go_round() -> None:
    state = _begun([SEND, {"goto_stage": "regular"}])
    assert [_sent(state, day) for day in (0, 9, 10, 11, 40)] == [1, 0, 2, 0, 0]


def test_she_drifts_away_again_only_after_she_came_back() -> None:
    state = _begun([SEND, {"goto_stage": "regular"}])
    for day in (0, 10):
        _sent(state, day)
    _buys(state, 12)
    assert [_sent(state, day) for day in (12, 21, 22, 40)] == [0, 0, 2, 0]


def test_who_never_came_back_is_left_in_peace() -> None:
    state = _begun([SEND])
    assert [_sent(state, day) for day in (0, 10, 11, 60)] == [1, 1, 0, 0]
    assert state.enrolments["tea"].phase is Phase.LAPSED
