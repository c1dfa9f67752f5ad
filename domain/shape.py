"""The base of everything that travels: one compact pydantic model, aware UTC times, short durations."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    SerializerFunctionWrapHandler,
    model_serializer,
)

UtcTime = Annotated[AwareDatetime, AfterValidator(lambda t: t.astimezone(UTC))]

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
LONGEST = timedelta(days=3650)  # longer is a typing mistake, and far longer leaves the calendar


def parse_duration(value: Any) -> Any:
    """'90s', '30m', '36h', '3d', '2w' -> timedelta; ISO 8601 ('P3D', as JSON has it) is left to pydantic."""
    if isinstance(value, timedelta):
        return value
    if isinstance(value, str) and (match := re.fullmatch(r"(\d{1,8}|\d{9}(?=s))\s*([smhdw])", value.strip())):
        return timedelta(**{_UNITS[match[2]]: int(match[1])})
    if isinstance(value, str) and value.startswith("P"):
        return value
    raise ValueError("a duration is a number with a unit: 90s, 30m, 36h, 3d, 2w")


def spell(value: timedelta) -> str:
    """A duration as an author would write it: 36h, 3d, 90s."""
    seconds = round(value.total_seconds())
    for unit, size in (("d", 86_400), ("h", 3600), ("m", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def _sane(value: timedelta) -> timedelta:
    if not timedelta(0) <= value <= LONGEST:
        raise ValueError(f"a duration lies between 0s and {LONGEST.days}d")
    return value


def _not_zero(value: timedelta) -> timedelta:
    if not value:
        raise ValueError("0s would mean without end: give a longer time")
    return value


Duration = Annotated[timedelta, BeforeValidator(parse_duration), AfterValidator(_sane)]
Period = Annotated[Duration, AfterValidator(_not_zero)]  # for whatever repeats


class Shape(BaseModel):
    """A message or a part of one. Unknown fields are ignored, so an older worker reads a newer sender."""

    model_config = ConfigDict(extra="ignore", use_enum_values=False)

    @model_serializer(mode="wrap")
    def _compact(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out what equals its default: histories are paid for by the byte."""
        fields = type(self).model_fields
        dumped: dict[str, Any] = handler(self)
        return {
            name: value
            for name, value in dumped.items()
            if name not in fields
            or fields[name].is_required()
            or getattr(self, name) != fields[name].get_default(call_default_factory=True)
        }


def earliest(*times: datetime | None) -> datetime | None:
    """The first of the times that exist."""
    return min((t for t in times if t is not None), default=None)
