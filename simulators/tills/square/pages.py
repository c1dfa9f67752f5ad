"""Square's cursors: the next page wants the same query, and a foreign cursor is refused."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from simulators.paging import ForeignCursor, page
from simulators.tills.square.books import Json
from simulators.tills.square.route import Search, SquareError

Item = TypeVar("Item")


def paged(
    name: str,
    found: Sequence[Item],
    asked: Search,
    limit: int,
    told: Callable[[Item], Any] = lambda item: item,
) -> Json:
    """`name` is what Square calls the list; like an empty cursor it is left out when there is none.

    Only what is shown is put into Square's words, by `told`.
    """
    query = asked.model_dump_json(exclude={"cursor", "limit"})
    try:
        shown, cursor = page(found, query=query, cursor=asked.cursor, limit=limit)
    except ForeignCursor as error:
        raise SquareError("INVALID_CURSOR", "the cursor is not of this query") from error
    return ({name: [told(one) for one in shown]} if shown else {}) | ({"cursor": cursor} if cursor else {})
