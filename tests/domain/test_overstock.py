"""Overstock (M51): which lots start a campaign, what it says, and when a store's turn is."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.campaign import Campaign, StockTarget
from domain.overstock import (
    Lot,
    OverstockRule,
    Pile,
    Site,
    campaign_name,
    campaign_of,
    is_due,
    piles,
    sell_through,
    why_not,
)
from domain.playbook import Condition

NOON = datetime(2026, 7, 6, 4, tzinfo=UTC)  # in Shanghai
SITE = Site(store_id="S1", name="静安店", zone="Asia/Shanghai")
TODAY, TOMORROW = date(2026, 7, 6), date(2026, 7, 7)


def rule(**fields: Any) -> OverstockRule:
    melon = {
        "overstock": "melon",
        "title": "西瓜",
        "product": ["p1", "p2"],
        "at_least": 30,
        "days_left": 2,
        "down_to": 5,
        "hours": {"start": "09:00", "end": "20:00"},
        "likes": {"category": "西瓜", "least": 2, "within": "60d"},
        "words": {"private": {"text": "西瓜到了"}},
        "author": "王芳",
        "approver": "李强",
    }
    return OverstockRule.model_validate(melon | fields)


def pile(quantity: int = 40, days: int = 1) -> Pile:
    return Pile(expires_on=TODAY + timedelta(days=days), quantity=quantity, names=("西瓜",))


def test_lots_of_one_day_are_counted_together() -> None:
    lots = [
        Lot("p1", "整瓜", TODAY, 3),
        Lot("p2", "半瓜", TODAY, 4),
        Lot("p1", "整瓜", TODAY + timedelta(days=1), 5),
        Lot("p1", "整瓜", date.max, 6),
        Lot("p3", "苹果", TODAY, 7),
    ]
    assert piles(rule(), lots) == [
        Pile(TODAY, 7, ("半瓜", "整瓜")),
        Pile(TODAY + timedelta(days=1), 5, ("整瓜",)),
    ]


@pytest.mark.parametrize(
    ("found", "at", "this_week", "word"),
    [
        (pile(), NOON, 0, None),
        (pile(quantity=30, days=2), NOON, 1, None),
        (pile(days=0), NOON, 0, None),
        (pile(quantity=29), NOON, 0, "little"),
        (pile(days=3), NOON, 0, "keeps"),
        (pile(days=-1), NOON, 0, "over"),
        (pile(), NOON, 2, "often"),
        (pile(), NOON - timedelta(hours=4), 0, "closed"),
        (pile(), NOON + timedelta(hours=8), 0, "closed"),
        (pile(days=0), NOON + timedelta(hours=8), 0, "over"),
    ],
)
def test_a_campaign_needs_much_that_keeps_shortly(
    found: Pile, at: datetime, this_week: int, word: str | None
) -> None:
    assert (why_not(rule(), found, SITE, at, this_week) or [None])[0] == word


def test_a_rule_that_is_not_active_starts_nothing() -> None:
    assert why_not(rule(active=False), pile(), SITE, NOON, 0) == ("off", "the rule says `active: false`")


def test_days_are_those_of_the_store() -> None:
    late = datetime(2026, 7, 6, 15, tzinfo=UTC)  # in Auckland the seventh has begun
    auckland = Site(store_id="S1", name="-", zone="Pacific/Auckland")
    day = rule(hours={"start": "00:00", "end": "23:59"})
    assert why_not(day, pile(days=0), SITE, late, 0) is None
    assert why_not(day, pile(days=0), auckland, late, 0) == ("over", "its last day was 2026-07-06")


def test_its_campaign_is_for_who_likes_it_and_visits_the_store_until_its_last_day_is_over() -> None:
    wanted = rule()
    made = campaign_of(wanted, SITE, TOMORROW, Condition(member=True))
    assert made.segment == Condition(
        all=[Condition(store=["S1"], bought=wanted.likes), Condition(member=True)]
    )
    assert made.until == datetime(2026, 7, 7, 12, tzinfo=UTC)
    assert made.stock == StockTarget(store="S1", product=["p1", "p2"], down_to=5, expires_by=TOMORROW)
    assert Campaign.model_validate(made.model_dump(mode="json")) == made


@given(st.text(min_size=1, max_size=40), st.text(min_size=1, max_size=40))
def test_every_store_has_a_name_of_its_own_for_its_campaigns(one: str, other: str) -> None:
    names = [campaign_name(rule(), store, TODAY) for store in (one, other)]
    for name in names:
        Campaign.model_validate(campaign_of(rule(), SITE, TODAY, None).model_dump() | {"campaign": name})
    assert (names[0] == names[1]) == (one == other)


def test_a_campaign_is_named_by_rule_store_and_day() -> None:
    assert campaign_name(rule(), "s001", TODAY) == "overstock-melon-s001-20260706"
    assert campaign_name(rule(), "S001", TODAY).startswith("overstock-melon-s001-")


@given(st.integers(1, 48), st.integers(0, 100_000))
def test_a_store_is_asked_about_once_in_each_period(hours: int, seconds: int) -> None:
    wanted, read_at = rule(every=f"{hours}h"), NOON + timedelta(seconds=seconds)
    assert is_due(wanted, "S1", None, read_at)
    assert not is_due(wanted, "S1", read_at, read_at)
    assert is_due(wanted, "S1", read_at, read_at + wanted.every)


def test_the_stores_have_their_turns_at_different_times() -> None:
    stores = [f"s{number}" for number in range(1_200)]
    sweeps = [NOON + timedelta(minutes=5 * n) for n in range(13)]
    turns = Counter[int]()
    for store in stores:
        (turn,) = [n for n in range(12) if is_due(rule(), store, sweeps[n], sweeps[n + 1])]
        turns[turn] += 1
    assert len(turns) == 12
    assert max(turns.values()) < 150


def test_what_was_sold_in_time() -> None:
    assert sell_through([(40, 4), (10, 6)]) == 0.8
    assert sell_through([]) is None
