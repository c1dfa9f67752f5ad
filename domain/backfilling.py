"""补漏 (M52): what it costs to show a moment to those whom a message missed. Pure."""

from collections.abc import Iterable

CALLS_EACH = 2  # mark_tag once to give her the tag, once to take it off again; WeCom knows no bulk call
TAG_GROUP = "系统补漏"  # of the corp's tags; employees see it on a customer's card meanwhile


def tag_calls(missed: Iterable[int], most: int) -> int:
    """Calls of mark_tag when each of some tasks misses so many customers."""
    return CALLS_EACH * sum(min(number, most) for number in missed)


def free_tag(taken: Iterable[str]) -> str:
    """The first tag that an employee has on nobody: one for each backfill of hers that is under way."""
    used, number = set(taken), 1
    while (tag := f"补漏{number}") in used:
        number += 1
    return tag
