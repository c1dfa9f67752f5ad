"""Checks made before a call. WeCom counts text in UTF-8 bytes in some places and in characters in others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from integrations.wecom.errors import InvalidMessage

Item = TypeVar("Item")


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
