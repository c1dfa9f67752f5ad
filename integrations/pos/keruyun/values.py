"""Single values as Keruyun writes them: ids and fen as text or as numbers, times naive or in milliseconds."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, TypeVar
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from integrations.pos.values import Money, Shape

Item = TypeVar("Item")

ZONE = ZoneInfo("Asia/Shanghai")
TIME_FORMAT = "%Y-%m-%d %H:%M:%S"
NOTHING = ("0000-", "1970-01-01")  # of a time that is not set


class Wire(Shape):
    """An object of theirs: `shop_id` here is shopId there."""

    model_config = ConfigDict(alias_generator=to_camel)


def _id(value: object) -> str | None:
    """No member is null, 0, "0" or empty."""
    if isinstance(value, bool) or not isinstance(value, str | int | None):
        raise ValueError("an id is a text or a whole number")
    return None if value in (None, 0, "0", "") else str(value)


def _fen(value: object) -> int:
    """Below zero where money went back, but not on every ticket that gives it back."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError("fen are a whole number, or text of one")
    return int(value)


def _local(value: object) -> datetime | None:
    if not value:
        return None
    if not isinstance(value, str):
        raise ValueError("a time is written as text")
    if value.startswith(NOTHING):
        return None
    try:
        return datetime.strptime(value, TIME_FORMAT).replace(tzinfo=ZONE).astimezone(UTC)
    except OverflowError:
        raise ValueError("a time outside of the calendar") from None


def _milliseconds(value: object) -> datetime | None:
    if not value:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError("milliseconds are a whole number")
    try:
        return datetime.fromtimestamp(int(value) / 1000, UTC)
    except (OverflowError, OSError):
        raise ValueError("milliseconds beyond the calendar") from None


def _degrees(value: object) -> float | None:
    """Text; a store without a place has none, or zero."""
    return float(str(value)) or None if value else None


Id = Annotated[str, BeforeValidator(_id)]
MaybeId = Annotated[str | None, BeforeValidator(_id)]
Fen = Annotated[int, BeforeValidator(_fen)]
LocalTime = Annotated[AwareDatetime | None, BeforeValidator(_local)]
Milliseconds = Annotated[AwareDatetime | None, BeforeValidator(_milliseconds)]
_Angle = Annotated[float, Field(ge=-180, le=180)]
Degrees = Annotated[_Angle | None, BeforeValidator(_degrees)]
Rows = Annotated[tuple[Item, ...], BeforeValidator(lambda value: () if value is None else value)]


def yuan(fen: int) -> Money:
    return Money(amount_minor=fen, currency="CNY")


def local_text(at: datetime) -> str:
    """Whole seconds, as the queries want them."""
    return at.astimezone(ZONE).strftime(TIME_FORMAT)
