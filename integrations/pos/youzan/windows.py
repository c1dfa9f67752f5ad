"""Rows that Youzan gives by time, at most 10,000 a query: read window by window, the newest first.

Within a window the last page is read first: what changes meanwhile leaves the window, the others move up, and
one is then seen on two pages rather than on none.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import astuple, dataclass
from typing import Generic, TypeVar

from integrations.pos.errors import PosInvalidRequest

MOST_ROWS = 10_000  # 100 pages of 100

Row = TypeVar("Row")


@dataclass(frozen=True)
class Query(Generic[Row]):
    """Unix seconds, `since` inclusive and `until` exclusive; `longest` is what one window may span.

    `read` takes a window's since and until and a page; it gives the total of the window and the page's rows.
    """

    since: int
    until: int
    longest: int
    page_size: int
    read: Callable[[int, int, int], Awaitable[tuple[int, list[Row]]]]
    id_of: Callable[[Row], str]


@dataclass(frozen=True)
class _Place:
    """A page that is to be read, or with page 0 a window of which nothing is known yet."""

    since: int
    until: int
    page: int
    seen: tuple[str, ...] = ()  # on the page that was read before


async def read_on(query: Query[Row], cursor: str | None) -> tuple[list[Row], str | None]:
    """The next rows and the next cursor; empty windows are passed over. Raises PosError."""
    place = _place(query, cursor)
    while place is not None:
        place, rows = await _read(query, place)
        found = {query.id_of(row): row for row in rows}
        fresh = [row for one, row in found.items() if one not in place.seen]
        following = _after(query, place, tuple(found))
        if fresh:
            return fresh, _cursor(following)
        place = following
    return [], None


async def _read(query: Query[Row], place: _Place) -> tuple[_Place, list[Row]]:
    """The page, or of an unknown window its last one; a window with too many rows is halved."""
    if place.page:
        return place, (await query.read(place.since, place.until, place.page))[1]
    total, rows = await query.read(place.since, place.until, 1)
    while total > MOST_ROWS:
        if place.until - place.since < 2:
            raise PosInvalidRequest(f"more than {MOST_ROWS} rows within one second")
        place = _Place((place.since + place.until) // 2, place.until, 0)
        total, rows = await query.read(place.since, place.until, 1)
    last = max(1, -(-total // query.page_size))
    if last > 1:
        rows = (await query.read(place.since, place.until, last))[1]
    return _Place(place.since, place.until, last), rows


def _after(query: Query[Row], place: _Place, seen: tuple[str, ...]) -> _Place | None:
    if place.page > 1:
        return _Place(place.since, place.until, place.page - 1, seen)
    return _window(query, place.since)


def _window(query: Query[Row], until: int) -> _Place | None:
    """The window that ends there."""
    return _Place(max(query.since, until - query.longest), until, 0) if until > query.since else None


def _cursor(place: _Place | None) -> str | None:
    return None if place is None else json.dumps(astuple(place), separators=(",", ":"))


def _place(query: Query[Row], cursor: str | None) -> _Place | None:
    if cursor is None:
        return _window(query, query.until)
    try:
        since, until, page, seen = json.loads(cursor)
        return _Place(int(since), int(until), int(page), tuple(map(str, seen)))
    except (ValueError, TypeError):
        raise PosInvalidRequest("the cursor is not of this list") from None
