"""What `journeys campaign show --watch` tells and when it stops; how a region says its shift."""

import pytest

from domain.campaign import CampaignStatus
from starter.campaign.drafting import minutes_of
from starter.campaign.watching import settled, stands, words
from starter.runtime import CommandFailed
from storage.campaigns import Progress, WaveProgress

PILOT = WaveProgress(
    number=0,
    name="pilot",
    targeted=10,
    planned=8,
    refused={"holdout": 2, "frequency": 1},
    sent=4,
    tasked=2,
    failed={"expired": 1},
)


def progress(status: CampaignStatus = CampaignStatus.RUNNING, *waves: WaveProgress) -> Progress:
    return Progress(campaign="week", title="会员周", status=status, waves=list(waves))


def test_one_line_says_where_it_is_and_what_became_of_people() -> None:
    running = progress(CampaignStatus.RUNNING, PILOT)
    assert settled(running) == (8, 10)
    assert words(running) == "running, wave 1 (pilot): 8 of 10 settled, 4 sent, 2 wait for employees"
    assert words(progress()).startswith("running, no wave has begun: 0 of 0")


@pytest.mark.parametrize("status", CampaignStatus)
def test_it_follows_as_long_as_something_happens_by_itself(status: CampaignStatus) -> None:
    runs = status in (CampaignStatus.APPROVED, CampaignStatus.RUNNING)
    assert stands(progress(status, PILOT)) is not runs


def test_it_stops_where_the_next_wave_waits_for_somebody() -> None:
    asks = PILOT.model_copy(update={"asks": True})
    assert stands(progress(CampaignStatus.RUNNING, asks))


@pytest.mark.parametrize(("said", "minutes"), [("2h", 120), ("-30m", -30), ("+1d", 1440), ("0m", 0)])
def test_a_shift_is_later_or_earlier(said: str, minutes: int) -> None:
    assert minutes_of(said) == minutes


@pytest.mark.parametrize(("said", "why"), [("2", "a number with a unit"), ("90s", "whole minutes")])
def test_a_shift_that_means_nothing_is_told(said: str, why: str) -> None:
    with pytest.raises(CommandFailed, match=why):
        minutes_of(said)
