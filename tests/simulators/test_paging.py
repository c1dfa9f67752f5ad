"""Cursors: every item once, in order, and only for the query that made them (contract §13.16)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.paging import ForeignCursor, page


@given(items=st.lists(st.integers()), limit=st.integers(min_value=1, max_value=5))
def test_pages_put_together_are_the_whole(items: list[int], limit: int) -> None:
    found, cursor = page(items, query="q", cursor="", limit=limit)
    while cursor:
        more, cursor = page(items, query="q", cursor=cursor, limit=limit)
        assert more, "no page but the first may be empty"
        found += more
    assert found == items


@given(cursor=st.text(min_size=1))
def test_a_made_up_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(ForeignCursor):
        page([1, 2, 3], query="q", cursor=cursor, limit=1)


def test_another_querys_cursor_is_refused() -> None:
    _, cursor = page([1, 2], query="q", cursor="", limit=1)
    with pytest.raises(ForeignCursor):
        page([1, 2], query="other", cursor=cursor, limit=1)
