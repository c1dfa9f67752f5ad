"""Conditions: what holds for whom, and how it reads."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.conditions import holds, parts, tiers_of, words
from domain.facts import Facts
from domain.playbook import Condition
from domain.policy import Policy
from tests.domain.moments import START
from tests.domain.people import CONDITIONS, FACTS, LEAVES, TIERS, at, bought, condition, she

TIMES = st.integers(-5 * 86_400, 5 * 86_400).map(lambda seconds: START + timedelta(seconds=seconds))
SOMEBODY = st.tuples(FACTS, TIMES)


def hold(wanted: Condition, facts: Facts, now: datetime = START) -> bool:
    return holds(wanted, facts, TIERS, now)


def test_every_field_is_asked_for() -> None:
    asked = {name for leaf in LEAVES for name in leaf}
    assert asked == set(Condition.model_fields) - {"all", "any", "none"}


@given(st.lists(CONDITIONS, min_size=1, max_size=4), SOMEBODY)
def test_all_any_and_none_combine_whole_conditions(
    inner: list[Condition], she: tuple[Facts, datetime]
) -> None:
    each = [hold(one, *she) for one in inner]
    assert hold(Condition(all=inner), *she) is all(each)
    assert hold(Condition(any=inner), *she) is any(each)
    assert hold(Condition(none=inner), *she) is not any(each)


@given(st.lists(st.sampled_from(LEAVES), min_size=1, max_size=5), SOMEBODY)
def test_all_the_fields_that_are_given_must_hold(
    leaves: list[dict[str, Any]], she: tuple[Facts, datetime]
) -> None:
    fields = {name: value for leaf in leaves for name, value in leaf.items()}
    each = [hold(condition(**{name: value}), *she) for name, value in fields.items()]
    assert hold(condition(**fields), *she) is all(each)


RANGES = ("orders", "visits", "spend", "ticket", "coupons_used")


@given(st.sampled_from(RANGES), FACTS, st.tuples(st.integers(0, 12), st.integers(0, 12)))
def test_more_is_harder_to_reach_and_easier_to_stay_below(
    field: str, facts: Facts, ends: tuple[int, int]
) -> None:
    low, high = sorted(ends)
    if hold(condition(**{field: {"least": high}}), facts):
        assert hold(condition(**{field: {"least": low}}), facts)
    if hold(condition(**{field: {"most": low}}), facts):
        assert hold(condition(**{field: {"most": high}}), facts)
    within = hold(condition(**{field: {"least": low, "most": high}}), facts)
    ends_hold = [hold(condition(**{field: end}), facts) for end in ({"least": low}, {"most": high})]
    assert within is all(ends_hold)


@given(
    st.sampled_from(["orders", "visits", "spend", "coupons_used"]),
    FACTS,
    st.integers(1, 40),
    st.integers(1, 40),
)
def test_a_longer_time_holds_at_least_as_much(field: str, facts: Facts, days: int, more: int) -> None:
    short, long = ({"least": 2, "within": f"{n}d"} for n in (days, days + more))
    if hold(condition(**{field: short}), facts):
        assert hold(condition(**{field: long}), facts)


@given(FACTS, CONDITIONS)
def test_the_order_of_her_orders_does_not_matter(facts: Facts, wanted: Condition) -> None:
    turned = Facts(**{**vars(facts), "orders": list(reversed(facts.orders))})
    assert hold(wanted, facts) is hold(wanted, turned)


ONE_DAY = (bought(0.1), bought(0.2, yuan=40), bought(3))
TWICE = {"least": 2}
EXAMPLES: tuple[tuple[dict[str, Any], Facts, bool], ...] = (
    ({"orders": TWICE}, she(bought(1), bought(2)), True),
    ({"orders": TWICE | {"within": "30d"}}, she(bought(1), bought(31)), False),
    ({"orders": {"most": 0}}, she(), True),
    ({"orders": {"most": 0}}, she(bought(-1)), True),  # of tomorrow: a rehearsal looks at yesterday
    ({"visits": TWICE}, she(*ONE_DAY), True),
    ({"visits": {"least": 3}}, she(*ONE_DAY), False),  # two tickets of one day are one visit
    ({"spend": {"least": "79.99"}}, she(*ONE_DAY), True),
    ({"spend": {"most": "79.99"}}, she(*ONE_DAY), False),
    ({"ticket": {"most": "26.67", "least": "26.66"}}, she(*ONE_DAY), True),
    ({"ticket": {"most": 10}}, she(), True),  # who has no order pays nothing per order
    ({"ticket": {"least": "0.01"}}, she(), False),
    ({"last_order": {"within": "2d"}}, she(bought(1.9)), True),
    ({"last_order": {"within": "2d"}}, she(bought(2.1)), False),
    ({"last_order": {"within": "2d"}}, she(), False),
    ({"last_order": {"longer_than": "2d"}}, she(bought(2.1), bought(9)), True),
    ({"last_order": {"longer_than": "2d"}}, she(bought(1.9), bought(9)), False),
    ({"last_order": {"longer_than": "2d"}}, she(), True),
    ({"coupons_used": {"least": 3}}, she(bought(coupons=2), bought(coupons=1)), True),
    ({"coupon_share": {"least": 0.7}}, she(*[bought(coupons=2)] * 3, bought()), True),
    ({"coupon_share": {"least": 0.7}}, she(*[bought(coupons=2)] * 2, bought()), False),
    ({"coupon_share": {"least": 0.01}}, she(), False),
    ({"coupon_share": {"most": 0}}, she(), True),
    (
        {"prefers": "拿铁"},
        she(bought(categories={"拿铁": 1, "美式": 2}), bought(categories={"拿铁": 2})),
        True,
    ),
    (
        {"prefers": "美式"},
        she(bought(categories={"拿铁": 1, "美式": 2}), bought(categories={"拿铁": 2})),
        False,
    ),
    ({"prefers": "美式"}, she(bought()), False),
    ({"bought": {"product": "P1"}}, she(bought(products={"P1": 900, "P2": 1})), True),
    ({"bought": {"product": "P1", "least": 2}}, she(bought(products={"P1": 900, "P2": 1})), False),
    ({"bought": {"product": ["P1", "P2"], "least": 2}}, she(*[bought(products={"P2": 1})] * 2), True),
    ({"bought": {"product": "P1", "within": "7d"}}, she(bought(8, products={"P1": 900})), False),
    ({"bought": {"category": "拿铁"}}, she(bought(categories={"拿铁": 0})), True),  # a gift is a liking, too
    ({"bought": {"category": "拿铁"}}, she(bought(products={"拿铁": 900})), False),
    ({"last_message": {"within": "2d"}}, she(reached=[at(0, -9), at(0, -1)]), True),
    ({"last_message": {"within": "2d"}}, she(reached=[at(0, -9), at(0, 1)]), False),  # of tomorrow
    ({"last_message": {"longer_than": "2d"}}, she(reached=[at(0, -9)]), True),
    ({"last_message": {"longer_than": "2d"}}, she(), True),
    ({"rating": {"most": 2}}, she(rating=2), True),
    ({"rating": {"most": 2}}, she(rating=3), False),
    ({"rating": {"most": 2}}, she(), False),
    ({"reachable": ["private", "group"]}, she(reachable=frozenset({"group"})), True),
    ({"reachable": "private"}, she(reachable=frozenset({"group"})), False),
    ({"in_group": "store"}, she(group_kinds=frozenset({"store", "high"})), True),
    ({"tag": ["高频", "首店"]}, she(tags=frozenset({"首店"})), True),
    ({"placement": "table"}, she(), False),
    ({"member": False}, she(), True),
    ({"outcome": {"step": "hello", "was": "sent"}}, she(outcomes={"hello": "sent"}), True),
    ({"outcome": {"step": "hello", "was": "sent"}}, she(outcomes={"bye": "sent"}), False),
    ({"tier": ["frequent", "price"]}, she(*[bought(coupons=1)] * 2), True),
    ({"tier": "frequent"}, she(*[bought(n) for n in range(4)]), True),
    ({"tier": "frequent"}, she(*[bought(n / 9) for n in range(4)]), False),
    ({"tier": "nobody knows it"}, she(*[bought(n) for n in range(4)]), False),
)


@pytest.mark.parametrize(("fields", "facts", "wanted"), EXAMPLES)
def test_it_holds_for_whom_it_means(fields: dict[str, Any], facts: Facts, wanted: bool) -> None:
    assert hold(condition(**fields), facts) is wanted


@pytest.mark.parametrize(
    ("fields", "now", "wanted"),
    [
        ({"hours": {"start": "09:00", "end": "12:00"}}, at(9), True),
        ({"hours": {"start": "09:00", "end": "12:00"}}, at(12), False),
        ({"hours": {"start": "21:00", "end": "08:00"}}, at(23), True),
        ({"weekday": "mon"}, at(0), True),  # 2 March 2026; still Sunday in Greenwich
        ({"weekday": ["tue", "sun"]}, at(0), False),
    ],
)
def test_hours_and_weekdays_are_those_of_her_clock(
    fields: dict[str, Any], now: datetime, wanted: bool
) -> None:
    assert hold(condition(**fields), she(), now) is wanted


def test_visits_are_days_of_her_own_clock() -> None:
    """22:00 and 02:00 in Shanghai are two days there, and one in Berlin."""
    late = (bought((START - at(22, -2)) / timedelta(days=1)), bought((START - at(2, -1)) / timedelta(days=1)))
    assert hold(condition(visits={"least": 2}), she(*late))
    assert not hold(condition(visits={"least": 2}), she(*late, zone="Europe/Berlin"))


def test_her_tiers_come_in_the_order_of_the_policy() -> None:
    facts = she(*[bought(n, coupons=1) for n in range(4)])
    assert tiers_of(facts, TIERS, START) == ["frequent", "price"]
    assert tiers_of(facts, dict(reversed(TIERS.items())), START) == ["price", "frequent"]
    assert tiers_of(she(), TIERS, START) == []


def test_a_tier_that_asks_for_a_tier_is_refused() -> None:
    tiers = {"vip": {"any": [{"member": True}, {"none": [{"tier": "vip"}]}]}}
    with pytest.raises(ValidationError, match="vip asks for a tier"):
        Policy.model_validate({"default_playbook": "coffee", "tiers": tiers})


@given(CONDITIONS)
def test_a_condition_has_words_for_every_part(wanted: Condition) -> None:
    said = words(wanted)
    assert said == said.strip()
    assert said.count("(") == said.count(")")
    assert all(words(part) in said for part in parts(wanted))


def test_different_conditions_read_differently() -> None:
    said = [words(condition(**leaf)) for leaf in LEAVES]
    assert len(set(said)) == len(LEAVES)
    assert all(said)


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ({"orders": {"least": 2, "within": "30d"}}, "orders ≥ 2 in 30d"),
        ({"visits": {"least": 2, "most": 2}}, "visits = 2"),
        ({"spend": {"least": 100, "most": "199.5", "within": "36h"}}, "spend 100–199.5 yuan in 36h"),
        ({"coupon_share": {"least": 0.7}}, "coupon share ≥ 70 %"),
        ({"last_order": {"longer_than": "45d"}}, "no order for 45d"),
        ({"last_message": {"within": "45d"}}, "last message within 45d"),
        ({"bought": {"product": ["P1", "P2"], "within": "60d"}}, "orders ≥ 1 in 60d with product P1 or P2"),
        ({"bought": {"category": "瓜", "least": 3}}, "orders ≥ 3 with category 瓜"),
        ({"member": False, "tag": ["高频", "首店"]}, "no member and has tag 高频 or 首店"),
        (
            {"any": [{"member": True, "weekday": "sat"}, {"none": [{"tier": "vip"}]}]},
            "((a member and on sat) or not tier vip)",
        ),
        ({"none": [{"member": True}, {"rating": {"most": 2}}]}, "not (a member or rating ≤ 2)"),
        ({"all": [{"member": True}]}, "a member"),
        ({"hours": {"start": "21:30", "end": "08:00"}}, "local time 21:30–08:00"),
    ],
)
def test_it_reads_as_people_say_it(fields: dict[str, Any], wanted: str) -> None:
    assert words(condition(**fields)) == wanted


@given(FACTS, CONDITIONS)
def test_a_rehearsal_looks_only_at_what_had_happened(facts: Facts, wanted: Condition) -> None:
    """Whatever was bought after a moment changes nothing for that moment."""
    later = [bought(-day) for day in (1, 40)]
    more = {"orders": [*facts.orders, *later], "reached": [*facts.reached, at(0, 2)]}
    assert hold(wanted, facts) is hold(wanted, Facts(**{**vars(facts), **more}))
