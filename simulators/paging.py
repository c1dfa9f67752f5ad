"""Opaque cursors, bound to the query that they came from (contract §13.16)."""

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from typing import TypeVar

Item = TypeVar("Item")


class ForeignCursor(Exception):
    """The cursor is damaged, or was made by another query."""


def page(items: Sequence[Item], *, query: str, cursor: str | None, limit: int) -> tuple[list[Item], str]:
    """One page and the next cursor, which is empty at the end."""
    start = _offset(query, cursor) if cursor else 0
    end = start + limit
    return list(items[start:end]), _cursor(query, end) if end < len(items) else ""


def _cursor(query: str, offset: int) -> str:
    return urlsafe_b64encode(f"{_mark(query)}:{offset}".encode()).decode()


def _offset(query: str, cursor: str) -> int:
    try:
        mark, offset = urlsafe_b64decode(cursor).decode().split(":")
        if mark == _mark(query):
            return int(offset)
    except ValueError:
        pass
    raise ForeignCursor


def _mark(query: str) -> str:
    return hashlib.sha256(query.encode()).hexdigest()[:12]
