"""Conditions that nobody meets, and conditions that another one covers. Says yes only when it is sure."""

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any

from domain.playbook import Ago, Amount, Condition, Count, Share
from domain.playbook.conditions import Rating, given

ONE_VALUE = ("placement", "campaign", "store", "region", "city", "stage", "life_stage", "weekday")
RANGES = ("orders", "visits", "spend", "ticket", "coupons_used", "coupon_share", "rating")
SUBSETS = (*ONE_VALUE, "reachable", "in_group", "tag", "tier", "answered", "prefers")


def why_never(condition: Condition) -> str | None:
    """Why no customer can meet it; None when somebody may."""
    together = list(_together(condition))
    return next((why for why in _reasons(together) if why), None)


def covers(wide: Condition, narrow: Condition) -> bool:
    """Whether everybody who meets `narrow` meets `wide`."""
    known = list(_together(narrow))
    return all(
        any(_narrower(getattr(one, name), getattr(part, name), name) for one in known)
        for part in _together(wide)
        for name in given(part)
        if name != "all"
    )


def _together(condition: Condition) -> Iterator[Condition]:
    """The conditions that must hold at once."""
    yield condition
    for part in condition.all or ():
        yield from _together(part)


def _reasons(together: Sequence[Condition]) -> Iterator[str | None]:
    for name in ONE_VALUE:
        wanted = [set(getattr(c, name)) for c in together if getattr(c, name)]
        if wanted and not set.intersection(*wanted):
            yield f"`{name}` cannot be two things at once"
    if {c.member for c in together} >= {True, False}:
        yield "she is a member or not"
    for name in RANGES:
        yield from _ranges(name, [r for c in together if (r := getattr(c, name))])
    for name in ("last_order", "last_message"):
        yield from _agos(name, [ago for c in together if (ago := getattr(c, name))])
    for condition in together:
        if condition.hours and condition.hours.start == condition.hours.end:
            yield "`hours` from a time to the same time is never"
        for part in condition.none or ():
            if any(covers(part, one) for one in together):
                yield "what `none` forbids is asked for beside it"
        if condition.any and all(why_never(part) for part in condition.any):
            yield "nothing in `any` can hold"


def _ranges(name: str, ranges: Sequence[Count | Amount | Share | Rating]) -> Iterator[str]:
    for one, other in combinations(ranges, 2):
        for least, most in ((one, other), (other, one)):
            if least.least is None or most.most is None or least.least <= most.most:
                continue
            if _inside(getattr(least, "within", None), getattr(most, "within", None), name):
                yield f"`{name}` cannot be at least {least.least} and at most {most.most}"


def _inside(short: Any, long: Any, name: str) -> bool:
    """Whether what is counted in `short` is counted in `long`; an average is not."""
    return short == long or (name != "ticket" and (long is None or (short is not None and short <= long)))


def _agos(name: str, agos: Sequence[Ago]) -> Iterator[str]:
    within = [ago.within for ago in agos if ago.within]
    longer = [ago.longer_than for ago in agos if ago.longer_than]
    if within and longer and min(within) <= max(longer):
        yield f"`{name}` cannot be within and longer ago than the same time"


def _narrower(narrow: Any, wide: Any, name: str) -> bool:
    if narrow is None:
        return False
    if name in SUBSETS:
        return set(narrow) <= set(wide)
    if name in RANGES and getattr(narrow, "within", None) == getattr(wide, "within", None):
        least = wide.least is None or (narrow.least is not None and narrow.least >= wide.least)
        most = wide.most is None or (narrow.most is not None and narrow.most <= wide.most)
        return least and most
    return bool(narrow == wide)
