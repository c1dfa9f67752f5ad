"""Days of her own, weekdays, times by her clock, life stages: the calendar's corners."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain import days
from domain.playbook import Day, LifeStage, Wait
from domain.questions import Stages

SHANGHAI = "Asia/Shanghai"
ZONES = st.sampled_from(
    [SHANGHAI, "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "America/Havana"]
)
MOMENTS = st.integers(0, 7 * 365 * 86_400).map(
    lambda seconds: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)
DATES = st.dates(date(1930, 1, 1), date(2030, 12, 31))
CLOCK = st.times().map(lambda t: t.replace(tzinfo=None))
WEEKDAYS = st.lists(st.sampled_from(days.WEEKDAYS), min_size=1, max_size=3, unique=True)
NAMES = st.sampled_from(["birthday", "due_date", "last_order"])
OFFSETS = st.builds(
    lambda sign, n, unit: f"{sign}{n}{unit}",
    st.sampled_from(["", "+", "-"]),
    st.integers(0, 99),
    st.sampled_from(["d", "w", "mo", "y"]),
)


def local(text: str, zone: str = SHANGHAI) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def until(since: str, dates: dict[Any, date] | None = None, zone: str = SHANGHAI, **wait: Any) -> str | None:
    """As her clock shows it."""
    asked = Wait.model_validate(wait)
    found = days.wait_until(asked, dates or {}, zone, local(since, zone).astimezone(UTC))
    return f"{found.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}" if found else None


def day(name: str, offset: str = "0d") -> dict[str, str]:
    return {"date": name, "offset": offset}


# ---- offsets


@pytest.mark.parametrize(
    ("start", "offset", "wanted"),
    [
        ("2026-01-31", "1mo", "2026-02-28"),
        ("2028-01-31", "+1mo", "2028-02-29"),
        ("2026-03-31", "-1mo", "2026-02-28"),
        ("2026-12-31", "2mo", "2027-02-28"),
        ("2024-02-29", "1y", "2025-02-28"),
        ("2024-02-29", "4y", "2028-02-29"),
        ("2026-03-01", "-1d", "2026-02-28"),
        ("2026-03-02", "-40w", "2025-05-26"),
        ("2026-03-02", "0d", "2026-03-02"),
        ("2026-01-15", "-13mo", "2024-12-15"),
    ],
)
def test_an_offset_is_by_the_calendar(start: str, offset: str, wanted: str) -> None:
    assert days.shifted(date.fromisoformat(start), offset).isoformat() == wanted


@pytest.mark.parametrize("offset", ["9999y", "101y", "5300w", "3 d", "3", "d", "--3d", "1m"])
def test_a_nonsensical_offset_is_refused(offset: str) -> None:
    with pytest.raises(ValidationError):
        Day.model_validate(day("due_date", offset))


# ---- waits


@pytest.mark.parametrize(
    ("since", "wait", "wanted"),
    [
        ("2026-03-02 12:00", {"until": "18:00"}, "2026-03-02 18:00"),
        ("2026-03-02 12:00", {"until": "12:00"}, "2026-03-02 12:00"),
        ("2026-03-02 12:01", {"until": "12:00"}, "2026-03-03 12:00"),
        ("2026-03-02 12:00", {"weekday": "mon"}, "2026-03-02 12:00"),
        ("2026-03-02 12:00", {"weekday": ["sat", "wed"]}, "2026-03-04 00:00"),
        ("2026-03-02 12:00", {"weekday": "mon", "until": "10:00"}, "2026-03-09 10:00"),
        ("2026-03-02 12:00", {"duration": "3d", "until": "10:00"}, "2026-03-06 10:00"),
        ("2026-03-02 12:00", {"duration": "3d", "weekday": "thu", "until": "09:00"}, "2026-03-12 09:00"),
        ("2024-02-28 12:00", {"duration": "1d", "until": "13:00"}, "2024-02-29 13:00"),
        ("2026-12-31 23:00", {"until": "00:00"}, "2027-01-01 00:00"),
    ],
)
def test_a_wait_ends_at_the_first_moment_that_suits_all(
    since: str, wait: dict[str, Any], wanted: str
) -> None:
    assert until(since, **wait) == wanted


@pytest.mark.parametrize(
    ("born", "since", "offset", "wanted"),
    [
        ("1990-05-20", "2026-03-02 12:00", "0d", "2026-05-20 00:00"),
        ("1990-05-20", "2026-03-02 12:00", "-3d", "2026-05-17 00:00"),
        ("1990-05-20", "2026-05-20 12:00", "0d", "2026-05-20 12:00"),  # it is today
        ("1990-05-20", "2026-05-21 00:00", "0d", "2027-05-20 00:00"),
        ("1990-05-20", "2026-05-18 12:00", "-3d", "2027-05-17 00:00"),
        ("1990-01-02", "2026-12-30 12:00", "-3d", "2026-12-30 12:00"),
        ("1990-01-02", "2026-12-31 12:00", "-3d", "2027-12-30 00:00"),
        ("1990-12-30", "2026-01-02 12:00", "+1w", "2026-01-06 00:00"),  # of the birthday before
        ("1992-02-29", "2026-02-01 12:00", "0d", "2026-02-28 00:00"),
        ("1992-02-29", "2028-02-01 12:00", "0d", "2028-02-29 00:00"),
        ("1992-02-29", "2026-03-01 12:00", "0d", "2027-02-28 00:00"),
        ("2024-05-20", "2026-03-02 12:00", "1y", "2026-05-20 00:00"),  # no year of hers counts
    ],
)
def test_a_birthday_comes_every_year(born: str, since: str, offset: str, wanted: str) -> None:
    dates = {"birthday": date.fromisoformat(born)}
    assert until(since, dates, day=day("birthday", offset)) == wanted


def test_another_date_comes_once() -> None:
    dates = {"due_date": date(2026, 6, 1)}
    assert until("2026-03-02 12:00", dates, day=day("due_date", "-14d")) == "2026-05-18 00:00"
    assert until("2026-05-25 12:00", dates, day=day("due_date", "-14d")) == "2026-05-25 12:00"
    assert until("2026-05-25 12:00", dates, day=day("due_date", "-14d"), until="10:00") == "2026-05-26 10:00"
    assert until("2026-03-02 12:00", dates, day=day("birthday")) is None


def test_a_day_a_weekday_and_a_time_together() -> None:
    dates = {"birthday": date(1990, 5, 20)}  # a Wednesday in 2026
    wait: dict[str, Any] = {"day": day("birthday"), "weekday": ["sat", "sun"], "until": "10:00"}
    assert until("2026-03-02 12:00", dates, **wait) == "2026-05-23 10:00"


@given(
    MOMENTS, ZONES, st.timedeltas(timedelta(0), timedelta(days=60)), st.none() | CLOCK, st.none() | WEEKDAYS
)
def test_a_wait_is_never_over_too_early_and_its_clock_shows_what_was_wanted(
    since: datetime, zone: str, duration: timedelta, at: time | None, weekdays: Any
) -> None:
    wait = Wait(duration=duration, until=at, weekday=weekdays)
    found = days.wait_until(wait, {}, zone, since)
    assert found is not None
    assert since + duration <= found <= since + duration + timedelta(days=9)
    shown = found.astimezone(ZoneInfo(zone))
    if weekdays:
        assert days.weekday_of(shown.date()) in weekdays
    if at and _is_shown(shown.date(), at, zone):
        assert shown.time() == at


@given(MOMENTS, ZONES, CLOCK)
def test_no_moment_before_would_have_suited(since: datetime, zone: str, at: time) -> None:
    """One look at each of the hours before: none of them showed the time."""
    found = days.next_moment(since, zone, at, None)
    assert found - since <= timedelta(days=1, hours=1)
    assert days.next_moment(found, zone, at, None) == found
    between = since + (found - since) / 2
    assert days.next_moment(between, zone, at, None) == found


@given(MOMENTS, ZONES, NAMES, OFFSETS, DATES, CLOCK)
def test_a_day_of_her_own_is_never_too_early(
    since: datetime, zone: str, name: Any, offset: str, known: date, at: time
) -> None:
    asked, today = Day(date=name, offset=offset), days.local_day(since, zone)
    found = days.wait_until(Wait(day=asked, until=at), {name: known}, zone, since)
    meant = days.begins(asked, {name: known}, today)
    assert found is not None
    assert meant is not None
    assert found >= since
    assert days.local_day(found, zone) >= meant
    if name == "birthday":
        assert today <= meant <= today + timedelta(days=366)


@given(DATES, OFFSETS, st.dates(date(2024, 1, 1), date(2031, 1, 1)))
def test_the_next_birthday_is_found(born: date, offset: str, today: date) -> None:
    """As somebody finds it who looks at every year."""
    found = days.begins(Day(date="birthday", offset=offset), {"birthday": born}, today)
    all_of_them = [days.shifted(days.birthday_in(born, year), offset) for year in range(1900, 2150)]
    assert found == min(one for one in all_of_them if one >= today)


def _is_shown(day: date, at: time, zone: str) -> bool:
    """Whether the clocks of a zone show a time on a day: an hour of spring is left out."""
    there = datetime.combine(day, at, tzinfo=ZoneInfo(zone))
    return there.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) == there.replace(tzinfo=None)


@pytest.mark.parametrize(
    ("zone", "since", "at", "wanted"),
    [
        ("Europe/Berlin", "2026-03-28 12:00", "02:30", "2026-03-29 03:30"),  # left out by the clocks
        ("Europe/Berlin", "2026-10-25 00:00", "02:30", "2026-10-25 02:30"),
        ("Europe/Berlin", "2026-10-25 02:45", "02:30", "2026-10-25 02:30"),  # it comes a second time
        ("America/Havana", "2026-03-07 12:00", "00:00", "2026-03-08 01:00"),  # there is no midnight
    ],
)
def test_clocks_that_are_put_forward_or_back(zone: str, since: str, at: str, wanted: str) -> None:
    assert until(since, zone=zone, until=at) == wanted


# ---- life stages

PREGNANCY, BIRTH = {"date": "due_date", "offset": "-280d"}, {"date": "child_born"}
HALF_A_YEAR = {"date": "child_born", "offset": "6mo"}
NAMES_OF = ("备孕", "孕期", "宝宝", "半岁")
LIFE = Stages.model_validate(
    {
        "stages": [
            {"stage": name, "begins": begins}
            for name, begins in zip(NAMES_OF, (None, PREGNANCY, BIRTH, HALF_A_YEAR), strict=True)
        ]
    }
)
DUE: days.Dates = {"due_date": date(2026, 6, 1), "child_born": date(2026, 6, 1)}


def stage(now: str, dates: Any = DUE, **asked: Any) -> tuple[str | None, str | None]:
    name, coming = days.stage_at(LIFE.model_copy(update=asked), dates, SHANGHAI, local(now).astimezone(UTC))
    return name, f"{coming.astimezone(ZoneInfo(SHANGHAI)):%Y-%m-%d %H:%M}" if coming else None


@pytest.mark.parametrize(
    ("now", "wanted"),
    [
        ("2025-08-01 12:00", ("备孕", "2025-08-25 00:00")),
        ("2025-08-24 23:59", ("备孕", "2025-08-25 00:00")),
        ("2025-08-25 00:00", ("孕期", "2026-06-01 00:00")),
        ("2026-06-01 00:00", ("宝宝", "2026-12-01 00:00")),
        ("2026-12-01 00:00", ("半岁", None)),
        ("2036-12-01 00:00", ("半岁", None)),
    ],
)
def test_a_life_stage_begins_by_itself_on_its_day(now: str, wanted: tuple[str, str]) -> None:
    assert stage(now) == wanted


def test_who_told_no_date_is_in_the_stage_without_one() -> None:
    assert stage("2026-06-01 00:00", {}) == ("备孕", None)


def test_a_child_that_comes_early_moves_the_stages_behind_it() -> None:
    assert stage("2026-05-20 12:00", {**DUE, "child_born": date(2026, 5, 15)}) == ("宝宝", "2026-11-15 00:00")


def test_who_was_sent_to_a_stage_stays_until_one_behind_it_begins() -> None:
    assert stage("2026-03-01 12:00", stay=True, current="备孕") == ("备孕", "2026-06-01 00:00")
    assert stage("2026-03-01 12:00", stay=True, current="宝宝") == ("宝宝", "2026-12-01 00:00")
    assert stage("2026-07-01 12:00", stay=True, current="半岁") == ("半岁", None)
    assert stage("2026-03-01 12:00", stay=True, current="gone from the file") == stage("2026-03-01 12:00")


def test_without_a_stage_for_everybody_she_may_be_in_none() -> None:
    only = LIFE.model_copy(update={"stages": LIFE.stages[1:]})
    early, late = (local(text).astimezone(UTC) for text in ("2025-08-01 12:00", "2025-09-01 12:00"))
    assert days.stage_at(only, DUE, SHANGHAI, early) == (None, local("2025-08-25 00:00"))
    assert days.stage_at(only, DUE, SHANGHAI, late)[0] == "孕期"
    assert days.stage_at(only, {}, SHANGHAI, late) == (None, None)


@given(st.dates(date(2024, 1, 1), date(2030, 1, 1)), MOMENTS, ZONES)
def test_whoever_asks_again_when_the_next_stage_begins_is_in_it(due: date, now: datetime, zone: str) -> None:
    dates: days.Dates = {"due_date": due, "child_born": due}
    name, coming = days.stage_at(LIFE, dates, zone, now)
    assume(coming is not None and name is not None)
    assert coming is not None
    assert coming > now
    later, _ = days.stage_at(LIFE, dates, zone, coming)
    assert NAMES_OF.index(later or "") == NAMES_OF.index(name or "") + 1
    assert days.stage_at(LIFE, dates, zone, coming - timedelta(microseconds=1)) == (name, coming)


def test_a_life_stage_begins_on_a_day_that_comes_once() -> None:
    with pytest.raises(ValidationError, match="comes every year"):
        LifeStage(stage="x", begins=Day(date="birthday"))
