"""Shifts as people write them, and who is at work when."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.shifts import MINUTES_A_DAY, Shift, on_shift, parse
from tests.domain.strategies import TIMES, ZONES

SHANGHAI = "Asia/Shanghai"
DAYS = st.sets(st.integers(0, 6), min_size=1).map(lambda days: tuple(sorted(days)))
SHIFTS = st.builds(Shift, DAYS, st.integers(0, MINUTES_A_DAY - 1), st.integers(1, MINUTES_A_DAY)).filter(
    lambda shift: shift.start != shift.end
)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("周一至周五 09:00-18:00", ["Mon-Fri 09:00-18:00"]),
        ("Mon-Fri 9:00-18:00", ["Mon-Fri 09:00-18:00"]),
        ("monday - friday 09:00-18:00", ["Mon-Fri 09:00-18:00"]),
        (
            "周一到周五 09：00－18：00；周六、周日 10：00～22：00",
            ["Mon-Fri 09:00-18:00", "Sat-Sun 10:00-22:00"],
        ),
        ("星期五至星期一 22:00-06:00", ["Mon,Fri-Sun 22:00-06:00"]),
        ("周一至周五 09:00-12:00 13:00-18:00", ["Mon-Fri 09:00-12:00", "Mon-Fri 13:00-18:00"]),
        ("每天 00:00-24:00", ["Mon-Sun 00:00-24:00"]),
        ("09:00-18:00", ["Mon-Sun 09:00-18:00"]),
        ("工作日 09:00-18:00\n周末 10:00-20:00", ["Mon-Fri 09:00-18:00", "Sat-Sun 10:00-20:00"]),
        ("Mon, Wed, Sun 08:00-12:00;", ["Mon,Wed,Sun 08:00-12:00"]),
        ("", []),
    ],
)
def test_what_people_write(text: str, kept: list[str]) -> None:
    assert [str(shift) for shift in parse(text)] == kept


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("朝九晚五", "is no shift"),
        ("周一 9-18", "is no shift"),
        ("周一 09:00-18:00 或者", "is no shift"),
        ("周八 09:00-18:00", "is no day of the week"),
        ("周一至周三至周五 09:00-18:00", "is no range of days"),
        ("工作日-周日 09:00-18:00", "is no range of days"),
        ("周一 25:00-26:00", "no time of day"),
        ("周一 09:60-18:00", "no time of day"),
        ("周一 09:00-09:00", "does not say when it ends"),
        ("周一 18:00-00:00", "write 24:00 for midnight"),
    ],
)
def test_what_nobody_can_read_is_refused_with_a_remedy(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse(text)


@given(SHIFTS)
def test_what_is_kept_can_be_read_back(shift: Shift) -> None:
    assert parse(str(shift)) == (shift,)


@given(st.text(max_size=40))
def test_no_text_is_read_by_accident(text: str) -> None:
    try:
        shifts = parse(text)
    except ValueError as refused:
        told = str(refused)
        shifts = ()
    else:
        told = "write"
    assert "write" in told
    assert all(0 <= s.start < MINUTES_A_DAY and 0 < s.end <= MINUTES_A_DAY for s in shifts)


@given(SHIFTS, TIMES, ZONES)
def test_somebody_is_at_work_from_the_start_until_before_the_end(
    shift: Shift, at: datetime, zone: str
) -> None:
    """Counted in minutes since the last start of the shift on the clock on the wall."""
    local = at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    length = (shift.end - shift.start) % MINUTES_A_DAY or MINUTES_A_DAY
    starts = [
        datetime.combine(local.date() - timedelta(days=back), datetime.min.time())
        + timedelta(minutes=shift.start)
        for back in (0, 1)
        if (local.weekday() - back) % 7 in shift.days
    ]
    wanted = any(timedelta() <= local - start < timedelta(minutes=length) for start in starts)
    assert on_shift([str(shift)], at, zone) is wanted


@given(TIMES, ZONES)
def test_without_shifts_somebody_is_always_at_work(at: datetime, zone: str) -> None:
    assert on_shift([], at, zone)


@pytest.mark.parametrize(
    ("day", "hour", "minute", "at_work"),
    [
        (5, 21, 59, False),  # a Thursday in March 2026
        (5, 22, 0, False),
        (6, 21, 59, False),
        (6, 22, 0, True),
        (6, 23, 59, True),
        (7, 0, 0, True),
        (7, 5, 59, True),
        (7, 6, 0, False),
        (7, 22, 0, False),
    ],
)
def test_a_night_shift_goes_on_into_the_next_day(day: int, hour: int, minute: int, at_work: bool) -> None:
    at = datetime(2026, 3, day, hour, minute, tzinfo=ZoneInfo(SHANGHAI)).astimezone(UTC)
    assert on_shift(["Fri 22:00-06:00"], at, SHANGHAI) is at_work


def test_one_of_several_shifts_is_enough() -> None:
    shifts = ["Mon-Fri 09:00-12:00", "周一至周五 13:00-18:00"]
    noon = datetime(2026, 3, 2, 12, 30, tzinfo=ZoneInfo(SHANGHAI))
    assert not on_shift(shifts, noon, SHANGHAI)
    assert on_shift(shifts, noon + timedelta(minutes=30), SHANGHAI)
    assert not on_shift(shifts, noon + timedelta(minutes=30), "Europe/Berlin")


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="without a zone"):
        on_shift([], datetime(2026, 3, 2), SHANGHAI)  # noqa: DTZ001 - that is the point
