"""WeCom adds fields, sends numbers as text, and leaves lists out: nothing of that changes what is read."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from integrations.wecom import MemberStatus, SendStatus, TransferStatus
from integrations.wecom.types import OpenNumber
from tests.integrations.samples import SAMPLES

NEW_VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


def respelt(value: Any, draw: st.DrawFn) -> Any:
    """The same answer as WeCom may send it one day."""
    if isinstance(value, dict):
        fields = {name: respelt(part, draw) for name, part in value.items()}
        return fields | draw(st.dictionaries(st.sampled_from(("new_a", "new_b")), NEW_VALUE, max_size=1))
    if isinstance(value, list):
        return [respelt(one, draw) for one in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return draw(st.sampled_from((value, str(value))))
    return value


@st.composite
def retellings(draw: st.DrawFn) -> tuple[type[BaseModel], dict[str, Any], dict[str, Any]]:
    shape, sample = draw(st.sampled_from(SAMPLES))
    return shape, sample, respelt(sample, draw)


@settings(deadline=None, max_examples=300)  # a busy machine is no failure
@given(retellings())
def test_what_wecom_adds_or_respells_is_read_alike(
    case: tuple[type[BaseModel], dict[str, Any], dict[str, Any]],
) -> None:
    shape, sample, told = case
    assert shape.model_validate(told) == shape.model_validate(sample)


@pytest.mark.parametrize(("shape", "sample"), SAMPLES, ids=lambda value: getattr(value, "__name__", ""))
def test_an_answer_survives_being_stored(shape: type[BaseModel], sample: dict[str, Any]) -> None:
    read = shape.model_validate(sample)
    assert shape.model_validate_json(read.model_dump_json()) == read


@pytest.mark.parametrize(("shape", "sample"), SAMPLES, ids=lambda value: getattr(value, "__name__", ""))
def test_null_is_absent(shape: type[BaseModel], sample: dict[str, Any]) -> None:
    """Fields that need not be there may be null, in place of an empty list or text."""
    read = shape.model_validate(sample)
    for name in sample:
        field = shape.model_fields.get(name)
        if field is not None and not field.is_required():
            assert getattr(shape.model_validate({**sample, name: None}), name) == field.get_default()
    assert read == shape.model_validate(sample)


@pytest.mark.parametrize("kind", [SendStatus, MemberStatus, TransferStatus])
@pytest.mark.parametrize("value", [99, "99", -1, "new", None, 1.5])
def test_a_status_of_the_future_is_unknown(kind: type[OpenNumber], value: Any) -> None:
    assert int(kind(value)) == -1
