"""Walks through the till: windows, steps, nights, and what of them is news."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.walk_messages import WalkKind
from domain.walking import (
    NIGHTLY,
    SETTLING,
    STEP,
    due,
    gap_share,
    is_news,
    next_night,
    next_step,
    night_of,
    window,
)

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)  # noon in Shanghai
LATE = timedelta(hours=48)
MOMENTS = st.timedeltas(timedelta(0), timedelta(days=365)).map(
    lambda later: datetime(2026, 1, 1, tzinfo=UTC) + later
)


def test_a_night_goes_back_as_far_as_news_may_come_late() -> None:
    assert window(NOW, None, LATE) == (NOW - SETTLING - LATE, NOW - SETTLING)
    yesterday = NOW - timedelta(days=1)
    assert window(NOW, yesterday, LATE) == (NOW - SETTLING - LATE, NOW - SETTLING)


def test_after_an_outage_it_goes_back_to_the_last_walk() -> None:
    before = NOW - timedelta(days=9)
    assert window(NOW, before, LATE) == (before, NOW - SETTLING)


@given(MOMENTS, MOMENTS)
def test_steps_cover_all_of_it_once_and_the_newest_first(one: datetime, other: datetime) -> None:
    since, reached = sorted((one, other))
    steps = [reached]
    while steps[-1] > since:
        steps.append(next_step(since, steps[-1]))
        assert timedelta(0) < steps[-2] - steps[-1] <= STEP
    assert steps[-1] == since


def test_what_is_older_than_a_week_is_a_fact_and_no_news() -> None:
    week = timedelta(days=7)
    assert is_news(NOW - week, NOW)
    assert not is_news(NOW - week - timedelta(seconds=1), NOW)


@given(st.text(max_size=8), MOMENTS)
def test_each_chain_has_one_night_a_day_and_shops_are_shut(chain: str, now: datetime) -> None:
    begins = next_night(now, chain)
    assert timedelta(0) < begins - now <= timedelta(days=1)
    shown = begins + timedelta(hours=8)
    assert 2 <= shown.hour < 5
    assert night_of(begins, chain) == shown.date()
    assert night_of(begins - timedelta(microseconds=1), chain) is None


def test_chains_do_not_all_come_at_once() -> None:
    assert len({next_night(NOW, f"ww{n}") for n in range(50)}) == 50


def test_a_night_knows_its_day_until_midnight() -> None:
    assert night_of(datetime(2026, 11, 23, 15, 59, tzinfo=UTC), "ww1") == date(2026, 11, 23)


def test_products_come_before_the_orders_that_name_them() -> None:
    assert due((), NIGHTLY) is WalkKind.STORES
    assert due({"stores"}, NIGHTLY) is WalkKind.PRODUCTS
    assert due({"stores", "products", "members"}, NIGHTLY) is WalkKind.ORDERS
    assert due(set(NIGHTLY), NIGHTLY) is None


@pytest.mark.parametrize(("untold", "seen", "share"), [(0, 0, 0), (0, 9, 0), (3, 4, 0.75)])
def test_the_gap_is_a_share_of_what_was_seen(untold: int, seen: int, share: float) -> None:
    assert gap_share(untold, seen) == share
