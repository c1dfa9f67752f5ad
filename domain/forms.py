"""短表单: what a customer may answer, and what she is told when it cannot be right. Her texts are Chinese."""

import unicodedata
from calendar import monthrange
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, ValidationInfo, field_validator

from domain.events import FormName

MONTHS_AHEAD = 10  # a pregnancy takes a little over nine
CHILD_YEARS = 18
OLDEST_YEAR = 1900
TEXT_CHARS = 500
LEAP_YEAR = 2024  # without a year, 29 February is a birthday


class NotValid(Exception):
    """Answers that cannot be right: for each field, what to tell her."""

    def __init__(self, problems: dict[str, str]) -> None:
        super().__init__(f"not valid: {', '.join(problems)}")  # names only: what she wrote is hers
        self.problems = problems


def _said(value: Any) -> Any:
    """A field as browsers send it, without control characters; one that was left empty is not given."""
    if not isinstance(value, str):
        return value
    kept = [
        c for c in value.replace("\r\n", "\n") if c == "\n" or unicodedata.category(c) not in ("Cc", "Cs")
    ]
    return "".join(kept).strip() or None


Number = Annotated[int | None, BeforeValidator(_said)]


class Answers(BaseModel):
    """Fields are checked in their order, so a later one may look at those before it."""

    model_config = ConfigDict(validate_default=True)


class Birthday(Answers):
    """生日, by the solar calendar; the year is hers to tell or not."""

    year: Number = None
    month: Number = None
    day: Number = None

    @field_validator("year")
    @classmethod
    def _plausible(cls, year: int | None, info: ValidationInfo) -> int | None:
        if year is not None and not OLDEST_YEAR <= year <= _today(info).year:
            raise ValueError(f"请填写 {OLDEST_YEAR} 到 {_today(info).year} 之间的年份，也可以不填")
        return year

    @field_validator("month")
    @classmethod
    def _chosen(cls, month: int | None) -> int:
        if month is None or not 1 <= month <= 12:
            raise ValueError("请选择月份")
        return month

    @field_validator("day")
    @classmethod
    def _exists(cls, day: int | None, info: ValidationInfo) -> int:
        year, month = info.data.get("year"), info.data.get("month")
        if day is None or not 1 <= day <= 31:
            raise ValueError("请选择日期")
        if month and day > monthrange(year or LEAP_YEAR, month)[1]:
            when = f"{year} 年 {month} 月" if year else f"{month} 月"
            raise ValueError(f"{when}没有 {day} 日，请改一下")
        if year and month and date(year, month, day) > _today(info):
            raise ValueError("这一天还没到，请检查一下")
        return day


class Consented(Answers):
    """What is sensitive by law (个人信息保护法) is kept only with her explicit consent."""

    agreed: Annotated[bool, BeforeValidator(lambda value: value == "yes")] = False

    @field_validator("agreed")
    @classmethod
    def _given(cls, agreed: bool) -> bool:
        if not agreed:
            raise ValueError("请先勾选同意，我们才能保存这个日期")
        return agreed


class DueDate(Consented):
    """预产期."""

    due_date: Annotated[date | None, BeforeValidator(_said)] = None

    @field_validator("due_date")
    @classmethod
    def _possible(cls, due: date | None, info: ValidationInfo) -> date:
        return _between(due, *due_dates(_today(info)), "请选择预产期")


class ChildBirthday(Consented):
    """宝宝生日, of a child that is born."""

    child_birthday: Annotated[date | None, BeforeValidator(_said)] = None

    @field_validator("child_birthday")
    @classmethod
    def _possible(cls, born: date | None, info: ValidationInfo) -> date:
        return _between(born, *child_birthdays(_today(info)), "请选择宝宝的生日")


class Feedback(Answers):
    """反馈: how satisfied, and if she likes, why."""

    rating: Number = None
    text: Annotated[str | None, BeforeValidator(_said)] = None

    @field_validator("rating")
    @classmethod
    def _chosen(cls, rating: int | None) -> int:
        if rating is None or not 1 <= rating <= 5:
            raise ValueError("请选择满意程度")
        return rating

    @field_validator("text")
    @classmethod
    def _short(cls, text: str | None) -> str | None:
        if text and len(text) > TEXT_CHARS:
            raise ValueError(f"最多 {TEXT_CHARS} 字，现在有 {len(text)} 字，请删减一些")
        return text


FORMS: dict[FormName, type[Answers]] = {
    FormName.BIRTHDAY: Birthday,
    FormName.DUE_DATE: DueDate,
    FormName.CHILD_BIRTHDAY: ChildBirthday,
    FormName.FEEDBACK: Feedback,
}
# For what is not a number or a date at all.
_UNREADABLE = {
    "year": "年份请填四位数字，例如 1990，也可以不填",
    "month": "请选择月份",
    "day": "请选择日期",
    "due_date": "请按 2026-05-20 这样填写日期",
    "child_birthday": "请按 2026-05-20 这样填写日期",
    "rating": "请选择满意程度",
}


def check(form: FormName, fields: Mapping[str, str], today: date) -> dict[str, Any]:
    """The answers as they are kept, without what she left empty. Raises NotValid.

    `today` is that of her store.
    """
    try:
        answers = FORMS[form].model_validate(dict(fields), context={"today": today})
    except ValidationError as error:
        raise NotValid(_problems(error)) from None
    return answers.model_dump(mode="json", exclude_none=True)


def due_dates(today: date) -> tuple[date, date]:
    """The first and the last that can be."""
    return today, months_after(today, MONTHS_AHEAD)


def child_birthdays(today: date) -> tuple[date, date]:
    """The first and the last that can be."""
    return months_after(today, -12 * CHILD_YEARS), today


def months_after(day: date, months: int) -> date:
    """The same day so many months later, or the last of a month that is too short."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _problems(error: ValidationError) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in error.errors(include_url=False, include_input=False):
        field, ours = str(one["loc"][0]), one["type"] == "value_error"
        found[field] = one["msg"].removeprefix("Value error, ") if ours else _UNREADABLE[field]
    return found


def _between(day: date | None, first: date, last: date, missing: str) -> date:
    if day is None:
        raise ValueError(missing)
    if not first <= day <= last:
        raise ValueError(f"请选择 {_chinese(first)}到 {_chinese(last)}之间的日期")
    return day


def _today(info: ValidationInfo) -> date:
    today = (info.context or {})["today"]
    assert isinstance(today, date)
    return today


def _chinese(day: date) -> str:
    return f"{day.year} 年 {day.month} 月 {day.day} 日"
