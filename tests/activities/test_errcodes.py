"""Every errcode of contract §1.2 as Temporal sees it: what is tried again, when, and what never."""

from __future__ import annotations

from datetime import timedelta

import pytest
from temporalio.exceptions import ApplicationError

from activities.failures import translated
from integrations.wecom import error_for
from tests.integrations.errcode_table import ROWS, Row

API = "externalcontact/get"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.errcode}-{row.kind}")
def test_an_activity_fails_by_the_errcode(row: Row) -> None:
    error = error_for(row.errcode, "whatever the text says", API)
    with pytest.raises(ApplicationError) as caught, translated():
        raise error
    assert caught.value.type == type(error).__name__
    assert str(row.errcode) in str(caught.value)
    assert row.action in str(caught.value)
    # Waiting helps exactly where the contract names a time; whatever else comes back is final.
    assert caught.value.non_retryable == (row.seconds is None)
    if row.seconds is None:
        assert caught.value.next_retry_delay is None
    else:
        assert caught.value.next_retry_delay is not None
        assert caught.value.next_retry_delay >= timedelta(seconds=row.seconds[0])


def test_an_unknown_errcode_is_never_tried_again() -> None:
    with pytest.raises(ApplicationError) as caught, translated():
        raise error_for(999_999, "new", API)
    assert caught.value.non_retryable
