"""Paging with WeCom's errcode."""

from collections.abc import Sequence
from typing import TypeVar

from simulators.errors import WeComFault
from simulators.paging import ForeignCursor, page

Item = TypeVar("Item")


def wecom_page(items: Sequence[Item], *, query: str, cursor: str, limit: int) -> tuple[list[Item], str]:
    if limit < 1:
        raise WeComFault(40058, "limit")
    try:
        return page(items, query=query, cursor=cursor, limit=limit)
    except ForeignCursor as error:
        raise WeComFault(50100) from error
