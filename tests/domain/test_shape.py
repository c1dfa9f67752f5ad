"""What travels: durations, times, and that every shape survives its way through JSON."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from temporalio.contrib.pydantic import pydantic_data_converter

from domain.customer import CustomerState, Follow, Membership
from domain.events import Event, EventKind
from domain.playbook import Journey
from domain.shape import Duration, Period, Shape, UtcTime, earliest, parse_duration, spell
from tests.domain.moments import START, after, event, friend, in_nurture, pinned, send, wait_for
from tests.domain.strategies import SOME_TIME, all_shapes, shapes

durations: TypeAdapter[timedelta] = TypeAdapter(Duration)
periods: TypeAdapter[timedelta] = TypeAdapter(Period)
times: TypeAdapter[datetime] = TypeAdapter(UtcTime)


@pytest.mark.parametrize("model", all_shapes(), ids=lambda m: m.__qualname__)
@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_every_shape_survives_temporal_and_json(model: type[Shape], data: st.DataObject) -> None:
    value = data.draw(shapes(model))
    converter = pydantic_data_converter.payload_converter
    (back,) = converter.from_payloads(converter.to_payloads([value]), [model])
    assert back == value
    assert model.model_validate(value.model_dump(mode="json")) == value
    assert model.model_validate(value.model_dump()) == value


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("90s", timedelta(seconds=90)),
        ("30m", timedelta(minutes=30)),
        ("36h", timedelta(hours=36)),
        (" 3 d ", timedelta(days=3)),
        ("2w", timedelta(weeks=2)),
        ("0s", timedelta(0)),
        ("P3D", timedelta(days=3)),
        (timedelta(hours=1), timedelta(hours=1)),
    ],
)
def test_a_duration_is_written_with_its_unit(text: Any, meant: timedelta) -> None:
    assert durations.validate_python(text) == meant


@given(st.integers(0, 3650 * 86_400).map(lambda seconds: timedelta(seconds=seconds)))
def test_a_duration_is_spelled_as_it_may_be_written(value: timedelta) -> None:
    assert parse_duration(spell(value)) == value


def test_a_duration_is_spelled_in_its_largest_whole_unit() -> None:
    assert [spell(timedelta(minutes=m)) for m in (1.5, 30, 2160, 10080)] == ["90s", "30m", "36h", "7d"]


@pytest.mark.parametrize(
    "text", ["3", "3x", "", "d", "1.5d", "-3d", "-P3D", "3 days", "01:30", 3, 1.5, True, None, [], "3651d"]
)
def test_anything_else_is_no_duration(text: Any) -> None:
    with pytest.raises(ValidationError):
        durations.validate_python(text)


@pytest.mark.parametrize("text", ["99999999999999999d", "9999999999d", "P99999999999999D"])
def test_a_duration_beyond_the_calendar_is_refused_like_any_other(text: str) -> None:
    with pytest.raises(ValidationError):
        durations.validate_python(text)


def test_what_repeats_cannot_take_no_time() -> None:
    assert periods.validate_python("1s") == timedelta(seconds=1)
    with pytest.raises(ValidationError, match="0s would mean without end"):
        periods.validate_python("0s")


@given(SOME_TIME)
def test_a_duration_survives_json(value: timedelta) -> None:
    assert durations.validate_json(durations.dump_json(value)) == value


@pytest.mark.parametrize("text", [START.replace(tzinfo=None), "2026-03-02T04:00:00"])
def test_a_time_without_a_zone_is_refused(text: Any) -> None:
    with pytest.raises(ValidationError, match="timezone"):
        times.validate_python(text)


def test_a_time_with_a_zone_becomes_utc() -> None:
    shanghai = datetime(2026, 3, 2, 12, 0, tzinfo=timezone(timedelta(hours=8)))
    assert times.validate_python(shanghai) == START
    assert times.validate_python(shanghai).tzinfo is UTC


def test_unknown_fields_are_ignored_at_every_depth() -> None:
    body = friend().model_dump(mode="json") | {"new": 1}
    body["follows"]["chen"]["newer"] = {"deep": True}
    assert CustomerState.model_validate(body) == friend()


def test_what_equals_its_default_costs_no_byte() -> None:
    assert Journey().model_dump() == {}
    assert CustomerState(external_userid="wm1").model_dump(mode="json") == {"external_userid": "wm1"}
    assert set(event(EventKind.WAKE).model_dump()) == {"id", "kind", "at"}


def test_a_required_field_is_written_even_if_it_is_none() -> None:
    class Told(Shape):
        said: str | None

    assert Told(said=None).model_dump() == {"said": None}


def test_containers_that_were_filled_after_the_start_are_written() -> None:
    state = CustomerState(external_userid="wm1")
    state.inbox.append(event(EventKind.WAKE))
    state.seen["e1"] = None
    state.groups["g1"] = Membership(joined_at=START)
    state.follows["chen"] = Follow(userid="chen", since=START)
    state.follows["chen"].entry.tags.append("S001")
    assert CustomerState.model_validate_json(state.model_dump_json()) == state


def test_a_default_is_never_shared_by_two_values() -> None:
    chen, li = Follow(userid="chen", since=START), Follow(userid="li", since=START)
    chen.entry.code = "S001-door"
    chen.entry.tags.append("door")
    assert li.entry == Follow(userid="x", since=START).entry
    assert li.entry.tags == []


def test_a_nested_enrolment_keeps_its_cursor_and_its_deadline() -> None:
    state, enrolment = in_nurture(pinned([wait_for(3, then=[send()]), send("x")]))
    enrolment.cursor = [0, "then", 0]
    back = CustomerState.model_validate_json(state.model_dump_json())
    assert back.enrolments["coffee"].cursor == [0, "then", 0]
    assert back.enrolments["coffee"].due_at == after(3)
    assert back == state


def test_event_ids_keep_their_order() -> None:
    state = CustomerState(external_userid="wm1", seen=dict.fromkeys(["b", "aa", "c", "a"]))
    assert list(CustomerState.model_validate_json(state.model_dump_json()).seen) == ["b", "aa", "c", "a"]


def test_an_unknown_kind_of_event_is_refused() -> None:
    with pytest.raises(ValidationError):
        Event.model_validate({"id": "e", "kind": "something_new", "at": START})


def test_the_earliest_of_some_times() -> None:
    assert earliest(None, after(2), after(1)) == after(1)
    assert earliest(None) is None
    assert earliest() is None
