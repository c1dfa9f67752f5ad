"""WeCom's own quotas, in calendar windows of China."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from domain.quotas import Quota, Quotas
from domain.touches import Channel

LAST_OF_MARCH = datetime(2026, 3, 31, 15, 59, tzinfo=UTC)  # one minute to midnight in Shanghai
MONTH, WEEK, DAY = Quota(), Quota(most=7, per="week"), Quota(most=1, per="day")


def had(count: int, *, since: datetime) -> list[datetime]:
    return [since + timedelta(minutes=n) for n in range(count)]


@pytest.mark.parametrize(
    ("quota", "begins", "most"),
    [
        (MONTH, datetime(2026, 2, 28, 16, tzinfo=UTC), 31),
        (WEEK, datetime(2026, 3, 29, 16, tzinfo=UTC), 7),
        (DAY, datetime(2026, 3, 30, 16, tzinfo=UTC), 1),
        (Quota(most=4), datetime(2026, 2, 28, 16, tzinfo=UTC), 4),
    ],
)
def test_it_is_full_with_its_last_message_and_empty_when_the_calendar_turns(
    quota: Quota, begins: datetime, most: int
) -> None:
    assert quota.why_full(had(most - 1, since=begins), LAST_OF_MARCH) is None
    full = quota.why_full(had(most, since=begins), LAST_OF_MARCH)
    first = (begins + timedelta(hours=8)).date()
    assert full == f"{most} since {first}, WeCom allows {most} a {quota.per}"
    before = begins - timedelta(seconds=1)
    assert quota.why_full([before, *had(most - 1, since=begins)], LAST_OF_MARCH) is None


def test_a_new_month_begins_at_midnight_of_china() -> None:
    sent = had(31, since=datetime(2026, 3, 1, tzinfo=UTC))
    assert MONTH.why_full(sent, LAST_OF_MARCH)
    assert MONTH.why_full(sent, LAST_OF_MARCH + timedelta(minutes=1)) is None


def test_a_month_has_as_many_as_it_has_days() -> None:
    now = datetime(2026, 2, 20, tzinfo=UTC)
    assert MONTH.why_full(had(28, since=datetime(2026, 2, 1, tzinfo=UTC)), now) == (
        "28 since 2026-02-01, WeCom allows 28 a month"
    )


def test_the_rules_of_the_console_have_names() -> None:
    quotas = Quotas.model_validate({"customers": "week", "groups": "none", "moments": {"most": 4}})
    assert (quotas.customers, quotas.groups, quotas.moments) == (WEEK, None, Quota(most=4))
    assert Quotas.model_validate({"customers": "day"}).customers == DAY
    assert (Quotas().customers, Quotas().groups, Quotas().moments) == (MONTH, MONTH, Quota(most=3, per="day"))


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("year", "'year' is not known"),
        ({"per": "week"}, "say how many a week"),
        ({"most": 0}, "greater than"),
    ],
)
def test_what_makes_no_sense_is_refused(value: object, problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        Quotas.model_validate({"customers": value})


def test_what_is_written_by_hand_has_no_quota() -> None:
    assert Quotas().of(Channel.STAFF) is None
    assert Quotas().of(Channel.GROUP) == MONTH


def test_they_remember_as_long_as_their_longest_window() -> None:
    assert Quotas().memory == timedelta(days=31)
    assert Quotas(customers=DAY, groups=WEEK, moments=None).memory == timedelta(days=7)
    assert Quotas(customers=None, groups=None, moments=None).memory == timedelta(0)
