"""Forms in a life: a line of her story, and something that a playbook may wait for."""

import pytest
from pydantic import ValidationError

from domain import journey, life
from domain.events import Event, EventKind
from tests.domain.moments import after, event, friend, in_nurture, pinned, send, wait, wait_for
from tests.domain.test_journey import do, next_key

A, B = send("A"), send("B")


def answer(form: str, days: float) -> Event:
    return event(EventKind.FORM_ANSWERED, days, form=form, answer_id=7)


def test_an_answered_form_is_a_line_of_her_story_without_what_she_said() -> None:
    state = friend()
    life.happened(state, answer("birthday", 1), after(1))
    assert [(line.what, line.reason) for line in state.log][-1] == ("form birthday answered", "answer 7")
    assert state.forms == {"birthday": after(1)}


def test_a_step_may_wait_for_one_form() -> None:
    state, _ = in_nurture(pinned([wait_for(14, [A], [B], kind="form_answered", form="feedback")]))
    life.happened(state, answer("birthday", 1), after(1))
    assert next_key(state, 1) is None
    life.happened(state, answer("feedback", 2), after(2))
    assert do(state, 2).key.endswith("nurture.0.then.0/1")
    assert "form_answered/feedback came" in [line.what for line in state.log]


def test_a_step_may_wait_for_any_form() -> None:
    state, _ = in_nurture(pinned([wait_for(14, [A], kind="form_answered")]))
    life.happened(state, answer("due_date", 1), after(1))
    assert do(state, 1).key.endswith("nurture.0.then.0/1")


@pytest.mark.parametrize(
    ("form", "asked_again"), [("birthday", False), ("due_date", False), ("feedback", True)]
)
def test_a_date_is_told_once_and_a_feedback_is_of_its_day(form: str, asked_again: bool) -> None:
    state, _ = in_nurture(pinned([wait(3), wait_for(14, [A], [B], kind="form_answered", form=form)]))
    life.happened(state, answer(form, 1), after(1))
    journey.advance(state, after(3))
    assert (next_key(state, 3) is None) == asked_again


def test_only_an_answer_has_a_form() -> None:
    with pytest.raises(ValidationError, match="only form_answered has a form"):
        wait_for(14, kind="order_paid", form="birthday")
