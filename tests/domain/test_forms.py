"""What customers may answer, and what they are told otherwise."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.events import FormName
from domain.forms import FORMS, NotValid, check, months_after

TODAY = date(2026, 3, 2)
DUE = {"agreed": "yes"}

GOOD: list[tuple[FormName, dict[str, str], dict[str, Any]]] = [
    (FormName.BIRTHDAY, {"month": "3", "day": "8"}, {"month": 3, "day": 8}),
    (FormName.BIRTHDAY, {"month": "2", "day": "29", "year": ""}, {"month": 2, "day": 29}),
    (
        FormName.BIRTHDAY,
        {"month": "02", "day": "29", "year": " 1996 "},
        {"month": 2, "day": 29, "year": 1996},
    ),
    (FormName.BIRTHDAY, {"month": "3", "day": "2", "year": "2026"}, {"month": 3, "day": 2, "year": 2026}),
    (FormName.DUE_DATE, DUE | {"due_date": "2026-03-02"}, {"due_date": "2026-03-02", "agreed": True}),
    (FormName.DUE_DATE, DUE | {"due_date": "2027-01-02"}, {"due_date": "2027-01-02", "agreed": True}),
    (FormName.FEEDBACK, {"rating": "5"}, {"rating": 5}),
    (FormName.FEEDBACK, {"rating": "1", "text": " 排队\r\n太久 "}, {"rating": 1, "text": "排队\n太久"}),
    (FormName.FEEDBACK, {"rating": "3", "text": "字" * 500}, {"rating": 3, "text": "字" * 500}),
    (FormName.FEEDBACK, {"rating": "3", "text": "a\x00b\x1b\ud800c"}, {"rating": 3, "text": "abc"}),
    (FormName.FEEDBACK, {"rating": "3", "text": "😀👨‍👩‍👧"}, {"rating": 3, "text": "😀👨‍👩‍👧"}),
]
BAD: list[tuple[FormName, dict[str, str], dict[str, str]]] = [
    (FormName.BIRTHDAY, {}, {"month": "请选择月份", "day": "请选择日期"}),
    (FormName.BIRTHDAY, {"month": "13", "day": "1"}, {"month": "请选择月份"}),
    (FormName.BIRTHDAY, {"month": "2", "day": "30"}, {"day": "2 月没有 30 日，请改一下"}),
    (
        FormName.BIRTHDAY,
        {"month": "2", "day": "29", "year": "1990"},
        {"day": "1990 年 2 月没有 29 日，请改一下"},
    ),
    (FormName.BIRTHDAY, {"month": "3", "day": "3", "year": "2026"}, {"day": "这一天还没到，请检查一下"}),
    (
        FormName.BIRTHDAY,
        {"month": "3", "day": "3", "year": "2027"},
        {"year": "请填写 1900 到 2026 之间的年份，也可以不填"},
    ),
    (
        FormName.BIRTHDAY,
        {"month": "3", "day": "3", "year": "九零"},
        {"year": "年份请填四位数字，例如 1990，也可以不填"},
    ),
    (FormName.DUE_DATE, DUE, {"due_date": "请选择预产期"}),
    (FormName.DUE_DATE, DUE | {"due_date": "soon"}, {"due_date": "请按 2026-05-20 这样填写日期"}),
    (
        FormName.DUE_DATE,
        DUE | {"due_date": "2026-03-01"},
        {"due_date": "请选择 2026 年 3 月 2 日到 2027 年 1 月 2 日之间的日期"},
    ),
    (
        FormName.DUE_DATE,
        DUE | {"due_date": "2027-01-03"},
        {"due_date": "请选择 2026 年 3 月 2 日到 2027 年 1 月 2 日之间的日期"},
    ),
    (FormName.DUE_DATE, {"due_date": "2026-05-20"}, {"agreed": "请先勾选同意，我们才能保存这个日期"}),
    (
        FormName.DUE_DATE,
        {"due_date": "2026-05-20", "agreed": "no"},
        {"agreed": "请先勾选同意，我们才能保存这个日期"},
    ),
    (FormName.CHILD_BIRTHDAY, {"agreed": "yes"}, {"child_birthday": "请选择宝宝的生日"}),
    (
        FormName.CHILD_BIRTHDAY,
        {"child_birthday": "2026-03-03", "agreed": "yes"},
        {"child_birthday": "请选择 2008 年 3 月 2 日到 2026 年 3 月 2 日之间的日期"},
    ),
    (FormName.FEEDBACK, {"text": "好"}, {"rating": "请选择满意程度"}),
    (FormName.FEEDBACK, {"rating": "6"}, {"rating": "请选择满意程度"}),
    (
        FormName.FEEDBACK,
        {"rating": "5", "text": "字" * 501},
        {"text": "最多 500 字，现在有 501 字，请删减一些"},
    ),
]


@pytest.mark.parametrize(("form", "said", "kept"), GOOD)
def test_a_good_answer_is_kept_without_what_was_left_empty(
    form: FormName, said: dict[str, str], kept: dict[str, Any]
) -> None:
    assert check(form, said, TODAY) == kept


@pytest.mark.parametrize(("form", "said", "told"), BAD)
def test_what_cannot_be_right_is_said_beside_its_field(
    form: FormName, said: dict[str, str], told: dict[str, str]
) -> None:
    with pytest.raises(NotValid) as caught:
        check(form, said, TODAY)
    assert caught.value.problems == told
    assert not any(value in str(caught.value) for value in said.values() if value != "no")


FIELDS = sorted({name for model in FORMS.values() for name in model.model_fields})


@given(
    st.sampled_from(FormName),
    st.dictionaries(st.sampled_from([*FIELDS, "x"]), st.text() | st.integers().map(str)),
)
def test_whatever_is_sent_is_kept_or_explained(form: FormName, said: dict[str, str]) -> None:
    try:
        kept, told = check(form, said, TODAY), {}
    except NotValid as error:
        kept, told = {}, error.problems
    assert bool(kept) != bool(told)
    assert {*kept, *told} <= set(FORMS[form].model_fields)


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(0, 24))
def test_so_many_months_later_is_in_that_month(day: date, months: int) -> None:
    later = months_after(day, months)
    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == months
    assert later.day == day.day or (later + timedelta(days=1)).day == 1
