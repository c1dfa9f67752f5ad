"""Conditions and waits in short English, for `explain` and `diff`: what is asked, never what is known."""

from collections.abc import Callable, Sequence
from typing import Any

from domain.playbook import Ago, Amount, Condition, Count, Day, Goods, Share, Wait
from domain.playbook.conditions import given
from domain.shape import spell


def words(condition: Condition) -> str:
    """Such as "orders ≥ 2 in 30d"."""
    return " and ".join(_WORDS[name](getattr(condition, name)) for name in given(condition))


def _or(names: Sequence[Any]) -> str:
    return " or ".join(map(str, names))


def _joined(inner: Sequence[Condition], how: str) -> str:
    """In brackets wherever it could be read in two ways."""
    told = [words(one) if len(given(one)) == 1 else f"({words(one)})" for one in inner]
    return told[0] if len(told) == 1 else "(" + how.join(told) + ")"


def _range(what: str, unit: str = "") -> Callable[[Any], str]:
    def told(asked: Count | Amount) -> str:
        return _limits(what, asked.least, asked.most, unit) + (
            f" in {spell(asked.within)}" if asked.within else ""
        )

    return told


def _limits(what: str, least: object, most: object, unit: str = "") -> str:
    if least is not None and most is not None:
        return f"{what} = {least}{unit}" if least == most else f"{what} {least}–{most}{unit}"
    return f"{what} ≥ {least}{unit}" if least is not None else f"{what} ≤ {most}{unit}"


def _share_words(asked: Share) -> str:
    least, most = (None if end is None else f"{end * 100:g}" for end in (asked.least, asked.most))
    return _limits("coupon share", least, most, " %")


def _ago(what: str) -> Callable[[Ago], str]:
    def told(asked: Ago) -> str:
        if asked.within is not None:
            return f"last {what} within {spell(asked.within)}"
        assert asked.longer_than is not None
        return f"no {what} for {spell(asked.longer_than)}"

    return told


def _goods_words(asked: Goods) -> str:
    which = f"product {_or(asked.product)}" if asked.product else f"category {_or(asked.category or ())}"
    orders = _limits("orders", asked.least, None) + (f" in {spell(asked.within)}" if asked.within else "")
    return f"{orders} with {which}"


_WORDS: dict[str, Callable[[Any], str]] = {
    "all": lambda inner: _joined(inner, " and "),
    "any": lambda inner: _joined(inner, " or "),
    "none": lambda inner: "not " + _joined(inner, " or "),
    "placement": lambda names: f"came by placement {_or(names)}",
    "campaign": lambda names: f"came by campaign {_or(names)}",
    "store": lambda names: f"her store is {_or(names)}",
    "region": lambda names: f"her region is {_or(names)}",
    "city": lambda names: f"her city is {_or(names)}",
    "member": lambda known: "a member" if known else "no member",
    "reachable": lambda ways: f"reachable by {_or(ways)}",
    "in_group": lambda kinds: f"in a group of kind {_or(kinds)}",
    "tag": lambda names: f"has tag {_or(names)}",
    "tier": lambda names: f"tier {_or(names)}",
    "stage": lambda names: f"stage {_or(names)}",
    "life_stage": lambda names: f"life stage {_or(names)}",
    "answered": lambda names: f"answered form {_or(names)}",
    "rating": lambda asked: _limits("rating", asked.least, asked.most),
    "orders": _range("orders"),
    "visits": _range("visits"),
    "spend": _range("spend", " yuan"),
    "ticket": _range("ticket", " yuan"),
    "last_order": _ago("order"),
    "coupons_used": _range("coupons used"),
    "coupon_share": _share_words,
    "prefers": lambda names: f"prefers {_or(names)}",
    "bought": _goods_words,
    "last_message": _ago("message"),
    "outcome": lambda asked: f"message {asked.step} was {_or(asked.was)}",
    "hours": lambda asked: f"local time {asked.start:%H:%M}–{asked.end:%H:%M}",
    "weekday": lambda names: f"on {_or(names)}",
}


def wait_words(wait: Wait) -> str:
    """Such as "1d, then until mon 10:00"."""
    parts = [spell(wait.duration)] if wait.duration is not None else []
    parts += [day_words(wait.day)] if wait.day else []
    clock = [_or(wait.weekday)] if wait.weekday else []
    clock += [f"{wait.until:%H:%M}"] if wait.until is not None else []
    return ", then ".join([*parts, *([f"until {' '.join(clock)}"] if clock else [])])


def day_words(day: Day) -> str:
    """Such as "due date -14d": which day of hers, not when it is."""
    sign, offset = ("-", day.offset[1:]) if day.offset.startswith("-") else ("+", day.offset.lstrip("+"))
    apart = int(offset.rstrip("dwmoy")) != 0
    return f"{date_words(day.date)} {sign}{offset}" if apart else date_words(day.date)


def date_words(name: str) -> str:
    return name.replace("_", " ")
