"""Quiet hours and windows, by the customer's own clock, also on the days when clocks are changed."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.calendar import (
    REACH,
    Shut,
    is_holiday,
    is_quiet,
    next_open,
    next_quiet,
    opens,
    shuts,
    spread,
    window_end,
)
from domain.hours import QuietHours
from tests.domain.strategies import TIMES, ZONES

NIGHT = QuietHours(start=time(21, 30), end=time(8, 30))
NOON = QuietHours(start=time(12), end=time(13))
QUIETS = st.builds(
    QuietHours,
    start=st.times().map(lambda t: t.replace(tzinfo=None)),
    end=st.times().map(lambda t: t.replace(tzinfo=None)),
)
HOLIDAYS = st.lists(st.tuples(st.integers(0, 3 * 366), st.integers(1, 9)), max_size=12).map(  # runs of days
    lambda runs: frozenset(
        date(2025, 1, 1) + timedelta(days=first + n) for first, days in runs for n in range(days)
    )
)
SHUTS = st.builds(Shut, zone=ZONES, quiet=st.lists(QUIETS, max_size=2).map(tuple), holidays=HOLIDAYS)
WINDOWS = st.integers(1, 4 * 60).map(lambda minutes: timedelta(minutes=minutes))
BERLIN, SHANGHAI = "Europe/Berlin", "Asia/Shanghai"
MOMENT = timedelta(microseconds=1)


def closes(now: datetime, window: timedelta, key: str, shut: Shut) -> datetime:
    end = window_end(now, window, key, shut)
    assert end is not None
    return end


def is_shut(now: datetime, shut: Shut) -> bool:
    return is_holiday(now, shut.zone, shut.holidays) or any(is_quiet(now, shut.zone, q) for q in shut.quiet)


def local(zone: str, *when: int) -> datetime:
    return datetime(*when, tzinfo=ZoneInfo(zone)).astimezone(UTC)  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    ("hour", "minute", "quiet"),
    [(21, 29, False), (21, 30, True), (0, 0, True), (8, 29, True), (8, 30, False), (12, 0, False)],
)
def test_the_start_belongs_to_quiet_hours_and_the_end_does_not(hour: int, minute: int, quiet: bool) -> None:
    assert is_quiet(local(SHANGHAI, 2026, 3, 2, hour, minute), SHANGHAI, NIGHT) is quiet


def test_quiet_hours_within_one_day() -> None:
    assert [is_quiet(local(SHANGHAI, 2026, 3, 2, h), SHANGHAI, NOON) for h in (11, 12, 13)] == [
        False,
        True,
        False,
    ]


def test_the_same_moment_is_quiet_in_one_zone_and_not_in_another() -> None:
    now = local(SHANGHAI, 2026, 3, 2, 22)
    assert is_quiet(now, SHANGHAI, NIGHT)
    assert not is_quiet(now, BERLIN, NIGHT)


@given(TIMES, ZONES, st.times().map(lambda t: t.replace(tzinfo=None)))
def test_without_quiet_hours_nothing_is_quiet(now: datetime, zone: str, at: time) -> None:
    for none in (None, QuietHours(start=at, end=at)):
        assert not is_quiet(now, zone, none)
        assert next_open(now, zone, none) == now
        assert next_quiet(now, zone, none) is None


def test_after_midnight_the_same_morning_opens() -> None:
    opened = local(SHANGHAI, 2026, 3, 3, 8, 30)
    assert next_open(local(SHANGHAI, 2026, 3, 2, 22), SHANGHAI, NIGHT) == opened
    assert next_open(local(SHANGHAI, 2026, 3, 3, 1), SHANGHAI, NIGHT) == opened


@settings(max_examples=100, deadline=None)
@given(TIMES, ZONES, QUIETS)
def test_the_next_open_moment_is_never_quiet_nor_past(now: datetime, zone: str, quiet: QuietHours) -> None:
    opened = next_open(now, zone, quiet)
    assert opened >= now
    assert not is_quiet(opened, zone, quiet)
    assert opened == now or is_quiet(opened - MOMENT, zone, quiet) or _clocks_changed(now, opened, zone)


@settings(max_examples=100, deadline=None)
@given(TIMES, ZONES, QUIETS)
def test_the_next_quiet_moment_is_now_or_comes(now: datetime, zone: str, quiet: QuietHours) -> None:
    begins = next_quiet(now, zone, quiet)
    if quiet.start == quiet.end:
        assert begins is None
    elif is_quiet(now, zone, quiet):
        assert begins == now
    else:
        assert begins is not None
        assert now < begins <= now + timedelta(hours=26)
        assert not is_quiet(begins - MOMENT, zone, quiet) or _clocks_changed(now, begins, zone)


@pytest.mark.parametrize(("day", "hours"), [((2026, 3, 29), 10), ((2026, 10, 25), 12), ((2026, 6, 1), 11)])
def test_a_night_in_berlin_is_as_long_as_the_clocks_make_it(day: tuple[int, int, int], hours: int) -> None:
    evening = local(BERLIN, *day) - timedelta(days=1)
    begins = next_quiet(evening + timedelta(hours=12), BERLIN, NIGHT)
    assert begins is not None
    assert next_open(begins, BERLIN, NIGHT) - begins == timedelta(hours=hours)


def test_an_hour_that_comes_twice_opens_the_second_time_too() -> None:
    until_quarter_past_two = QuietHours(start=time(1), end=time(2, 15))
    second = datetime(2026, 10, 25, 1, 5, tzinfo=UTC)  # 02:05 in Berlin, for the second time
    opened = next_open(second, BERLIN, until_quarter_past_two)
    assert opened == second + timedelta(minutes=10)


def test_an_hour_that_is_left_out_still_ends_the_night() -> None:
    until_half_past_two = QuietHours(start=time(23), end=time(2, 30))
    before = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)  # 01:30 in Berlin; 02:00 becomes 03:00
    opened = next_open(before, BERLIN, until_half_past_two)
    assert opened.astimezone(ZoneInfo(BERLIN)).date() == before.date()
    assert not is_quiet(opened, BERLIN, until_half_past_two)


@settings(max_examples=100, deadline=None)
@given(TIMES, WINDOWS, st.sampled_from("abcdef"), ZONES)
def test_a_window_closes_after_now_and_outside_quiet_hours(
    now: datetime, window: timedelta, key: str, zone: str
) -> None:
    end = closes(now, window, key, Shut(zone, (NIGHT,)))
    assert end > now
    assert not is_quiet(end, zone, NIGHT)
    if not is_quiet(now, zone, NIGHT) and not is_quiet(now + window, zone, NIGHT):
        assert end <= now + window


@settings(max_examples=100, deadline=None)
@given(TIMES, WINDOWS, st.sampled_from("abcdef"), ZONES, st.floats(0, 1, exclude_max=True))
def test_all_times_of_a_window_have_the_same_end(
    now: datetime, window: timedelta, key: str, zone: str, share: float
) -> None:
    night = Shut(zone, (NIGHT,))
    end = closes(now, window, key, night)
    within = now + (end - now) * share
    assert within == end or closes(within, window, key, night) == end
    assert closes(end - MOMENT, window, key, night) == end
    assert closes(end, window, key, night) > end


@settings(max_examples=60, deadline=None)
@given(TIMES, st.integers(5, 40), QUIETS, ZONES)
def test_even_a_window_longer_than_the_day_closes_outside_quiet_hours(
    now: datetime, hours: int, quiet: QuietHours, zone: str
) -> None:
    end = closes(now, timedelta(hours=hours), "chen", Shut(zone, (quiet,)))
    assert end > now
    assert not is_quiet(end, zone, quiet)


# ---- holidays, and two quiet hours at once


def test_a_holiday_lasts_from_midnight_to_midnight_of_the_zone() -> None:
    holidays = frozenset({date(2026, 10, 1)})
    midnight = local(SHANGHAI, 2026, 10, 1)
    assert not is_holiday(midnight - MOMENT, SHANGHAI, holidays)
    assert is_holiday(midnight, SHANGHAI, holidays)
    assert not is_holiday(midnight, BERLIN, holidays)
    assert not is_holiday(midnight + timedelta(days=1), SHANGHAI, holidays)


def test_after_a_week_of_holidays_it_opens_when_the_night_ends() -> None:
    golden_week = frozenset(date(2026, 10, day) for day in range(1, 8))
    shut = Shut(SHANGHAI, (NIGHT,), golden_week)
    opened = local(SHANGHAI, 2026, 10, 8, 8, 30)
    assert opens(local(SHANGHAI, 2026, 9, 30, 22), shut) == opened
    assert opens(local(SHANGHAI, 2026, 10, 4, 12), shut) == opened
    end = closes(local(SHANGHAI, 2026, 9, 30, 21, 20), timedelta(minutes=30), "chen", shut)
    assert opened <= end < opened + timedelta(minutes=30)


def test_two_quiet_hours_that_leave_no_time_never_open() -> None:
    day = QuietHours(start=time(8), end=time(22))
    now = local(SHANGHAI, 2026, 3, 2, 12)
    assert opens(now, Shut(SHANGHAI, (NIGHT, day))) is None
    assert window_end(now, timedelta(minutes=30), "chen", Shut(SHANGHAI, (NIGHT, day))) is None
    only_half_an_hour = QuietHours(start=time(8), end=time(21))
    opened = opens(now, Shut(SHANGHAI, (NIGHT, only_half_an_hour)))
    assert opened == local(SHANGHAI, 2026, 3, 2, 21)


@settings(max_examples=150, deadline=None)
@given(TIMES, SHUTS)
def test_whatever_is_shut_opens_at_a_bounded_time_or_is_known_to_stay_shut(now: datetime, shut: Shut) -> None:
    opened = opens(now, shut)
    if opened is None:
        assert len(shut.quiet) == 2 or shut.holidays
        assert all(is_shut(now + timedelta(minutes=n * 7), shut) for n in range(24 * 9))
    else:
        assert now <= opened <= now + REACH + timedelta(days=2)
        assert not is_shut(opened, shut)
        assert (opened == now) == (not is_shut(now, shut))
        assert opened == now or is_shut(opened - MOMENT, shut) or _clocks_changed(now, opened, shut.zone)


@settings(max_examples=150, deadline=None)
@given(TIMES, st.integers(1, 40 * 60), st.sampled_from("abcdef"), SHUTS)
def test_a_window_never_closes_while_it_is_shut_nor_in_the_past(
    now: datetime, minutes: int, key: str, shut: Shut
) -> None:
    window = timedelta(minutes=minutes)
    end = window_end(now, window, key, shut)
    if end is None:
        assert len(shut.quiet) == 2 or shut.holidays
    else:
        assert now < end <= now + 2 * window + 2 * REACH
        assert not is_shut(end, shut)


@settings(max_examples=100, deadline=None)
@given(TIMES, st.integers(1, 5 * 24), SHUTS)
def test_what_is_open_stays_open_until_it_shuts(now: datetime, hours: int, shut: Shut) -> None:
    within = timedelta(hours=hours)
    moment = shuts(now, shut, within)
    until = now + within if moment is None else moment - MOMENT
    assert moment is None or now <= moment <= now + within
    if moment is not None and not _clocks_changed(now, moment, shut.zone):
        assert is_shut(moment, shut)
    for n in range(20):
        between = now + (until - now) * (n / 20)
        assert moment == now or not is_shut(between, shut) or _clocks_changed(now, between, shut.zone)


def test_the_windows_of_many_employees_close_at_different_times() -> None:
    now, half_an_hour = local(SHANGHAI, 2026, 3, 2, 12), timedelta(minutes=30)
    ends = {closes(now, half_an_hour, f"user{n}", Shut(SHANGHAI, (NIGHT,))) for n in range(50)}
    assert len(ends) == 50


@given(st.text(), WINDOWS)
def test_a_spread_is_a_stable_part_of_the_whole(key: str, over: timedelta) -> None:
    assert timedelta(0) <= spread(key, over) <= over
    assert spread(key, over) == spread(key, over)


def test_the_spread_of_a_name_is_the_same_in_every_release() -> None:
    assert spread("chen", timedelta(hours=1)) == timedelta(seconds=826, microseconds=31740)


@pytest.mark.parametrize("text", [22, 22.5, "22", "25:00", "21:30Z", "21:30+08:00", None])
def test_a_time_of_day_is_hours_and_minutes_without_a_zone(text: Any) -> None:
    with pytest.raises(ValidationError):
        QuietHours.model_validate({"start": text, "end": "08:30"})


def _clocks_changed(begin: datetime, end: datetime, zone: str) -> bool:
    early, late = (t.astimezone(ZoneInfo(zone)).utcoffset() for t in (begin, end + timedelta(hours=2)))
    return early != late
