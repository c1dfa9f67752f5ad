"""When a refused call is tried again: windows end when they end, the rest is asked ever more rarely."""

import dataclasses

import pytest
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory
from temporalio.testing import ActivityEnvironment

from activities.failures import LONGEST_DELAY_SECONDS, translated
from integrations import wecom

API = "externalcontact/mark_tag"


def failed(error: wecom.WeComError, attempt: int = 1) -> ApplicationError:
    def act() -> None:
        with translated():
            raise error

    env = ActivityEnvironment()
    env.info = dataclasses.replace(env.info, attempt=attempt)
    with pytest.raises(ApplicationError) as caught:
        env.run(act)
    return caught.value


def delay(error: wecom.WeComError, attempt: int = 1) -> float:
    found = failed(error, attempt).next_retry_delay
    assert found is not None
    return found.total_seconds()


@pytest.mark.parametrize("attempt", [1, 2, 9])
@pytest.mark.parametrize("seconds", [40, 3600, 40_000])
def test_a_closed_api_is_asked_again_when_its_window_is_over(seconds: float, attempt: int) -> None:
    assert seconds <= delay(wecom.closed(API, seconds), attempt) <= seconds + 30


@pytest.mark.parametrize(("attempt", "least"), [(1, 2), (2, 4), (3, 8), (30, LONGEST_DELAY_SECONDS)])
def test_a_crowd_disperses_ever_more(attempt: int, least: float) -> None:
    assert least <= delay(wecom.crowded(API), attempt) <= least * 1.5


def test_those_who_were_refused_together_do_not_come_back_together() -> None:
    assert len({delay(wecom.crowded(API)) for _ in range(20)}) > 1


def test_waiting_for_ones_turn_is_nobodys_alarm() -> None:
    assert failed(wecom.crowded(API)).category is ApplicationErrorCategory.BENIGN
    assert failed(wecom.error_for(45009, "", API)).category is not ApplicationErrorCategory.BENIGN


def test_a_hard_limit_is_not_tried_again() -> None:
    assert failed(wecom.error_for(41045, "", "externalcontact/add_contact_way")).non_retryable
