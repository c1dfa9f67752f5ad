"""Field types that all answers of WeCom share. Fields keep WeCom's names, so that its pages explain them."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import IntEnum
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    model_validator,
)

UNKNOWN_NUMBER = -1


class Shape(BaseModel):
    """WeCom adds fields without notice (contract §0.2): what is unknown is ignored, and null is absent.

    A number may come as text (WeCom does that with times), and an id of digits as a number.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", coerce_numbers_to_str=True)

    @model_validator(mode="before")
    @classmethod
    def _null_is_absent(cls, data: Any) -> Any:
        if isinstance(data, dict) and None in data.values():
            return {name: value for name, value in data.items() if value is not None}
        return data


class OpenNumber(IntEnum):
    """A list of numbers that WeCom may add to: every subclass has UNKNOWN for what is added one day."""

    @classmethod
    def _missing_(cls, value: object) -> Self:
        known = {str(int(member)) for member in cls}
        return cls(int(value)) if isinstance(value, str) and value in known else cls(UNKNOWN_NUMBER)


def _from_epoch(value: object) -> object:
    """Unix seconds as an int or a numeric string; anything else is left for pydantic."""
    if isinstance(value, int) or (isinstance(value, str) and value.isascii() and value.isdigit()):
        try:
            return datetime.fromtimestamp(int(value), UTC)
        except (OverflowError, OSError):
            raise ValueError("not a time") from None
    return value


def _from_epoch_or_none(value: object) -> object:
    return None if value in (0, "0", "") else _from_epoch(value)


Moment = Annotated[AwareDatetime, BeforeValidator(_from_epoch)]
# send_time is absent or 0 while nothing was sent (contract §8.2).
OptionalMoment = Annotated[AwareDatetime | None, BeforeValidator(_from_epoch_or_none)]
# userids are case-insensitive and come back in either case (contract §0.3): compared in lower case.
UserId = Annotated[str, AfterValidator(str.lower)]


def content_of(value: Any) -> Any:
    """WeCom wraps a text: {"content": "…"}."""
    return value.get("content", "") if isinstance(value, dict) else value


Content = Annotated[str, BeforeValidator(content_of)]
