"""China's public holidays as the policy means them: announced years exactly, later ones as well as can be."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar import Shut, opens
from storage.holidays import days_off

CN = days_off("cn")
# The State Council's notice for 2026, first and last day.
ANNOUNCED = [
    ((1, 1), (1, 3)),
    ((2, 15), (2, 23)),
    ((4, 4), (4, 6)),
    ((5, 1), (5, 5)),
    ((6, 19), (6, 21)),
    ((9, 25), (9, 27)),
    ((10, 1), (10, 7)),
]
WORKED = [(1, 4), (2, 14), (2, 28), (5, 9), (9, 20), (10, 10)]  # weekend days in exchange


def of_the_year(year: int) -> set[date]:
    days = (date(year, 1, 1) + timedelta(days=n) for n in range(366))
    return {day for day in days if day.year == year and day in CN}


def test_the_days_of_2026_are_those_that_were_announced() -> None:
    announced = set()
    for first, last in ANNOUNCED:
        day = date(2026, *first)
        while day <= date(2026, *last):
            announced.add(day)
            day += timedelta(days=1)
    assert of_the_year(2026) == announced


@pytest.mark.parametrize("day", WORKED)
def test_a_weekend_that_is_worked_in_exchange_is_no_holiday(day: tuple[int, int]) -> None:
    assert date(2026, *day).weekday() >= 5
    assert date(2026, *day) not in CN


def test_an_ordinary_weekend_is_no_holiday() -> None:
    assert date(2026, 3, 7) not in CN
    assert date(2026, 3, 8) not in CN


@pytest.mark.parametrize(
    "day",
    [(2027, 2, 6), (2027, 6, 9), (2027, 9, 15), (2028, 1, 26), (2028, 5, 28), (2030, 10, 1), (2035, 5, 1)],
    ids=lambda d: "-".join(map(str, d)),
)
def test_years_that_nobody_has_announced_have_their_holidays_by_sun_and_moon(
    day: tuple[int, int, int],
) -> None:
    assert date(*day) in CN


def test_a_year_beyond_all_tables_has_none_and_breaks_nothing() -> None:
    assert of_the_year(2150) == set()


@given(st.integers(0, 80 * 365))
def test_whatever_the_year_a_holiday_is_over_within_a_fortnight(days: int) -> None:
    now = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(days=days)
    opened = opens(now, Shut("Asia/Shanghai", (), CN))
    assert opened is not None
    assert opened - now < timedelta(days=14)


def test_a_policy_without_holidays_has_none() -> None:
    assert date(2026, 10, 1) not in days_off("none")
    assert datetime(2026, 10, 1, 12, tzinfo=UTC) in CN
