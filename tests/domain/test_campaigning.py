"""The rules of a running campaign."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import campaigning
from domain.campaign import Campaign, CampaignStatus, Failures, Pace, RegionWords
from domain.campaign_messages import Order, OrderKind
from domain.campaigning import Waiting

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
sizes = st.lists(st.integers(0, 50), max_size=30)


def campaign(**fields: object) -> Campaign:
    said = {"campaign": "week", "title": "会员周", "segment": "all", "channel": ["private"]}
    return Campaign.model_validate(said | {"words": {"private": {"text": "会员周"}}} | fields)


def order(kind: OrderKind, reason: str = "why") -> Order:
    return Order(id="1", kind=kind, by="sun", reason=reason)


@given(sizes, st.integers(1, 100), st.integers(1, 59))
def test_no_hour_gets_more_than_the_pace_unless_one_employee_alone_does(
    each: list[int], most: int, minutes: int
) -> None:
    pace, now = Pace(customers=most, per=HOUR), NOON
    waiting = [Waiting(n, size) for n, size in enumerate(each)]
    handed: list[tuple[datetime, int]] = []
    for _ in range(len(each) * 70):
        if not waiting:
            break
        going = campaigning.within_pace(waiting, handed, pace, now)
        handed += [(now, one.size) for one in going]
        waiting = waiting[len(going) :]
        now += timedelta(minutes=minutes)
    assert not waiting, "it never stands still"
    for at, _ in handed:
        within = [size for when, size in handed if at - HOUR < when <= at]
        assert sum(within) <= most or len([size for size in within if size]) == 1


@given(sizes)
def test_without_a_pace_all_go_at_once(each: list[int]) -> None:
    waiting = [Waiting(n, size) for n, size in enumerate(each)]
    assert campaigning.within_pace(waiting, [], None, NOON) == waiting


def test_the_pace_says_when_it_goes_on() -> None:
    handed = [(NOON - HOUR * 2, 9), (NOON - HOUR / 2, 5), (NOON, 5)]
    assert campaigning.goes_on_at(handed, Pace(customers=10), NOON) == NOON + HOUR / 2


@given(st.lists(st.integers(1, 45), min_size=1, max_size=2), st.text(min_size=1))
def test_shares_of_a_rollout_do_not_overlap(shares: list[int], who: str) -> None:
    body = campaign(rollout=[{"name": f"w{n}", "share": share} for n, share in enumerate(shares)])
    assert sum(campaigning.in_wave(body, n, who) for n in range(len(shares))) <= 1


@pytest.mark.parametrize(
    ("kind", "status", "asks", "why"),
    [
        (OrderKind.PAUSE, CampaignStatus.RUNNING, False, None),
        (OrderKind.PAUSE, CampaignStatus.PAUSED, False, "paused already"),
        (OrderKind.RESUME, CampaignStatus.RUNNING, False, "running, not paused"),
        (OrderKind.RESUME, CampaignStatus.PAUSED, False, None),
        (OrderKind.GO, CampaignStatus.RUNNING, False, "does not wait"),
        (OrderKind.GO, CampaignStatus.RUNNING, True, None),
        (OrderKind.CANCEL, CampaignStatus.APPROVED, False, None),
        (OrderKind.CANCEL, CampaignStatus.FINISHED, False, "nothing to cancel"),
        (OrderKind.CANCEL, CampaignStatus.DRAFT, False, "a draft"),
    ],
)
def test_which_orders_it_takes(kind: OrderKind, status: CampaignStatus, asks: bool, why: str | None) -> None:
    said = campaigning.refused(order(kind), status, asks=asks)
    assert (said is None) if why is None else (said is not None and why in said)


def test_who_stops_a_campaign_says_why() -> None:
    assert campaigning.malformed(order(OrderKind.PAUSE, " ")) == (
        "pause needs a reason: it is what the campaign's record will show"
    )
    assert campaigning.malformed(order(OrderKind.GO, "")) is None
    with pytest.raises(ValueError, match="can recall"):
        Order(id="1", kind=OrderKind.GO, by="sun", recall=True)


def test_failures_count_only_when_there_are_enough_messages() -> None:
    limit = Failures(share=20, at_least=50)
    assert campaigning.too_many_failures(49, 49, limit) is None
    assert campaigning.too_many_failures(10, 50, limit) is None
    assert campaigning.too_many_failures(11, 50, limit) == "11 of 50 messages failed, more than 20 %"


def test_it_begins_when_the_first_region_wants_it_and_never_before_its_approval() -> None:
    body = campaign(send_at=NOON)
    early = RegionWords(shift_minutes=-60)
    assert campaigning.begins_at(body, [], NOON - HOUR * 5) == NOON
    assert campaigning.begins_at(body, [early], NOON - HOUR * 5) == NOON - HOUR
    assert campaigning.begins_at(body, [early], NOON + HOUR) == NOON + HOUR
