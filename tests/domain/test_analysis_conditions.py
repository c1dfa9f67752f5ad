"""What is said of conditions is true of everybody."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.analysis.contradiction import covers, why_never
from domain.conditions import holds
from domain.facts import Bought, Facts
from domain.playbook import Condition
from domain.stages import Stage

NOW = datetime(2026, 5, 5, 4, tzinfo=UTC)


def _range(high: int) -> st.SearchStrategy[dict[str, Any]]:
    ends = st.tuples(st.integers(0, high), st.integers(0, high)).map(sorted)
    shapes = [lambda e: {"least": e[0]}, lambda e: {"most": e[1]}, lambda e: {"least": e[0], "most": e[1]}]
    return st.tuples(ends, st.sampled_from(shapes)).map(lambda both: both[1](both[0]))


def _timed(high: int) -> st.SearchStrategy[dict[str, Any]]:
    within = st.sampled_from([{}, {"within": "7d"}, {"within": "30d"}])
    return st.tuples(_range(high), within).map(lambda both: both[0] | both[1])


def _some(*words: str) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(words), min_size=1, max_size=2, unique=True)


_ago = st.sampled_from([{"within": "7d"}, {"longer_than": "7d"}, {"longer_than": "30d"}, {"within": "30d"}])
_plain = st.fixed_dictionaries(
    {},
    optional={
        "member": st.booleans(),
        "placement": _some("table", "cashier", "wifi"),
        "tag": _some("a", "b", "c"),
        "stage": _some("new", "regular"),
        "orders": _timed(4),
        "visits": _timed(3),
        "spend": _timed(300),
        "ticket": _timed(100),
        "coupons_used": _timed(3),
        "coupon_share": st.sampled_from([{"least": 0.5}, {"most": 0.4}]),
        "last_order": _ago,
        "weekday": _some("mon", "tue", "wed"),
    },
).filter(bool)
_conditions = st.recursive(
    _plain,
    lambda inner: st.tuples(
        _plain, st.sampled_from(["all", "any", "none"]), st.lists(inner, min_size=1, max_size=2)
    ).map(lambda parts: parts[0] | {parts[1]: parts[2]}),
    max_leaves=4,
).map(Condition.model_validate)
_orders = st.builds(
    Bought,
    at=st.integers(0, 60).map(lambda days: NOW - timedelta(days=days)),
    store_id=st.just("s1"),
    paid_minor=st.integers(0, 20_000),
    coupons=st.integers(0, 1),
    categories=st.just({}),
)
_people = st.builds(
    Facts,
    external_userid=st.just("wm1"),
    placement=st.sampled_from([None, "table", "cashier"]),
    member=st.booleans(),
    tags=st.frozensets(st.sampled_from("abc")),
    stage=st.sampled_from([Stage.NEW, Stage.REGULAR]),
    orders=st.lists(_orders, max_size=4),
)


@settings(max_examples=300, deadline=None)
@given(_conditions, _people)
def test_nobody_meets_what_nobody_can_meet(condition: Condition, facts: Facts) -> None:
    if why_never(condition):
        assert not holds(condition, facts, {}, NOW)


@settings(max_examples=300, deadline=None)
@given(_conditions, _conditions, _people)
def test_who_meets_the_narrower_meets_the_wider(one: Condition, other: Condition, facts: Facts) -> None:
    both = Condition(all=[one, other])
    assert covers(one, both)
    for wide, narrow in ((one, other), (other, one)):
        if covers(wide, narrow) and holds(narrow, facts, {}, NOW):
            assert holds(wide, facts, {}, NOW)
