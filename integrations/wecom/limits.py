"""Checks made before a call. WeCom counts text in UTF-8 bytes in some places and in characters in others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta, timezone
from typing import TypeVar

from integrations.wecom.errors import InvalidMessage

Item = TypeVar("Item")

MAX_ORDER = 2**32 - 1
CHINA = timezone(timedelta(hours=8))  # WeCom counts its days in Beijing time, which knows no summer time


def at_most_bytes(field: str, text: str, limit: int) -> None:
    size = len(text.encode())
    if size > limit:
        raise InvalidMessage(
            field, f"{size} bytes in UTF-8; shorten to {limit} (a Chinese character takes 3)"
        )


def at_most_chars(field: str, text: str | None, limit: int) -> None:
    if text is not None and len(text) > limit:
        raise InvalidMessage(field, f"{len(text)} characters; shorten to {limit}")


def at_most_items(field: str, items: Sequence[object], limit: int) -> None:
    if len(items) > limit:
        raise InvalidMessage(field, f"{len(items)} items; at most {limit}")


def chunks(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def not_all_empty(field: str, *values: object) -> None:
    """`field` names the values that may be given; False and 0 count as given, None and "" do not."""
    if not any(value is not None and value != "" and value != () and value != [] for value in values):
        raise InvalidMessage(field, "must not be empty")


def order_in_range(field: str, order: int | None) -> None:
    if order is not None and not 0 <= order <= MAX_ORDER:
        raise InvalidMessage(field, f"must be 0 to {MAX_ORDER}; the larger comes first")


def day_start(day: date) -> int:
    """The unix second at which that day begins in China; of a datetime, the day that it is there."""
    if isinstance(day, datetime):
        day = day.astimezone(CHINA).date()
    return int(datetime.combine(day, time.min, CHINA).timestamp())


def span_of_days(start: date, end: date, most: int) -> dict[str, int]:
    """WeCom's start_time and end_time, both at 0:00 and both inclusive. Raises for more than `most` days."""
    begins, ends = day_start(start), day_start(end)
    if not begins <= ends < begins + most * 86_400:
        raise InvalidMessage("end", f"must be start or later, and the two at most {most} days with both ends")
    return {"start_time": begins, "end_time": ends}
