"""An employee never gets more cards than WeCom delivers, and no card waits longer than it must."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain import addresses, todos
from domain.todos import PER_HOUR, PER_MINUTE, Card, TodoKind
from tests.domain.moments import START

SECONDS_AGO = st.lists(st.floats(0, 3599), max_size=60)


@given(SECONDS_AGO)
def test_what_goes_now_keeps_the_minute_under_the_limit(ago: list[float]) -> None:
    sent = [START - timedelta(seconds=s) for s in ago]
    in_the_last_minute = sum(s < 60 for s in ago)
    assert (todos.room(sent, START) is None) == (in_the_last_minute < PER_MINUTE)


@given(SECONDS_AGO)
def test_after_the_wait_there_is_room_and_not_a_second_earlier(ago: list[float]) -> None:
    sent = [START - timedelta(seconds=s) for s in ago]
    wait = todos.room(sent, START)
    if wait:
        assert wait <= timedelta(minutes=1)
        assert todos.room(sent, START + wait) is None
        assert todos.room(sent, START + wait - timedelta(seconds=1)) or wait < timedelta(seconds=1)


def test_the_hour_has_a_limit_too() -> None:
    sent = [START - timedelta(seconds=61 + n * 3) for n in range(PER_HOUR)]
    assert todos.room(sent, START) == timedelta(hours=1) - timedelta(seconds=61 + (PER_HOUR - 1) * 3)
    assert todos.room(sent[1:], START) is None


@given(st.sampled_from(list(TodoKind)), st.text(max_size=20), st.text(max_size=20))
def test_a_card_finds_its_todo_again(kind: TodoKind, subject: str, occasion: str) -> None:
    todo_id = todos.todo_id(kind, subject, occasion)
    task_id = addresses.card_task_id(todo_id, 3)
    assert addresses.todo_of_card(task_id) == (todo_id, 3)
    assert len(task_id.encode()) <= 128  # contract §10.1


@pytest.mark.parametrize("task_id", ["", "todo", "todo_x", "todo_x_y", "survey_x_1", "todo_a_b_1"])
def test_another_programs_card_is_nobodys(task_id: str) -> None:
    assert addresses.todo_of_card(task_id) is None


@pytest.mark.parametrize("fields", [{"title": ""}, {"title": "长" * 27}, {"title": "好", "text": "长" * 113}])
def test_a_card_that_does_not_fit_is_refused(fields: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Card.model_validate(fields)
