"""Youzan's values as types: each reads one written form and refuses every other (contract §6, §12.2).

Yuan are text ("9.82") and fen are numbers (982), often in one answer: a number where yuan belong is refused,
not guessed at. Times without a zone are China's; "1970-01-01 08:00:00" is their nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Annotated, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field

Meaning = TypeVar("Meaning")

CHINA = ZoneInfo("Asia/Shanghai")
_FORM = "%Y-%m-%d %H:%M:%S"
_NOTHING = ("1970-01-01", "0000-")
_MILLISECONDS_FROM = 10_000_000_000  # more seconds than that are in the year 2286


def id_text(value: object) -> object:
    """A number of up to 19 digits, or text."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value


def _fen(value: object) -> int:
    if not isinstance(value, str):
        raise ValueError("yuan are text: a number would be fen")
    try:
        fen = int(Decimal(value).scaleb(2).quantize(Decimal(1), ROUND_HALF_UP))
    except (InvalidOperation, OverflowError):
        raise ValueError("not an amount in yuan") from None
    if fen < 0:
        raise ValueError("a negative amount")
    return fen


def _local(value: object) -> datetime | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise ValueError("not a time as text")
    if value.startswith(_NOTHING):
        return None
    try:
        return datetime.strptime(value, _FORM).replace(tzinfo=CHINA).astimezone(UTC)
    except OverflowError:
        raise ValueError("outside of the calendar") from None


def _epoch(value: object) -> datetime | None:
    """Seconds or milliseconds: their documents mix them up, the size does not."""
    if value in (None, "", 0, "0"):
        return None
    if not isinstance(value, int | str):
        raise ValueError("not a Unix time")
    number = int(value)
    try:
        return datetime.fromtimestamp(number / 1000 if number > _MILLISECONDS_FROM else number, UTC)
    except (OverflowError, OSError):
        raise ValueError("outside of the calendar") from None


def one_of(known: Mapping[str, Meaning], told: object) -> Meaning:
    """Raises ValueError: a word that we do not know is never guessed at."""
    if not isinstance(told, str) or told not in known:
        raise ValueError("not a word that we know")
    return known[told]


def local_text(at: datetime) -> str:
    return at.astimezone(CHINA).strftime(_FORM)


Id = Annotated[str, BeforeValidator(id_text)]
Yuan = Annotated[int, BeforeValidator(_fen)]  # read as fen
LocalTime = Annotated[datetime | None, BeforeValidator(_local)]
EpochTime = Annotated[datetime | None, BeforeValidator(_epoch)]
Moment = Annotated[datetime, BeforeValidator(_epoch)]
_Angle = Annotated[float, Field(ge=-180, le=180)]
Degrees = Annotated[_Angle | None, BeforeValidator(lambda told: told or None)]  # "" where it was not entered
