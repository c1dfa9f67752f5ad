"""When an unconfirmed task is followed up, and that WeCom's quota of reminders is never exceeded."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.backfilling import free_tag, tag_calls
from domain.follow_ups import REMINDED_WITHIN, REMINDERS, follow_ups, may_remind
from domain.policy import StaffTaskRhythm
from domain.touches import Channel
from tests.domain.moments import START

RHYTHM = StaffTaskRhythm(remind_after=[timedelta(hours=2), timedelta(hours=6)])
DAY = START + timedelta(hours=24)


def hours(expires: datetime, channel: Channel = Channel.PRIVATE) -> list[tuple[str, float]]:
    found = follow_ups(RHYTHM, channel, START, expires)
    return [(one.kind.value, (one.at - START) / timedelta(hours=1)) for one in found]


def test_one_reminder_or_several_are_written_alike() -> None:
    assert StaffTaskRhythm.model_validate({"remind_after": "3h"}).remind_after == [timedelta(hours=3)]
    assert RHYTHM.remind_after == [timedelta(hours=2), timedelta(hours=6)]


def test_from_the_gentlest_on() -> None:
    assert hours(DAY) == [("remind", 2), ("todo", 4), ("remind", 6), ("escalate", 8)]


def test_moments_have_no_reminder() -> None:
    assert hours(DAY, Channel.MOMENTS) == [("todo", 4), ("escalate", 8)]


@pytest.mark.parametrize("left", [0, 3, 4, 5, 8])
def test_nothing_is_due_when_the_task_is_over(left: int) -> None:
    assert all(at < left for _, at in hours(START + timedelta(hours=left)))


@given(st.lists(st.floats(0, 72), max_size=40))
def test_never_more_than_three_reminders_in_any_24_hours(asked: list[float]) -> None:
    sent: list[datetime] = []
    for at in sorted(START + timedelta(hours=h) for h in asked):
        if may_remind(sent, at):
            sent.append(at)
    for at in sent:
        assert len([one for one in sent if at <= one < at + REMINDED_WITHIN]) <= REMINDERS


def test_calls_of_mark_tag_are_known_before() -> None:
    assert tag_calls([10, 3_000, 0], most=2_000) == 2 * (10 + 2_000)


@given(st.sets(st.integers(1, 20)))
def test_the_fewest_tags_are_used(taken: set[int]) -> None:
    free = free_tag(f"补漏{number}" for number in taken)
    assert free == f"补漏{min(set(range(1, 22)) - taken)}"
