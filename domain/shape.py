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


def parse_duration(value: Any) -> Any:
    """'90s', '30m', '36h', '3d', '2w' -> timedelta; anything else is left to pydantic (ISO 8601 'P3D')."""
    if not isinstance(value, str) or not (match := re.fullmatch(r"(\d+)\s*([smhdw])", value.strip())):
        return value
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


Duration = Annotated[timedelta, BeforeValidator(parse_duration)]


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
